"""One TLS handshake over our own TCP, by our own stream; nothing is verified during it.

Python's MemoryBIO keeps the engine off the socket: raw bytes, progress and alerts are ours to see.
"""

import hashlib
import ssl
from dataclasses import dataclass

import trio

from probe.model.experiment import Hello
from probe.model.observation import Failure
from probe.model.words import FailureWord, Operation
from probe.wire import contexts, failures
from probe.wire.patience import Patience, Progress
from probe.wire.records import AlertWatch
from probe.wire.tcp import TcpStream

# ssl.MemoryBIO's default read takes everything; records are at most 16 KB.
_READ_BYTES = 65_536
# _ssl.ENCODING_DER, which has no public name before 3.13 made chains plain bytes.
_ENCODING_DER = 2


class TlsStream:
    """The encrypted stream after a handshake. It is for one task at a time."""

    __slots__ = (
        "__weakref__",
        "_error",
        "_incoming",
        "_object",
        "_outgoing",
        "closed_cleanly",
        "tcp",
    )

    def __init__(
        self,
        tcp: TcpStream,
        engine: ssl.SSLObject,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
    ) -> None:
        self.tcp = tcp
        self._object = engine
        self._incoming = incoming
        self._outgoing = outgoing
        self._error: OSError | None = None
        self.closed_cleanly: bool | None = None
        """Whether the peer's end came with close_notify; None before the end."""

    @property
    def alpn(self) -> str | None:
        """The protocol agreed on."""
        return self._object.selected_alpn_protocol()

    async def send_all(self, data: bytes) -> None:
        """Encrypt and send everything."""
        self._object.write(data)
        await self.tcp.send_all(self._outgoing.read())

    async def finish_handshake(self) -> None:
        """Send a last flight that waited for a request, when none comes after all."""
        if self._outgoing.pending:
            await self.tcp.send_all(self._outgoing.read())

    async def receive_some(self, max_bytes: int = _READ_BYTES) -> bytes:
        """Return decrypted bytes, b"" at the peer's end, clean or not."""
        if self._error is not None:
            raise self._error
        if self.closed_cleanly is not None:
            return b""
        while True:
            data = self._read(max_bytes)
            if data is not None:
                return data
            if self._outgoing.pending:
                await self.tcp.send_all(self._outgoing.read())
            raw = await self.tcp.receive_some()
            if raw:
                self._incoming.write(raw)
            else:
                self._incoming.write_eof()

    def _read(self, max_bytes: int) -> bytes | None:
        """Decrypt what is there, all records at once; None when more is needed."""
        parts: list[bytes] = []
        left = max_bytes
        while left > 0:
            try:
                part = self._object.read(left)
            except ssl.SSLError as error:
                ended = self._ended(error)
                if parts:
                    # What came before the error is handed out first.
                    self._error = None if ended in ("wait", "eof") else error
                    break
                if ended == "error":
                    raise
                return None if ended == "wait" else b""
            if not part:
                self.closed_cleanly = True
                break
            parts.append(part)
            left -= len(part)
            if not self._incoming.pending and not self._object.pending():
                # Asking once more would only raise "want read".
                break
        return b"".join(parts)

    def _ended(self, error: ssl.SSLError) -> str:
        if isinstance(error, ssl.SSLWantReadError):
            _untie(error)
            return "wait"
        if isinstance(error, ssl.SSLZeroReturnError | ssl.SSLEOFError):
            self.closed_cleanly = isinstance(error, ssl.SSLZeroReturnError)
            return "eof"
        return "error"


@dataclass(frozen=True, slots=True)
class TlsResult:
    """A handshake: `stream` or `failure`, and what was seen either way."""

    started: float
    ended: float
    stream: TlsStream | None
    failure: Failure | None
    server_name: str | None
    hello: Hello
    alpn_offered: tuple[str, ...]
    hello_bytes: int = 0
    hello_sha256: str = ""
    alpn: str | None = None
    version: str | None = None
    cipher: str | None = None
    chain: tuple[bytes, ...] = ()
    alert: int | None = None
    first_byte_s: float | None = None
    failed_after_s: float | None = None
    received_head: bytes = b""
    progress: tuple[tuple[float, int], ...] = ()


async def handshake(
    stream: TcpStream,
    *,
    server_name: str | None,
    hello: Hello,
    alpn: tuple[str, ...],
    first_s: float,
    idle_s: float,
    total_s: float,
    goes_on: bool = False,
) -> TlsResult:
    """Shake hands; the caller keeps the TCP stream and closes it whatever happens.

    `goes_on`: our last flight waits and leaves together with the first request, as browsers do.
    """
    if hello is Hello.NO_NAME:
        server_name = None
    attempt = _Attempt(stream)
    failure: Failure | None = None
    made: TlsStream | None = None
    try:
        made = _engine(stream, server_name, hello, alpn)
    except (ValueError, UnicodeError) as error:
        failure = Failure(
            word=FailureWord.INVALID_ARGUMENT,
            operation=Operation.HANDSHAKE,
            raw=f"server name: {type(error).__name__}",
        )
    if made is not None:
        patience = Patience(first_s=first_s, idle_s=idle_s, total_s=total_s)
        try:
            with patience:
                failure = await attempt.run(made, patience, goes_on=goes_on)
        finally:
            stream.on_receive = None
        if patience.expired is not None:
            failure = failures.timeout(Operation.HANDSHAKE, patience.expired)
    return attempt.result(made, failure, server_name=server_name, hello=hello, alpn=alpn)


def _engine(
    stream: TcpStream, server_name: str | None, hello: Hello, alpn: tuple[str, ...]
) -> TlsStream:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    engine = contexts.context(alpn, hello).wrap_bio(incoming, outgoing, server_hostname=server_name)
    return TlsStream(stream, engine, incoming, outgoing)


class _Attempt:
    """A handshake under way."""

    __slots__ = (
        "_first_byte",
        "_hello",
        "_hello_left",
        "_patience",
        "_progress",
        "_started",
        "_stream",
        "_watch",
    )

    def __init__(self, stream: TcpStream) -> None:
        self._stream = stream
        self._started = trio.current_time()
        self._hello = b""
        self._hello_left: float | None = None
        self._first_byte: float | None = None
        self._watch = AlertWatch()
        self._progress = Progress(self._started)
        self._patience: Patience | None = None
        stream.forget_head()

    def _heard(self, now: float, data: bytes) -> None:
        if data:
            if self._first_byte is None:
                self._first_byte = now
            assert self._patience is not None
            self._patience.heard(now)
            self._watch.feed(data)
            self._progress.mark(now, self._stream.bytes_received)

    async def run(self, made: TlsStream, patience: Patience, *, goes_on: bool) -> Failure | None:
        """Exchange flights until the engine is done; return how it failed."""
        engine, incoming, outgoing = made._object, made._incoming, made._outgoing
        self._patience = patience
        self._stream.on_receive = self._heard
        operation = Operation.HANDSHAKE
        try:
            while True:
                done = _step(engine)
                if done and goes_on:
                    return None
                if outgoing.pending:
                    flight = outgoing.read()
                    await self._stream.send_all(flight)
                    if not self._hello:
                        self._hello = flight
                        self._hello_left = self._stream.sent_at
                        patience.sent(self._hello_left)
                if done:
                    return None
                data = await self._stream.receive_some()
                if not data:
                    if self._watch.alert is not None:
                        return failures.from_alert(self._watch.alert, operation)
                    return failures.eof(operation)
                incoming.write(data)
        except OSError as error:
            return name_error(error, operation, alert=self._watch.alert)

    def result(
        self,
        made: TlsStream | None,
        failure: Failure | None,
        *,
        server_name: str | None,
        hello: Hello,
        alpn: tuple[str, ...],
    ) -> TlsResult:
        ended = trio.current_time()
        engine = None if made is None else made._object
        cipher = engine.cipher() if engine is not None and failure is None else None
        sent = self._hello_left
        alert = self._watch.alert
        if alert is None and failure is not None and failure.raw.startswith("alert "):
            alert = int(failure.raw.split(" ")[1])
        return TlsResult(
            started=self._started,
            ended=ended,
            stream=made if failure is None else None,
            failure=failure,
            server_name=server_name,
            hello=hello,
            alpn_offered=alpn,
            hello_bytes=len(self._hello),
            hello_sha256=hashlib.sha256(self._hello).hexdigest() if self._hello else "",
            alpn=engine.selected_alpn_protocol() if engine is not None and not failure else None,
            version=engine.version() if cipher is not None and engine is not None else None,
            cipher=cipher[0] if cipher else None,
            chain=() if engine is None else peer_chain(engine),
            alert=alert,
            first_byte_s=_after(sent, self._first_byte),
            failed_after_s=_after(sent, ended) if failure is not None else None,
            received_head=self._stream.head if failure is not None else b"",
            progress=self._progress.points,
        )


def _step(engine: ssl.SSLObject) -> bool:
    """Let the engine go on; True when the handshake is complete."""
    try:
        engine.do_handshake()
    except ssl.SSLWantReadError as error:
        _untie(error)
        return False
    return True


def _untie(error: ssl.SSLError) -> None:
    """Let go of the frames behind an error that is no news.

    utls (2026.10) raises from a frame that holds the error it raises: a cycle that keeps the whole
    connection, 170 KB, until Python next collects garbage. A test tells when it has gone.
    """
    error.__traceback__ = None


def _after(start: float | None, moment: float | None) -> float | None:
    return None if start is None or moment is None else round(moment - start, 6)


def name_error(error: OSError, operation: Operation, *, alert: int | None = None) -> Failure:
    """Name what a stream raised: the engine's error or the socket's."""
    if isinstance(error, ssl.SSLError):
        return failures.from_ssl(error, operation, alert=alert)
    return failures.from_oserror(error, operation)


def peer_chain(engine: ssl.SSLObject) -> tuple[bytes, ...]:
    """Return the certificates that the peer sent, DER, leaf first, verified or not."""
    read = getattr(engine, "get_unverified_chain", None)
    if read is None:
        # CPython 3.11 and 3.12 have it one object deeper; public since 3.13 (bpo-18233).
        read = engine._sslobj.get_unverified_chain  # type: ignore[attr-defined]
    chain = read()
    return tuple(
        c if isinstance(c, bytes) else bytes(c.public_bytes(_ENCODING_DER)) for c in chain or ()
    )
