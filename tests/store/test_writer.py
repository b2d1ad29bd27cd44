# ruff: noqa: ASYNC240, PT012 - files are looked at from async tests; the failing call is in a block
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from probe.errors import SchemaTooNewError, StoreError
from probe.model.experiment import Experiment, Kind
from probe.model.words import State
from probe.scrub import Scrubber
from probe.store import open_reader, open_writer
from tests.store.conftest import (
    A_RIVAL,
    A_SERVICE,
    A_VANTAGE,
    START,
    a_catalogue,
    a_page,
    a_run,
    a_verdict,
    look,
)


@pytest.mark.parametrize("inline", [False, True], ids=["thread", "inline"])
async def test_observations_of_every_kind_come_back_as_they_were(path: Path, inline: bool) -> None:
    async with open_writer(path, inline=inline) as writer:
        await writer.begin_run(a_run())
        await writer.add(look())

    with open_reader(path) as reader:
        assert tuple(reader.observations("r1")) == look()


async def test_a_finished_run_is_on_the_disk_when_the_call_returns(path: Path) -> None:
    async with open_writer(path) as writer:
        await writer.begin_run(a_run())
        await writer.add(look())
        ended = a_run(status="complete", ended_at=START)
        await writer.finish_run(ended)

        with open_reader(path) as reader:
            assert reader.run("r1") == ended
            assert len(tuple(reader.observations("r1"))) == len(look())


async def test_a_batch_is_written_after_a_quarter_of_a_second(path: Path) -> None:
    async with open_writer(path) as writer:
        await writer.begin_run(a_run())
        await writer.add(look())
        await trio.sleep(0.6)

        with open_reader(path) as reader:
            assert len(tuple(reader.observations("r1"))) == len(look())


def test_inline_writing_takes_no_virtual_time(path: Path) -> None:
    """A thread under a mock clock makes time jump: 0.25 s became 8.6 s."""

    async def main() -> float:
        async with open_writer(path, inline=True) as writer:
            await writer.begin_run(a_run())
            await writer.add(look())
            await writer.finish_run(a_run())
        return trio.current_time()

    clock = MockClock(autojump_threshold=0)
    began = clock.current_time()

    assert trio.run(main, clock=clock) == began


async def test_cancelling_the_work_keeps_everything_that_was_handed_in(path: Path) -> None:
    handed = 0

    async def measure(writer: object) -> None:
        nonlocal handed
        while True:
            await trio.lowlevel.checkpoint()
            try:
                await trio.sleep(0.001)
            finally:
                handed += 1
                if handed > 20:
                    scope.cancel()
                await writer.add((a_page(f"e{handed}.web"),))

    with trio.CancelScope() as scope:
        async with open_writer(path) as writer:
            await writer.begin_run(a_run())
            async with trio.open_nursery() as nursery:
                for _ in range(4):
                    nursery.start_soon(measure, writer)

    with open_reader(path) as reader:
        assert len(tuple(reader.observations("r1"))) == handed > 20


async def test_the_bodys_exception_comes_out_unwrapped(path: Path) -> None:
    with pytest.raises(ValueError, match="mine"):
        async with open_writer(path):
            raise ValueError("mine")


async def test_the_body_of_a_verified_page_is_not_kept(path: Path) -> None:
    page = a_page(body_sha256="f" * 64, title="A", marks=("login",))

    async with open_writer(path) as writer:
        await writer.begin_run(a_run())
        await writer.add((page,), verified=frozenset({page.id}))

    with open_reader(path) as reader:
        assert tuple(reader.observations("r1")) == (page.model_copy(update={"body": b""}),)
    assert b"<title>" not in path.read_bytes()


async def test_local_certificates_are_not_kept(path: Path) -> None:
    tls = look()[2]

    async with open_writer(path) as writer:
        await writer.begin_run(a_run())
        await writer.add((tls,), local=frozenset({tls.id}))

    assert b"intermediate" not in path.read_bytes()


async def test_a_page_is_capped_and_a_repeated_page_is_kept_once(path: Path) -> None:
    body = random.Random(1).randbytes(100_000)

    async with open_writer(path) as writer:
        await writer.begin_run(a_run())
        await writer.add([a_page(f"e{n}.web", body=body) for n in range(10)])

    with open_reader(path) as reader:
        assert {o.body for o in reader.observations("r1")} == {body[:65_536]}
    assert path.stat().st_size < 200_000


async def test_the_clients_address_is_nowhere_in_the_file(path: Path) -> None:
    page = a_page(body=b"Blocked: 203.0.113.207", location="http://portal.example/203-0-113-207")
    detail = "reset; peer said 203.0.113.207"

    async with open_writer(path) as writer:
        writer.protect(["203.0.113.207"])
        await writer.begin_run(a_run(notes=("203.0.113.207",)))
        await writer.add((page,))
        await writer.add_verdicts("r1", [a_verdict(detail=detail)], set_id="s1")

    with open_reader(path) as reader:
        (kept,) = reader.observations("r1")
        assert kept.body == b"Blocked: [client]"
        assert reader.verdicts("r1")[0].detail == "reset; peer said [client]"
    for spelling in (b"203.0.113.207", b"203-0-113-207"):
        assert spelling not in path.read_bytes()


async def test_a_scrubber_may_be_handed_in(path: Path) -> None:
    async with open_writer(path, scrubber=Scrubber(["203.0.113.207"])) as writer:
        await writer.begin_run(a_run(notes=("203.0.113.207",)))

    with open_reader(path) as reader:
        assert reader.run("r1").notes == ("[client]",)


async def test_text_that_no_utf8_can_hold_is_stored_all_the_same(path: Path) -> None:
    async with open_writer(path) as writer:
        await writer.begin_run(a_run())
        await writer.add((a_page(headers=(("x", "a\udcff"),), title="b\ud800"), look()[0]))

    with open_reader(path) as reader:
        page, _ = reader.observations("r1")
        assert page.headers == (("x", "a?"),)


async def test_an_observation_handed_in_twice_is_stored_once(path: Path) -> None:
    async with open_writer(path) as writer:
        await writer.begin_run(a_run())
        await writer.add(look())
        await writer.flush()
        await writer.add(look())

    with open_reader(path) as reader:
        assert tuple(reader.observations("r1")) == look()


async def test_another_observation_under_a_taken_id_is_kept_beside(path: Path) -> None:
    async with open_writer(path) as writer:
        await writer.begin_run(a_run())
        await writer.add((a_page(status=200), a_page(status=403)))

    with open_reader(path) as reader:
        first, second = reader.observations("r1")
        assert second.id == f"{first.id}~2"
        assert (first.status, second.status) == (200, 403)


async def test_adding_before_a_run_began_is_an_error(path: Path) -> None:
    async with open_writer(path) as writer:
        with pytest.raises(StoreError, match="begin_run"):
            await writer.add(look())


async def test_a_verdict_set_may_be_filled_by_several_calls(path: Path) -> None:
    first, again = a_verdict(detail="first"), a_verdict(detail="again", rivals=(A_RIVAL,))
    other = a_verdict("b.web", State.OK)

    async with open_writer(path) as writer:
        await writer.begin_run(a_run())
        await writer.add_verdicts("r1", [first], set_id="s1")
        await writer.add_verdicts("r1", [other], set_id="s1")
        await writer.add_verdicts("r1", [again], [A_SERVICE], A_VANTAGE, set_id="s1")

    with open_reader(path) as reader:
        assert {v.detail for v in reader.verdicts("r1")} == {"again", other.detail}
        assert reader.services("r1") == (A_SERVICE,)
        assert reader.vantage("r1") == A_VANTAGE
        (kept,) = reader.verdict_sets("r1")
        assert kept.ruleset_version == "1"


async def test_experiments_are_kept_with_what_became_of_them(path: Path) -> None:
    done = Experiment(kind=Kind.SCREEN, endpoint="a.web")
    refused = Experiment(kind=Kind.TRACE, endpoint="a.web")

    async with open_writer(path) as writer:
        await writer.begin_run(a_run(), a_catalogue("a.web"))
        await writer.add_experiments("r1", {done.id: done}, frozenset({"0123"}))
        await writer.add_experiments("r1", {}, {refused.id: refused})

    with open_reader(path) as reader:
        (evidence,) = reader.evidence("r1")
        assert evidence.performed == {done.id, refused.id, "0123"}
        assert evidence.refused == {refused.id, "0123"}
        assert set(reader.experiments("r1")) == {done, refused}


# --- faults ---------------------------------------------------------------------------------------


async def test_a_newer_schema_is_left_untouched(path: Path) -> None:
    async with open_writer(path) as writer:
        await writer.begin_run(a_run())
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()
    before = path.read_bytes()

    with pytest.raises(SchemaTooNewError, match="upgrade Roadblock"):
        async with open_writer(path):
            pass
    with pytest.raises(SchemaTooNewError):
        open_reader(path)

    assert path.read_bytes() == before


async def test_a_foreign_database_is_left_untouched(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE mine (x)")
    db.close()
    before = path.read_bytes()

    with pytest.raises(StoreError, match="not made by Roadblock"):
        async with open_writer(path):
            pass

    assert path.read_bytes() == before


async def test_rubbish_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff" * 1000)

    with pytest.raises(StoreError, match="no SQLite database"):
        async with open_writer(path):
            pass


async def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()

    async with open_writer(path) as writer:
        await writer.begin_run(a_run())

    with open_reader(path) as reader:
        assert reader.run("r1") == a_run()


async def test_a_folder_in_place_of_the_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="--db"):
        async with open_writer(tmp_path):
            pass


def test_a_file_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="roadblock run"):
        open_reader(tmp_path / "none.db")


@pytest.mark.parametrize("inline", [False, True], ids=["thread", "inline"])
async def test_a_full_disk_ends_in_a_remedy_and_keeps_what_was_there(
    path: Path, inline: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_writer(path) as writer:
        await writer.begin_run(a_run())
        await writer.add(look())
    _limit_pages(monkeypatch, path.stat().st_size // 4096 + 4)

    with pytest.raises(StoreError, match="disk is full"):
        async with open_writer(path, inline=inline) as writer:
            await writer.begin_run(a_run("r2"))
            for n in range(200):
                body = random.Random(n).randbytes(5000)
                await writer.add((a_page(f"e{n}.web", body=body),))
                await writer.flush()

    with open_reader(path) as reader:
        assert tuple(reader.observations("r1")) == look()
        kept = tuple(reader.observations("r2"))
        assert [o.endpoint for o in kept] == [f"e{n}.web" for n in range(len(kept))]


async def test_a_failure_in_the_last_batch_is_not_silent(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_writer(path) as writer:
        await writer.begin_run(a_run())
    _limit_pages(monkeypatch, path.stat().st_size // 4096 + 1)

    with pytest.raises(StoreError, match="disk is full"):
        async with open_writer(path) as writer:
            await writer.begin_run(a_run("r2"))
            await writer.add((a_page(body=random.Random(0).randbytes(60_000)),))


def _limit_pages(monkeypatch: pytest.MonkeyPatch, pages: int) -> None:
    import probe.store.writer as module

    original = module.connect_writer

    def limited(path: Path, *, synchronous: str) -> sqlite3.Connection:
        connection = original(path, synchronous=synchronous)
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr(module, "connect_writer", limited)


KILLED = textwrap.dedent("""
    import sys, trio
    from pathlib import Path
    from probe.store import open_writer
    from tests.store.conftest import a_page, a_run

    async def main():
        async with open_writer(Path(sys.argv[1])) as writer:
            await writer.begin_run(a_run())
            n = 0
            while True:
                await writer.add((a_page(f"e{n}.web", body=b"%d" % n * 500),))
                print(n, trio.current_time(), flush=True)
                n += 1
                await trio.sleep(0.001)

    trio.run(main)
""")


@pytest.mark.parametrize("seed", range(3))
def test_kill_9_loses_at_most_the_last_batch_and_damages_nothing(path: Path, seed: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(random.Random(seed).uniform(0.0, 1.2))
        process.send_signal(signal.SIGKILL)
        handed = [line.split() for line in process.stdout if line.endswith("\n")]

    with open_reader(path) as reader:
        kept = [o.endpoint for o in reader.observations("r1")]
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    assert kept == [f"e{n}.web" for n in range(len(kept))]
    last = float(handed[-1][1])
    old = [int(n) for n, at in handed if float(at) < last - 1.0]
    assert not old or max(old) < len(kept)
    assert int(handed[-1][0]) + 1 - len(kept) <= 400
