"""The guide for CI, followed: its files load, its jobs use what there is, its commands run."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from probe.analyse.baseline_file import THRESHOLDS, parse_baseline
from probe.cli.main import main
from probe.exchange.checks import FORMATS
from probe.model.check import CheckReport
from probe.reference.catalogue import load_catalogue
from tests.cli.check_samples import document, run, verdict

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "guides" / "ci.md").read_text(encoding="utf-8")
ACTION = yaml.safe_load((ROOT / ".github/actions/roadblock/action.yml").read_text())
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/reachability.yml").read_text())
GITLAB = yaml.safe_load((ROOT / "docs/ci/roadblock.gitlab-ci.yml").read_text())


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


TARGETS, BASELINE, SHIPPED = blocks("toml")
JOB, REUSED, GITLAB_JOB = map(yaml.safe_load, blocks("yaml"))


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The folder of somebody who does what the guide says."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "shop.toml").write_text(TARGETS)
    (tmp_path / "roadblock.toml").write_text(BASELINE)
    return tmp_path


def test_the_targets_are_ones_own_and_take_ten_lines(here):
    catalogue = load_catalogue(here / "targets")

    assert [endpoint.id for endpoint in catalogue.endpoints] == ["shop.web", "shop.api"]
    assert all(endpoint.own for endpoint in catalogue.endpoints)
    assert len(TARGETS.strip().splitlines()) <= 12


def test_the_baseline_fits_the_targets(here):
    services = load_catalogue(here / "targets").services

    baseline = parse_baseline(BASELINE, file="roadblock.toml", services=services)

    assert [entry.id for entry in baseline.entries] == ["shop.api", "*/quic", "shop (when 1)"]


def test_the_other_baseline_fits_the_shipped_services():
    services = load_catalogue().services

    assert len(parse_baseline(SHIPPED, file="roadblock.toml", services=services).entries) == 1


def test_every_limit_and_every_format_is_named():
    assert all(f"`{name}`" in GUIDE for name in THRESHOLDS)
    assert all(f"`{name}`" in GUIDE for name in FORMATS)


def test_the_exit_codes_are_those_of_a_report():
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", GUIDE, re.MULTILINE)}

    codes = CheckReport.model_json_schema()["properties"]["exit_code"]["enum"]
    assert told == {*codes, 2, 4, 130}


def test_the_jobs_use_inputs_that_there_are():
    (step,) = [s for s in JOB["jobs"]["reachability"]["steps"] if "roadblock" in s["uses"]]
    assert set(step["with"]) <= set(ACTION["inputs"])

    inputs = WORKFLOW[True]["workflow_call"]["inputs"]
    assert set(REUSED["jobs"]["reachability"]["with"]) <= set(inputs)

    known = GITLAB[".roadblock"]["variables"]
    assert set(GITLAB_JOB["reachability"]["variables"]) <= set(known)


def commands():
    """Return the guide's indented commands that send nothing and need no name of ours."""
    lines = re.findall(r"^ {4}(roadblock [^\n]+)", GUIDE, re.MULTILINE)
    return [line for line in lines if not re.search(r"\b[A-Z]{3,}\b", line)]


@pytest.mark.parametrize("line", commands())
def test_every_command_of_the_guide_runs(here, line, capsys):
    """A check would measure; it is refused for want of consent, after all else was found good."""
    arguments = shlex.split(line)[1:]
    if arguments[:2] == ["baseline", "update"]:
        (here / "roadblock.toml").unlink()
        file = document(here / "run.json", run("run-1"), [verdict("bbc.web")])
        arguments += ["--from-json", str(file)]

    code = main(arguments)

    err = capsys.readouterr().err
    if arguments[0] == "check":
        assert code == 2
        assert "Nobody has agreed yet" in err
    else:
        assert code == 0, err
