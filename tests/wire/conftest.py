"""Servers of a few lines on the virtual lab, for the steps to talk to."""

import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trio

from probe.lab.net import listen_tcp, udp_socket
from probe.lab.pki import LAB_ANCHOR, authority
from probe.lab.virtual import virtual_net
from probe.wire import http, tcp

ADDRESS = "157.240.1.174"
CA = authority(LAB_ANCHOR)
LIMIT = 65_536
"""How much of a page is read."""

Handler = Callable[[trio.SocketStream], Awaitable[None]]


async def fetch(stream, encrypted=None, url="http://www.instagram.com/", **changes):
    options = {"body_limit_bytes": LIMIT, "first_s": 20, "idle_s": 20, "total_s": 60, **changes}
    try:
        return await http.Session(stream, encrypted, url).exchange(**options)
    finally:
        stream.close()


@pytest.fixture
def serve():
    """Serve TCP by a handler: `async with serve(handler) as net`."""
    return serve_tcp


@pytest.fixture
def serve_tls():
    """Serve TLS by a handler that gets a trio.SSLStream."""

    @asynccontextmanager
    async def opened(handler, *, alpn=("http/1.1",), name="www.instagram.com", **options):
        context = CA.context(name, alpn=alpn)

        async def shake(stream):
            secure = trio.SSLStream(stream, context, server_side=True)
            await handler(secure)

        async with serve_tcp(shake, **options) as net:
            yield net

    return opened


@pytest.fixture
def serve_udp():
    """Serve UDP by an async function (data) -> list of (delay in seconds, datagram)."""

    @asynccontextmanager
    async def opened(answer, *, port=53, **options):
        async with virtual_net(utc=LAB_ANCHOR, **options) as net, trio.open_nursery() as nursery:
            sock = await udp_socket(net, ADDRESS, port)

            async def later(delay_s, data, peer):
                await trio.sleep(delay_s)
                await sock.sendto(data, peer)

            async def run():
                while True:
                    data, peer = await sock.recvfrom(65535)
                    for delay_s, reply in answer(data):
                        nursery.start_soon(later, delay_s, reply, peer)

            nursery.start_soon(run)
            yield net
            nursery.cancel_scope.cancel()

    return opened


@asynccontextmanager
async def serve_tcp(handler: Handler, *, port: int = 443, **options: object) -> AsyncIterator:
    async def careful(stream: trio.SocketStream) -> None:
        # That the client has gone is what some tests are about.
        with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await handler(stream)

    async with virtual_net(utc=LAB_ANCHOR, **options) as net, trio.open_nursery() as nursery:
        listener = await listen_tcp(net, ADDRESS, port)
        nursery.start_soon(trio.serve_listeners, careful, [listener])
        yield net
        nursery.cancel_scope.cancel()


@pytest.fixture
def connect():
    """Connect to the server: returns a TcpStream."""

    async def connected(port: int = 443) -> tcp.TcpStream:
        result = await tcp.connect(ADDRESS, port, timeout_s=10)
        assert result.stream is not None
        return result.stream

    return connected


def reset(stream: trio.SocketStream) -> None:
    """Close with a RST."""
    stream.socket.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
    )
    stream.socket.close()


@pytest.fixture
def hang_up():
    """Reset a connection, at the server."""
    return reset


@pytest.fixture
def answering(serve, connect):
    """Fetch from a server that reads the request and sends pieces of bytes, with pauses."""

    async def fetched(*pieces, then="close", **changes):
        requests = []

        async def handler(stream):
            requests.append(await stream.receive_some(65536))
            for piece in pieces:
                if isinstance(piece, bytes):
                    await stream.send_all(piece)
                else:
                    await trio.sleep(piece)
            if then == "hang":
                await trio.sleep_forever()

        async with serve(handler, port=80):
            return await fetch(await connect(80), **changes), requests[0]

    return fetched
