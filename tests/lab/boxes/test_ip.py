"""What a client sees of boxes that look at addresses and ports, and of those that count."""

import socket
import struct
from typing import Any

import pytest
import trio

from probe.lab.box import Names, Place, Where
from probe.lab.boxes import BOXES
from probe.lab.packet import Side


def where(address: str, *ports: int) -> Where:
    return Where(prefixes=(address,), ports=frozenset(ports))


async def test_blackhole_swallows_every_port_and_protocol(
    autojump_clock: Any, bench: Any, target: str, other: str
) -> None:
    async with bench.open(BOXES["T01"](where=where(target))) as net:
        https = await bench.connect(target, 443)
        high = await bench.connect(target, 50000)
        udp = await bench.datagrams(target, b"x")
        elsewhere = await bench.hello(other, "www.neutral.example")

    assert (https.outcome, high.outcome, udp) == ("timeout", "timeout", [])
    assert elsewhere.outcome == "data"
    assert net.log.fired() == {"T01"}


async def test_reply_drop_lets_the_syn_through(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["T01"](where=where(target), only_toward=Side.CLIENT)) as net:
        seen = await bench.connect(target, 443)

    assert seen.outcome == "timeout"
    assert net.path.counts["to_server"] > 0


async def test_one_family_is_forgotten(autojump_clock: Any, bench: Any) -> None:
    async with bench.open(BOXES["T12"]()):
        four = await bench.hello("157.240.1.174", "www.neutral.example")
        six = await bench.hello("2a03:2880:f1::1", "www.neutral.example")

    assert (four.outcome, six.outcome) == ("timeout", "data")


async def test_port_drop_leaves_the_other_ports(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["T02"](where=where(target, 443))):
        https = await bench.connect(target, 443)
        http = await bench.connect(target, 80)

    assert https.outcome == "timeout"
    assert isinstance(http, trio.SocketStream)


async def test_syn_reset_is_sooner_than_a_closed_port(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["T03"](where=where(target, 443))):
        forged = await bench.connect(target, 443)
        closed = await bench.connect(target, 444)

    assert forged.outcome == closed.outcome == "ECONNREFUSED"
    assert forged.after_s < 0.03
    assert closed.after_s == pytest.approx(0.05)


async def test_rewritten_syn_ack_is_as_late_as_a_closed_port(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["T11"](where=where(target, 443))):
        seen = await bench.connect(target, 443)

    assert seen.outcome == "ECONNREFUSED"
    assert seen.after_s == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("code_v4", "code_v6", "expected_v4", "expected_v6"),
    [
        (0, 0, "ENETUNREACH", "ENETUNREACH"),
        (1, 3, "EHOSTUNREACH", "EHOSTUNREACH"),
        (3, 4, "ECONNREFUSED", "ECONNREFUSED"),
        (9, 1, "ENETUNREACH", "EACCES"),
        (10, 5, "EHOSTUNREACH", "EACCES"),
        (13, 1, "EHOSTUNREACH", "EACCES"),
    ],
)
async def test_icmp_errors_become_linux_errnos(
    autojump_clock: Any,
    bench: Any,
    target: str,
    code_v4: int,
    code_v6: int,
    expected_v4: str,
    expected_v6: str,
) -> None:
    box = BOXES["T04"](where=where(target, 443), code_v4=code_v4, code_v6=code_v6)
    async with bench.open(box):
        seen = await bench.connect(target, 443)

    assert seen.outcome == (expected_v6 if ":" in target else expected_v4)
    assert seen.after_s == pytest.approx(0.02, abs=0.005)


async def test_filter_names_itself_on_the_error_queue(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    is_v6 = ":" in target
    async with bench.open(BOXES["T04"](where=where(target, 443))):
        sock = trio.socket.socket(socket.AF_INET6 if is_v6 else socket.AF_INET)
        # IP_RECVERR 11, IPV6_RECVERR 25 (linux/in.h, linux/in6.h).
        sock.setsockopt(41 if is_v6 else 0, 25 if is_v6 else 11, 1)
        with pytest.raises(OSError):
            await sock.connect((target, 443))
        _, ancillary, flags, address = await sock.recvmsg(1, 512, socket.MSG_ERRQUEUE)

    level, kind, data = ancillary[0]
    _, origin, icmp_type, code = struct.unpack_from("=IBBB", data)
    assert flags & socket.MSG_ERRQUEUE
    assert address[:2] == (target, 443)
    if is_v6:
        assert (level, kind, origin, icmp_type, code) == (41, 25, 3, 1, 1)
        assert socket.inet_ntop(socket.AF_INET6, data[24:40]) == "2001:2::1"
    else:
        assert (level, kind, origin, icmp_type, code) == (0, 11, 2, 3, 13)
        assert socket.inet_ntop(socket.AF_INET, data[20:24]) == "198.18.0.1"


async def test_routing_hole_can_be_a_loop(autojump_clock: Any, bench: Any, target: str) -> None:
    async with bench.open(BOXES["T05"](where=where(target), answer="expired")):
        seen = await bench.connect(target, 443)

    assert seen.outcome == "EHOSTUNREACH"


async def test_first_data_vanish_whatever_they_are(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["T06"](where=where(target))):
        tls = await bench.hello(target, "ya.ru")
        http = await bench.talk(target, 80, b"GET / HTTP/1.1\r\nHost: ya.ru\r\n\r\n")

    assert (tls.outcome, http.outcome) == ("timeout", "timeout")
    assert tls.info["acked"] == 1


async def test_spared_addresses_pass_the_allowlist(
    autojump_clock: Any, bench: Any, target: str, other: str
) -> None:
    async with bench.open(BOXES["T06"](where=Where(spared=(other,)))):
        outside = await bench.hello(target, "ya.ru")
        inside = await bench.hello(other, "ya.ru")

    assert (outside.outcome, inside.outcome) == ("timeout", "data")


async def test_reset_after_connect_needs_no_data(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["T07"](where=where(target, 443))):
        stream = await bench.connect(target, 443)
        start = trio.current_time()
        with pytest.raises(trio.BrokenResourceError):
            await stream.receive_some()

        assert trio.current_time() - start < 0.05


async def test_packet_count_freezes_the_body_but_not_the_handshake(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["T09"](where=where(target), packets=25)) as net:
        seen = await bench.https(target, "www.neutral.example")
        again = await bench.https(target, "www.neutral.example")

    assert seen.outcome == "timeout"
    assert 8_000 < seen.info["received"] < 34_000
    # An ECDSA signature is a byte or two shorter or longer each time.
    assert abs(seen.info["received"] - again.info["received"]) <= 8
    assert net.log.fired() == {"T09"}


async def test_bytes_can_be_counted_instead(autojump_clock: Any, bench: Any, target: str) -> None:
    async with bench.open(BOXES["T09"](where=where(target), packets=None, server_bytes=16384)):
        seen = await bench.https(target, "www.neutral.example")

    assert seen.outcome == "timeout"
    assert 15_000 <= seen.info["received"] < 18_000


async def test_listed_names_do_not_freeze(autojump_clock: Any, bench: Any, target: str) -> None:
    box = BOXES["T09"](where=where(target), packets=25, spared_names=Names(("ya.ru",)))
    async with bench.open(box):
        seen = await bench.https(target, "ya.ru")

    assert seen.outcome == "whole"


async def test_too_many_connections_freeze_for_a_while(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["T10"](where=where(target), limit=3)):
        outcomes = [(await bench.hello(target, "a.example")).outcome for _ in range(5)]
        await trio.sleep(100)
        later = await bench.hello(target, "a.example")

    assert outcomes == ["data", "data", "data", "timeout", "timeout"]
    assert later.outcome == "data"


async def test_shutdown_spares_what_is_domestic(
    autojump_clock: Any, bench: Any, target: str, other: str
) -> None:
    async with bench.open(BOXES["T15"](where=Where(spared=(other,)))):
        foreign = await bench.hello(target, "a.example")
        domestic = await bench.hello(other, "a.example")

    assert (foreign.outcome, domestic.outcome) == ("timeout", "data")


async def test_parallel_paths_differ_by_source_port_and_stay_the_same(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    inner = BOXES["T03"](where=where(target, 443), place=Place.IN_PATH)
    async with bench.open(BOXES["T13"](inner=inner, share=0.5)):
        outcomes = {}
        for _ in range(2):
            for port in range(40000, 40012):
                sock = trio.socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET)
                await sock.bind(("", port))
                try:
                    await sock.connect((target, 443))
                    outcome = "open"
                except ConnectionRefusedError:
                    outcome = "refused"
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.close()
                await trio.sleep(1)
                assert outcomes.setdefault(port, outcome) == outcome

    assert set(outcomes.values()) == {"open", "refused"}


async def test_dot_port_is_shut(autojump_clock: Any, bench: Any, target: str) -> None:
    async with bench.open(BOXES["D15"]()):
        dot = await bench.connect(target, 853)
        https = await bench.hello(target, "dns.example")

    assert (dot.outcome, https.outcome) == ("timeout", "data")
