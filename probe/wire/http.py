"""One HTTP exchange over a stream that the steps before it made: httpx over our own bytes.

No client, no pool, no environment: what is sent is what is written here, redirects are values.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

import h2.exceptions
import h11
import httpcore
import trio

from probe.model.observation import Failure
from probe.model.words import FailureWord, Operation
from probe.wire import failures, tls
from probe.wire.body import BodyReader, title_of
from probe.wire.httpx_alone import httpx
from probe.wire.patience import Patience, Progress
from probe.wire.tcp import TcpStream
from probe.wire.tls import TlsStream
from probe.wire.transport import EnoughError, Http1, Http2, Wire

# What Chrome sends today (its frozen platform part), fewer headers. A page for "python" tells
# nothing about the page that people get.
USER_AGENT: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Safari/537.36"
)
# br and zstd are left out: the body is decoded here, by the standard library.
PAGE_HEADERS: Final = (
    ("user-agent", USER_AGENT),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("accept-language", "en-US,en;q=0.9"),
    ("accept-encoding", "gzip, deflate"),
)
DOH_HEADERS: Final = (
    ("accept", "application/dns-message"),
    ("content-type", "application/dns-message"),
)

# Headers of real pages stay below 32 KB; h11 gives up at 100 KB, this is the whole allowance
# including any number of interim responses.
_HEAD_LIMIT_BYTES: Final = 262_144
# Chunk sizes, frames and padding around a body; beyond it the peer sends framing only.
_FRAMING_FACTOR: Final = 4
_FRAMING_EXTRA_BYTES: Final = 65_536
_HEADERS_KEPT: Final = 128
_HEADER_VALUE_CHARACTERS: Final = 2048

Ended = Literal["complete", "limit", "truncated", "failed", "none"]

# What httpcore, h11 and h2 raise for a peer that does not speak HTTP; found by feeding rubbish.
_NOT_HTTP: Final = (
    httpcore.ProtocolError,
    httpcore.ConnectionNotAvailable,
    h11.ProtocolError,
    h2.exceptions.H2Error,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
)


@dataclass(slots=True)
class HttpResult:
    """An exchange: what came before it failed, if it did."""

    started: float
    ended: float = 0.0
    failure: Failure | None = None
    request_headers: tuple[tuple[str, str], ...] = ()
    http_version: str | None = None
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    location: str | None = None
    body: bytes = b""
    body_bytes: int = 0
    body_sha256: str = ""
    declared_bytes: int | None = None
    how: Ended = "none"
    first_byte_s: float | None = None
    failed_after_s: float | None = None
    progress: tuple[tuple[float, int], ...] = ()
    title: str | None = None
    _reader: BodyReader | None = field(default=None, repr=False)

    def header(self, name: str) -> str:
        """Return the first value of a header, "" without one."""
        return next((value for key, value in self.headers if key == name), "")


class Session:
    """Exchanges over one connection, one after the other."""

    def __init__(self, tcp: TcpStream, encrypted: TlsStream | None, url: str) -> None:
        self._tcp = tcp
        self._tls = encrypted
        self._url = httpx.URL(url)
        self._host = self._url.netloc.decode("ascii")
        self._wire = Wire(encrypted or tcp)
        self._transport: httpx.AsyncBaseTransport
        if encrypted is not None and encrypted.alpn == "h2":
            self._transport = Http2(self._wire, self._url.raw_host, self._url.port or 443)
        else:
            self._transport = Http1(self._wire)

    async def exchange(
        self,
        *,
        method: str = "GET",
        headers: tuple[tuple[str, str], ...] = PAGE_HEADERS,
        content: bytes = b"",
        host: str | None = None,
        body_limit_bytes: int,
        first_s: float,
        idle_s: float,
        total_s: float,
    ) -> HttpResult:
        """Send one request and read what comes, within its patience and limits."""
        result = HttpResult(trio.current_time())
        headers = (("host", host or self._host), *headers)
        if content:
            headers = (*headers, ("content-length", str(len(content))))
        result.request_headers = headers
        request = httpx.Request(method, self._url, headers=headers, content=content or None)
        watch = _Watch(self._tcp, result.started)
        patience = Patience(first_s=first_s, idle_s=idle_s, total_s=total_s)
        watch.patience = patience
        self._wire.allowance_bytes = _HEAD_LIMIT_BYTES
        try:
            with patience:
                result.failure = await self._run(request, result, body_limit_bytes)
        finally:
            watch.stop()
        if patience.expired is not None:
            result.failure = failures.timeout(self._wire.operation, patience.expired)
        self._conclude(result, watch)
        return result

    async def _run(
        self, request: httpx.Request, result: HttpResult, body_limit_bytes: int
    ) -> Failure | None:
        wire = self._wire
        wire.operation = Operation.WRITE
        reader: BodyReader | None = None
        try:
            response = await self._transport.handle_async_request(request)
            _take_head(response, result)
            reader = result._reader = BodyReader(
                limit_bytes=body_limit_bytes,
                content_encoding=result.header("content-encoding"),
            )
            wire.allowance_bytes = body_limit_bytes * _FRAMING_FACTOR + _FRAMING_EXTRA_BYTES
            async for part in response.stream:  # type: ignore[union-attr]
                reader.feed(part)
                wire.enough = reader.raw_bytes >= body_limit_bytes
        except EnoughError:
            if reader is None:
                return _not_http(f"head over {_HEAD_LIMIT_BYTES} bytes")
            result.how = "limit"
            return None
        except OSError as error:
            return tls.name_error(error, wire.operation)
        except _NOT_HTTP as error:
            if wire.saw_end:
                return failures.eof(Operation.READ)
            return _not_http(type(error).__name__)
        else:
            result.how = "complete"
            return None

    def _conclude(self, result: HttpResult, watch: "_Watch") -> None:
        result.ended = trio.current_time()
        result.first_byte_s = watch.first_byte_s
        result.progress = watch.progress.points
        reader = result._reader
        if reader is not None:
            result.body = reader.content
            result.body_bytes = reader.size_bytes
            result.body_sha256 = reader.sha256
            result.title = title_of(result.body, result.header("content-type"))
        if result.failure is not None:
            result.failed_after_s = round(result.ended - watch.asked_at, 6)
            result.how = _how_it_broke(result.failure, reader)
        elif result.how == "complete" and self._ended_without_notice(result):
            result.how = "truncated"

    def _ended_without_notice(self, result: HttpResult) -> bool:
        """Whether the end of the connection ended the body, and no close_notify said so."""
        return (
            self._wire.saw_end
            and self._tls is not None
            and self._tls.closed_cleanly is False
            and result.declared_bytes is None
        )


class _Watch:
    """Sees each byte below TLS: patience renewed, progress drawn, first byte timed."""

    __slots__ = ("_base_bytes", "_first", "_tcp", "asked_at", "patience", "progress")

    def __init__(self, stream: TcpStream, started: float) -> None:
        self._tcp = stream
        self._base_bytes = stream.bytes_received
        self._first: float | None = None
        self.asked_at = started
        self.patience: Patience | None = None
        self.progress = Progress(started)
        stream.on_receive = self._heard
        stream.on_send = self._sent

    def _heard(self, now: float, data: bytes) -> None:
        if data:
            if self._first is None:
                self._first = now
            assert self.patience is not None
            self.patience.heard(now)
            self.progress.mark(now, self._tcp.bytes_received - self._base_bytes)

    def _sent(self, now: float) -> None:
        if self._first is None:
            self.asked_at = now
            assert self.patience is not None
            self.patience.sent(now)

    def stop(self) -> None:
        self._tcp.on_receive = None
        self._tcp.on_send = None

    @property
    def first_byte_s(self) -> float | None:
        return None if self._first is None else round(self._first - self.asked_at, 6)


def _take_head(response: httpx.Response, result: HttpResult) -> None:
    version = response.extensions.get("http_version", b"")
    result.http_version = version.decode("ascii", "replace").removeprefix("HTTP/")
    result.status = response.status_code
    _, result.headers = keep_headers(response.headers.raw)
    result.location = result.header("location") or None
    declared = result.header("content-length")
    result.declared_bytes = int(declared) if declared.isascii() and declared.isdigit() else None


def keep_headers(
    raw: Sequence[tuple[bytes, bytes]],
) -> tuple[int | None, tuple[tuple[str, str], ...]]:
    """Return `:status` (HTTP/3 has it there) and the headers to keep, cookies by name only."""
    status: int | None = None
    kept: list[tuple[str, str]] = []
    for raw_name, raw_value in raw[:_HEADERS_KEPT]:
        name = raw_name.decode("latin-1").lower()
        value = raw_value.decode("latin-1")
        if name == ":status":
            status = int(value) if value.isascii() and value.isdigit() else None
        elif name == "set-cookie":
            kept.append((name, value.split("=", 1)[0][:_HEADER_VALUE_CHARACTERS]))
        elif not name.startswith(":"):
            kept.append((name, value[:_HEADER_VALUE_CHARACTERS]))
    return status, tuple(kept)


def _how_it_broke(failure: Failure, reader: BodyReader | None) -> Ended:
    if reader is None or reader.raw_bytes == 0:
        return "none"
    return "truncated" if failure.word == FailureWord.EOF_ERROR else "failed"


def _not_http(raw: str) -> Failure:
    return Failure(word=FailureWord.HTTP_REQUEST_FAILED, operation=Operation.READ, raw=raw)


def _port_of(scheme: str) -> int:
    return 80 if scheme == "http" else 443


def split_url(url: str) -> SplitResult | None:
    """Split an http(s) URL that the probe may follow; None for anything else or odder.

    No user name, no other port than the scheme's, a plain ASCII host.
    """
    try:
        httpx.URL(url)
        parts = urlsplit(url)
        port = parts.port
    except (ValueError, httpx.InvalidURL):
        return None
    host = parts.hostname or ""
    is_plain = (
        parts.scheme in ("http", "https")
        and bool(host)
        and host.isascii()
        and parts.username is None
        and parts.password is None
        and port in (None, _port_of(parts.scheme))
    )
    return parts if is_plain else None
