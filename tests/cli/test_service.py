"""The verb `service`: units that systemd takes, that see little, and that go away again."""

import configparser
import json
import shlex
import shutil
import subprocess
import sys

import pytest

from probe.cli.main import main
from probe.cli.run import command as run_command
from probe.config.consent import consent_sha256
from probe.config.units import make_units

CONSENT = ["--consent", consent_sha256()]
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed here")


@pytest.fixture
def root(tmp_path):
    return tmp_path / "image"


def installed(root, *options):
    assert main(["service", "install", *options, *CONSENT, "--root", str(root)]) == 0
    (service,) = root.rglob("roadblock.service")
    (timer,) = root.rglob("roadblock.timer")
    return service, timer


def section(path, name):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(path)
    return parser[name]


def test_without_consent_nothing_is_written(root, capsys):
    assert main(["service", "install", "--root", str(root)]) == 2
    assert not root.exists()


@needs_systemd
def test_systemd_calls_the_machines_unit_ok(root):
    """At most 2.0 of 10, where a unit without care has 9.6."""
    service, _ = installed(root, "--system")

    done = subprocess.run(
        [ANALYZE, "security", "--offline=true", "--threshold=20", str(service)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


@needs_systemd
@pytest.mark.parametrize("manager", ["--system", "--user"])
def test_systemd_finds_no_fault_in_the_units(root, manager):
    files = installed(root, manager, "instagram", "--without", "instagram.api")

    done = subprocess.run(
        [ANALYZE, "verify", "--man=no", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )

    faults = [line for line in done.stderr.splitlines() if "roadblock" in line]
    assert faults == []


@pytest.mark.parametrize("manager", ["--system", "--user"])
def test_the_unit_starts_a_run_that_the_command_understands(root, manager):
    service, _ = installed(root, manager, "instagram", "--profile", "standard")

    python, dash_m, probe, verb, *options = shlex.split(section(service, "Service")["ExecStart"])
    context = run_command.make_context("run", options)

    assert (python, dash_m, probe, verb) == (sys.executable, "-m", "probe", "run")
    choice = {name: context.params[name] for name in ("names", "profile")}
    assert choice == {"names": ("instagram",), "profile": "standard"}
    # Consent is an act of a person: it is stored, and no unit carries it.
    assert "consent" not in service.read_text()


def test_the_timer_waits_draws_and_catches_nothing_up(root):
    _, timer = installed(root, "--user", "--interval", "12")

    rows = section(timer, "Timer")
    assert rows["OnUnitInactiveSec"] == "43200s"
    assert rows["RandomizedDelaySec"] == "4320s"
    assert rows["Persistent"] == "false"


def test_the_units_own_user_is_given_the_consent(root):
    """Its data folder is not the person's."""
    installed(root, "--system")

    record = json.loads((root / "var/lib/roadblock/roadblock/consent.json").read_text())

    assert record["sha256"] == consent_sha256()


def test_uninstalling_leaves_no_unit(root):
    service, timer = installed(root, "--system")

    assert main(["service", "uninstall", "--system", "--root", str(root)]) == 0

    assert not service.exists()
    assert not timer.exists()


def test_uninstalling_nothing_says_so(root, capsys):
    assert main(["service", "uninstall", "--root", str(root)]) == 2
    assert "no units of Roadblock" in capsys.readouterr().err


def test_a_wrong_name_is_found_now_and_not_by_the_timer(root, capsys):
    assert main(["service", "install", "instagrm", *CONSENT, "--root", str(root)]) == 2
    assert "did you mean instagram?" in capsys.readouterr().err


def test_the_machines_unit_cannot_use_what_lies_in_a_home(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "prefix", "/home/ada/roadblock")

    assert main(["service", "install", "--system", *CONSENT]) == 2

    assert "/opt/roadblock" in capsys.readouterr().err


def test_words_reach_the_command_as_they_are():
    """systemd reads % and $ in a command line."""
    units = make_units("user", ["/opt/a b/python", "50%$x"], interval_hours=6, database=None)

    assert 'ExecStart="/opt/a b/python" "50%%$$x"' in units.service


def test_without_systemd_it_names_what_needs_none(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(shutil, "which", lambda _: None)

    assert main(["service", "install", *CONSENT]) == 2

    assert "roadblock watch" in capsys.readouterr().err
    assert not (tmp_path / ".config/systemd").exists()
