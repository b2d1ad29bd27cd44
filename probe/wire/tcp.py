"""One TCP connection: connect with errno, count every byte, tell the kernel's view of it."""

import socket
from collections.abc import Callable
from dataclasses import dataclass

import trio

from probe.model.observation import Failure, TcpInfo
from probe.model.words import FailureWord, Operation
from probe.wire import error_queue, failures, sockets
from probe.wire.error_queue import Icmp

# Enough for a whole flight at the usual initial window; larger reads do not come faster.
_READ_BYTES = 65_536
# observation.py: `received_head` is at most 512 bytes.
_HEAD_BYTES = 512


class TcpStream:
    """A connected socket that counts. It is for one task at a time.

    Errors are raised as OSError to the operation in wire/ that uses the stream, which names them.
    """

    __slots__ = (
        "_socket",
        "bytes_received",
        "bytes_sent",
        "head",
        "on_receive",
        "on_send",
        "sent_at",
    )

    def __init__(self, sock: trio.socket.SocketType) -> None:
        self._socket = sock
        self.bytes_sent = 0
        self.bytes_received = 0
        self.head = b""
        """The first bytes from the peer since `forget_head`, at most 512."""
        self.on_receive: Callable[[float, bytes], None] | None = None
        """Called with trio's time and the bytes, to renew a patience or draw progress."""
        self.on_send: Callable[[float], None] | None = None
        """Called with the time at which what was sent last went out."""
        self.sent_at = 0.0
        """That time. Taken before the call, behind which a busy loop may keep us waiting: an answer
        would seem to come too soon, as a forged one does."""

    async def send_all(self, data: bytes) -> None:
        """Send everything."""
        self.sent_at = trio.current_time()
        sent = await self._socket.send(data)
        self.bytes_sent += sent
        if sent < len(data):
            rest = memoryview(data)[sent:]
            while rest:
                self.sent_at = trio.current_time()
                sent = await self._socket.send(rest)
                self.bytes_sent += sent
                rest = rest[sent:]
        if self.on_send is not None:
            self.on_send(self.sent_at)

    async def receive_some(self, max_bytes: int = _READ_BYTES) -> bytes:
        """Return what has come, b"" at the peer's end."""
        data = await self._socket.recv(max_bytes)
        self.bytes_received += len(data)
        if len(self.head) < _HEAD_BYTES:
            self.head += data[: _HEAD_BYTES - len(self.head)]
        if self.on_receive is not None:
            self.on_receive(trio.current_time(), data)
        return data

    def forget_head(self) -> None:
        """Start collecting the head anew."""
        self.head = b""

    def info(self) -> TcpInfo | None:
        """Return TCP_INFO as of now."""
        return sockets.tcp_info(self._socket)

    @property
    def source_port(self) -> int | None:
        """Our port."""
        return sockets.source_port(self._socket)

    def close(self) -> None:
        """Close at once; nothing to wait for, so nothing to shield."""
        self._socket.close()


@dataclass(frozen=True, slots=True)
class TcpResult:
    """A connection attempt: `stream` or `failure`."""

    started: float
    ended: float
    stream: TcpStream | None
    failure: Failure | None
    source_port: int | None
    info: TcpInfo | None
    icmp: Icmp | None = None
    """The ICMP message that ended it, where the system tells."""


async def connect(
    address: str, port: int, *, timeout_s: float, source_port: int | None = None
) -> TcpResult:
    """Connect to a literal address; from a given port only if asked."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    started = trio.current_time()
    try:
        sock = trio.socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        # No such family on this machine.
        failure = failures.from_oserror(error, Operation.CONNECT)
        return TcpResult(started, trio.current_time(), None, failure, None, None)
    connected = False
    try:
        failed = await _connect(sock, (address, port), timeout_s, source_port)
        ended = trio.current_time()
        icmp = await _icmp(sock, failed)
        used_port = sockets.source_port(sock)
        info = sockets.tcp_info(sock)
        if was_made(failed, info):
            failed = None
        connected = failed is None
    finally:
        if not connected:
            sock.close()
    return TcpResult(
        started, ended, TcpStream(sock) if connected else None, failed, used_port, info, icmp
    )


def was_made(failed: Failure | None, info: TcpInfo | None) -> bool:
    """Say whether a connection that is told as reset had been made, and was cut before we looked.

    A reset in answer to the first packet is ECONNREFUSED. ECONNRESET comes from a later one, which
    a busy machine finds before it is told of the connection. The next step then meets the reset, as
    it does on a machine that is quicker, and what was said to which name decides there.
    """
    is_reset = failed is not None and failed.word is FailureWord.CONNECTION_RESET
    return is_reset and info is not None and bool(info.bytes_acked)


async def _icmp(sock: trio.socket.SocketType, failed: Failure | None) -> Icmp | None:
    is_router = failed is not None and failed.errno in error_queue.BY_ROUTERS
    return await error_queue.first_error(sock) if is_router else None


async def _connect(
    sock: trio.socket.SocketType,
    peer: tuple[str, int],
    timeout_s: float,
    source_port: int | None,
) -> Failure | None:
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source_port is not None:
            # Else a port in TIME_WAIT, which a fixed port soon is, could not be used again.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            await sock.bind(("", source_port))
        error_queue.want_errors(sock, peer[0])
        with trio.move_on_after(timeout_s):
            await sock.connect(peer)
            error_queue.want_errors(sock, peer[0], wanted=False)
            return None
    except OSError as error:
        return failures.from_oserror(error, Operation.CONNECT)
    except OverflowError:
        return Failure(
            word=FailureWord.INVALID_ARGUMENT, operation=Operation.CONNECT, raw=f"port {peer[1]}"
        )
    return failures.timeout(Operation.CONNECT, f"total {timeout_s:g} s")
