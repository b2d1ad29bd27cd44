"""What a client sees of boxes that act on QUIC. The bench's server sends back what it gets."""

from typing import Any

import pytest
import trio
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated
from aioquic.quic.packet import QuicProtocolVersion

from probe.lab.box import Names, Where
from probe.lab.boxes import BOXES

BLOCKED = Names(("*.blocked.example",))
NAME = "www.blocked.example"
V1 = QuicProtocolVersion.VERSION_1
V2 = QuicProtocolVersion.VERSION_2


def client(name: str, version: int = V1, *, big: bool = False) -> QuicConnection:
    # A hello that does not fit one datagram, as post-quantum key shares make it.
    alpn = ["h3"] + ([f"filler-{number:03}" * 3 for number in range(60)] if big else [])
    configuration = QuicConfiguration(
        is_client=True, server_name=name, alpn_protocols=alpn, supported_versions=[version]
    )
    configuration.original_version = version
    return QuicConnection(configuration=configuration)


def initials(name: str, version: int = V1, *, big: bool = False) -> list[bytes]:
    connection = client(name, version, big=big)
    connection.connect(("192.0.2.1", 443), now=0.0)
    return [datagram for datagram, _ in connection.datagrams_to_send(now=0.0)]


async def answered(bench: Any, address: str, datagrams: list[bytes]) -> bool:
    """Send datagrams on one socket; say whether the last one came back."""
    family = 10 if ":" in address else 2
    with trio.socket.socket(family, trio.socket.SOCK_DGRAM) as sock:
        await sock.connect((address, 443))
        for datagram in datagrams:
            await sock.send(datagram)
        with trio.move_on_after(3):
            while await sock.recv(65535) != datagrams[-1]:
                pass
            return True
    return False


async def test_generic_drop_hits_every_host(
    autojump_clock: Any, bench: Any, target: str, other: str
) -> None:
    async with bench.open(BOXES["Q01"]()) as net:
        seen = [await answered(bench, where, initials(NAME)) for where in (target, other)]
        dns = await bench.ask(target, NAME)

    assert seen == [False, False]
    assert len(dns) == 1
    assert net.log.fired() == {"Q01"}


async def test_version_signature_spares_other_versions_and_small_datagrams(
    autojump_clock: Any, bench: Any, target: str, other: str
) -> None:
    async with bench.open(BOXES["Q02"](where=Where(spared=(other,)))):
        one = await answered(bench, target, initials(NAME))
        two = await answered(bench, target, initials(NAME, V2))
        small = await answered(bench, target, [initials(NAME)[0][:900]])
        spared = await answered(bench, other, initials(NAME))

    assert (one, two, small, spared) == (False, True, True, True)


@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize("big", [False, True], ids=["one datagram", "several datagrams"])
async def test_name_in_the_initial_is_read(
    autojump_clock: Any, bench: Any, target: str, version: int, big: bool
) -> None:
    assert (len(initials(NAME, version, big=big)) > 1) is big
    async with bench.open(BOXES["Q03"](names=BLOCKED)) as net:
        blocked = await answered(bench, target, initials(NAME, version, big=big))
        neutral = await answered(bench, target, initials("www.neutral.example", version, big=big))

    assert (blocked, neutral) == (False, True)
    assert {event.name for event in net.log if event.name} == {NAME}


async def test_residual_only_lets_the_first_datagram_pass(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["Q03"](names=BLOCKED, residual_only=True)) as net:
        first = await answered(bench, target, initials(NAME))

    assert net.path.counts["to_server"] == 1
    assert not first


async def test_listed_endpoint_loses_udp_only(autojump_clock: Any, bench: Any, target: str) -> None:
    where = Where(prefixes=(target,), ports=frozenset({443}))
    async with bench.open(BOXES["Q04"](where=where)):
        quic = await answered(bench, target, initials("www.neutral.example"))
        https = await bench.hello(target, "www.neutral.example")

    assert not quic
    assert https.outcome == "data"


async def test_ech_rule_needs_the_extension(autojump_clock: Any, bench: Any, target: str) -> None:
    async with bench.open(BOXES["Q06"]()):
        plain = await answered(bench, target, initials("cloudflare-ech.com"))

    assert plain


async def test_datagrams_freeze_after_a_count(autojump_clock: Any, bench: Any, target: str) -> None:
    async with bench.open(BOXES["Q07"](packets=6)):
        few = await answered(bench, target, [b"a", b"b"])
        many = await answered(bench, target, [bytes((n,)) for n in range(9)])

    assert (few, many) == (True, False)


async def test_forged_close_ends_a_real_client(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    connection = client(NAME)
    connection.connect((target, 443), now=0.0)
    (datagram, _), *_ = connection.datagrams_to_send(now=0.0)
    async with bench.open(BOXES["Q08"](names=BLOCKED)):
        ((after_s, answer, _),) = await bench.datagrams(target, datagram)
    connection.receive_datagram(answer, (target, 443), now=0.1)
    connection.handle_timer(now=30.0)

    assert after_s < 0.05
    events = []
    while (event := connection.next_event()) is not None:
        events.append(event)
    ended = [event for event in events if isinstance(event, ConnectionTerminated)]
    assert [event.error_code for event in ended] == [0x0A]


async def test_forged_version_negotiation_ends_a_real_client(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    connection = client(NAME)
    connection.connect((target, 443), now=0.0)
    (datagram, _), *_ = connection.datagrams_to_send(now=0.0)
    async with bench.open(BOXES["Q08"](names=BLOCKED, kind="negotiation")):
        ((_, answer, _),) = await bench.datagrams(target, datagram)
    connection.receive_datagram(answer, (target, 443), now=0.1)

    events = []
    while (event := connection.next_event()) is not None:
        events.append(event)
    assert any(isinstance(event, ConnectionTerminated) for event in events)
