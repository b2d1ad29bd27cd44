"""The verb `watch`: what it asks before each run, says while it waits, and ends with."""

import json
import signal
from datetime import UTC, datetime, timedelta

import pytest
import trio

from probe.cli.main import main
from probe.config.consent import consent_sha256, withdraw_consent
from probe.config.settings import data_folder
from probe.errors import ConsentError, StoreError
from probe.run.watch import Rhythm
from probe.store import open_reader
from probe.store.watching import Watching, read_watching, watching_file, write_watching
from tests.cli.test_run import Measurement

CONSENT = ["--consent", consent_sha256()]


@pytest.fixture
def measurement(monkeypatch):
    stand_in = Measurement()
    monkeypatch.setattr("probe.cli.measuring.measure", stand_in)
    return stand_in


@pytest.fixture
def database(tmp_path):
    return tmp_path / "roadblock.db"


@pytest.fixture
def own(tmp_path):
    """A folder of targets with one endpoint that is free of the pause."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "blog.toml").write_text('[[endpoint]]\nurl = "https://blog.example.org/"\n')
    return str(folder)


@pytest.fixture
def watcher(database):
    """A function that gives the watcher that the command would make of these options."""

    def make(*options, runs=None):
        made = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(trio, "run", lambda watch, _: made.append(watch.__self__) or 0)
            assert main(["watch", *options, "--db", str(database)]) == 0
        made[0].runs_left = runs
        return made[0]

    return make


@pytest.fixture
def measured_before(measurement, database):
    main(["run", "instagram.web", *CONSENT, "--db", str(database)])
    measurement.requests.clear()


async def test_it_measures_as_often_as_told_and_says_so(
    measurement, watcher, database, own, capsys, autojump_clock
):
    one = watcher(*CONSENT, "--targets", own, runs=3)

    code = await one.watch(Rhythm(3600.0))

    assert code == 0
    assert len(measurement.requests) == 3
    assert len({request.seed for request in measurement.requests}) == 3
    assert capsys.readouterr().out.count("blog: could not be reached.") == 3
    assert read_watching(database).reason == "all its runs are made"


async def test_a_withdrawn_consent_ends_it(
    measurement, watcher, database, own, monkeypatch, autojump_clock
):
    """Nobody may be measured for after they said no."""
    one = watcher(*CONSENT, "--targets", own)
    trim = one._trim
    monkeypatch.setattr(one, "_trim", lambda: (trim(), withdraw_consent(data_folder())))

    with pytest.raises(ConsentError, match="roadblock consent accept"):
        await one.watch(Rhythm(3600.0))

    assert len(measurement.requests) == 1
    assert read_watching(database).state == "stopped"


async def test_a_used_budget_is_waited_out(measurement, watcher, own, monkeypatch, autojump_clock):
    one = watcher(*CONSENT, "--targets", own)
    said, enough = [], trio.CancelScope()

    def wait(turn, wait_s):
        said.append(turn.status)
        if len(said) == 4:
            enough.cancel()

    monkeypatch.setattr(one, "_wait", wait)
    # The first run makes the database; from then on every byte counts as used.
    monkeypatch.setattr("probe.store.reader.Reader.traffic_since", lambda *_: 10**12)

    with enough:
        await one.watch(Rhythm(3600.0, jitter=0.0))

    assert len(measurement.requests) == 1
    assert said == ["complete", "budget", "budget", "budget"]


async def test_a_full_disk_is_waited_out(
    measurement, watcher, own, monkeypatch, capsys, autojump_clock
):
    """It ended a watch that had gone well for months; now the next turn is tried sooner."""
    one = watcher(*CONSENT, "--targets", own, runs=3)
    trim, said, turns = one._trim, [], []

    def full():
        turns.append(1)
        if len(turns) == 2:
            raise StoreError("the disk is full")
        trim()

    monkeypatch.setattr(one, "_trim", full)
    monkeypatch.setattr(one, "_wait", lambda turn, wait_s: said.append((turn.status, wait_s)))

    assert await one.watch(Rhythm(3600.0, jitter=0.0)) == 0

    assert said == [("complete", 3600.0), ("store", 600.0), ("complete", 3600.0)]
    assert "the disk is full" in capsys.readouterr().err


async def test_a_database_that_cannot_be_written_is_told_at_once(
    measurement, watcher, own, monkeypatch, autojump_clock
):
    one = watcher(*CONSENT, "--targets", own)

    def refused():
        raise StoreError("no permission")

    monkeypatch.setattr(one, "_trim", refused)

    with pytest.raises(StoreError, match="no permission"):
        await one.watch(Rhythm(3600.0))


async def test_a_word_that_cannot_be_written_ends_no_watch(
    measurement, watcher, own, monkeypatch, autojump_clock
):
    one = watcher(*CONSENT, "--targets", own, runs=2)
    say = one._say

    def no_room(state, **more):
        if state != "measuring":
            raise StoreError("the disk is full")
        say(state, **more)

    monkeypatch.setattr(one, "_say", no_room)

    assert await one.watch(Rhythm(3600.0)) == 0
    assert len(measurement.requests) == 2


async def test_endpoints_of_others_keep_their_pause(
    measurement, measured_before, watcher, monkeypatch, autojump_clock
):
    """A short interval must not become a flood at somebody else's servers."""
    one = watcher("instagram.web")
    measured = datetime.now(UTC) - timedelta(hours=5)
    monkeypatch.setattr(
        "probe.store.reader.Reader.measured_since", lambda *_: {"instagram.web": measured}
    )
    said = []
    monkeypatch.setattr(one, "_wait", lambda turn, wait_s: said.append((turn.status, wait_s)))

    with trio.move_on_after(5000):
        await one.watch(Rhythm(120.0, jitter=0.0))

    assert measurement.requests == []
    assert {status for status, _ in said} == {"nothing_due"}


def test_without_consent_nothing_begins(measurement, database, capsys):
    assert main(["watch", "--db", str(database)]) == 2
    assert measurement.requests == []
    assert not watching_file(database).exists()


def test_again_is_refused(measurement, database, capsys):
    assert main(["watch", "--again", *CONSENT, "--db", str(database)]) == 2
    assert "keeps the pause" in capsys.readouterr().err


def test_a_signal_keeps_the_run_and_ends_the_watch(measurement, database, capsys):
    measurement.interrupts = signal.SIGTERM

    assert main(["watch", "instagram", *CONSENT, "--db", str(database)]) == 130

    with open_reader(database) as reader:
        (run,) = reader.runs()
    assert run.status == "interrupted"
    assert read_watching(database).state == "stopped"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(
            lambda now: Watching("waiting", now, now + timedelta(hours=3), "the line was down"),
            ("next run at", ": the line was down"),
            id="waiting",
        ),
        pytest.param(
            lambda now: Watching("waiting", now, now - timedelta(hours=3)),
            ("late: a run was to begin",),
            id="late",
        ),
        pytest.param(
            lambda now: Watching("stopped", now, None, "consent was withdrawn"),
            ("stopped since", "consent was withdrawn"),
            id="stopped",
        ),
    ],
)
def test_the_status_tells_of_the_watch(database, measurement, capsys, said, expected):
    main(["run", "instagram", *CONSENT, "--quiet", "--db", str(database)])
    write_watching(database, said(datetime.now(UTC)))
    capsys.readouterr()

    assert main(["status", "--db", str(database)]) == 0

    printed = capsys.readouterr().out
    assert all(text in printed for text in expected)
    main(["status", "--json", "--db", str(database)])
    assert json.loads(capsys.readouterr().out)["watch"] == said(datetime.now(UTC)).state


@pytest.mark.parametrize("text", ["", "{", "[]", '{"state": 1}', '{"state": "x", "since": "?"}'])
def test_a_word_that_cannot_be_read_is_none(database, text):
    watching_file(database).write_text(text)

    assert read_watching(database) is None
