"""HTTP/1.1 and HTTP/2 at a server, over any stream."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import h11
import trio
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import H2Error

from probe.lab.servers.site import REDIRECT_TO_HTTPS, Edge, Manner, Page
from probe.lab.servers.tls import abort

_CHUNK_BYTES = 16_384
_SERVER = ("server", "lab")
# RFC 9110 section 6.4.1: such answers have no content.
_BODILESS = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Request:
    """What a server is asked."""

    method: str
    host: str
    path: str
    """With the query."""
    secure: bool
    body: bytes = b""


Respond = Callable[[Request], Page]


def page_of(edge: Edge, request: Request) -> Page:
    """Return the page for a request: the site's, or 404 where the edge does not serve the host."""
    site = edge.site(request.host)
    if site is None:
        return Page(status=404, body=b"no such site here\n")
    page = site.page(request.path, secure=request.secure)
    if page is REDIRECT_TO_HTTPS:
        location = f"https://{request.host}{request.path}"
        return Page(status=page.status, headers=(("location", location),))
    return page


def without_port(authority: str) -> str:
    """Return the host of a Host header or :authority, lower case."""
    head, colon, tail = authority.rpartition(":")
    return (head if colon and tail.isdigit() else authority).strip("[]").lower()


async def serve_http1(stream: trio.abc.Stream, respond: Respond, *, secure: bool) -> None:
    """Answer requests on one connection until the peer or a page ends it."""
    connection = h11.Connection(h11.SERVER)
    while True:
        request = await _request(connection, stream, secure=secure)
        if request is None:
            return
        page = respond(request)
        await trio.sleep(page.delay_s)
        if page.manner in {Manner.CLOSE, Manner.SILENCE, Manner.RUBBISH, Manner.ENDLESS_HEADERS}:
            await _without_http(stream, page)
            return
        response = h11.Response(status_code=page.status, headers=list(response_headers(page)))
        await stream.send_all(connection.send(response) or b"")
        if request.method != "HEAD" and page.status not in _BODILESS:
            async for chunk in body_chunks(page):
                await stream.send_all(connection.send(h11.Data(data=chunk)) or b"")
        if page.manner is Manner.RESET_MID_BODY:
            abort(stream)
        if page.manner in {Manner.RESET_MID_BODY, Manner.TRUNCATED}:
            return
        await stream.send_all(connection.send(h11.EndOfMessage()) or b"")
        if connection.our_state is h11.MUST_CLOSE:
            return
        connection.start_next_cycle()


async def _request(
    connection: h11.Connection, stream: trio.abc.Stream, *, secure: bool
) -> Request | None:
    """Read one whole request; None when the peer is gone or speaks no HTTP."""
    head: h11.Request | None = None
    body = b""
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            return None
        if event is h11.NEED_DATA:
            connection.receive_data(bytes(await stream.receive_some()))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            host = dict(head.headers).get(b"host", b"").decode("ascii", "replace")
            return Request(
                head.method.decode("ascii", "replace"),
                without_port(host),
                head.target.decode("ascii", "replace"),
                secure,
                body,
            )
        elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
            return None


def response_headers(page: Page) -> tuple[tuple[str, str], ...]:
    """Return the page's headers with those that every answer has."""
    given = {name.lower() for name, _ in page.headers}
    headers = list(page.headers)
    if "server" not in given:
        headers.append(_SERVER)
    if (page.body or page.padding_bytes) and "content-type" not in given:
        headers.append(("content-type", "text/html; charset=utf-8"))
    if page.status not in _BODILESS and page.manner is not Manner.ENDLESS_BODY:
        headers.append(("content-length", str(len(page.body) + page.padding_bytes)))
    return tuple(headers)


async def _without_http(stream: trio.abc.Stream, page: Page) -> None:
    if page.manner is Manner.SILENCE:
        await trio.sleep_forever()
    if page.manner is Manner.RUBBISH:
        await stream.send_all(b"\x00\xff this is no HTTP \r\n" * 8)
    if page.manner is Manner.ENDLESS_HEADERS:
        await stream.send_all(b"HTTP/1.1 200 OK\r\nserver: lab\r\n")
        while True:
            await stream.send_all(b"x-more: and more\r\n" * 64)
            await trio.sleep(0.01)


async def body_chunks(page: Page) -> AsyncIterator[bytes]:
    """Yield the body as the page's manner sends it."""
    body = page.content
    part = body[: len(body) // 3]
    match page.manner:
        case Manner.ENDLESS_BODY:
            while True:
                yield body or b"and more\n"
                await trio.sleep(0.01)
        case Manner.DRIP:
            for number in range(len(body)):
                yield body[number : number + 1]
                await trio.sleep(1)
        case Manner.TRUNCATED | Manner.RESET_MID_BODY:
            yield part
        case Manner.STALL:
            yield part
            await trio.sleep_forever()
        case _:
            for start in range(0, len(body), _CHUNK_BYTES):
                yield body[start : start + _CHUNK_BYTES]


class _Http2:
    """One HTTP/2 connection."""

    def __init__(self, stream: trio.abc.Stream, respond: Respond) -> None:
        self._stream = stream
        self._respond = respond
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._lock = trio.Lock()
        self._window = trio.Condition()
        self._requests: dict[int, tuple[dict[str, str], bytearray]] = {}
        self._streams: dict[int, trio.CancelScope] = {}

    async def serve(self) -> None:
        """Answer requests until the peer goes away."""
        self._h2.initiate_connection()
        await self._flush()
        async with trio.open_nursery() as nursery:
            await self._read(nursery)
            nursery.cancel_scope.cancel()

    async def _read(self, nursery: trio.Nursery) -> None:
        while data := await self._stream.receive_some():
            try:
                events = self._h2.receive_data(data)
            except H2Error:
                await self._flush()
                return
            for event in events:
                if isinstance(event, RequestReceived) and event.stream_id and event.headers:
                    self._requests[event.stream_id] = (
                        {str(name): str(value) for name, value in event.headers},
                        bytearray(),
                    )
                elif isinstance(event, DataReceived) and event.stream_id:
                    length = event.flow_controlled_length or 0
                    self._h2.acknowledge_received_data(length, event.stream_id)
                    self._requests[event.stream_id][1].extend(event.data or b"")
                elif isinstance(event, StreamEnded) and event.stream_id:
                    scope = self._streams[event.stream_id] = trio.CancelScope()
                    nursery.start_soon(self._answer, event.stream_id, scope)
                elif isinstance(event, StreamReset) and event.stream_id in self._streams:
                    self._streams[event.stream_id].cancel()
                elif isinstance(event, WindowUpdated | RemoteSettingsChanged):
                    async with self._window:
                        self._window.notify_all()
                elif isinstance(event, ConnectionTerminated):
                    return
            await self._flush()

    async def _answer(self, stream_id: int, scope: trio.CancelScope) -> None:
        fields, body = self._requests.pop(stream_id)
        host = without_port(fields.get(":authority", fields.get("host", "")))
        method = fields.get(":method", "GET")
        request = Request(method, host, fields.get(":path", "/"), secure=True, body=bytes(body))
        with scope:
            page = self._respond(request)
            await trio.sleep(page.delay_s)
            if page.manner is Manner.SILENCE:
                await trio.sleep_forever()
            if page.manner is Manner.CLOSE:
                await self._stream.aclose()
                return
            with_body = method != "HEAD" and page.status not in _BODILESS
            headers = [(":status", str(page.status)), *response_headers(page)]
            self._h2.send_headers(stream_id, headers, end_stream=not with_body)
            await self._flush()
            if not with_body:
                return
            async for chunk in body_chunks(page):
                await self._send(stream_id, chunk)
            if page.manner is Manner.RESET_MID_BODY:
                abort(self._stream)
            elif page.manner is Manner.TRUNCATED:
                await self._stream.aclose()
            else:
                self._h2.end_stream(stream_id)
                await self._flush()

    async def _send(self, stream_id: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            room = min(
                self._h2.local_flow_control_window(stream_id), self._h2.max_outbound_frame_size
            )
            if room <= 0:
                async with self._window:
                    await self._window.wait()
                continue
            self._h2.send_data(stream_id, bytes(view[:room]))
            view = view[room:]
            await self._flush()

    async def _flush(self) -> None:
        async with self._lock:
            data = self._h2.data_to_send()
            if data:
                await self._stream.send_all(data)


async def serve_http2(stream: trio.abc.Stream, respond: Respond) -> None:
    """Answer requests on one HTTP/2 connection until the peer or a page ends it."""
    try:
        await _Http2(stream, respond).serve()
    except* (trio.BrokenResourceError, trio.ClosedResourceError):
        pass  # one of the streams' tasks found the connection gone
