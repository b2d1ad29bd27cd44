"""The virtual UDP socket as a client program sees it."""

import errno
import socket
import struct
from typing import Any

import pytest
import trio

from probe.lab.box import Where
from probe.lab.boxes import BOXES
from probe.lab.net import udp_socket
from probe.lab.path import Router
from probe.lab.virtual import VirtualNet, virtual_net

ROUTERS = tuple(Router(f"10.0.{n}.1", f"2001:db8:{n}::1") for n in range(1, 5))
ADDRESSES = ("8.8.8.8", "2001:4860:4860::8888")
BOTH = pytest.mark.parametrize("address", ADDRESSES, ids=["IPv4", "IPv6"])
# asm-generic/socket.h
SO_TIMESTAMPNS = 35


def new_socket(address: str) -> trio.socket.SocketType:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return trio.socket.socket(family, socket.SOCK_DGRAM)


async def echo(net: VirtualNet, address: str, task_status: Any) -> None:
    sock = await udp_socket(net, address, 53)
    task_status.started()
    while True:
        data, sender = await sock.recvfrom(4096)
        await sock.sendto(data, sender)


@BOTH
async def test_datagram_comes_back_after_a_round_trip_with_time_and_ttl(
    autojump_clock: Any, address: str
) -> None:
    is_v6 = ":" in address
    async with virtual_net(routers=ROUTERS) as net, trio.open_nursery() as nursery:
        await nursery.start(lambda task_status: echo(net, address, task_status))
        sock = new_socket(address)
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sock.setsockopt(41 if is_v6 else 0, 51 if is_v6 else 12, 1)
        await sock.sendto(b"ping", (address, 53))
        await trio.sleep(1)
        data, ancillary, _, sender = await sock.recvmsg(100, 100)
        nursery.cancel_scope.cancel()

    found = {(level, kind): value for level, kind, value in ancillary}
    seconds, nanoseconds = struct.unpack("@qq", found[socket.SOL_SOCKET, SO_TIMESTAMPNS])
    ttl = found[(41, 52) if is_v6 else (0, 2)]
    assert data == b"ping"
    assert sender[:2] == (address, 53)
    assert struct.unpack("@i", ttl)[0] == 60
    # The time of arrival, not of reading.
    assert seconds + nanoseconds / 1e9 == pytest.approx(net.utc.timestamp() + 0.05, abs=1e-6)


@BOTH
async def test_closed_port_refuses_a_connected_socket(autojump_clock: Any, address: str) -> None:
    async with virtual_net(routers=ROUTERS):
        sock = new_socket(address)
        await sock.connect((address, 9))
        await sock.send(b"x")

        with pytest.raises(ConnectionRefusedError):
            await sock.recv(10)
        assert trio.current_time() == pytest.approx(0.05)


async def test_soft_errors_stay_unseen_without_recverr(autojump_clock: Any) -> None:
    box = BOXES["T04"](where=Where(prefixes=(ADDRESSES[0],)), code_v4=1)
    async with virtual_net(routers=ROUTERS, boxes={1: [box]}):
        sock = new_socket(ADDRESSES[0])
        await sock.connect((ADDRESSES[0], 53))
        await sock.send(b"x")
        with pytest.raises(trio.TooSlowError), trio.fail_after(1):
            await sock.recv(10)

        sock.setsockopt(0, 11, 1)
        await sock.send(b"x")
        with pytest.raises(OSError) as caught:
            await sock.recv(10)
        assert caught.value.errno == errno.EHOSTUNREACH


async def test_other_senders_are_not_heard_on_a_connected_socket(autojump_clock: Any) -> None:
    async with virtual_net() as net:
        stranger = await udp_socket(net, "198.51.100.1", 53)
        sock = new_socket(ADDRESSES[0])
        await sock.connect((ADDRESSES[0], 53))
        local = sock.getsockname()
        await stranger.sendto(b"forged", local)

        with pytest.raises(trio.TooSlowError), trio.fail_after(1):
            await sock.recv(10)


async def test_port_in_use_is_refused(autojump_clock: Any) -> None:
    async with virtual_net() as net:
        await udp_socket(net, "8.8.8.8", 53)

        with pytest.raises(OSError) as caught:
            await udp_socket(net, "8.8.8.8", 53)
        assert caught.value.errno == errno.EADDRINUSE


async def test_what_does_not_fit_the_link_is_too_long(autojump_clock: Any) -> None:
    async with virtual_net():
        with pytest.raises(OSError) as caught:
            await new_socket("8.8.8.8").sendto(b"x" * 1473, ("8.8.8.8", 53))

        assert caught.value.errno == errno.EMSGSIZE
