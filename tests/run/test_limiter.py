"""Politeness is enforced on the run's own clock."""

import trio

from probe.model.target import Pacing
from probe.run.limiter import PacedLimiter, network_key


def test_a_network_is_a_24_or_a_48():
    assert network_key("157.240.1.174") == "157.240.1.0/24"
    assert network_key("2a03:2880:f27b:1e4::1") == "2a03:2880:f27b::/48"


async def _starts(limiter, addresses, *, named, hold_s=0.0):
    """Return when each flow got its place."""
    times = {}

    async def one(index, address):
        async with limiter.flow(address, named=named):
            times[index] = round(trio.current_time(), 3)
            await trio.sleep(hold_s)

    async with trio.open_nursery() as nursery:
        for index, address in enumerate(addresses):
            nursery.start_soon(one, index, address)
            await trio.testing.wait_all_tasks_blocked()
    return sorted(times.values())


async def test_named_handshakes_to_one_network_keep_their_gap(autojump_clock):
    pacing = Pacing(handshake_gap_s=0.25, flows_per_network=16)

    starts = await _starts(PacedLimiter(pacing), ["192.0.2.1"] * 4, named=True)

    assert starts == [0.0, 0.25, 0.5, 0.75]


async def test_the_pace_factor_scales_the_gap(autojump_clock):
    pacing = Pacing(handshake_gap_s=0.25, flows_per_network=16, pace_factor=4)

    starts = await _starts(PacedLimiter(pacing), ["192.0.2.1"] * 3, named=True)

    assert starts == [0.0, 1.0, 2.0]


async def test_other_networks_do_not_wait(autojump_clock):
    limiter = PacedLimiter(Pacing())

    starts = await _starts(limiter, ["192.0.2.1", "198.51.100.1", "203.0.113.1"], named=True)

    assert starts == [0.0, 0.0, 0.0]


async def test_one_network_holds_four_flows(autojump_clock):
    limiter = PacedLimiter(Pacing(flows_per_network=4))

    starts = await _starts(limiter, ["192.0.2.1"] * 6, named=False, hold_s=10.0)

    assert starts == [0.0, 0.0, 0.0, 0.0, 10.0, 10.0]


async def test_a_crowded_network_leaves_places_for_others(autojump_clock):
    """Waiting for one network must not use up the places that all networks share."""
    limiter = PacedLimiter(Pacing(flows_max=5, flows_per_network=4))
    addresses = ["192.0.2.1"] * 8 + ["198.51.100.1"]

    starts = await _starts(limiter, addresses, named=False, hold_s=10.0)

    assert starts.count(0.0) == 5


async def test_names_under_confirmation_are_six_a_minute(autojump_clock):
    limiter = PacedLimiter(Pacing(names_per_network_per_minute=6)).confirming()

    starts = await _starts(limiter, ["192.0.2.1"] * 3, named=True)

    assert starts == [0.0, 10.0, 20.0]
