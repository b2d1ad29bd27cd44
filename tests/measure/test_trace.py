"""Walks: how often a name is sent on one, and how far apart."""

from contextlib import nullcontext

import pytest

from probe.lab.path import Router
from probe.measure.trace import NAMED_TRIES_MAX, _walk, names_at_most
from probe.model.experiment import Experiment, Kind
from probe.model.observation import TraceHop
from probe.model.words import Arm
from tests.measure.conftest import HOST, V4

ROUTERS = tuple(Router(f"192.0.2.{number}", f"2001:db8::{number}") for number in range(1, 5))


class Counting:
    """A limiter that lets everything pass and counts."""

    def __init__(self):
        self.asked = []

    def flow(self, address, *, named):
        self.asked.append((address, named))
        return nullcontext()


def walk(**fields):
    base = {"kind": Kind.TRACE, "endpoint": "instagram.web", "address": V4, "arm": Arm.TARGET}
    return Experiment(**base | fields)


async def test_every_packet_with_a_name_waits_for_its_turn(autojump_clock, internet):
    counting = Counting()
    async with internet(routers=ROUTERS) as it:
        (seen,) = await it.perform(walk(name=HOST), limiter=counting)

    assert len(seen.hops) > 2
    assert counting.asked == [(V4, True)] * len(seen.hops)


async def test_a_name_goes_to_the_routers_it_is_sent_to_and_no_others(autojump_clock, internet):
    async with internet(routers=ROUTERS) as it:
        (seen,) = await it.perform(walk(name=HOST, ttls=(1, 3)))

    assert [(hop.ttl, hop.outcome) for hop in seen.hops] == [
        *[(1, "expired")] * 2,
        *[(3, "expired")] * 2,
    ]


async def walked(outcomes, ttls, name=HOST):
    """Walk where step after step answers as told; return what was sent."""
    script = iter(outcomes)
    hops = []

    async def probe(ttl):
        return TraceHop(ttl=ttl, outcome=next(script))

    await _walk(probe, ttls, name, hops)
    return hops


async def test_silence_after_routers_that_speak_ends_sooner_than_at_mute_ones():
    known = await walked(["expired"] * 2 + ["silent"] * 40, (1, 2, 3, 4, 5, 6))
    unknown = await walked(["expired"] * 2 + ["silent"] * 40, ())

    assert (len(known), len(unknown)) == (6, 10)


async def test_a_walk_that_nothing_ends_stops_at_its_budget():
    """Tries that never agree take a third packet at every step."""
    hops = await walked(["expired", "silent", "expired"] * 20, ())

    assert len(hops) == NAMED_TRIES_MAX


@pytest.mark.parametrize("outcomes", [["expired", "silent", "silent"] * 20, ["expired"] * 60])
@pytest.mark.parametrize("ttls", [(), (2,), (1, 2, 5), tuple(range(1, 13))])
async def test_no_walk_sends_more_than_it_was_granted(outcomes, ttls):
    hops = await walked(outcomes, ttls)

    assert len(hops) <= names_at_most(walk(name=HOST, ttls=ttls)) <= NAMED_TRIES_MAX
