"""What a client sees of boxes that slow down."""

from typing import Any

import pytest
import trio
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection

from probe.lab.box import Names, Where
from probe.lab.boxes import BOXES

BLOCKED = Names(("*.blocked.example",))
NAME = "www.blocked.example"


def rate_bps(seen: Any) -> float:
    return float(len(seen.data) * 8 / seen.after_s)


async def test_policer_converges_to_its_rate_for_the_name_alone(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["R01"](names=BLOCKED)) as net:
        slow = await bench.https(target, NAME)
        fast = await bench.https(target, "www.neutral.example")

    assert slow.outcome == "whole"
    assert 90_000 < rate_bps(slow) < 160_000
    assert rate_bps(fast) > 1_000_000
    assert net.log.fired() == {"R01"}


async def test_policing_to_death_lets_bytes_trickle(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    """R02 is told from a drop by its bytes."""
    async with bench.open(BOXES["R02"](names=BLOCKED)):
        seen = await bench.https(target, NAME, limit_s=20)

    assert seen.outcome == "timeout"
    assert 0 < seen.info["received"] < 20_000


async def test_shaper_queues_instead_of_dropping(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["R03"](names=BLOCKED, rate_bps=400_000)):
        seen = await bench.https(target, NAME)

    assert seen.outcome == "whole"
    assert 300_000 < rate_bps(seen) < 410_000
    assert seen.info["rtt"] > 0


async def test_delay_makes_the_handshake_last_seconds(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["R04"](names=BLOCKED, delay_s=1.0)):
        slow = await bench.hello(target, NAME)
        fast = await bench.hello(target, "www.neutral.example")

    assert 1.0 < slow.after_s < 2.5
    assert fast.after_s < 0.1


async def test_delay_by_address_shows_in_the_connect_time(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["R04"](where=Where(prefixes=(target,)), delay_s=0.5)):
        seen = await bench.connect(target)

    assert tuple(seen.socket.getpeername())[:2] == (target, 443)


async def test_thinned_acknowledgements_slow_the_download(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["R05"](names=BLOCKED)):
        slow = await bench.https(target, NAME)
        fast = await bench.https(target, "www.neutral.example")

    assert rate_bps(slow) < rate_bps(fast) / 3


async def test_prefix_is_slow_whatever_the_name(
    autojump_clock: Any, bench: Any, target: str, other: str
) -> None:
    async with bench.open(BOXES["R06"](where=Where(prefixes=(target,)))):
        one = await bench.https(target, "a.example")
        two = await bench.https(target, "b.example")

    assert rate_bps(one) < 420_000
    assert rate_bps(two) < 420_000


async def test_national_slow_down_spares_the_domestic(
    autojump_clock: Any, bench: Any, target: str, other: str
) -> None:
    async with bench.open(BOXES["R07"](where=Where(spared=(other,)))):
        foreign = await bench.https(target, "a.example")
        domestic = await bench.https(other, "a.example")

    assert rate_bps(foreign) < 70_000
    assert domestic.after_s < 1


async def test_letters_hit_unrelated_names(autojump_clock: Any, bench: Any, target: str) -> None:
    async with bench.open(BOXES["S13"]()):
        hit = await bench.https(target, "microsoft.com")
        missed = await bench.https(target, "example.com")

    assert rate_bps(hit) < 160_000
    assert rate_bps(missed) > 1_000_000


async def test_handshakes_of_one_name_last_seconds(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["R09"](names=BLOCKED)):
        slow = await bench.hello(target, NAME)
        fast = await bench.hello(target, "www.neutral.example")

    assert slow.after_s > 2
    assert fast.after_s == pytest.approx(0.05)


async def test_quic_to_a_name_is_policed_and_tcp_is_not(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    connection = QuicConnection(
        configuration=QuicConfiguration(is_client=True, server_name=NAME, alpn_protocols=["h3"])
    )
    connection.connect((target, 443), now=0.0)
    hello = connection.datagrams_to_send(now=0.0)[0][0]
    async with bench.open(BOXES["Q09"](names=BLOCKED)) as net:
        for _ in range(30):
            await bench.datagrams(target, hello, window_s=0)
        family = 10 if ":" in target else 2
        sock = trio.socket.socket(family, trio.socket.SOCK_DGRAM)
        await sock.connect((target, 443))
        for _ in range(30):
            await sock.send(hello)
        await trio.sleep(1)
        https = await bench.https(target, NAME)

    assert rate_bps(https) > 1_000_000
    assert 10 < net.path.counts["dropped"] < 30
