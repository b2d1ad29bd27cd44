"""One packet with a short life: which router gives it up, or what answers before that.

Unprivileged: the TTL is an option of the socket, and the routers' errors come out of the kernel's
error queue (Linux). A connection's own packets get errors without the router's address there, so
routers are learnt by SYNs (techniques 3, L1, L2, L5, L6).
"""

import contextlib
import errno
import socket
import ssl
import sys
from collections.abc import Sequence
from typing import Final, Literal

import trio

from probe.model.experiment import Hello
from probe.model.observation import TraceHop
from probe.wire import contexts, error_queue

# linux/in.h, linux/in6.h; Python has no names for them.
_IP_TTL: Final = 2
_IPV6_UNICAST_HOPS: Final = 16
# RFC 792 and RFC 4443: time exceeded.
_EXPIRED: Final = {4: 11, 6: 3}
_UNREACHABLE: Final = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES})
_ALPN: Final = ("h2", "http/1.1")

Outcome = Literal["expired", "silent", "reset", "answered", "refused", "unreachable"]


def unavailable() -> str | None:
    """Say why nothing is located here; None when it can be."""
    if sys.platform != "linux" or not hasattr(socket, "MSG_ERRQUEUE"):
        return "this system does not hand over the errors of routers"
    return None


async def probe_syn(address: str, port: int, ttl: int, *, wait_s: float) -> TraceHop:
    """Begin a connection with packets that pass `ttl - 1` routers."""
    started = trio.current_time()
    with _socket(address, socket.SOCK_STREAM) as sock:
        _shorten(sock, address, ttl)
        with trio.move_on_after(wait_s):
            try:
                await sock.connect((address, port))
            except OSError as error:
                return await _failed(sock, error, ttl, started)
            return _hop(ttl, "answered", started)
    return _hop(ttl, "silent", started)


async def probe_hello(
    address: str, port: int, name: str, ttl: int, *, connect_s: float, wait_s: float
) -> TraceHop | None:
    """Connect as usual, then send a ClientHello that passes `ttl - 1` routers.

    None where there is no connection.
    """
    with _socket(address, socket.SOCK_STREAM) as sock:
        with trio.move_on_after(connect_s) as patience:
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                await sock.connect((address, port))
            except OSError:
                return None
        if patience.cancelled_caught:
            return None
        _shorten(sock, address, ttl)
        return await _exchange(sock, (client_hello(name),), ttl, wait_s=wait_s)


async def probe_datagrams(
    address: str, port: int, payloads: Sequence[bytes], ttl: int, *, wait_s: float
) -> TraceHop:
    """Send datagrams (a DNS question, QUIC Initials) that pass `ttl - 1` routers."""
    started = trio.current_time()
    with _socket(address, socket.SOCK_DGRAM) as sock:
        _shorten(sock, address, ttl)
        try:
            await sock.connect((address, port))
        except OSError:
            return _hop(ttl, "unreachable", started)
        return await _exchange(sock, payloads, ttl, wait_s=wait_s)


def client_hello(name: str) -> bytes:
    """Return the ClientHello that an ordinary handshake here begins with."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    engine = contexts.context(_ALPN, Hello.SSL).wrap_bio(incoming, outgoing, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        engine.do_handshake()
    return outgoing.read()


async def _exchange(
    sock: trio.socket.SocketType, payloads: Sequence[bytes], ttl: int, *, wait_s: float
) -> TraceHop:
    started = trio.current_time()
    with trio.move_on_after(wait_s):
        try:
            for payload in payloads:
                await sock.send(payload)
            data = await sock.recv(65_536)
        except OSError as error:
            return await _failed(sock, error, ttl, started)
        return _hop(ttl, "answered" if data else "reset", started)
    return _hop(ttl, "silent", started)


async def _failed(
    sock: trio.socket.SocketType, error: OSError, ttl: int, started: float
) -> TraceHop:
    """Name a failure; the error queue says whether a router gave the packet up, and which."""
    ended = trio.current_time()
    told = await error_queue.first_error(sock)
    outcome: Outcome = "unreachable"
    if error.errno == errno.ECONNREFUSED:
        outcome = "refused"
    elif error.errno in {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED}:
        outcome = "reset"
    elif told is not None:
        expired = _EXPIRED[6 if sock.family == socket.AF_INET6 else 4]
        outcome = "expired" if told.type == expired else "unreachable"
    elif error.errno in _UNREACHABLE:
        # A connection's own packets: the error comes without its details.
        outcome = "expired"
    router = told.sender if told is not None else None
    return TraceHop(ttl=ttl, outcome=outcome, router=router, after_s=round(ended - started, 6))


def _socket(address: str, kind: socket.SocketKind) -> trio.socket.SocketType:
    return trio.socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)


def _shorten(sock: trio.socket.SocketType, address: str, ttl: int) -> None:
    error_queue.want_errors(sock, address)
    if ":" in address:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_UNICAST_HOPS, ttl)
    else:
        sock.setsockopt(socket.IPPROTO_IP, _IP_TTL, ttl)


def _hop(ttl: int, outcome: Outcome, started: float) -> TraceHop:
    return TraceHop(ttl=ttl, outcome=outcome, after_s=round(trio.current_time() - started, 6))
