"""What a plain client sees on bad lines, and that the truth accuses nobody."""

import pytest
import trio

from probe.lab.opened import virtual_world
from probe.lab.truth import truth
from probe.lab.worlds import build_world
from probe.lab.worlds.faults import TimedFault
from probe.lab.worlds.lines import SPECS
from probe.model.words import Family, State
from tests.lab.support import CATALOGUE, look

# What a client sees of Instagram over IPv4, and of example.com.
SEEN = [
    ("loss-1", "200", "200"),
    ("loss-15", "200", "timeout"),
    ("jitter", "200", "200"),
    ("reordering", "200", "200"),
    ("satellite", "timeout", "timeout"),
    ("far-away", "200", "200"),
    ("bufferbloat", "200", "200"),
    ("slow-line", "200", "200"),
    ("mtu-1280-told", "200", "200"),
    ("mtu-1280-silent", "timeout", "timeout"),
    ("mtu-1400-told", "200", "200"),
    ("mtu-1400-silent", "timeout", "timeout"),
    ("ipv6-lossy", "200", "200"),
    ("ipv6-partly", "200", "200"),
    ("udp-closed", "200", "200"),
    ("dns-only-own", "200", "200"),
    ("nat-full", "200", "200"),
]


@pytest.mark.parametrize(("world_id", "seen", "other"), SEEN, ids=[row[0] for row in SEEN])
async def test_the_client_sees_what_the_story_says_and_nobody_is_accused(
    autojump_clock, world_id, seen, other
):
    world = build_world(world_id, CATALOGUE)

    async with virtual_world(world) as net:
        got = await look(world), await look(world, "example.com")
        truths = truth(world, net.log)

    assert got == (seen, other)
    assert {found.state for found in truths.values()} == {State.OK}


@pytest.mark.parametrize("world_id", ["line-dies-10s", "line-dies-1min", "line-dies-15min"])
async def test_a_line_that_dies_comes_back(autojump_clock, world_id):
    world = build_world(world_id, CATALOGUE, seed=5)
    fault = fault_of(world)

    async with virtual_world(world) as net:
        before = await look(world)
        await trio.sleep_until(trio.current_time() + fault.starts_s - net.path.now)
        during = await look(world)
        await trio.sleep(fault.lasts_s)
        after = await look(world)
        truths = truth(world, net.log)

    assert (before, after) == ("200", "200")
    # Both tries of a question are over in eight seconds; a SYN goes on trying.
    assert during in {"again", "timeout", "200"}
    assert {found.state for found in truths.values()} == {State.OK}


async def test_a_network_that_dies_leaves_the_others_alone(autojump_clock):
    world = build_world("network-dies-1min", CATALOGUE)
    fault = fault_of(world)

    async with virtual_world(world) as net:
        await trio.sleep(fault.starts_s)
        during = [await look(world, host) for host in ("www.instagram.com", "www.facebook.com")]
        await trio.sleep(60)
        after = await look(world)

    assert (during, after) == (["timeout", "200"], "200")
    assert "fault" in net.log.fired()


def test_when_a_fault_starts_depends_on_the_seed_alone():
    starts = [
        fault_of(build_world("line-dies-10s", CATALOGUE, seed=seed)).starts_s for seed in (1, 1, 2)
    ]

    assert starts[0] == starts[1] != starts[2]
    assert all(2 <= at <= 40 for at in starts)


async def test_a_third_of_the_flows_hang_where_one_path_of_three_is_dead(autojump_clock):
    world = build_world("ecmp-dead-instagram", CATALOGUE)

    async with virtual_world(world) as net:
        seen = [await look(world) for _ in range(18)]
        others = [await look(world, "example.com") for _ in range(6)]

    assert set(seen) == {"200", "timeout"}
    assert 2 <= seen.count("timeout") <= 10
    assert set(others) == {"200"}
    assert net.log.fired() == {"ecmp"}


async def test_a_full_table_lets_the_ninth_flow_wait(autojump_clock):
    world = build_world("nat-full", CATALOGUE)
    seen = []

    async def fetch():
        seen.append(await look(world))

    async with virtual_world(world) as net, trio.open_nursery() as nursery:
        for _ in range(12):
            nursery.start_soon(fetch)

    assert "E08" in net.log.fired()
    assert set(seen) - {"200"}


async def test_a_lossy_tunnel_harms_ipv6_alone(autojump_clock):
    world = build_world("ipv6-lossy", CATALOGUE)

    async with virtual_world(world) as net:
        await look(world, family=Family.IPV6)

    assert {event.flow.server.count(":") > 0 for event in net.log} == {True}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.id)
def test_no_box_of_any_of_them_does_harm(spec):
    world = build_world(spec.id, CATALOGUE)

    assert all(box.innocent for row in world.boxes.values() for box in row)


def fault_of(world):
    return next(box for row in world.boxes.values() for box in row if isinstance(box, TimedFault))
