"""What a plain client sees at troubled servers, and that the truth blames nobody on the way."""

import pytest
import trio

from probe.lab.opened import virtual_world
from probe.lab.truth import truth, truth_of
from probe.lab.worlds import build_world
from probe.lab.worlds.origins import SPECS
from probe.model.words import State
from tests.lab.support import CATALOGUE, fetch_https, look

INSTAGRAM = CATALOGUE.endpoints[0]
ACCUSED = {State.BLOCKED, State.IMPAIRED}

# What a client sees of Instagram's first page, and the truth about it.
SEEN = [
    ("backend-reset", "ConnectionResetError", "down/tls"),
    ("backend-close", "SSLEOFError", "down/tls"),
    ("backend-alert", "SSLError", "down/tls"),
    ("backend-silent", "timeout", "down/tls"),
    ("backend-reset-unacked", "ConnectionResetError", "down/tls"),
    ("backend-silent-unacked", "timeout", "down/tls"),
    ("unknown-close", "200", "ok/None"),
    ("unknown-silent-unacked", "200", "ok/None"),
    ("unknown-reset-unacked", "200", "ok/None"),
    ("fence-l3", "timeout", "server_geoblock/l3"),
    ("fence-tls-reset", "ConnectionResetError", "server_geoblock/tls"),
    ("fence-dns-servfail", "again", "server_geoblock/dns"),
    ("fence-dns-refused", "again", "server_geoblock/dns"),
    ("fence-dns-nodata", "nodata", "server_geoblock/dns"),
    ("one-dead-address", "timeout", "ok/None"),
    ("one-wrong-certificate", "certificate", "ok/None"),
    ("overloaded-one", "ConnectionResetError", "ok/None"),
    ("certificate-early", "200", "down/certificate"),
    ("certificate-other", "certificate", "down/certificate"),
    ("certificate-self", "certificate", "down/certificate"),
    ("wall-akamai", "403", "reachable_botwall/None"),
    ("wall-ddos-guard", "200", "ok/None"),
    ("fence-cloudfront", "403", "server_geoblock/http"),
    ("truncated-20k", "RemoteProtocolError", "down/http"),
    ("half-errors", "200", "ok/None"),
    ("limit-429", "200", "ok/None"),
    ("limit-silent", "200", "ok/None"),
    ("slow-site", "200", "ok/None"),
    ("quic-retired", "200", "ok/None"),
]


@pytest.mark.parametrize(("world_id", "seen", "expected"), SEEN, ids=[row[0] for row in SEEN])
async def test_the_client_sees_what_the_story_says_and_nobody_is_accused(
    autojump_clock, world_id, seen, expected
):
    world = build_world(world_id, CATALOGUE)

    async with virtual_world(world) as net:
        got = await look(world)
        other = await look(world, "www.facebook.com")
        truths = truth(world, net.log)

    found = truths["instagram.web"]
    assert (got, other) == (seen, "200")
    assert f"{found.category}/{found.subtype}" == expected
    assert not ACCUSED & {one.state for one in truths.values()}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.id)
async def test_every_box_means_no_harm(autojump_clock, spec):
    world = build_world(spec.id, CATALOGUE)

    assert all(box.innocent for row in world.boxes.values() for box in row)


@pytest.mark.parametrize(
    ("world_id", "seen"),
    [
        ("backend-reset-unacked", "SSLCertVerificationError"),
        ("backend-silent", "SSLCertVerificationError"),
        ("unknown-reset-unacked", "ConnectionResetError"),
        ("unknown-alert", "SSLError"),
    ],
)
async def test_a_broken_backend_is_one_name_and_a_strict_balancer_all_the_others(
    autojump_clock, world_id, seen
):
    world = build_world(world_id, CATALOGUE)

    async with virtual_world(world):
        with pytest.raises(trio.BrokenResourceError) as raised:
            await fetch_https(world, "neutral.example", address=world.hosts["www.instagram.com"][0])

    assert type(raised.value.__cause__).__name__ == seen


async def test_a_balancer_that_has_no_backend_never_acknowledges_the_hello(autojump_clock):
    """The kernel of a broken server acknowledges first; a reset without that is the TSPU's mark."""
    segments = []
    world = build_world("backend-reset-unacked", CATALOGUE)

    async with virtual_world(world) as net:
        net.path.taps.append(
            lambda now, where, toward, packet: (
                segments.append(packet.flags)
                if where == "client" and packet.source_port == 443
                else None
            )
        )
        await look(world)

    assert segments == [0x12, 0x04]


@pytest.mark.parametrize("world_id", ["backend-reset-unacked", "backend-silent-unacked"])
async def test_a_balancer_stands_before_its_own_servers_only(autojump_clock, world_id):
    """The name at another operator's address is what tells a balancer from a censor."""
    world = build_world(world_id, CATALOGUE)

    async with virtual_world(world):
        with pytest.raises(trio.BrokenResourceError) as raised:
            await fetch_https(world, "www.instagram.com", address=world.hosts["example.com"][0])

    assert type(raised.value.__cause__).__name__ == "SSLCertVerificationError"


async def test_every_second_request_fails(autojump_clock):
    world = build_world("half-errors", CATALOGUE)

    async with virtual_world(world) as net:
        seen = [await look(world) for _ in range(4)]
        found = truth_of(world, net.log, INSTAGRAM)

    assert seen == ["200", "503"] * 2
    assert found.state not in ACCUSED


async def test_the_third_request_in_a_minute_is_one_too_many(autojump_clock):
    world = build_world("limit-429", CATALOGUE)

    async with virtual_world(world):
        seen = [await look(world) for _ in range(3)]
        await trio.sleep(61)
        seen.append(await look(world))

    assert seen == ["200", "200", "429", "200"]


@pytest.mark.parametrize(
    ("world_id", "end"), [("limit-silent", "timeout"), ("limit-reset", "ConnectionRefusedError")]
)
async def test_the_fifth_connection_in_a_minute_is_one_too_many(autojump_clock, world_id, end):
    world = build_world(world_id, CATALOGUE)

    async with virtual_world(world):
        seen = [await look(world) for _ in range(5)]

    assert seen == ["200"] * 4 + [end]


async def test_a_slow_site_takes_ten_seconds_for_a_page(autojump_clock):
    world = build_world("slow-site", CATALOGUE)

    async with virtual_world(world):
        started = trio.current_time()
        await look(world)

    assert 8 < trio.current_time() - started < 20
