import json

import junitparser
import pytest

from probe.cli.main import main
from probe.model.words import State
from tests.cli.check_samples import OFFLINE, document, run, store, verdict

OK = verdict("instagram.web")
BLOCKED = verdict("instagram.web", State.BLOCKED)
WALL = verdict("instagram.web", State.RESTRICTED)
UNCLEAR = verdict("instagram.web", State.INSUFFICIENT)


@pytest.fixture(autouse=True)
def no_ci(monkeypatch, tmp_path):
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "SOURCE_DATE_EPOCH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def database(tmp_path):
    return tmp_path / "runs.db"


def stored(database, *verdicts, **options):
    store(database, (run("run-1"), verdicts), **options)
    return ["check", "--db", str(database), "--from-run", "run-1"]


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        pytest.param((OK,), 0, id="as expected"),
        pytest.param((WALL,), 0, id="a bot wall"),
        pytest.param((BLOCKED,), 1, id="unexpected"),
        pytest.param((UNCLEAR,), 3, id="no verdict"),
        pytest.param((), 5, id="nothing measured"),
    ],
)
def test_a_stored_run_is_checked_to_its_exit_code(database, verdicts, code):
    assert main(stored(database, *verdicts)) == code


def test_an_offline_vantage_point_is_inconclusive(database):
    assert main(stored(database, BLOCKED, gates=OFFLINE)) == 3


def test_a_usage_error_is_two_even_where_something_failed(database, capsys):
    """Precedence: 4, 2, 1, 3, 0."""
    assert main([*stored(database, BLOCKED), "--baseline", "missing.toml"]) == 2
    assert "missing.toml: there is no such file" in capsys.readouterr().err


@pytest.mark.parametrize("verdicts", [(BLOCKED,), (UNCLEAR,)])
def test_exit_zero_takes_back_one_and_three(database, verdicts):
    assert main([*stored(database, *verdicts), "--exit-zero"]) == 0


def test_what_fails_can_be_chosen(database):
    arguments = stored(database, WALL)

    assert main([*arguments, "--fail-on", "restricted,blocked"]) == 1
    assert main([*arguments, "--fail-on", "restrictd"]) == 2


def test_a_grade_can_be_asked_for(database):
    assert main([*stored(database, BLOCKED), "--min-grade", "strong"]) == 0


def test_the_baseline_that_lies_here_counts(database, tmp_path, capsys):
    (tmp_path / "roadblock.toml").write_text(
        '[expect]\ninstagram = { state = "blocked", reason = "known" }\n'
    )

    assert main(stored(database, BLOCKED)) == 0
    assert "Baseline roadblock.toml" in capsys.readouterr().out


def test_a_faulty_baseline_is_told_line_by_line(database, tmp_path, capsys):
    (tmp_path / "roadblock.toml").write_text('[expect]\ninstagram = "blocked"\nnobody = "ok"\n')

    assert main(stored(database, BLOCKED)) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("roadblock: roadblock.toml:2: expect.instagram: ")
    assert second.startswith("roadblock.toml:3: expect.nobody: ")


def test_exceptions_expire_by_source_date_epoch(database, tmp_path, monkeypatch):
    (tmp_path / "roadblock.toml").write_text(
        '[expect]\ninstagram = { state = "blocked", reason = "known", until = 2026-06-30 }\n'
    )
    arguments = stored(database, BLOCKED)

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1780272000")  # 2026-06-01
    assert main(arguments) == 0
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1783000000")  # 2026-07-02
    assert main(arguments) == 1


def test_several_runs_are_several_attempts(database):
    store(database, (run("run-1"), [BLOCKED]), (run("run-2"), [OK]), (run("run-3"), [BLOCKED]))
    base = ["check", "--db", str(database), "--from-run", "run-1", "--from-run", "run-2"]

    assert main(base) == 0
    assert main([*base, "--from-run", "run-3", "--failures", "2"]) == 1
    assert main([*base, "--failures", "3"]) == 2


def test_documents_of_run_are_checked_as_well(tmp_path, capsys):
    file = document(tmp_path / "run.json", run("run-1"), [OK, verdict("bbc.web", State.BLOCKED)])

    assert main(["check", "--from-json", str(file), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["result"] == "failed"
    assert {line["service"] for line in report["services"]} == {"instagram", "bbc"}


def test_names_choose_among_what_was_measured(tmp_path):
    file = document(tmp_path / "run.json", run("run-1"), [OK, verdict("bbc.web", State.BLOCKED)])
    arguments = ["check", "--from-json", str(file)]

    assert main([*arguments, "instagram"]) == 0
    assert main([*arguments, "bbc.web"]) == 1
    assert main([*arguments, "tiktok"]) == 5
    assert main([*arguments, "nobody"]) == 2


@pytest.mark.parametrize("content", [None, "{", "{}", "[]", "\xff"])
def test_what_is_no_document_is_said_so(tmp_path, capsys, content):
    file = tmp_path / "run.json"
    if content is not None:
        file.write_bytes(content.encode("latin-1"))

    assert main(["check", "--from-json", str(file)]) == 2
    assert "run.json: " in capsys.readouterr().err


def test_new_and_fixed_failures_are_told(database, tmp_path, capsys):
    bbc = verdict("bbc.web", State.BLOCKED)
    store(database, (run("run-1"), [BLOCKED, verdict("bbc.web")]), (run("run-2"), [OK, bbc]))
    base = ["check", "--db", str(database), "--from-run"]
    assert main([*base, "run-1", "--output", "json=last.json"]) == 1

    assert main([*base, "run-2", "--compare", "last.json"]) == 1
    out = capsys.readouterr().out
    assert "Since run-1: 1 new, 1 fixed" in out
    assert "new    bbc.web/https/ipv4/tls" in out


def test_old_failures_pass_when_only_new_ones_count(tmp_path):
    file = document(tmp_path / "run.json", run("run-1"), [BLOCKED])
    arguments = ["check", "--from-json", str(file)]

    assert main([*arguments, "--compare", str(file), "--new-only"]) == 0
    assert main([*arguments, "--new-only"]) == 2


def test_several_files_are_written_at_once_and_whole(database, tmp_path):
    arguments = stored(database, BLOCKED)
    for form, name in (("junit", "r.xml"), ("prom", "r.prom"), ("markdown", "r.md")):
        arguments += ["--output", f"{form}={name}"]

    assert main(arguments) == 1
    assert junitparser.JUnitXml.fromfile("r.xml").failures == 1
    assert "roadblock_check_success" in (tmp_path / "r.prom").read_text()
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".new") == []


@pytest.mark.parametrize("output", ["junit", "yaml=x", "junit=nowhere/x.xml"])
def test_an_output_that_cannot_be_is_refused_beforehand(database, output, capsys):
    assert main([*stored(database, OK), "--output", output]) == 2
    assert capsys.readouterr().out == ""


def test_on_a_github_runner_annotations_summary_and_outputs_are_written(
    database, tmp_path, monkeypatch, capsys
):
    summary, outputs = tmp_path / "summary.md", tmp_path / "outputs"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))

    assert main([*stored(database, BLOCKED), "--output", "junit=r.xml"]) == 1
    assert "\n::error title=Instagram blocked from DE/AS64501::" in capsys.readouterr().out
    assert summary.read_text().startswith("before\n## Roadblock from ")
    assert outputs.read_text().splitlines() == [
        "result=failed",
        "exit_code=1",
        "unexpected=1",
        "report_path=r.xml",
    ]


@pytest.mark.parametrize(
    ("verdicts", "code", "word"),
    [((OK,), 0, "OK"), ((BLOCKED,), 2, "CRITICAL"), ((UNCLEAR,), 3, "UNKNOWN")],
)
def test_as_a_nagios_plug_in_it_has_nagios_codes(database, capsys, verdicts, code, word):
    assert main([*stored(database, *verdicts), "--format", "nagios"]) == code
    assert capsys.readouterr().out.startswith(f"ROADBLOCK {word} - ")


def test_as_a_nagios_plug_in_trouble_of_its_own_is_unknown(capsys):
    arguments = ["check", "--from-json", "missing.json", "--format", "nagios"]

    assert main(arguments) == 3
    assert capsys.readouterr().out == ("ROADBLOCK UNKNOWN - missing.json: there is no such file\n")


def test_the_same_check_prints_the_same(database, capsys):
    arguments = stored(database, BLOCKED, verdict("bbc.web"))

    main(arguments)
    first = capsys.readouterr().out
    main(arguments)

    assert capsys.readouterr().out == first


def test_without_consent_nothing_is_measured(monkeypatch, capsys):
    assert main(["check", "instagram"]) == 2
    assert "Nobody has agreed yet" in capsys.readouterr().err
