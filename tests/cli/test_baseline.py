import json

import pytest

from probe.cli.main import main
from probe.model.words import State
from tests.cli.check_samples import document, run, store, verdict

BLOCKED = verdict("instagram.web", State.BLOCKED)


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def base(tmp_path):
    database = store(tmp_path / "runs.db", (run("run-1"), [BLOCKED, verdict("bbc.web")]))
    return ["--db", str(database)]


def update(base, *arguments):
    return main(["baseline", "update", *base, *arguments])


def test_an_update_shows_the_difference_and_changes_nothing(base, here, capsys):
    assert update(base, "--reason", "known since March") == 0

    out = capsys.readouterr().out
    assert "+[expect.instagram]" in out
    assert '+reason = "known since March"' in out
    assert not (here / "roadblock.toml").exists()


def test_a_written_update_makes_the_check_pass(base):
    assert main(["check", *base, "--from-run", "run-1"]) == 1
    assert update(base, "--reason", "known", "--until", "2099-01-31", "--write") == 0

    assert main(["check", *base, "--from-run", "run-1"]) == 0


def test_new_exceptions_need_a_reason(base, capsys):
    assert update(base) == 2
    assert "--reason TEXT is missing" in capsys.readouterr().err


def test_new_exceptions_may_hold_here_only(base, here):
    assert update(base, "--reason", "known", "--here", "country", "--write") == 0

    assert 'country = "DE"' in (here / "roadblock.toml").read_text()


def test_a_place_that_is_not_known_is_said(base, capsys):
    assert update(base, "--reason", "known", "--here", "vantage") == 2
    assert "does not know its vantage" in capsys.readouterr().err


def test_what_passes_needs_no_change(here, capsys):
    file = document(here / "run.json", run("run-1"), [verdict("bbc.web")])

    assert main(["baseline", "update", "--from-json", str(file)]) == 0
    assert capsys.readouterr().err == "roadblock.toml needs no change.\n"


def test_a_report_of_check_serves_as_well(base, here, capsys):
    assert main(["check", *base, "--from-run", "run-1", "--output", "json=check.json"]) == 1
    arguments = ["baseline", "update", "--from-check", "check.json", "--reason", "known"]
    assert main([*arguments, "--write"]) == 0

    (here / "roadblock.toml").write_text('[expect]\nbbc = "ok"\n')
    main(["check", *base, "--from-run", "run-1", "--output", "json=check.json"])
    (here / "roadblock.toml").write_text('[expect]\nbbc = "ok"  # changed\n')
    assert main(arguments) == 2
    assert "has changed since check.json was made" in capsys.readouterr().err


@pytest.mark.parametrize("until", ["31.1.2027", "tomorrow"])
def test_a_day_is_written_one_way(base, until):
    assert update(base, "--reason", "known", "--until", until) == 2


def test_a_baseline_is_shown_entry_by_entry(here, capsys):
    (here / "roadblock.toml").write_text(
        '[expect]\nbbc = { state = "blocked", reason = "x", until = 2020-01-01 }\n'
        "instagram = { tls_ms_p95 = 500 }\n"
    )

    assert main(["baseline", "show"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "roadblock.toml:2: bbc: blocked, until 2020-01-01 (has run out): x",
        "roadblock.toml:3: instagram: ok, tls_ms_p95 500",
    ]


def test_both_commands_print_json_when_asked(base, here, capsys):
    (here / "roadblock.toml").write_text('[expect]\nbbc = "ok"\n')

    main(["baseline", "show", "--json"])
    shown = json.loads(capsys.readouterr().out)
    assert [(entry["entry"], entry["states"]) for entry in shown["entries"]] == [("bbc", ["ok"])]

    update(base, "--reason", "known", "--json")
    assert json.loads(capsys.readouterr().out)["written"] is False
