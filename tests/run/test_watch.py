"""Turns follow each other politely, and for ever without growing."""

import gc
import itertools
import random
from collections import Counter
from dataclasses import replace

import pytest
import trio

from probe.errors import UsageError
from probe.lab.virtual.net import run_virtual, virtual_net
from probe.lab.worlds import build_world
from probe.model.words import VantageState
from probe.reference import load_knowledge
from probe.run import RunRequest, measure
from probe.run.setup import make_tools
from probe.run.watch import Rhythm, Turn, watch
from probe.store import open_reader, open_writer
from probe.trial.play import knowledge_in

HOUR = 3600.0


def turns(*ends):
    """A turn that ends as told, one after the other, and the times at which it was taken."""
    told, taken = list(ends), []

    async def turn():
        taken.append(trio.current_time())
        end = told.pop(0)
        return end if isinstance(end, Turn) else Turn(end, is_last=not told)

    return turn, taken


def gaps(times):
    return [later - sooner for sooner, later in itertools.pairwise(times)]


async def test_runs_are_an_interval_apart_and_a_drawn_part_of_it_more(autojump_clock):
    turn, taken = turns(*["complete"] * 40)

    await watch(turn, Rhythm(6 * HOUR, jitter=0.1), rng=random.Random(1))

    waits = gaps(taken)
    assert min(waits) >= 6 * HOUR
    assert max(waits) <= 6.6 * HOUR
    assert len({round(wait) for wait in waits}) > 35


async def test_a_line_that_is_down_is_tried_again_soon_then_ever_less_often(autojump_clock):
    turn, taken = turns("complete", *["offline"] * 7, "complete", "complete")

    await watch(turn, Rhythm(6 * HOUR, jitter=0.0), rng=random.Random(1))

    minutes = [round(wait / 60) for wait in gaps(taken)]
    assert minutes == [360, 10, 20, 40, 80, 160, 320, 360, 360]


async def test_a_pause_that_is_nearly_over_is_waited_for_and_no_longer(autojump_clock):
    turn, taken = turns(Turn("nothing_due", wait_s=1800.0), "complete")

    await watch(turn, Rhythm(6 * HOUR, jitter=0.0), rng=random.Random(1))

    assert gaps(taken) == [1800.0]


async def test_nothing_makes_it_turn_without_a_pause(autojump_clock):
    turn, taken = turns(*[Turn("nothing_due", wait_s=0.0)] * 5, "complete")

    await watch(turn, Rhythm(6 * HOUR, jitter=0.0), rng=random.Random(1))

    assert gaps(taken) == [60.0] * 5


async def test_an_interrupted_run_ends_it(autojump_clock):
    turn, taken = turns("complete", Turn("interrupted"), "complete")

    last = await watch(turn, Rhythm(6 * HOUR), rng=random.Random(1))

    assert last.status == "interrupted"
    assert len(taken) == 2


async def test_cancelling_ends_a_wait_at_once(autojump_clock):
    turn, taken = turns("complete", "complete")

    with trio.move_on_after(60) as soon:
        await watch(turn, Rhythm(6 * HOUR), rng=random.Random(1))

    assert soon.cancelled_caught
    assert len(taken) == 1


def test_an_interval_too_short_for_anybody_is_refused():
    with pytest.raises(UsageError, match="at least 60 s"):
        Rhythm(1.0)


def test_a_day_of_real_runs_leaves_nothing_behind_but_rows(tmp_path):
    """A probe at home runs for years: what one run needs must be gone before the next."""
    base = load_knowledge()
    world = build_world("open", base.catalogue, seed=1)
    knowledge = knowledge_in(world, base)
    few = knowledge.catalogue.model_copy(update={"controls": knowledge.catalogue.controls[:6]})
    knowledge = replace(knowledge, catalogue=few)
    target = next(e for e in few.endpoints if e.id == "bbc.web")
    request = RunRequest(
        endpoints=(target,), world="lab:open", again=True, quic=False, govern=False
    )
    database = tmp_path / "watch.db"
    kinds = []

    async def measure_once(run_id):
        async with (
            virtual_net(
                routers=world.routers,
                boxes=world.boxes,
                link=world.link,
                client=world.client.addresses,
                nameservers=world.client.resolvers,
                utc=world.at,
            ) as net,
            world.open(net),
            open_writer(database, inline=True) as writer,
        ):
            tools = make_tools(knowledge, world.client.machine, utc=net.utc_now(), quic=False)
            result = await measure(request, knowledge, tools, writer, run_id=run_id)
        assert result.vantage.state is VantageState.ONLINE

    async def day():
        async def turn():
            await measure_once(f"run-{len(kinds)}")
            gc.collect()
            kinds.append(Counter(type(thing).__name__ for thing in gc.get_objects()))
            return Turn("complete", is_last=trio.current_time() >= began + 24 * HOUR)

        began = trio.current_time()
        await watch(turn, Rhythm(2 * HOUR, jitter=0.1), rng=random.Random(1))

    run_virtual(day)

    with open_reader(database) as reader:
        assert len(reader.runs("lab:open")) == len(kinds) >= 11
    # The first runs fill caches; after them a run may leave a handful, not its thousands.
    grown = kinds[-1] - kinds[3]
    assert grown.total() < 2_000, grown.most_common(10)
