# ruff: noqa: ASYNC240 - files are looked at from async tests
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from probe.errors import StoreError, UsageError
from probe.model.observation import OBSERVATION
from probe.model.words import Arm, State, VantageState
from probe.store import ANY_WORLD, CLOCK_SLACK, LAB, open_reader, open_writer
from tests.store.conftest import (
    A_SERVICE,
    A_VANTAGE,
    START,
    a_catalogue,
    a_page,
    a_run,
    a_verdict,
    common,
    look,
)


@pytest.fixture
async def stored(path: Path) -> Path:
    """An internet run and, started later, a lab run of the same endpoints."""
    async with open_writer(path) as writer:
        for run_id, world, days in (("r1", "internet", 0), ("lab1", "lab:march", 1)):
            begun = START + timedelta(days=days)
            run = a_run(run_id, world=world, started_at=begun, bytes_sent=10, bytes_received=5)
            await writer.begin_run(run, a_catalogue("a.web", "b.web", "c.web"))
            await writer.add((*look("b.web"), *look("a.web")))
            await writer.add_verdicts(
                run_id, [a_verdict(), a_verdict("b.web", State.OK)], [A_SERVICE], A_VANTAGE,
                set_id="first",
            )  # fmt: skip
            await writer.finish_run(
                run.model_copy(update={"ended_at": begun, "status": "complete"})
            )
    return path


async def test_lab_runs_are_left_out_unless_asked_for(stored: Path) -> None:
    with open_reader(stored) as reader:
        assert [run.id for run in reader.runs()] == ["r1"]
        assert [run.id for run in reader.runs(LAB)] == ["lab1"]
        assert [run.id for run in reader.runs("lab:march")] == ["lab1"]
        assert [run.id for run in reader.runs("lab:other")] == []
        assert [run.id for run in reader.runs(ANY_WORLD)] == ["r1", "lab1"]
        assert (latest := reader.latest_run()) is not None
        assert latest.id == "r1"
        assert [run.id for run, _ in reader.history()] == ["r1"]


async def test_evidence_comes_per_endpoint_in_the_catalogues_order(stored: Path) -> None:
    with open_reader(stored) as reader:
        evidence = list(reader.evidence("r1", a_catalogue("a.web", "b.web", "c.web")))

    assert [e.endpoint.id for e in evidence] == ["a.web", "b.web"]
    assert evidence[0].observations == look("a.web")
    assert evidence[0].vantage == A_VANTAGE
    assert evidence[0].performed == {common("a.web")["experiment"]}


async def test_evidence_needs_no_catalogue_when_the_run_stored_its_own(stored: Path) -> None:
    """Re-judging works when the target files that were measured are long gone."""
    with open_reader(stored) as reader:
        assert [e.endpoint.id for e in reader.evidence("r1")] == ["a.web", "b.web"]


async def test_a_run_without_gate_verdicts_judges_nothing(path: Path) -> None:
    async with open_writer(path) as writer:
        await writer.begin_run(a_run(), a_catalogue("a.web"))
        await writer.add(look())

    with open_reader(path) as reader:
        (evidence,) = reader.evidence("r1")
        assert not evidence.vantage.may_judge
        (evidence,) = reader.evidence("r1", vantage=A_VANTAGE)
        assert evidence.vantage == A_VANTAGE


async def test_the_latest_set_speaks_and_the_first_is_still_there(stored: Path) -> None:
    """A newer ruleset writes a new set beside the old."""
    async with open_writer(stored) as writer:
        newer = a_verdict("a.web", State.DOWN, ruleset_version="2")
        await writer.add_verdicts("r1", [newer], set_id="second", created_at=START)

    with open_reader(stored) as reader:
        assert [v.state for v in reader.verdicts("r1")] == [State.DOWN]
        assert len(reader.verdicts("r1", "first")) == 2
        assert [s.id for s in reader.verdict_sets("r1")] == ["first", "second"]
        vantage = reader.vantage("r1")
        assert vantage is not None
        assert vantage.state is VantageState.ONLINE


async def test_lines_say_the_same_as_observations_without_their_bytes(stored: Path) -> None:
    with open_reader(stored) as reader:
        lines = [OBSERVATION.validate_json(line) for line in reader.observation_lines("r1")]
        bare = list(reader.observations("r1", with_blobs=False))

    assert lines == bare


async def test_sessions_and_traffic_are_known_for_pacing(stored: Path) -> None:
    async with open_writer(stored) as writer:
        await writer.begin_run(a_run("killed", started_at=START + timedelta(hours=1)))
        await writer.add((a_page("k.web", bytes_sent=3, bytes_received=4),))

    with open_reader(stored) as reader:
        until = START + timedelta(days=1)
        measured = reader.measured_since(START - timedelta(hours=6), until)
        assert set(measured) == {"a.web", "b.web", "k.web"}
        assert measured["k.web"] >= START
        assert reader.measured_since(START + timedelta(hours=2), until) == {}
        assert reader.traffic_since(START - timedelta(hours=6), until) == 10 + 5 + 3 + 4


async def test_an_unknown_run_is_named(stored: Path) -> None:
    with open_reader(stored) as reader, pytest.raises(StoreError, match="no run r9"):
        reader.run("r9")


async def test_gates_and_controls_are_no_endpoint_of_the_catalogue(path: Path) -> None:
    gate = a_page("wikipedia", arm=Arm.GATE)

    async with open_writer(path) as writer:
        await writer.begin_run(a_run(), a_catalogue("a.web"))
        await writer.add((gate, *look()))

    with open_reader(path) as reader:
        assert [e.endpoint.id for e in reader.evidence("r1")] == ["a.web"]
        assert list(reader.observations("r1", "wikipedia")) == [gate]


async def test_reading_goes_on_while_a_run_writes(path: Path) -> None:
    async with open_writer(path) as writer:
        await writer.begin_run(a_run())
        with open_reader(path) as reader:
            await writer.add(look())
            await writer.flush()

            assert len(list(reader.observations("r1"))) == len(look())


@contextmanager
def ordinary_user(folder: Path) -> Iterator[None]:
    """Root may read and write everything: become somebody else for the while."""
    if os.geteuid() != 0:
        yield
        return
    for parent in (folder, *folder.parents):
        if parent.stat().st_mode & 0o005 != 0o005:
            parent.chmod(0o755)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


async def test_a_file_in_a_read_only_folder_can_be_read_and_not_written(stored: Path) -> None:
    """WAL wants to write a file beside it: the reader must do without."""
    stored.chmod(0o444)
    stored.parent.chmod(0o555)
    with ordinary_user(stored.parent):
        with open_reader(stored) as reader:
            assert len(list(reader.observations("r1"))) == 2 * len(look())
        with pytest.raises(StoreError, match="read-only"):
            async with open_writer(stored) as writer:
                await writer.begin_run(a_run("r2"))


async def test_a_file_in_which_nothing_is_stored_yet_says_so(path: Path) -> None:
    """A run that is killed at its first step leaves one: SQLite's word was `no such table: run`."""
    path.parent.mkdir(exist_ok=True)
    path.touch()

    with pytest.raises(UsageError, match="nothing is stored in it yet"), open_reader(path):
        pass


async def test_a_folder_that_may_not_be_written_is_explained(tmp_path: Path) -> None:
    with ordinary_user(tmp_path), pytest.raises(StoreError, match="--db"):
        async with open_writer(Path("/nowhere/roadblock.db")):
            pass


async def test_the_views_answer_with_plain_sql(stored: Path) -> None:
    def ask(sql: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(stored) as db:
            rows = db.execute(sql).fetchall()
        db.close()
        return rows

    assert ask("SELECT run, endpoint, state FROM verdict_latest ORDER BY endpoint") == [
        ("r1", "a.web", "blocked"),
        ("r1", "b.web", "ok"),
    ]
    assert ask("SELECT DISTINCT run FROM lab_verdict_latest") == [("lab1",)]
    assert ask("SELECT run, service, state FROM service_latest") == [("r1", "a", "blocked")]
    assert ask("SELECT run, service, state FROM lab_service_latest") == [("lab1", "a", "blocked")]
    assert ask(
        "SELECT name, rcode, addresses, answers FROM observation_flat "
        "WHERE run = 'r1' AND endpoint = 'a.web' AND step = 'dns'"
    ) == [("a.example", 0, '["198.51.100.7"]', 2)]
    assert ask(
        "SELECT failure, operation, errno FROM observation_flat "
        "WHERE run = 'r1' AND endpoint = 'a.web' AND failure IS NOT NULL"
    ) == [("connection_reset", "read", 104)]
    assert ask(
        "SELECT e.part, e.step FROM evidence_of_verdict AS e JOIN verdict_latest AS v "
        "ON v.verdict = e.verdict WHERE v.endpoint = 'a.web'"
    ) == [("evidence", "tls")]


async def test_rows_that_nobody_reads_to_their_end_raise_nothing_later(
    stored: Path, recwarn: pytest.WarningsRecorder
) -> None:
    """An export whose reader went away ended with a traceback after the last word."""
    with open_reader(stored) as reader:
        rows = reader.rows("SELECT * FROM observation", {})
        next(rows)
    rows.close()

    assert not recwarn.list


async def test_a_run_by_a_wrong_clock_bars_nothing_till_then(path: Path) -> None:
    """A clock a year ahead for one run: for a year nothing was due, and the budget was used."""
    now = START + timedelta(days=400)
    async with open_writer(path) as writer:
        for run_id, begun in (("ahead", now), ("right", START)):
            run = a_run(run_id, started_at=begun, bytes_sent=10**12, bytes_received=0)
            await writer.begin_run(run)
            seen = [o.model_copy(update={"started_at": begun}) for o in look("a.web")]
            await writer.add(seen)
            ended = {"ended_at": begun, "status": "complete"}
            await writer.finish_run(run.model_copy(update=ended))

    until = START + CLOCK_SLACK
    with open_reader(path) as reader:
        assert reader.traffic_since(START - timedelta(days=1), until) == 10**12
        assert max(reader.measured_since(START - timedelta(days=1), until).values()) < until
        last = reader.latest_run()
    assert last is not None
    assert last.id == "right"
