"""httpx transports over a connection that is there already: HTTP/1.1 by h11, HTTP/2 by httpcore.

There is no pool and nothing to open: what a transport reads and writes is our own stream.
"""

from collections.abc import AsyncIterator
from typing import Any, Final

import h11
import httpcore

from probe.model.words import Operation
from probe.wire.httpx_alone import httpx
from probe.wire.tcp import TcpStream
from probe.wire.tls import TlsStream

Stream = TcpStream | TlsStream

# Headers of real pages stay below 32 KB; this is one block of headers, as h11 counts it.
_HEAD_MAX_BYTES: Final = 102_400
_READ_BYTES: Final = 65_536


class EnoughError(Exception):
    """Raised in a read to end an exchange from below, so that every generator above it ends."""


class Wire(httpcore.AsyncNetworkStream):
    """Our stream with an allowance; timeouts are cancel scopes around it, not arguments."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.allowance_bytes = 0
        """How much more may be read."""
        self.enough = False
        self.operation = Operation.WRITE
        self.saw_end = False

    async def read(self, max_bytes: int = _READ_BYTES, timeout: float | None = None) -> bytes:
        """Return what has come, b"" at the peer's end."""
        del timeout
        if self.enough or self.allowance_bytes <= 0:
            raise EnoughError
        self.operation = Operation.READ
        data = await self._stream.receive_some(max_bytes)
        self.allowance_bytes -= len(data)
        self.saw_end = not data
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send everything."""
        del timeout
        if buffer:
            await self._stream.send_all(buffer)

    async def aclose(self) -> None:
        """Nothing: the stream belongs to whoever connected it."""

    def get_extra_info(self, info: str) -> object:
        """Return None: httpcore asks whether an idle connection is readable, ours never idle."""
        del info
        return None


class Http1(httpx.AsyncBaseTransport):
    """HTTP/1.1, one request after the other."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_MAX_BYTES)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request in one flight, return the response with its body unread."""
        if self._h11.our_state is h11.DONE:
            self._h11.start_next_cycle()
        head = h11.Request(
            method=request.method, target=request.url.raw_path, headers=request.headers.raw
        )
        flight = (
            self._h11.send(head),
            self._h11.send(h11.Data(data=request.content)) if request.content else b"",
            self._h11.send(h11.EndOfMessage()),
        )
        try:
            await self._wire.write(b"".join(part for part in flight if part))
        except OSError:
            # A server may answer and hang up before it has read everything: the answer counts.
            self._wire.operation = Operation.READ
        while True:
            event = await self._next()
            if isinstance(event, h11.Response):
                break
        return httpx.Response(
            event.status_code,
            headers=event.headers.raw_items(),
            stream=_Body(self._body()),
            extensions={"http_version": b"HTTP/" + event.http_version},
        )

    async def _body(self) -> AsyncIterator[bytes]:
        while True:
            event = await self._next()
            if not isinstance(event, h11.Data):
                return
            yield bytes(event.data)

    async def _next(self) -> Any:  # noqa: ANN401  h11's events have no common type
        while True:
            event = self._h11.next_event()
            if event is not h11.NEED_DATA:
                return event
            data = await self._wire.read()
            if not data and self._h11.their_state is h11.SEND_RESPONSE:
                raise h11.RemoteProtocolError("the connection ended before a response")
            self._h11.receive_data(data)


class Http2(httpx.AsyncBaseTransport):
    """HTTP/2, by httpcore's connection."""

    def __init__(self, wire: Wire, host: bytes, port: int) -> None:
        origin = httpcore.Origin(b"https", host, port)
        self._connection = httpcore.AsyncHTTP2Connection(origin=origin, stream=wire)
        self._before: Any = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request, return the response with its body unread."""
        if self._before is not None:
            # Tells httpcore that the stream is free.
            await self._before.aclose()
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = await self._connection.handle_async_request(
            httpcore.Request(
                request.method, url, headers=request.headers.raw, content=request.stream
            )
        )
        self._before = answer.stream
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream.__aiter__()),  # type: ignore[union-attr]  # always async
            extensions=answer.extensions,
        )


class _Body(httpx.AsyncByteStream):
    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        self._parts = parts

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._parts
