"""The guide for volunteers, followed in the lab: each command that ends by itself is run."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from probe.cli.main import main
from probe.lab.kernel import kernel_available

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "guides" / "volunteers.md").read_text(encoding="utf-8")
REFUSAL = kernel_available()
COMMANDS = re.findall(r"^    (roadblock .*)$", GUIDE, re.MULTILINE)
# These wait for a person, a browser or systemd; their own tests are in tests/cli and tests/serve.
WAITING = (
    "roadblock consent accept",
    "roadblock watch",
    "roadblock status --web",
    "roadblock service",
)
# As for a home: the lab's authority, consent given by its hash, the lab's runs shown.
SETTING = """
export ROADBLOCK_CA_FILE=$LAB_CA_FILE ROADBLOCK_REPORT_WORLD=lab ROADBLOCK_EXPLAIN_WORLD=lab
export ROADBLOCK_RUN_CONSENT=$(roadblock consent hash) ROADBLOCK_RUN_QUIET=1
"""


@pytest.mark.skipif(REFUSAL is not None, reason=f"no namespaces: {REFUSAL}")
def test_a_volunteer_can_follow_it_word_by_word(tmp_path):
    followed = [command for command in COMMANDS if not command.startswith(WAITING)]
    # In real time: one service stands for the first tier, and a look for a patient profile.
    shortened = [
        command.replace("roadblock run", "roadblock run instagram", 1)
        if command in {"roadblock run", "roadblock run --without tiktok --again"}
        else command
        for command in followed
    ]
    shortened = [command.replace("--profile standard", "--profile look") for command in shortened]
    script = SETTING + "".join(
        f'echo "+ {command}"; {consenting(command)} || {{ echo "FAILED: {command}"; exit 9; }}\n'
        for command in shortened
    )
    binary = Path(sys.executable).parent

    ended = subprocess.run(
        [binary / "roadblock", "lab", "exec", "march-2022", "--", "sh", "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        env={
            **os.environ,
            "PATH": f"{binary}:{os.environ['PATH']}",
            "XDG_DATA_HOME": str(tmp_path / "data"),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "ROADBLOCK_DB": str(tmp_path / "roadblock.db"),
        },
        timeout=240,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-2000:]
    assert ended.stdout.count("Instagram: could not be reached") >= 3


def consenting(command: str) -> str:
    """Return the command as a program gives it: consent by hash, for nobody sits at a terminal."""
    if not command.startswith("roadblock run"):
        return command
    return f'{command} --consent "$ROADBLOCK_RUN_CONSENT"'


def test_what_it_says_of_extras_is_true():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    extras = set(re.findall(r"'\.\[(\w+)\]'", GUIDE))
    assert extras
    assert extras <= set(project["project"]["optional-dependencies"])


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_its_settings_are_settings(tmp_path, monkeypatch, capsys):
    """A setting that no option has would be refused."""
    pytest.importorskip("apprise", reason="needs apprise, the extra `notify`")
    (settings,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("ROADBLOCK_DB", str(tmp_path / "roadblock.db"))
    file = tmp_path / "config.toml"
    file.write_text(settings, encoding="utf-8")

    # Nobody has agreed to anything here, so nothing is measured: settings are read before that.
    assert main(["--config", str(file), "watch"]) == 2
    assert "consent" in capsys.readouterr().err
    file.write_text(settings.replace("notify", "notifi"), encoding="utf-8")
    assert main(["--config", str(file), "watch"]) == 2
    assert "there is no setting 'notifi'" in capsys.readouterr().err


def test_a_container_says_how_it_is():
    """docs: it calls itself unhealthy by the age of its last good run."""
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    (line,) = re.findall(r"^HEALTHCHECK .*\n?.*CMD (\[.*\])$", image, re.MULTILINE)
    assert line == '["roadblock", "status", "--healthy"]'
