"""The guide to censors of one's own: its file is played, and its commands are run."""

import json
import re
import shlex
from pathlib import Path

import pytest

from probe.cli.main import main
from probe.lab import techniques
from probe.lab.kernel import kernel_available
from probe.trial import blocking
from tests.cli.test_lab import roadblock

GUIDE = Path(__file__).parents[1] / "docs" / "guides" / "write-a-censor.md"
TEXT = GUIDE.read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
LINES = re.findall(r"^    roadblock (lab .*)$", TEXT, re.MULTILINE)
COMMANDS = {words[1]: words for words in map(shlex.split, LINES)}
BOX = "from probe.lab.box import Box\n"
ROW = "    id = 'S01'\n    source = 's'\n"


@pytest.fixture(autouse=True)
def forgotten():
    """What a file adds is for this process: other tests must not meet it."""
    tables = (blocking._KINDS, techniques._ROWS)
    before = [dict(table) for table in tables]
    yield
    for table, rows in zip(tables, before, strict=True):
        table.clear()
        table.update(rows)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the guide's file, where a reader would stand."""
    (tmp_path / "one_sided.py").write_text(EXAMPLE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_is_as_short_as_promised():
    assert len(EXAMPLE.splitlines()) < 40


def test_it_is_played_against_one_target_and_found(here, capsys):
    assert main(COMMANDS["run"]) == 0

    assert "tls_sni_reset/injected" in capsys.readouterr().out


def test_its_story_is_told_with_its_packets(here, capsys):
    assert main(COMMANDS["show"]) == 0

    printed = capsys.readouterr().out
    assert "A reset towards the client alone answers the name" in printed
    assert "one-sided-reset" in printed


def test_it_is_scored_against_its_own_log(here, capsys):
    small = [word.replace("20", "6") for word in COMMANDS["score"]]

    assert main([*small, "--json"]) == 0

    score = json.loads(capsys.readouterr().out)
    row = score["by_technique"]["one-sided-reset"]
    assert row["interfered"] >= 6
    assert row["errors"] == 0
    assert row["right_category"] == 1.0


@pytest.mark.skipif(kernel_available() is not None, reason=f"no namespaces: {kernel_available()}")
def test_a_command_runs_behind_it_on_real_packets(here):
    ended = roadblock(*COMMANDS["exec"])

    assert ended.returncode == 35, ended.stderr  # curl: the TLS handshake was cut
    assert "reset" in ended.stderr.lower()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("class Broken(", r"bad\.py:1: ", id="no-python"),
        pytest.param("\nboom()\n", r"bad\.py:2: NameError", id="raises-when-read"),
        pytest.param("x = 1\n", "defines no class under probe.lab.box.Box", id="no-box"),
        pytest.param(f"{BOX}class A(Box):\n    id = 'a'\n", "A has no source", id="no-source"),
        pytest.param(
            f"{BOX}class A(Box):\n    id = 'a'\n    source = 's'\n",
            "plays no row of the catalogue",
            id="no-meaning",
        ),
        pytest.param(
            f"{BOX}class A(Box):\n    id = 'a'\n    source = 's'\n    means = 'blocked/magic'\n",
            "is no verdict that a box can make true",
            id="unknown-meaning",
        ),
        pytest.param(
            f"{BOX}class A(Box):\n    id = 'a'\n    source = 's'\n"
            "    means = 'blocked/tls_sni_reset/magic'\n",
            "has no subtype magic",
            id="unknown-subtype",
        ),
        pytest.param(
            f"{BOX}class A(Box):\n{ROW}class B(Box):\n{ROW}",
            r"name one, as in .*bad\.py:A",
            id="several",
        ),
        pytest.param(
            f"from dataclasses import dataclass\n{BOX}"
            f"@dataclass(kw_only=True, eq=False)\nclass A(Box):\n{ROW}    rate: float\n",
            "must need no argument",
            id="needs-an-argument",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, capsys, text, said):
    (tmp_path / "bad.py").write_text(text, encoding="utf-8")

    code = main(["lab", "list", "--censor", str(tmp_path / "bad.py")])

    assert code == 2
    assert re.search(said, capsys.readouterr().err)


def test_a_mistake_while_it_is_played_is_told_with_its_line(tmp_path, capsys):
    (tmp_path / "late.py").write_text(
        f"{BOX}\n\nclass Late(Box):\n    id = 'late'\n    source = 's'\n"
        "    means = 'blocked/ip_block/silent'\n\n    def on_packet(self, packet, toward, out):\n"
        "        return packet.colour\n",
        encoding="utf-8",
    )

    code = main(["lab", "run", "late", "--censor", str(tmp_path / "late.py")])

    assert code != 0
    assert re.search(r"late\.py:10: AttributeError", capsys.readouterr().err)


def test_a_missing_file_is_said(capsys):
    assert main(["lab", "list", "--censor", "nowhere.py"]) == 2
    assert "there is no such file" in capsys.readouterr().err
