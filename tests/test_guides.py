"""Every command that a guide tells people to type is run by a test: here, or in a guide's own file.

What follows here is what those files leave out: commands that wait for somebody, that serve, or
that need a file of one's own. Where one would measure, what measures is replaced.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probe.cli.main import main
from probe.config.consent import consent_sha256
from probe.lab.pki import authority
from probe.lab.worlds import build_world
from probe.model.elsewhere import Seen, Snapshot, digest_of
from probe.model.verdict import ServiceVerdict
from probe.model.words import Category, Grade, State
from probe.reference import load_knowledge
from probe.report.words import service_sentence, wording
from probe.trial.play import knowledge_in, play
from tests import test_guide_censor, test_guide_ci, test_guide_researchers, test_guide_volunteers
from tests.cli.test_run import Measurement
from tests.exchange.ooni.documents import document
from tests.exchange.test_censored_planet import HEAD, ROWS

ROOT = Path(__file__).parents[1]
GUIDES = {path.stem: path.read_text("utf-8") for path in (ROOT / "docs" / "guides").glob("*.md")}
ROADBLOCK = str(Path(sys.executable).parent / "roadblock")


def lines(text):
    return re.findall(r"^ {4}(roadblock [^\n]+)", text, re.MULTILINE)


VOLUNTEERS = [
    c for c in lines(GUIDES["volunteers"]) if not c.startswith(test_guide_volunteers.WAITING)
]
ELSEWHERE = {
    "ci": set(test_guide_ci.commands()),
    "researchers": set(test_guide_researchers.commands()),
    "volunteers": set(VOLUNTEERS),
    "write-a-censor": {f"roadblock {line}" for line in test_guide_censor.LINES},
}
CERTIFIED = "--keys keys --certificate fullchain.pem --private-key privkey.pem"
DE, NL = "https://de.example.net:8443", "https://nl.example.net"
# {guide: {what the test below runs: its commands}}
HERE = {
    "ci": {"consented": ["check --targets targets --consent HASH"]},
    "control-vantage": {
        "asked": ["consent accept"],
        "served": [
            "control key anna --keys keys",
            f"control serve {CERTIFIED}",
            "control serve --keys keys --behind-proxy --bind 127.0.0.1:8443",
            f"control serve {CERTIFIED} --responder",
        ],
        "helped": [
            f"run --profile quick --control {DE}",
            f"run --profile quick --control {DE},{NL}",
        ],
        "snapshot": [
            "control snapshot --output today.json.gz --signing-key key.pem --vantage DE/AS3320",
            "control verify today.json.gz",
            "run --profile quick --snapshot today.json.gz --snapshot-key ed25519:...",
        ],
    },
    "read-a-verdict": {"read": ["demo", "explain instagram.web"]},
    "researchers": {
        "files": [
            "import ooni MEASUREMENTS.jsonl.gz",
            "import ooni --json MEASUREMENTS.jsonl.gz",
            "import censored-planet --json SCANS.csv",
            "fingerprints add LIST.json",
            "fingerprints test PAGE.html",
        ]
    },
    "volunteers": {
        "asked": ["consent accept"],
        "watched": ["watch"],
        "page": ["status --web"],
        "timer": ["service install --user", "service status"],
    },
}


def test_no_command_of_a_guide_is_left_out():
    """A new command in a guide needs a test: in the guide's own file, or below."""
    told = {(guide, line) for guide, text in GUIDES.items() for line in lines(text)}
    run = {(guide, line) for guide, commands in ELSEWHERE.items() for line in commands}
    for guide, tests in HERE.items():
        run |= {(guide, f"roadblock {line}") for commands in tests.values() for line in commands}

    assert told - run == set()
    assert run - told == set()


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder of somebody's, with settings and data of its own."""
    for name in ("DATA", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("ROADBLOCK_DB", str(tmp_path / "roadblock.db"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def measurement(monkeypatch):
    stand_in = Measurement()
    monkeypatch.setattr("probe.cli.measuring.measure", stand_in)
    return stand_in


@pytest.fixture
def consented(here):
    assert main(["consent", "accept", "--consent", consent_sha256()]) == 0


def of(guide, test):
    """Return the arguments of the guide's commands that a test here runs."""
    return [shlex.split(line) for line in HERE[guide][test]]


# --- asked, watched, shown ------------------------------------------------------------------------


@pytest.mark.parametrize("guide", ["volunteers", "control-vantage"])
def test_consent_is_asked_for_and_not_taken_from_a_pipe(guide, here, capsys):
    """It wants a terminal, or the hash of what was read: tests/cli/test_consent.py answers it."""
    (command,) = of(guide, "asked")

    assert main(command) == 2
    assert "--consent" in capsys.readouterr().err
    assert main([*command, "--consent", consent_sha256()]) == 0


def test_the_guides_check_measures_with_consent(here, measurement):
    (command,) = of("ci", "consented")
    (here / "targets").mkdir()
    (here / "targets" / "shop.toml").write_text(test_guide_ci.TARGETS)

    command = [consent_sha256() if word == "HASH" else word for word in command]
    code = main([*command, "--retry-wait", "0"])

    assert code == 1, "what stands in for the network says that all is blocked"
    assert measurement.requests[0].services == ("shop",)


def test_the_watch_goes_on_until_a_signal(here, consented, measurement):
    (command,) = of("volunteers", "watched")
    measurement.interrupts = signal.SIGTERM

    assert main(command) == 130
    assert len(measurement.requests) == 1


def test_the_page_is_served_until_it_is_stopped(here, consented, measurement):
    pytest.importorskip("hypercorn", reason="needs the extra `serve`")
    (command,) = of("volunteers", "page")
    main(["run", "instagram.web", "--consent", consent_sha256()])

    with subprocess.Popen(
        [ROADBLOCK, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as serving:
        address = serving.stdout.readline().strip()
        with urllib.request.urlopen(address, timeout=20) as answer:
            page = answer.read().decode()
        serving.send_signal(signal.SIGINT)
        assert serving.wait(timeout=20) == 0

    assert "Instagram: could not be reached." in page


def test_the_timer_is_written_where_systemd_looks(here, consented, capsys):
    install, status = of("volunteers", "timer")

    assert main([*install, "--root", "image", "--consent", consent_sha256()]) == 0

    assert [file.name for file in sorted((here / "image").rglob("roadblock.*"))] == [
        "roadblock.service",
        "roadblock.timer",
    ]
    # Below another folder: on this machine nothing was started.
    capsys.readouterr()
    assert main(status) not in {1, 4}
    shown = capsys.readouterr()
    assert re.search(r"systemd|[Nn]ot installed|[Tt]imer", shown.out + shown.err)


# --- a control vantage ----------------------------------------------------------------------------


@pytest.fixture
def certificate(here):
    issued = authority(datetime.now(UTC)).issue("helper.example.net")
    (here / "fullchain.pem").write_bytes(issued.chain_pem)
    (here / "privkey.pem").write_bytes(issued.key_pem)


def test_a_helper_is_served_as_the_guide_says(here, consented, certificate, monkeypatch, capsys):
    pytest.importorskip("hypercorn", reason="needs the extra `serve`")
    stations = []
    monkeypatch.setattr(
        "probe.cli.control.run_station", lambda station, serving, keys: stations.append(station)
    )

    for command in of("control-vantage", "served"):
        assert main(command) == 0, capsys.readouterr().err

    assert re.search(r"^rb_\S+$", capsys.readouterr().out, re.MULTILINE)
    assert [station.speaks_tls for station in stations] == [True, False, True]
    assert [station.has_responder for station in stations] == [False, False, True]


def test_helpers_are_asked_as_the_guide_says(here, consented, measurement, monkeypatch):
    asked = []

    async def measure(*arguments, helpers, **options):
        asked.append([place.netloc for place in helpers])
        return await measurement(*arguments, **options)

    monkeypatch.setattr("probe.cli.measuring.measure", measure)
    keys = here / "config" / "roadblock" / "control-keys"
    keys.parent.mkdir(parents=True)
    keys.write_text("de.example.net:8443 rb_one\nnl.example.net rb_two\n")

    for command in of("control-vantage", "helped"):
        assert main([*command, "--again"]) == 0

    assert asked == [["de.example.net:8443"], ["de.example.net:8443", "nl.example.net"]]


def test_a_snapshot_goes_from_one_machine_to_another(
    here, consented, measurement, monkeypatch, capsys
):
    async def look(serving, endpoints):
        now = datetime.now(UTC)
        seen = [Seen(endpoint=e.id, endpoint_sha256=digest_of(e)) for e in endpoints]
        return Snapshot(started_at=now, ended_at=now, version="0", country="DE", seen=seen)

    monkeypatch.setattr("probe.cli.control.take_snapshot", look)
    take, verify, run = of("control-vantage", "snapshot")

    assert main(take) == 0
    printed = capsys.readouterr()
    (key,) = set(re.findall(r"ed25519:[\w+/=-]{20,}", printed.out + printed.err))
    assert main(verify) == 0
    assert main([key if word == "ed25519:..." else word for word in run]) == 0
    wrong = key[:-6] + "AAAAA="
    assert main([wrong if word == "ed25519:..." else word for word in run]) == 2


# --- reading --------------------------------------------------------------------------------------


def test_what_the_page_on_verdicts_shows_can_be_had_on_ones_screen(here, capsys):
    demo, explain = of("read-a-verdict", "read")

    assert main([*demo, "--virtual", "instagram"]) == 0
    said = capsys.readouterr().out
    assert main([*explain, "--world", "lab"]) == 0
    explained = capsys.readouterr().out

    assert "Instagram: could not be reached" in said
    for word in ("ruled out:", "could also be:", "(not asked)", "hello never acknowledged"):
        assert word in explained
    arms = set(re.findall(r"^\| `(c1|target)`", GUIDES["read-a-verdict"], re.MULTILINE))
    assert arms == {"c1", "target"}
    assert all(f"  {arm}  " in explained for arm in arms)


def test_the_sentence_that_it_takes_apart_is_the_programs():
    quoted = " ".join(
        re.findall(r"^> \*\*(.*?)(?=\n\n)", GUIDES["read-a-verdict"], re.MULTILINE | re.DOTALL)[0]
        .replace("**", "")
        .replace("\n> ", " ")
        .split()
    )
    said = ServiceVerdict(
        service="instagram",
        state=State.BLOCKED,
        category=Category.TLS_SNI_RESET,
        subtype="rewrite",
        grade=Grade.STRONG,
    )

    assert service_sentence(said, (), "Instagram", wording("en")) == quoted


def test_files_of_ones_own_are_read(here, capsys):
    given = {
        "MEASUREMENTS.jsonl.gz": json.dumps(document()),
        "SCANS.csv": HEAD + ROWS.replace("www.a.example", "www.instagram.com"),
        "LIST.json": '{"fingerprint": "b_nat_xx_wall", "pattern": "This page is walled off"}\n',
        "PAGE.html": "<title>Walled</title>This page is walled off",
    }
    for name, text in given.items():
        (here / name).write_text(text, encoding="utf-8")

    for command in of("researchers", "files"):
        assert main(command) == 0, capsys.readouterr().err

    shown = capsys.readouterr().out
    assert '"ooni_blocking"' in shown
    assert '"service": "instagram", "is_control": false, "count": 40, "unexpected": 10' in shown
    assert "No fingerprint matches." not in shown
    assert "cp.b_nat_xx_wall" in shown, "the added list speaks of the page"


@pytest.fixture(scope="module")
def german(tmp_path_factory):
    """A folder in which `results/roadblock.db` lies: the lab's Germany, where RT is lied about."""
    folder = tmp_path_factory.mktemp("german")
    (folder / "results").mkdir()
    knowledge = load_knowledge()
    world = build_world("europe-rt", knowledge.catalogue)
    targets = [e for e in world.catalogue.endpoints if e.id in {"rt.web", "bbc.web"}]
    database = folder / "results" / "roadblock.db"
    play(world, targets, knowledge_in(world, knowledge), database=database)
    return folder


def code_in(language):
    (code,) = re.findall(rf"```{language}\n(.*?)```", GUIDES["researchers"], re.DOTALL)
    return code


def output(command, folder):
    """Return what a program prints in a folder."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_python_of_the_guide_runs(german):
    pytest.importorskip("pandas", reason="needs pandas")
    code = code_in("python").replace('.db")', '.db", world="lab")')

    assert "3320 blocked probable" in output([sys.executable, "-c", code], german)


def test_the_r_of_the_guide_runs(german):
    r = shutil.which("Rscript")
    if r is None or subprocess.run([r, "-e", "library(RSQLite)"], capture_output=True).returncode:
        pytest.skip("needs R with RSQLite: apt-get install r-cran-rsqlite")
    code = code_in("r").replace("FROM service_latest", "FROM lab_service_latest")

    rows = [line.split()[1:] for line in output([r, "-e", code], german).splitlines()]
    assert rows == [
        ["service", "blocked", "n"], ["DE", "bbc", "0", "1"], ["DE", "rt", "1", "1"],
    ]  # fmt: skip


def test_every_extra_that_a_document_names_exists():

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
    for document_ in (
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("docs/**/*.ipynb"),
    ):
        named = re.findall(r"(?:roadblock|\.)\[(\w+)\]'", document_.read_text("utf-8"))
        assert set(named) <= extras.keys(), document_.name
