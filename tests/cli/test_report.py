"""The list of stored runs: what is in each, and no more of them than one looks through."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import trio

from probe.cli.main import main
from probe.model.words import State
from probe.store import open_writer
from tests.cli.check_samples import ONLINE, run, store, verdict

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Sixty runs, a day apart; the last found Twitter blocked."""
    runs = [
        (
            run(f"run-{day:02}", started_at=START + timedelta(days=day)),
            [verdict("twitter.web", State.BLOCKED if day == 59 else State.OK)],
        )
        for day in range(60)
    ]
    path = tmp_path_factory.mktemp("report") / "runs.db"
    return ["--db", str(store(path, *runs))]


def listed(capsys, *arguments):
    assert main(["report", "--list", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def ids(lines):
    return [line.split()[0] for line in lines if line.startswith("run-")]


def test_the_newest_fifty_are_listed_and_the_others_counted(base, capsys):
    """Who has measured for a year has thousands."""
    lines = listed(capsys, *base)

    assert ids(lines) == [f"run-{day:02}" for day in range(10, 60)]
    assert lines[-1] == "10 earlier ones are not shown: see --last and --since."


def test_as_many_are_listed_as_asked_for(base, capsys):
    assert ids(listed(capsys, "--last", "2", *base)) == ["run-58", "run-59"]
    assert len(ids(listed(capsys, "--last", "99", *base))) == 60


def test_days_choose(base, capsys):
    lines = listed(capsys, "--since", "2026-01-03", "--until", "2026-01-04", *base)

    assert ids(lines) == ["run-02", "run-03"]


def test_each_says_what_was_found(base, capsys):
    (row,) = [line for line in listed(capsys, "--last", "1", *base) if line.startswith("run-")]

    assert "1 blocked" in row


def test_for_programs_all_are_listed(base, capsys):
    (text,) = listed(capsys, "--json", *base)

    assert len(json.loads(text)) == 60


def test_days_alone_choose_nothing(base, capsys):
    assert main(["report", "--since", "2026-01-03", *base]) == 2
    assert "--list" in capsys.readouterr().err


def test_who_has_only_played_the_lab_is_told_how_to_read_that(tmp_path, capsys):
    """A demo's file said that no run was stored, and to measure the real network first."""
    path = store(tmp_path / "lab.db", (run("played", world="lab:march-2022"), []))

    assert main(["report", "--db", str(path)]) == 2
    assert "--world march-2022" in capsys.readouterr().err


def test_one_run_is_no_runs(tmp_path, capsys):
    path = store(tmp_path / "one.db", (run("one"), [verdict("twitter.web", State.OK)]))

    assert main(["report", "--db", str(path), "--html", str(tmp_path / "page.html")]) == 0
    assert "1 verdicts of 1 run:" in capsys.readouterr().err


def test_of_a_run_that_was_killed_what_was_finished_is_shown(tmp_path, capsys):
    """After a power cut the services were not judged, and nothing of them was shown."""

    async def killed():
        async with open_writer(tmp_path / "killed.db") as writer:
            one = run("killed", status="running", ended_at=None)
            await writer.begin_run(one)
            await writer.add_verdicts(one.id, [verdict("bbc.web")], (), ONLINE, set_id=one.id)

    trio.run(killed)

    assert main(["report", "--db", str(tmp_path / "killed.db")]) == 0
    assert "BBC: works." in capsys.readouterr().out.splitlines()
