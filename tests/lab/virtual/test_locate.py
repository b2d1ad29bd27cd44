"""Localisation without privileges, as it was measured on real kernels: errnos, routers, healing."""

import errno
import socket
import struct
from typing import Any

import pytest
import trio

from probe.lab.box import Box, Names
from probe.lab.boxes import BOXES
from probe.lab.net import listen_tcp
from probe.lab.path import Link, Router
from probe.lab.virtual import virtual_net

ROUTERS = tuple(Router(f"10.0.{n}.1", f"2001:db8:{n}::1") for n in range(1, 5))
ADDRESSES = ("157.240.1.174", "2a03:2880::1")
BOTH = pytest.mark.parametrize("address", ADDRESSES, ids=["IPv4", "IPv6"])
# A canned hello for www.blocked.example would do as well; HTTP is shorter.
REQUEST = b"GET / HTTP/1.1\r\nHost: blocked.example\r\n\r\n"
BLOCKED = Names(("blocked.example",))


def new_socket(address: str, kind: int = socket.SOCK_STREAM) -> trio.socket.SocketType:
    return trio.socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)


def set_ttl(sock: trio.socket.SocketType, ttl: int) -> None:
    is_v6 = sock.family == socket.AF_INET6
    # IP_TTL 2, IPV6_UNICAST_HOPS 16 (linux/in.h, linux/in6.h).
    sock.setsockopt(41 if is_v6 else 0, 16 if is_v6 else 2, ttl)


def set_recverr(sock: trio.socket.SocketType) -> None:
    is_v6 = sock.family == socket.AF_INET6
    sock.setsockopt(41 if is_v6 else 0, 25 if is_v6 else 11, 1)


async def offender(sock: trio.socket.SocketType) -> tuple[str, int, int]:
    _, ancillary, _, _ = await sock.recvmsg(1, 512, socket.MSG_ERRQUEUE)
    data = ancillary[0][2]
    _, _, kind, code = struct.unpack_from("=IBBB", data)
    if sock.family == socket.AF_INET6:
        return socket.inet_ntop(socket.AF_INET6, data[24:40]), kind, code
    return socket.inet_ntop(socket.AF_INET, data[20:24]), kind, code


async def echo(stream: trio.SocketStream) -> None:
    try:
        async for data in stream:
            await stream.send_all(data)
    except trio.BrokenResourceError:
        pass


async def outcome_at(address: str, ttl: int, *boxes: Box, heal: bool = False) -> tuple[str, float]:
    """Open a connection, send the request with this TTL, say what came back and when."""
    async with (
        virtual_net(routers=ROUTERS, boxes={2: boxes}, link=Link(rtt_s=0.05)) as net,
        trio.open_nursery() as nursery,
    ):
        listener = await listen_tcp(net, address, 80)
        nursery.start_soon(trio.serve_listeners, echo, [listener])
        sock = new_socket(address)
        await sock.connect((address, 80))
        set_recverr(sock)
        set_ttl(sock, ttl)
        start = trio.current_time()
        outcome = "silence"
        with trio.move_on_after(3):
            try:
                await sock.send(REQUEST)
                outcome = "data" if await sock.recv(100) else "eof"
            except OSError as error:
                outcome = errno.errorcode[error.errno or 0]
        after_s = trio.current_time() - start
        if heal:
            set_ttl(sock, 64)
            outcome = "silence"
            with trio.move_on_after(10):
                try:
                    outcome = "data" if await sock.recv(100) else "eof"
                except OSError as error:
                    outcome = errno.errorcode[error.errno or 0]
        nursery.cancel_scope.cancel()
    return outcome, after_s


@BOTH
async def test_syn_with_small_ttl_names_each_router(autojump_clock: Any, address: str) -> None:
    async with virtual_net(routers=ROUTERS, link=Link(rtt_s=0.05)):
        found = []
        for ttl in range(1, 5):
            sock = new_socket(address)
            set_recverr(sock)
            set_ttl(sock, ttl)
            start = trio.current_time()
            with pytest.raises(OSError) as caught:
                await sock.connect((address, 443))
            assert caught.value.errno == errno.EHOSTUNREACH
            assert trio.current_time() - start == pytest.approx(0.01 * ttl)
            found.append(await offender(sock))

    expected = [router.ipv6 if ":" in address else router.ipv4 for router in ROUTERS]
    kind = 3 if ":" in address else 11
    assert found == [(router, kind, 0) for router in expected]


@BOTH
async def test_datagram_with_small_ttl_names_each_router(autojump_clock: Any, address: str) -> None:
    async with virtual_net(routers=ROUTERS, link=Link(rtt_s=0.05)):
        found = []
        for ttl in range(1, 5):
            sock = new_socket(address, socket.SOCK_DGRAM)
            set_recverr(sock)
            set_ttl(sock, ttl)
            await sock.connect((address, 33434))
            await sock.send(b"x")
            found.append((await offender(sock))[0])

    assert found == [router.ipv6 if ":" in address else router.ipv4 for router in ROUTERS]


async def test_silent_router_says_nothing(autojump_clock: Any) -> None:
    routers = (Router("10.0.1.1", "2001:db8:1::1", silent=True), *ROUTERS[1:])
    async with virtual_net(routers=routers):
        sock = new_socket(ADDRESSES[0])
        set_ttl(sock, 1)
        with pytest.raises(trio.TooSlowError), trio.fail_after(5):
            await sock.connect((ADDRESSES[0], 443))


@BOTH
async def test_reset_comes_from_the_first_ttl_that_reaches_the_box(
    autojump_clock: Any, address: str
) -> None:
    outcomes = [
        (await outcome_at(address, ttl, BOXES["H05"](names=BLOCKED)))[0] for ttl in range(1, 6)
    ]

    assert outcomes == ["EHOSTUNREACH"] * 2 + ["ECONNRESET"] * 3


@BOTH
async def test_drop_is_silence_from_the_first_ttl_that_reaches_the_box(
    autojump_clock: Any, address: str
) -> None:
    outcomes = [
        (await outcome_at(address, ttl, BOXES["H06"](names=BLOCKED)))[0] for ttl in range(1, 6)
    ]

    assert outcomes == ["EHOSTUNREACH"] * 2 + ["silence"] * 3


@BOTH
async def test_without_a_box_the_request_dies_at_each_router_and_then_arrives(
    autojump_clock: Any, address: str
) -> None:
    seen = [await outcome_at(address, ttl) for ttl in range(1, 6)]

    assert [outcome for outcome, _ in seen] == ["EHOSTUNREACH"] * 4 + ["data"]
    assert [after for _, after in seen] == pytest.approx([0.01, 0.02, 0.03, 0.04, 0.05])


@BOTH
async def test_connection_survives_and_heals(autojump_clock: Any, address: str) -> None:
    """The kernel sends the same bytes again with the new TTL."""
    free, _ = await outcome_at(address, 2, heal=True)
    dropped, _ = await outcome_at(address, 1, BOXES["H06"](names=BLOCKED), heal=True)

    assert (free, dropped) == ("data", "silence")


@BOTH
async def test_without_recverr_the_error_is_soft(autojump_clock: Any, address: str) -> None:
    """It waits in SO_ERROR while reading blocks."""
    async with (
        virtual_net(routers=ROUTERS) as net,
        trio.open_nursery() as nursery,
    ):
        listener = await listen_tcp(net, address, 80)
        nursery.start_soon(trio.serve_listeners, echo, [listener])
        sock = new_socket(address)
        await sock.connect((address, 80))
        set_ttl(sock, 2)
        await sock.send(REQUEST)
        with trio.move_on_after(0.15) as scope:
            await sock.recv(100)

        assert scope.cancelled_caught
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.EHOSTUNREACH
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
        nursery.cancel_scope.cancel()


async def test_hop_limit_of_ipv6_data_is_readable_without_privileges(autojump_clock: Any) -> None:
    address = ADDRESSES[1]
    async with (
        virtual_net(routers=ROUTERS, boxes={2: [BOXES["H01"](names=BLOCKED)]}) as net,
        trio.open_nursery() as nursery,
    ):
        listener = await listen_tcp(net, address, 80)
        nursery.start_soon(trio.serve_listeners, echo, [listener])
        sock = new_socket(address)
        await sock.connect((address, 80))
        # IPV6_2292PKTOPTIONS is 6.
        before = struct.unpack_from("@i", sock.getsockopt(41, 6, 64), 16)[0]
        await sock.send(REQUEST)
        await sock.recv(100)
        after = struct.unpack_from("@i", sock.getsockopt(41, 6, 64), 16)[0]
        nursery.cancel_scope.cancel()

    assert (before, after) == (60, 62)
