"""Every named world, on the virtual executor, with a plain trio client."""

import pytest
import trio

from probe.errors import UsageError
from probe.lab.boxes import BOXES
from probe.lab.opened import virtual_world
from probe.lab.techniques import TECHNIQUES
from probe.lab.truth import truth, truth_of
from probe.lab.worlds import WORLDS, build_world
from probe.model.words import Category, Family, Protocol, State
from tests.lab.support import CATALOGUE, fetch_https, look

INSTAGRAM = CATALOGUE.endpoints[0]


# What a client of AF_INET sees of https:// and http://, and the truth about instagram.web, .http.
FIRST_HALF = [
    ("d01", "noname", "noname", "dns_lie/nxdomain", "dns_lie/nxdomain"),
    ("d05", "ConnectionRefusedError", "ConnectionRefusedError", "dns_lie/bogon", "dns_lie/bogon"),
    ("d09", "timeout", "timeout", "dns_injection/race", "dns_injection/race"),
    ("d12", "again", "again", "dns_drop/None", "dns_drop/None"),
    ("t01", "timeout", "timeout", "ip_block/silent", "ip_block/silent"),
    ("t03", "ConnectionRefusedError", "200", "port_block/rst", "ok/None"),
    ("t04", "OSError", "OSError", "port_block/icmp", "port_block/icmp"),
    ("s01", "ConnectionResetError", "200", "tls_sni_reset/injected", "ok/None"),
    ("s02", "ConnectionResetError", "200", "tls_sni_reset/rewrite", "ok/None"),
    ("s04", "timeout", "200", "tls_sni_drop/unacked", "ok/None"),
    ("s09", "certificate", "200", "tls_mitm/self_signed", "ok/None"),
    ("h01", "200", "200", "ok/None", "blockpage/page"),
    ("h02", "200", "302", "ok/None", "blockpage/redirect"),
    ("h05", "200", "ConnectionResetError", "ok/None", "http_block/reset"),
    ("r01", "200", "200", "throttle/sni_police", "throttle/sni_police"),
]


@pytest.mark.parametrize("family", list(Family))
@pytest.mark.parametrize(
    ("world_id", "https", "http", "truth_https", "truth_http"),
    FIRST_HALF,
    ids=[row[0] for row in FIRST_HALF],
)
async def test_each_technique_is_seen_and_logged_in_both_families(
    autojump_clock, world_id, https, http, truth_https, truth_http, family
):
    world = build_world(world_id, CATALOGUE)
    if family is Family.IPV6 and world_id == "t04":
        https = http = "PermissionError"  # Linux: ICMPv6 1/1 is EACCES

    async with virtual_world(world) as net:
        seen = await look(world, family=family), await look(world, port=80, family=family)
        other = await look(world, "example.com", family=family)
        truths = truth(world, net.log, family=family)

    assert seen == (https, http)
    assert other == "200"
    for endpoint, expected in (("instagram.web", truth_https), ("instagram.http", truth_http)):
        found = truths[endpoint]
        assert f"{found.category}/{found.subtype}" == expected
    assert truths["rt.web"].state is State.OK


async def test_march_2022_is_the_story_that_it_tells(autojump_clock):
    world = build_world("march-2022", CATALOGUE)

    async with virtual_world(world) as net:
        seen = {
            host: await look(world, host)
            for host in ("www.instagram.com", "www.facebook.com", "www.rt.com", "vk.com")
        }
        started = trio.current_time()
        seen["twitter.com"] = await look(world, "twitter.com")
        took_s = trio.current_time() - started
        truths = truth(world, net.log)

    assert seen == {
        "www.instagram.com": "ConnectionResetError",
        "www.facebook.com": "ConnectionResetError",
        "www.rt.com": "noname",
        "vk.com": "200",
        "twitter.com": "200",
    }
    # 100 KB at 150 kbit/s take five seconds and a half.
    assert took_s > 4
    assert {key: found.technique for key, found in truths.items() if found.technique} == {
        "instagram.web": "S02",
        "facebook.web": "S01",
        "twitter.web": "R01",
        "rt.web": "D01",
        "rt.http": "D01",
    }


async def test_a_box_that_never_fired_makes_a_benign_run(autojump_clock):
    world = build_world("s01", CATALOGUE)

    async with virtual_world(world) as net:
        await look(world, "vk.com")
        truths = truth(world, net.log)

    assert {found.state for found in truths.values()} == {State.OK}


@pytest.mark.parametrize(
    ("world_id", "https", "category"),
    [
        pytest.param("bot-wall", "403", Category.REACHABLE_BOTWALL, id="bot wall"),
        pytest.param("geofence", "403", Category.SERVER_GEOBLOCK, id="geofence"),
        pytest.param("legal", "451", Category.SERVER_GEOBLOCK, id="451"),
        pytest.param("rate-limit", "429", Category.REACHABLE_BOTWALL, id="429"),
        pytest.param("login-wall", "302", Category.OK, id="login"),
        pytest.param("consent-wall", "302", Category.OK, id="consent"),
        pytest.param("server-error", "503", Category.DOWN, id="503"),
        pytest.param("server-reset", "ConnectionResetError", Category.DOWN, id="broken backend"),
        pytest.param("tls-geofence", "SSLError", Category.SERVER_GEOBLOCK, id="alert"),
        pytest.param("tls-rubbish", "SSLError", Category.DOWN, id="rubbish"),
        pytest.param("dead-server", "timeout", Category.DOWN, id="dead"),
        pytest.param("slow-server", "200", Category.OK, id="slow"),
        pytest.param("lossy", "200", Category.OK, id="loss"),
        pytest.param("server-refuses", "200", Category.OK, id="unknown names refused"),
        pytest.param("no-udp", "200", Category.OK, id="no UDP"),
        pytest.param("no-ipv6", "200", Category.OK, id="no IPv6"),
        pytest.param("broken-ipv6", "200", Category.OK, id="broken IPv6"),
        pytest.param("resolver-slow", "200", Category.OK, id="slow resolver"),
        pytest.param("resolver-silent", "again", Category.OK, id="silent resolver"),
        pytest.param("hosts-file", "ConnectionRefusedError", Category.OK, id="hosts file"),
        pytest.param("offline", "again", Category.OK, id="offline"),
        pytest.param("captive-portal", "certificate", Category.OK, id="portal"),
    ],
)
async def test_innocent_troubles_are_never_called_blocking(
    autojump_clock, world_id, https, category
):
    world = build_world(world_id, CATALOGUE)

    async with virtual_world(world) as net:
        seen = await look(world)
        found = truth_of(world, net.log, INSTAGRAM)

    assert seen == https
    assert found.category is category
    assert found.state not in {State.BLOCKED, State.IMPAIRED}


async def test_an_interceptor_opens_every_connection(autojump_clock):
    world = build_world("antivirus", CATALOGUE)

    async with virtual_world(world) as net:
        seen = [await look(world, host) for host in ("www.instagram.com", "example.com")]
        truths = truth(world, net.log)

    assert seen == ["certificate", "certificate"]
    assert {found.state for found in truths.values()} == {State.OK}


async def test_servers_that_refuse_unknown_names_spare_those_that_promise_to_take_them(
    autojump_clock,
):
    """C2 needs a host that accepts foreign names."""
    world = build_world("server-refuses", CATALOGUE)

    async with virtual_world(world):
        foreign = {}
        for host in ("example.com", "vk.com"):
            try:
                await fetch_https(world, "foreign.example", address=world.hosts[host][0])
            except trio.BrokenResourceError as error:
                foreign[host] = type(error.__cause__).__name__

    assert foreign == {
        "example.com": "SSLCertVerificationError",
        "vk.com": "ConnectionResetError",
    }


async def test_large_packets_may_vanish(autojump_clock):
    world = build_world("mtu-black-hole", CATALOGUE)

    async with virtual_world(world):
        assert await look(world) == "timeout"


async def test_several_boxes_may_stand_on_one_line(autojump_clock):
    world = build_world("as12389", CATALOGUE)

    async with virtual_world(world) as net:
        await look(world, "www.rt.com")
        with pytest.raises(trio.BrokenResourceError):
            await fetch_https(world, "www.rt.com", address=world.hosts["www.rt.com"][0])
        found = truth(world, net.log)["rt.web"]

    assert (found.technique, found.also) == ("D06", ("S01",))


async def test_a_captive_portal_answers_every_request_in_the_clear(autojump_clock):
    world = build_world("captive-portal", CATALOGUE)

    async with virtual_world(world):
        seen = await look(world, "connectivitycheck.gstatic.com", port=80)

    assert seen == "302"


async def test_every_second_connection_is_reset_by_an_overloaded_server(autojump_clock):
    world = build_world("overloaded", CATALOGUE)

    async with virtual_world(world) as net:
        seen = [await look(world) for _ in range(4)]

    assert seen == ["ConnectionResetError", "200"] * 2
    assert net.log.fired() == {"overload"}


async def test_a_deed_in_one_family_says_nothing_about_the_other(autojump_clock):
    world = build_world("t12", CATALOGUE)

    async with virtual_world(world) as net:
        await look(world, family=Family.IPV4)
        await look(world, family=Family.IPV6)
        ipv4 = truth_of(world, net.log, INSTAGRAM, family=Family.IPV4)
        ipv6 = truth_of(world, net.log, INSTAGRAM, family=Family.IPV6)

    assert (ipv4.state, ipv6.state) == (State.BLOCKED, State.OK)


async def test_what_is_done_to_tcp_says_nothing_about_quic(autojump_clock):
    world = build_world("s01", CATALOGUE)

    async with virtual_world(world) as net:
        await look(world)
        found = truth_of(world, net.log, INSTAGRAM, protocol=Protocol.QUIC)

    assert found.state is State.OK


@pytest.mark.parametrize("world_id", list(WORLDS))
def test_every_world_can_be_built_and_told(world_id):
    world = build_world(world_id, CATALOGUE, seed=3)

    assert world.id == world_id
    assert world.title
    assert world.story.endswith(".")
    assert world.seed == 3


def test_every_box_of_every_world_means_something():
    """A technique that no row explains would be invisible to the scoreboard."""
    about_the_vantage = {"D11", "D13", "D15", "E01", "E02", "E06", "E11", "Q01", "T15"}
    innocent = {
        "E08", "balancer", "connection-limit", "ecmp", "fault", "lossy-path", "slow-server",
        "udp-closed",
    }  # fmt: skip

    boxes = {
        box.id
        for world_id in WORLDS
        for row in build_world(world_id, CATALOGUE).boxes.values()
        for box in row
    }

    assert boxes - set(TECHNIQUES) == about_the_vantage | innocent


def test_rows_are_of_boxes_resolvers_or_servers():
    of_resolvers_and_servers = {"D01", "D02", "D03", "D04", "D06", "D07", "D08", "E10"}

    rows = {
        row for row in TECHNIQUES if row not in BOXES and row[0] not in "Go" and row[1:2] != "e"
    }

    assert rows == of_resolvers_and_servers


def test_worlds_do_not_share_boxes():
    """A box remembers; a world is for one lab."""
    one, two = build_world("s01", CATALOGUE), build_world("s01", CATALOGUE)

    assert one.boxes[2][0] is not two.boxes[2][0]


def test_the_pace_factor_reaches_the_boxes():
    world = build_world("s01", CATALOGUE, pace=0.1)

    assert world.boxes[2][0].pace == 0.1


def test_an_unknown_world_is_refused_with_the_command_that_lists_those_that_are():
    with pytest.raises(UsageError, match=r"nowhere.*lab list"):
        build_world("nowhere", CATALOGUE)
