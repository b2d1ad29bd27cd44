# ruff: noqa: ASYNC240 - files are looked at from async tests
import random
from datetime import timedelta
from pathlib import Path

import pytest

from probe.errors import StoreError
from probe.model.words import Arm, State
from probe.store import ANY_WORLD, forget, open_reader, open_writer, trim
from tests.store.conftest import START, a_page, a_run, a_verdict

NOW = START + timedelta(days=100)


async def fill(path: Path, days: int = 4, lab_day: int | None = None) -> None:
    """A run a day, its endpoint `a.web` blocked and `b.web` ok, with a control and big pages."""
    async with open_writer(path) as writer:
        for day in range(days):
            world = "lab:x" if day == lab_day else "internet"
            run = a_run(f"r{day}", started_at=START + timedelta(days=day), world=world)
            await writer.begin_run(run)
            for endpoint in ("a.web", "b.web"):
                body = random.Random(f"{day}{endpoint}").randbytes(30_000)
                await writer.add((a_page(endpoint, body=body),))
            cited = a_page("control", arm=Arm.GATE, n=8)
            await writer.add((cited, a_page("control", arm=Arm.GATE, n=9)))
            blocked = a_verdict("a.web", evidence=(a_page("a.web").id, cited.id))
            await writer.add_verdicts(run.id, [blocked, a_verdict("b.web", State.OK)], set_id="s")
            await writer.finish_run(run)


def left(path: Path) -> dict[str, list[str]]:
    with open_reader(path) as reader:
        return {
            run.id: sorted(
                o.id.rpartition("/")[2] + o.endpoint for o in reader.observations(run.id)
            )
            for run in reader.runs(ANY_WORLD)
        }


ALL = ["3a.web", "3b.web", "8control", "9control"]
ANOMALY = ["3a.web", "8control"]


async def test_old_evidence_of_what_worked_goes_and_the_anomalys_stays(path: Path) -> None:
    await fill(path, days=2)

    trimmed = trim(path, now=START + timedelta(days=10), ok_days=9.5)

    assert left(path) == {"r0": ANOMALY, "r1": ALL}
    assert trimmed.observations == 2
    assert trimmed.bytes_after < trimmed.bytes_before


async def test_all_old_evidence_goes_by_its_own_age_and_verdicts_stay(path: Path) -> None:
    await fill(path, days=2)

    trim(path, now=START + timedelta(days=40), raw_days=39.5)

    assert left(path) == {"r0": [], "r1": ALL}
    with open_reader(path) as reader:
        assert len(reader.verdicts("r0")) == 2


async def test_a_cap_takes_the_oldest_ok_evidence_first(path: Path) -> None:
    await fill(path)
    size = path.stat().st_size

    trim(path, now=NOW, max_bytes=size - 50_000)

    assert left(path) == {"r0": ANOMALY, "r1": ANOMALY, "r2": ALL, "r3": ALL}


async def test_a_cap_takes_anomalies_only_when_nothing_else_is_left(path: Path) -> None:
    await fill(path)
    size = path.stat().st_size

    trim(path, now=NOW, max_bytes=size - 145_000)

    assert left(path) == {"r0": [], "r1": ANOMALY, "r2": ANOMALY, "r3": ANOMALY}


async def test_a_cap_takes_the_labs_runs_before_the_internets(path: Path) -> None:
    await fill(path, lab_day=3)

    trim(path, now=NOW, max_bytes=path.stat().st_size - 50_000)

    assert left(path) == {"r0": ALL, "r1": ALL, "r2": ALL, "r3": []}


async def test_a_cap_that_cannot_be_kept_says_so_and_leaves_the_verdicts(path: Path) -> None:
    await fill(path)

    trimmed = trim(path, now=NOW, max_bytes=1)

    assert trimmed.is_over_cap
    assert set(map(tuple, left(path).values())) == {()}
    with open_reader(path) as reader:
        assert [len(reader.verdicts(f"r{day}")) for day in range(4)] == [2, 2, 2, 2]


async def test_a_page_that_another_run_shares_survives(path: Path) -> None:
    body = b"block page" * 1000
    async with open_writer(path) as writer:
        for run in (a_run("old"), a_run("new", started_at=START + timedelta(days=9))):
            await writer.begin_run(run)
            await writer.add((a_page("a.web", body=body),))

    trim(path, now=START + timedelta(days=10), raw_days=5)

    with open_reader(path) as reader:
        assert [o.body for o in reader.observations("new")] == [body]


async def test_a_run_without_verdicts_is_not_called_ok(path: Path) -> None:
    """A killed run may hold the evidence of a shutdown."""
    async with open_writer(path) as writer:
        await writer.begin_run(a_run("killed"))
        await writer.add((a_page("a.web"),))

    trim(path, now=NOW, ok_days=1)

    assert left(path) == {"killed": ["3a.web"]}


async def test_forgetting_before_a_date_leaves_no_trace_of_the_older_runs(path: Path) -> None:
    await fill(path, days=2)
    page = random.Random("0a.web").randbytes(30_000)
    assert page[100:200] in path.read_bytes()

    assert forget(path, before=START + timedelta(days=1)) == 1

    assert list(left(path)) == ["r1"]
    assert page[100:200] not in path.read_bytes()


async def test_forgetting_all_leaves_an_empty_database(path: Path) -> None:
    await fill(path, days=2)

    assert forget(path) == 2

    assert left(path) == {}
    async with open_writer(path) as writer:
        await writer.begin_run(a_run())


async def test_trimming_beside_a_writer_costs_it_nothing(path: Path) -> None:
    """The writer remembers which pages are stored; a trim takes one of them away."""
    body = b"block page" * 1000
    async with open_writer(path) as writer:
        await writer.begin_run(a_run("old"))
        await writer.add((a_page("a.web", body=body),))
        await writer.begin_run(a_run("new", started_at=NOW))
        trim(path, now=NOW, raw_days=1)
        await writer.add((a_page("a.web", body=body),))

    with open_reader(path) as reader:
        assert [o.body for o in reader.observations("new")] == [body]


def test_there_is_nothing_to_forget_where_there_is_no_file(path: Path) -> None:
    with pytest.raises(StoreError, match="nothing to drop"):
        forget(path)
    assert not path.exists()
