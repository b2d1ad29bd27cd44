"""The responder's HTTP: objects of a given size, both ways, and nothing else.

GET /sized/N sends N bytes, POST /sized counts what comes. Bytes do not compress, so that what
arrives is what was sent.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Final

import h11
import trio

from probe.serve.bucket import Bucket

OBJECT_MAX_BYTES: Final = 4_194_304
"""A transfer of the run reads 256 KB to 1 MB."""
BYTES_PER_MINUTE: Final = 64_000_000.0
REQUESTS_MAX: Final = 16
REQUEST_WAIT_S: Final = 30.0
_BLOCK: Final = secrets.token_bytes(65_536)
_READ_BYTES: Final = 65_536
_FRONT: Final = (
    b"A Roadblock responder: it answers under any name, so that probes can tell a name that is\n"
    b"filtered on the way from a server that refuses it. It is none of the sites it is asked for.\n"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent for one request."""

    status: int
    body: bytes = b""
    size_bytes: int | None = None
    """Of an object that is made while it is sent."""
    content_type: str = "text/plain; charset=utf-8"


class Objects:
    """Serves sized objects to all connections, within one allowance of bytes a minute."""

    def __init__(self, *, bytes_per_minute: float = BYTES_PER_MINUTE) -> None:
        self._bucket = Bucket(per_minute=bytes_per_minute, burst=bytes_per_minute)

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Answer requests until the client, an error or our patience ends it."""
        connection = h11.Connection(h11.SERVER)
        try:
            for _ in range(REQUESTS_MAX):
                with trio.move_on_after(REQUEST_WAIT_S) as waiting:
                    request = await _next_request(connection, stream)
                if waiting.cancelled_caught or request is None:
                    return
                await self._answer(connection, stream, request)
                if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                    return
                connection.start_next_cycle()
        except (h11.RemoteProtocolError, trio.BrokenResourceError, trio.ClosedResourceError):
            # Whoever speaks no HTTP or leaves in the middle has had what it came for.
            return

    async def _answer(
        self, connection: h11.Connection, stream: trio.abc.Stream, request: h11.Request
    ) -> None:
        path = request.target.partition(b"?")[0].decode("ascii", "replace")
        received = await _drain(connection, stream)
        if received is None:
            reply = Reply(413, b"too long\n")
        elif request.method == b"POST" and path == "/sized":
            told = json.dumps({"received_bytes": received}).encode()
            reply = Reply(200, told, content_type="application/json")
        elif request.method == b"GET" and path.startswith("/sized/"):
            reply = self._object(path.removeprefix("/sized/"))
        elif request.method in (b"GET", b"HEAD"):
            reply = Reply(200 if path == "/" else 404, _FRONT)
        else:
            reply = Reply(405, b"GET /sized/BYTES or POST /sized\n")
        await _send(connection, stream, request, reply)

    def _object(self, text: str) -> Reply:
        if not (text.isascii() and text.isdigit()) or int(text[:12]) > OBJECT_MAX_BYTES:
            return Reply(404, f"at most /sized/{OBJECT_MAX_BYTES}\n".encode())
        size = int(text[:12])
        if self._bucket.take(float(size)) is not None:
            return Reply(503, b"too much is asked for at the moment\n")
        return Reply(200, size_bytes=size, content_type="application/octet-stream")


async def _next_request(connection: h11.Connection, stream: trio.abc.Stream) -> h11.Request | None:
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(bytes(await stream.receive_some(_READ_BYTES)))
        elif isinstance(event, h11.Request):
            return event
        else:
            return None


async def _drain(connection: h11.Connection, stream: trio.abc.Stream) -> int | None:
    """Read the body and return its length; None for one that is too long."""
    received = 0
    if connection.they_are_waiting_for_100_continue:
        head = h11.InformationalResponse(status_code=100, headers=[])
        await stream.send_all(connection.send(head))
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(bytes(await stream.receive_some(_READ_BYTES)))
        elif isinstance(event, h11.Data):
            received += len(event.data)
            if received > OBJECT_MAX_BYTES:
                return None
        else:
            return received


async def _send(
    connection: h11.Connection, stream: trio.abc.Stream, request: h11.Request, reply: Reply
) -> None:
    size = len(reply.body) if reply.size_bytes is None else reply.size_bytes
    headers = [
        ("content-type", reply.content_type),
        ("content-length", str(size)),
        ("cache-control", "no-store"),
    ]
    if reply.status == 413:
        headers.append(("connection", "close"))
    head = connection.send(h11.Response(status_code=reply.status, headers=headers))
    await stream.send_all(head)
    if request.method != b"HEAD":
        left = size if reply.size_bytes is not None else 0
        if reply.body:
            await stream.send_all(connection.send(h11.Data(data=reply.body)))
        while left > 0:
            part = _BLOCK[: min(left, len(_BLOCK))]
            await stream.send_all(connection.send(h11.Data(data=part)))
            left -= len(part)
    connection.send(h11.EndOfMessage())
