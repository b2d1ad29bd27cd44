"""The virtual TCP stack as a client program sees it: errno, timing, TCP_INFO."""

import errno
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from probe.lab.net import listen_tcp
from probe.lab.path import Link, Router
from probe.lab.virtual import VirtualNet, virtual_net

ROUTERS = tuple(Router(f"10.0.{n}.1", f"2001:db8:{n}::1") for n in range(1, 5))
ADDRESSES = ("157.240.1.174", "2a03:2880::1")
BOTH = pytest.mark.parametrize("address", ADDRESSES, ids=["IPv4", "IPv6"])


async def echo(stream: trio.SocketStream) -> None:
    async for data in stream:
        await stream.send_all(data)
    await stream.aclose()


@asynccontextmanager
async def lab(
    address: str,
    handler: Callable[[trio.SocketStream], Any] | None = echo,
    port: int = 443,
    **options: Any,
) -> AsyncIterator[VirtualNet]:
    options.setdefault("routers", ROUTERS)
    async with virtual_net(**options) as net, trio.open_nursery() as nursery:
        if handler is not None:
            listener = await listen_tcp(net, address, port)
            nursery.start_soon(trio.serve_listeners, handler, [listener])
        yield net
        nursery.cancel_scope.cancel()


def new_socket(address: str, kind: int = socket.SOCK_STREAM) -> trio.socket.SocketType:
    return trio.socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)


def tcp_info(sock: trio.socket.SocketType) -> dict[str, int]:
    raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 232)
    names = ("unacked", 24), ("rtt", 68), ("total_retrans", 100), ("min_rtt", 148), ("ooo", 224)
    info = {name: struct.unpack_from("=I", raw, at)[0] for name, at in names}
    info["acked"], info["received"] = struct.unpack_from("=QQ", raw, 120)
    return info | {"state": raw[0], "retransmits": raw[2]}


@BOTH
async def test_connecting_takes_one_round_trip(autojump_clock: Any, address: str) -> None:
    async with lab(address):
        sock = new_socket(address)
        await sock.connect((address, 443))

        assert trio.current_time() == pytest.approx(0.05)
        info = tcp_info(sock)
        assert info["state"] == 1
        assert info["min_rtt"] == pytest.approx(50_000, abs=1)
        assert info["acked"] == 1


@BOTH
async def test_a_closed_port_refuses(autojump_clock: Any, address: str) -> None:
    async with lab(address):
        with pytest.raises(ConnectionRefusedError):
            await new_socket(address).connect((address, 80))

        assert trio.current_time() == pytest.approx(0.05)


@BOTH
async def test_data_goes_there_and_back_whole(autojump_clock: Any, address: str) -> None:
    async with lab(address):
        stream = await trio.open_tcp_stream(address, 443)
        sent = bytes(range(256)) * 1000
        received = bytearray()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.send_all, sent)
            while len(received) < len(sent):
                received += await stream.receive_some()

        assert received == sent
        info = tcp_info(stream.socket)
        assert info["acked"] == len(sent) + 1
        assert info["received"] == len(sent)


@pytest.mark.parametrize("loss", [0.05, 0.15])
async def test_loss_delays_but_does_not_corrupt(autojump_clock: Any, loss: float) -> None:
    link = Link(loss=loss, jitter_s=0.01, reorder=0.05, duplicate=0.02)
    async with lab(ADDRESSES[0], link=link, seed=7):
        stream = await trio.open_tcp_stream(ADDRESSES[0], 443)
        sent = bytes(range(256)) * 200
        received = bytearray()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.send_all, sent)
            while len(received) < len(sent):
                received += await stream.receive_some()

        assert received == sent
        assert tcp_info(stream.socket)["total_retrans"] > 0


async def test_half_close_lets_the_answer_come(autojump_clock: Any) -> None:
    async def answer_after_eof(stream: trio.SocketStream) -> None:
        data = b""
        async for piece in stream:
            data += piece
        await stream.send_all(data[::-1])
        await stream.aclose()

    async with lab(ADDRESSES[0], answer_after_eof):
        stream = await trio.open_tcp_stream(ADDRESSES[0], 443)
        await stream.send_all(b"abc")
        await stream.send_eof()

        assert await stream.receive_some() == b"cba"
        assert await stream.receive_some() == b""


async def test_a_server_that_resets_gives_connection_reset(autojump_clock: Any) -> None:
    """The hello is acknowledged first: with one's own server the count shows it."""

    async def reset(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await stream.aclose()

    async with lab(ADDRESSES[0], reset):
        sock = new_socket(ADDRESSES[0])
        await sock.connect((ADDRESSES[0], 443))
        await sock.send(b"x" * 517)
        with pytest.raises(ConnectionResetError):
            await sock.recv(100)

        assert trio.current_time() == pytest.approx(0.1)
        assert tcp_info(sock)["acked"] == 518
        assert await sock.recv(100) == b""
        with pytest.raises(BrokenPipeError):
            await sock.send(b"y")


async def test_no_route_to_a_missing_family(autojump_clock: Any) -> None:
    async with virtual_net(client={4: "192.0.2.7"}):
        with pytest.raises(OSError) as caught:
            await new_socket("2001:db8::5").connect(("2001:db8::5", 443))

        assert caught.value.errno == errno.ENETUNREACH
        assert trio.current_time() == 0


async def test_loopback_refuses_at_once(autojump_clock: Any) -> None:
    async with virtual_net():
        for address in ("127.0.0.1", "0.0.0.0", "::1"):
            with pytest.raises(ConnectionRefusedError):
                await new_socket(address).connect((address, 443))

        assert trio.current_time() == 0


async def test_source_ports_depend_on_the_seed_alone(autojump_clock: Any) -> None:
    ports = []
    for _ in range(2):
        async with lab(ADDRESSES[0], seed=3):
            sock = new_socket(ADDRESSES[0])
            await sock.connect((ADDRESSES[0], 443))
            ports.append(sock.getsockname()[1])
            sock.close()

    assert ports[0] == ports[1]


async def test_bound_source_port_is_used(autojump_clock: Any) -> None:
    async with lab(ADDRESSES[0]):
        sock = new_socket(ADDRESSES[0])
        await sock.bind(("0.0.0.0", 40123))
        await sock.connect((ADDRESSES[0], 443))

        assert sock.getsockname() == ("192.0.2.2", 40123)


async def test_narrow_link_makes_segments_smaller(autojump_clock: Any) -> None:
    async with lab(ADDRESSES[0], link=Link(mtu=1400)):
        stream = await trio.open_tcp_stream(ADDRESSES[0], 443)
        await stream.send_all(b"x" * 5000)
        received = b""
        while len(received) < 5000:
            received += await stream.receive_some()

        assert stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) == 1360
        assert trio.current_time() < 1


async def test_mtu_black_hole_passes_little_and_stalls_much(autojump_clock: Any) -> None:
    async with lab(ADDRESSES[0], link=Link(mtu=1400, tells_too_big=False)):
        stream = await trio.open_tcp_stream(ADDRESSES[0], 443)
        await stream.send_all(b"x" * 500)
        assert len(await stream.receive_some()) == 500

        await stream.send_all(b"x" * 5000)
        with pytest.raises(trio.TooSlowError), trio.fail_after(30):
            await stream.receive_some()


async def test_window_closes_and_opens_again(autojump_clock: Any) -> None:
    async def pour(stream: trio.SocketStream) -> None:
        await stream.send_all(b"x" * 3_000_000)
        await stream.aclose()

    async with lab(ADDRESSES[0], pour):
        stream = await trio.open_tcp_stream(ADDRESSES[0], 443)
        await trio.sleep(60)
        total = 0
        async for data in stream:
            total += len(data)

        assert total == 3_000_000


async def test_closing_wakes_a_reader(autojump_clock: Any) -> None:
    async with lab(ADDRESSES[0]):
        stream = await trio.open_tcp_stream(ADDRESSES[0], 443)

        async def close_soon() -> None:
            await trio.sleep(1)
            await stream.aclose()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(close_soon)
            with pytest.raises(trio.ClosedResourceError):
                await stream.receive_some()
