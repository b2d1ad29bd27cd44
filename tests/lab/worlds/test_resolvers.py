"""What a plain client sees where answers differ for innocent reasons, and the truth about it."""

import pytest

from probe.lab.opened import virtual_world
from probe.lab.truth import truth
from probe.lab.worlds import build_world
from probe.lab.worlds.resolvers import SPECS
from probe.model.words import Family, State
from tests.lab.support import CATALOGUE, look

# What a client sees of Instagram over IPv4 and IPv6, and the truth about it.
SEEN = [
    ("geo-dns", "200", "200", "ok/None"),
    ("in-network-cache", "200", "200", "ok/None"),
    ("two-upstreams", "200", "200", "ok/None"),
    ("parental-null", "ConnectionRefusedError", "ConnectionRefusedError", "ok/None"),
    ("parental-nxdomain", "noname", "noname", "ok/None"),
    ("parental-refused", "again", "again", "ok/None"),
    ("parental-nodata", "nodata", "nodata", "ok/None"),
    ("parental-filtered", "noname", "noname", "ok/None"),
    ("family-resolver", "ConnectionRefusedError", "ConnectionRefusedError", "ok/None"),
    ("family-page", "certificate", "certificate", "ok/None"),
    ("hosts-list", "ConnectionRefusedError", None, "ok/None"),
    ("zone-servfail", "again", "again", "down/dns"),
    ("zone-gone", "noname", "noname", "down/dns"),
    ("zone-bogus", "again", "again", "down/dns"),
    ("zone-bogus-public", "200", "200", "ok/None"),
    ("zone-no-aaaa", "200", "nodata", "ok/None"),
    ("zone-aaaa-nxdomain", "200", "noname", "ok/None"),
    ("zone-aaaa-servfail", "200", "again", "ok/None"),
    ("resolver-servfail", "again", "again", "ok/None"),
    ("resolver-refused", "again", "again", "ok/None"),
    ("resolver-truncates", "200", "200", "ok/None"),
]


@pytest.mark.parametrize(
    ("world_id", "ipv4", "ipv6", "expected"), SEEN, ids=[row[0] for row in SEEN]
)
async def test_the_client_sees_what_the_story_says_and_nobody_is_accused(
    autojump_clock, world_id, ipv4, ipv6, expected
):
    world = build_world(world_id, CATALOGUE)

    async with virtual_world(world) as net:
        assert await look(world) == ipv4
        if ipv6 is not None:
            assert await look(world, family=Family.IPV6) == ipv6
        truths = truth(world, net.log)

    found = truths["instagram.web"]
    assert f"{found.category}/{found.subtype}" == expected
    assert not {State.BLOCKED, State.IMPAIRED} & {one.state for one in truths.values()}


async def test_a_translator_leads_to_servers_that_have_ipv4_only(autojump_clock):
    world = build_world("nat64", CATALOGUE)

    async with virtual_world(world):
        seen = [await look(world, host, family=Family.IPV6) for host in ("www.rt.com", "vk.com")]

    assert not any(":" in address for address in world.hosts["www.rt.com"])
    assert seen == ["200", "200"]


async def test_a_router_with_two_upstreams_gives_two_answers(autojump_clock):
    world = build_world("two-upstreams", CATALOGUE)

    async with virtual_world(world) as net:
        seen = [await look(world) for _ in range(2)]

    assert seen == ["200", "200"]
    assert net.log.fired() == {"geo-dns"}


async def test_every_third_question_fails(autojump_clock):
    world = build_world("resolver-flaky", CATALOGUE)

    async with virtual_world(world) as net:
        for _ in range(6):
            await look(world)

    assert "overload" in net.log.fired()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.id)
def test_no_box_of_any_of_them_does_harm(spec):
    world = build_world(spec.id, CATALOGUE)

    assert all(box.innocent for row in world.boxes.values() for box in row)
