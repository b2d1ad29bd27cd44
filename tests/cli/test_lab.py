"""The verbs of the lab, in processes of their own: entering a world cannot be undone."""

import json
import subprocess
import sys

import pytest

from probe.cli.main import main
from probe.lab.kernel import kernel_available

REFUSAL = kernel_available()
needs_kernel = pytest.mark.skipif(REFUSAL is not None, reason=REFUSAL or "")


def roadblock(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "probe", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )


def test_the_worlds_are_listed(capsys):
    assert main(["lab", "list", "--json"]) == 0

    worlds = {world["id"] for world in json.loads(capsys.readouterr().out)}
    assert {"open", "offline", "march-2022"} <= worlds


def test_an_unknown_world_is_wrong_usage():
    """Naming two hundred others helped nobody."""
    ended = roadblock("lab", "exec", "ofline", "--", "true")

    assert ended.returncode == 2
    assert ended.stderr.startswith("roadblock: no world named 'ofline'; did you mean offline")
    assert len(ended.stderr) < 200


@pytest.mark.parametrize(
    "arguments", [["demo", "--virtual"], ["lab", "run", "plain-http"]], ids=["demo", "run"]
)
def test_an_unknown_profile_is_not_played_as_another(arguments, capsys):
    assert main([*arguments, "--profile", "dep"]) == 2
    assert "'quick'" in capsys.readouterr().err


@pytest.mark.kernel
@needs_kernel
def test_a_command_inside_a_world_sees_the_worlds_resolver_and_ends_as_it_ends():
    script = "cat /etc/resolv.conf; exit 7"

    ended = roadblock("lab", "exec", "open", "--", "sh", "-c", script)

    assert ended.returncode == 7
    assert ended.stdout.startswith("# Roadblock lab: open\nnameserver ")


@pytest.mark.kernel
@needs_kernel
def test_the_installed_command_measures_inside_a_world(tmp_path):
    """One endpoint on real packets: consent is not asked, and the run is the world's."""
    database = str(tmp_path / "roadblock.db")
    run = [sys.executable, "-m", "probe", "run", "bbc.web", "--no-quic", "--json"]

    ended = roadblock("lab", "exec", "open", "--", *run, "--db", database)

    assert ended.returncode == 0, ended.stderr
    document = json.loads(ended.stdout)
    assert document["run"]["world"] == "lab:open"
    assert {verdict["state"] for verdict in document["verdicts"]} == {"ok"}


@needs_kernel
def test_a_scenario_is_played_on_real_packets():
    ended = roadblock("lab", "run", "plain-http", "--tier", "kernel", "--profile", "look")

    assert ended.returncode == 0, ended.stderr
    rows = [line.split() for line in ended.stdout.splitlines() if line.startswith("instagram")]
    assert {(row[1], row[2], row[-1]) for row in rows} == {
        ("http/ipv4", "ok", "yes"),
        ("http/ipv6", "ok", "yes"),
    }


@needs_kernel
def test_helpers_are_not_played_on_real_packets():
    ended = roadblock("lab", "run", "plain", "--tier", "kernel", "--setting", "two")

    assert ended.returncode == 2
    assert "no helpers" in ended.stderr


@needs_kernel
def test_a_box_is_located_on_real_packets(tmp_path):
    """March 2022 resets Facebook on the home's own link 1: packets that die at router 2 meet it."""
    run = (sys.executable, "-m", "probe", "run", "facebook.web", "--locate", "--no-quic", "--json")
    script = (
        f"{' '.join(run)} --ca-file $LAB_CA_FILE --db {tmp_path}/a.db "
        f"--consent $({sys.executable} -m probe consent hash)"
    )

    ended = roadblock("lab", "exec", "march-2022", "--", "sh", "-c", script)

    verdicts = json.loads(ended.stdout)["verdicts"]
    located = [v["location"] for v in verdicts if v.get("location")]
    assert [(where["hop"], where["asn"], where["border"]) for where in located] == [
        (2, 12389, "before")
    ]
