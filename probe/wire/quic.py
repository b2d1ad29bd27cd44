"""QUIC to one address over one UDP socket: version negotiation, or handshake and one GET.

aioquic does the protocol without I/O; it is an extra, imported when first needed (100 ms).
"""

import importlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import trio

from probe.model.observation import Failure
from probe.model.words import FailureWord, Operation
from probe.wire import failures, http, quic_packet
from probe.wire.patience import Patience, Progress

PORT: Final = 443
# aioquic adds times up and compares the sums: woken at the very instant of its timer, rounding may
# tell it that nothing is due yet, and on a clock that stands still it would be woken for ever.
TIMER_GRAIN_S: Final = 1e-6
_DATAGRAM_BYTES: Final = 65_535
# RFC 9001 section 4.8: a TLS alert is the QUIC error 0x100 + alert.
_CRYPTO_ERROR: Final = 0x100
# RFC 9114 section 8.1.
_H3_NO_ERROR: Final = 0x100
# How often a lost version probe is sent again, as QUIC's own first timer would (RFC 9002, 6.2.2).
_PROBE_AGAIN_S: Final = (1.0, 2.0, 4.0)
# What aioquic raises for datagrams that it should have ignored; found by feeding rubbish.
CONFUSED: Final = (ValueError, KeyError, IndexError, AssertionError, AttributeError)


def unavailable() -> str | None:
    """Say why QUIC cannot be measured here; None when it can.

    The extra is imported here, so that no exchange is timed while Python reads files.
    """
    try:
        importlib.import_module("aioquic.h3.connection")
    except ImportError:
        return "QUIC is not measured here; it needs the extra: pip install 'roadblock[quic]'"
    return None


@dataclass(slots=True)
class QuicResult:
    """One attempt."""

    version: str
    server_name: str | None
    started: float
    ended: float = 0.0
    failure: Failure | None = None
    server_versions: tuple[str, ...] = ()
    handshake_done: bool = False
    alpn: str | None = None
    chain: tuple[bytes, ...] = ()
    datagrams_sent: int = 0
    datagrams_received: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    first_byte_s: float | None = None
    close_code: int | None = None
    close_reason: str = ""
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body_bytes: int = 0
    how: http.Ended = "none"
    progress: tuple[tuple[float, int], ...] = ()


@dataclass(slots=True)
class Line:
    """A connected UDP socket that counts into a result."""

    sock: trio.socket.SocketType
    result: QuicResult
    patience: Patience
    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.progress = Progress(self.result.started)

    async def send(self, datagram: bytes) -> None:
        """Send and count one datagram."""
        await self.sock.send(datagram)
        self.result.datagrams_sent += 1
        self.result.bytes_sent += len(datagram)

    async def receive(self) -> bytes:
        """Return and count the next datagram; patience is renewed."""
        datagram = await self.sock.recv(_DATAGRAM_BYTES)
        result, now = self.result, trio.current_time()
        result.datagrams_received += 1
        result.bytes_received += len(datagram)
        if result.first_byte_s is None:
            result.first_byte_s = round(now - result.started, 6)
        self.patience.heard(now)
        self.progress.mark(now, result.bytes_received)
        return datagram


Conversation = Callable[[Line], Awaitable[None]]


async def talk(
    result: QuicResult, address: str, port: int, patience: Patience, conversation: Conversation
) -> QuicResult:
    """Run a conversation over a new socket; name what ends it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        sock = trio.socket.socket(family, socket.SOCK_DGRAM)
    except OSError as error:
        result.failure = failures.from_oserror(error, Operation.CONNECT)
        result.ended = trio.current_time()
        return result
    line = Line(sock, result, patience)
    with sock:
        try:
            with patience:
                await sock.connect((address, port))
                await conversation(line)
        except OSError as error:
            # A connected UDP socket is told of ICMP errors by errno.
            result.failure = failures.from_oserror(error, Operation.READ)
    if patience.expired is not None:
        operation = Operation.READ if result.handshake_done else Operation.HANDSHAKE
        result.failure = failures.timeout(operation, patience.expired)
    result.progress = line.progress.points
    result.ended = trio.current_time()
    return result


def initial_datagrams(address: str, port: int, server_name: str) -> tuple[bytes, ...]:
    """Return the datagrams that a conversation under this name begins with; nothing is sent."""
    from aioquic.quic.configuration import QuicConfiguration
    from aioquic.quic.connection import QuicConnection

    configuration = QuicConfiguration(
        alpn_protocols=["h3"], server_name=server_name, verify_mode=ssl.CERT_NONE
    )
    quic = QuicConnection(configuration=configuration)
    quic.connect((address, port), now=trio.current_time())
    return tuple(data for data, _ in quic.datagrams_to_send(now=trio.current_time()))


# --- version negotiation -------------------------------------------------------------------------


async def ask_versions(
    address: str, *, first_s: float, idle_s: float, total_s: float, port: int = PORT
) -> QuicResult:
    """Ask which versions a server speaks, by a version that none does; no name is sent."""
    result = QuicResult("negotiation", None, trio.current_time())
    patience = Patience(first_s=first_s, idle_s=idle_s, total_s=total_s)
    packet, source = quic_packet.probe()

    async def conversation(line: Line) -> None:
        waits = iter((*_PROBE_AGAIN_S, float("inf")))
        while True:
            await line.send(packet)
            with trio.move_on_after(next(waits)):
                while True:
                    versions = quic_packet.versions_in(await line.receive(), source)
                    if versions is not None:
                        result.server_versions = versions
                        return

    return await talk(result, address, port, patience, conversation)


# --- handshake and GET ---------------------------------------------------------------------------


async def exchange(
    address: str,
    url: str,
    *,
    server_name: str | None,
    body_limit_bytes: int,
    first_s: float,
    idle_s: float,
    total_s: float,
    version: str = "1",
    port: int = PORT,
) -> QuicResult:
    """Shake hands under a name and GET one page over HTTP/3; nothing is verified."""
    result = QuicResult(version, server_name, trio.current_time())
    patience = Patience(first_s=first_s, idle_s=idle_s, total_s=total_s)
    attempt = _Attempt(result, url, server_name, version, body_limit_bytes)

    async def conversation(line: Line) -> None:
        await attempt.run(line, (address, port))

    try:
        return await talk(result, address, port, patience, conversation)
    finally:
        attempt.conclude()


class _Attempt:
    """A connection under way. aioquic's objects are Any here and nowhere else."""

    def __init__(
        self,
        result: QuicResult,
        url: str,
        server_name: str | None,
        version: str,
        body_limit_bytes: int,
    ) -> None:
        from aioquic.h3.connection import H3_ALPN
        from aioquic.quic.configuration import QuicConfiguration
        from aioquic.quic.connection import QuicConnection

        number = quic_packet.VERSION_2 if version == "2" else quic_packet.VERSION_1
        configuration = QuicConfiguration(
            is_client=True,
            alpn_protocols=H3_ALPN,
            server_name=server_name,
            verify_mode=ssl.CERT_NONE,
            original_version=number,
            supported_versions=[number],
        )
        self._quic: Any = QuicConnection(configuration=configuration)
        self._http: Any = None
        self._result = result
        self._url = urlsplit(url)
        self._limit_bytes = body_limit_bytes
        self._over = False

    async def run(self, line: Line, peer: tuple[str, int]) -> None:
        """Send, wait for a datagram or aioquic's timer, look at what happened; until it is over."""
        quic = self._quic
        quic.connect(peer, now=trio.current_time())
        datagram: bytes | None = None
        has_asked = False
        while True:
            # Once the request is out, a page's datagrams are owed nothing but an acknowledgement by
            # timer: asking aioquic for one each time cost a tenth of an exchange.
            if datagram is None or not has_asked or self._over:
                await self._flush(line)
            if self._over:
                return
            has_asked = self._http is not None
            datagram = None
            timer = quic.get_timer()
            with trio.move_on_at(float("inf") if timer is None else timer + TIMER_GRAIN_S):
                datagram = await line.receive()
            now = trio.current_time()
            try:
                if datagram is not None:
                    quic.receive_datagram(datagram, peer, now=now)
                else:
                    quic.handle_timer(now=now)
                self._take_events()
            except CONFUSED as error:
                self._fail(FailureWord.SSL_FAILED_HANDSHAKE, type(error).__name__)
                return

    async def _flush(self, line: Line) -> None:
        for data, _ in self._quic.datagrams_to_send(now=trio.current_time()):
            await line.send(data)

    def _take_events(self) -> None:
        from aioquic.quic import events

        while (event := self._quic.next_event()) is not None:
            if isinstance(event, events.HandshakeCompleted):
                self._result.handshake_done = True
                self._result.alpn = event.alpn_protocol
                self._get()
            elif isinstance(event, events.ConnectionTerminated):
                self._terminated(event.error_code, event.reason_phrase or "")
                return
            if self._http is not None and not self._over:
                for got in self._http.handle_event(event):
                    self._take(got)

    def _get(self) -> None:
        from aioquic.h3.connection import H3Connection

        self._http = H3Connection(self._quic)
        path = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        headers = [
            (b":method", b"GET"),
            (b":scheme", b"https"),
            (b":authority", (self._url.hostname or "").encode("ascii", "replace")),
            (b":path", path.encode("ascii", "replace")),
            *((name.encode(), value.encode()) for name, value in http.PAGE_HEADERS),
        ]
        stream = self._quic.get_next_available_stream_id()
        self._http.send_headers(stream, headers, end_stream=True)

    def _take(self, got: Any) -> None:  # noqa: ANN401  aioquic has no common base with fields
        from aioquic.h3.events import DataReceived, HeadersReceived

        result = self._result
        if isinstance(got, HeadersReceived) and result.status is None:
            result.status, result.headers = http.keep_headers(got.headers)
        elif isinstance(got, DataReceived):
            result.body_bytes += len(got.data)
        else:
            return
        if got.stream_ended:
            result.how = "complete"
            self._finish()
        elif result.body_bytes >= self._limit_bytes:
            result.how = "limit"
            self._finish()

    def _finish(self) -> None:
        self._over = True
        self._quic.close(error_code=_H3_NO_ERROR)

    def _terminated(self, code: int, reason: str) -> None:
        result = self._result
        self._over = True
        if result.how in ("complete", "limit"):
            return
        result.close_code, result.close_reason = code, reason[:200]
        if "common protocol version" in reason:
            self._fail(FailureWord.QUIC_INCOMPATIBLE_VERSION, "version negotiation")
        elif not result.handshake_done and _CRYPTO_ERROR <= code < 2 * _CRYPTO_ERROR:
            result.failure = failures.from_alert(code - _CRYPTO_ERROR, Operation.HANDSHAKE)
        elif not result.handshake_done:
            self._fail(FailureWord.SSL_FAILED_HANDSHAKE, f"close {code:#x}")
        else:
            self._fail(FailureWord.HTTP_REQUEST_FAILED, f"close {code:#x}")

    def _fail(self, word: FailureWord, raw: str) -> None:
        operation = Operation.READ if self._result.handshake_done else Operation.HANDSHAKE
        self._result.failure = Failure(word=word, operation=operation, raw=raw)
        self._over = True

    def conclude(self) -> None:
        """Take what is known at the end, however it came."""
        result = self._result
        result.chain = _peer_chain(self._quic)
        if result.failure is not None and result.status is not None and result.body_bytes:
            result.how = "failed"


def _peer_chain(quic: Any) -> tuple[bytes, ...]:  # noqa: ANN401
    """Return the peer's certificates; aioquic keeps them privately, before it verifies any."""
    from cryptography.hazmat.primitives.serialization import Encoding

    leaf = getattr(quic.tls, "_peer_certificate", None) if hasattr(quic, "tls") else None
    if leaf is None:
        return ()
    rest = getattr(quic.tls, "_peer_certificate_chain", ())
    return tuple(certificate.public_bytes(Encoding.DER) for certificate in (leaf, *rest))
