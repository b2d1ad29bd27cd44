"""The ready-made CI jobs: valid by their makers' schemas, and their shell does what they promise.

The steps run as on a runner, with the real command on stored measurements; only pip is a fake.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import junitparser
import pytest
import yaml

from probe.model.words import State
from tests.cli.check_samples import document, run, verdict

ROOT = Path(__file__).parents[1]
ACTION = ROOT / ".github" / "actions" / "roadblock" / "action.yml"
WORKFLOW = ROOT / ".github" / "workflows" / "reachability.yml"
GITLAB = ROOT / "docs" / "ci" / "roadblock.gitlab-ci.yml"
PROGRAMS = Path(sys.executable).parent


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("schema", "path", "options"),
    [
        pytest.param("vendor.github-actions", ACTION, (), id="composite action"),
        pytest.param("vendor.github-workflows", WORKFLOW, (), id="reusable workflow"),
        pytest.param(
            "vendor.gitlab-ci", GITLAB, ("--data-transform", "gitlab-ci"), id="GitLab template"
        ),
    ],
)
def test_a_template_keeps_to_its_makers_schema(schema, path, options):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *options, path]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_no_script_contains_an_expression():
    """What a caller hands in must arrive as data: an expression in a script is an injection."""
    for path in (ACTION, WORKFLOW):
        steps = load(path)["runs"]["steps"] if path == ACTION else jobs_steps(load(path))
        for step in steps:
            assert "${{" not in step.get("run", ""), step["name"]


def jobs_steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_foreign_actions_are_pinned_to_commits():
    used = [step["uses"] for step in jobs_steps(load(WORKFLOW)) if "uses" in step]

    assert used
    for name in used:
        assert re.fullmatch(r"\$/.*|[\w./-]+@[0-9a-f]{40}", name), name


def test_no_template_carries_consent():
    for path in (ACTION, WORKFLOW, GITLAB):
        assert not re.search(r"\b[0-9a-f]{64}\b", path.read_text(encoding="utf-8")), path.name


def test_the_workflow_hands_every_input_to_the_action():
    action, workflow = load(ACTION), load(WORKFLOW)
    # YAML 1.1 reads the key `on` as true.
    inputs = workflow[True]["workflow_call"]["inputs"]
    (check,) = [step for step in jobs_steps(workflow) if step.get("id") == "check"]

    assert set(check["with"]) <= set(action["inputs"])
    for name in set(inputs) - {"regions"}:
        assert check["with"][name] == f"${{{{ inputs.{name} }}}}"


# --- GitHub


class Runner:
    """Runs steps of the action as GitHub's runner does, in a folder of its own."""

    def __init__(self, folder, **inputs):
        self.folder, self.inputs = folder, inputs
        self.summary, self.outputs = folder / "summary.md", folder / "outputs"
        self.outputs.touch()

    def step(self, name, **variables):
        """Run the named step; return the finished process."""
        action = load(ACTION)
        (step,) = [step for step in action["runs"]["steps"] if step["name"] == name]
        assert step["shell"] == "bash"
        values = {key: entry.get("default", "") for key, entry in action["inputs"].items()}
        contexts = {
            **{f"inputs.{key}": value for key, value in (values | self.inputs).items()},
            "github.action_path": str(ACTION.parent),
            "runner.temp": str(self.folder / "temp"),
            "steps.install.outputs.programs": variables.pop("programs", ""),
        }
        given = {
            key: re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda match: contexts[match[1]], str(text))
            for key, text in step["env"].items()
        }
        environment = {
            "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "GITHUB_ACTIONS": "true",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_OUTPUT": str(self.outputs),
            **given,
            **variables,
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def told(self):
        return dict(line.split("=", 1) for line in self.outputs.read_text().splitlines())


def measured(folder, *verdicts):
    """Write a measurement and return the argument that checks it."""
    file = document(folder / "run.json", run("run-1"), verdicts)
    return f"--from-json {file}"


OK = verdict("instagram.web")
BLOCKED = verdict("instagram.web", State.BLOCKED)
UNCLEAR = verdict("instagram.web", State.INSUFFICIENT)


def test_the_action_passes_and_leaves_its_reports(tmp_path):
    runner = Runner(tmp_path, arguments=measured(tmp_path, OK))

    done = runner.step("Check")

    assert done.returncode == 0, done.stderr
    assert runner.told() == {
        "result": "passed",
        "exit_code": "0",
        "unexpected": "0",
        "report_path": "roadblock.json",
    }
    assert junitparser.JUnitXml.fromfile(tmp_path / "roadblock.xml").failures == 0
    assert json.loads((tmp_path / "roadblock.json").read_text())["result"] == "passed"
    assert "| Instagram | ✅ ok |" in runner.summary.read_text()


def test_the_action_fails_with_annotations(tmp_path):
    runner = Runner(tmp_path, arguments=measured(tmp_path, BLOCKED))

    done = runner.step("Check")

    assert done.returncode == 1
    assert "\n::error title=Instagram blocked from DE/AS64501::" in done.stdout
    assert runner.told()["unexpected"] == "1"


@pytest.mark.parametrize(("inconclusive", "code"), [("warn", 0), ("fail", 3)])
def test_the_action_warns_of_what_is_inconclusive_unless_told_to_fail(tmp_path, inconclusive, code):
    runner = Runner(tmp_path, arguments=measured(tmp_path, UNCLEAR), inconclusive=inconclusive)

    done = runner.step("Check")

    assert done.returncode == code, done.stderr
    assert runner.told()["exit_code"] == "3"
    assert "\n::warning title=Roadblock inconclusive::" in done.stdout


def test_the_action_hands_on_what_it_is_given(tmp_path):
    arguments = measured(tmp_path, BLOCKED, verdict("bbc.web", State.BLOCKED))
    (tmp_path / "expected here.toml").write_text(
        '[expect]\ninstagram = { state = "blocked", reason = "known" }\n'
    )
    first = Runner(tmp_path, arguments=arguments, report="last", compare="missing.json")
    assert first.step("Check").returncode == 1

    runner = Runner(
        tmp_path,
        arguments=f"{arguments} --new-only",
        services="instagram bbc",
        baseline="expected here.toml",
        compare="last.json",
        vantage="office $(touch hacked)",
    )
    done = runner.step("Check")

    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "roadblock.json").read_text())
    assert report["baseline"] == "expected here.toml"
    assert report["compared_with"] == "run-1"
    assert not (tmp_path / "hacked").exists()


def test_the_action_measures_only_with_consent(tmp_path):
    done = Runner(tmp_path, services="instagram").step("Check")

    assert done.returncode == 2
    assert "Nobody has agreed yet" in done.stderr


FAKE_PYTHON = """#!/bin/sh
echo "python3 $*" >> "$LOG"
if [ "$1" = -m ] && [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi
"""


def test_the_action_installs_pinned_requirements_and_itself(tmp_path):
    fakes = tmp_path / "fakes"
    fakes.mkdir()
    (fakes / "python3").write_text(FAKE_PYTHON)
    (fakes / "python3").chmod(0o755)
    log = tmp_path / "log"
    runner = Runner(tmp_path)

    done = runner.step("Install Roadblock", PATH=f"{fakes}:/usr/bin:/bin", LOG=str(log))

    assert done.returncode == 0, done.stderr
    place = tmp_path / "temp" / "roadblock"
    source = f"{ACTION.parent}/../../.."
    calls = log.read_text().splitlines()
    assert calls[1] == f"python3 -m venv {place}"
    assert calls[2].endswith(f"--require-hashes --requirement {source}/requirements.txt")
    assert calls[3].endswith(f"--no-deps {source}")
    assert (Path(source) / "pyproject.toml").is_file()
    assert runner.told() == {"programs": f"{place}/bin"}


def test_the_workflow_keeps_the_report_for_the_check_after(tmp_path):
    (keep,) = [step for step in jobs_steps(load(WORKFLOW)) if "run" in step]
    (tmp_path / "roadblock.json").write_text("{}")

    subprocess.run(["bash", "-eo", "pipefail", "-c", keep["run"]], cwd=tmp_path, check=True)

    assert (tmp_path / "last.json").read_text() == "{}"


# --- GitLab


def gitlab(part, folder, **variables):
    """Run a part of the job's script in sh, as the image's runner does."""
    job = load(GITLAB)[".roadblock"]
    script = "\n".join(job[part])
    environment = {
        "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
        "HOME": str(folder),
        "CI": "true",
        **job["variables"],
        **variables,
    }
    return subprocess.run(
        ["sh", "-ec", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("of", "code"),
    [pytest.param(OK, 0, id="ok"), (BLOCKED, 1), pytest.param(UNCLEAR, 3, id="unclear")],
)
def test_the_gitlab_job_ends_with_the_checks_code_and_leaves_junit(tmp_path, of, code):
    done = gitlab("script", tmp_path, ROADBLOCK_ARGUMENTS=measured(tmp_path, of))

    assert done.returncode == code, done.stderr
    report = junitparser.JUnitXml.fromfile(tmp_path / "roadblock.xml")
    assert report.tests > 0
    assert report.failures == (code == 1)


def test_the_gitlab_job_treats_inconclusive_as_a_warning():
    assert load(GITLAB)[".roadblock"]["allow_failure"] == {"exit_codes": [3]}


@pytest.mark.parametrize(("of", "kept"), [(BLOCKED, True), (UNCLEAR, False)])
def test_the_gitlab_job_compares_with_the_last_check_that_could_tell(tmp_path, of, kept):
    gitlab("script", tmp_path, ROADBLOCK_ARGUMENTS=measured(tmp_path, of))

    assert gitlab("after_script", tmp_path).returncode == 0
    assert (tmp_path / "last.json").exists() is kept
    if kept:
        again = gitlab("script", tmp_path, ROADBLOCK_ARGUMENTS=measured(tmp_path, of))
        assert "Since run-1: 0 new, 0 fixed" in again.stdout


def test_the_gitlab_job_hands_on_what_it_is_given(tmp_path):
    (tmp_path / "expected.toml").write_text(
        '[expect]\ninstagram = { state = "blocked", reason = "known" }\n'
    )

    done = gitlab(
        "script",
        tmp_path,
        ROADBLOCK_ARGUMENTS=measured(tmp_path, BLOCKED, verdict("bbc.web", State.BLOCKED)),
        ROADBLOCK_SERVICES="instagram",
        ROADBLOCK_BASELINE="expected.toml",
    )

    assert done.returncode == 0, done.stderr
    assert "Baseline expected.toml" in done.stdout


def test_the_gitlab_job_installs_what_it_is_told(tmp_path):
    fakes = tmp_path / "fakes"
    fakes.mkdir()
    (fakes / "python3").write_text(FAKE_PYTHON)
    (fakes / "python3").chmod(0o755)
    log = tmp_path / "log"

    done = gitlab(
        "before_script",
        tmp_path,
        PATH=f"{fakes}:/usr/bin:/bin",
        LOG=str(log),
        ROADBLOCK_PACKAGE="roadblock==0.1.0",
    )

    assert done.returncode == 0, done.stderr
    assert log.read_text().splitlines()[1].endswith(" roadblock==0.1.0")
