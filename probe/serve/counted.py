"""A stream that counts below TLS, and knows a connection by its ClientHello."""

import hashlib
from collections.abc import Callable

import trio

from probe.serve.arrivals import ArrivalLog, Connection
from probe.wire import sockets

_HEADER_BYTES = 5
_HANDSHAKE = 0x16
# RFC 8446 section 5.1: a record holds at most 2**14 bytes.
_RECORD_MAX_BYTES = _HEADER_BYTES + 16_384


class CountedStream(trio.abc.Stream):
    """Passes bytes on and counts them; the connection is in the log once its hello is whole."""

    def __init__(self, stream: trio.SocketStream, log: ArrivalLog) -> None:
        self._stream = stream
        self._log = log
        self._head = b""
        self._is_read = False
        self._connection: Connection | None = None
        self._received = 0

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what has come."""
        data = bytes(await self._stream.receive_some(max_bytes))
        self._received += len(data)
        if not self._is_read:
            self._read_head(data)
        if self._connection is not None:
            self._connection.received_bytes = self._received
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send everything."""
        if self._connection is not None:
            self._connection.sent_bytes += len(data)
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until sending may succeed at once."""
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """Take the kernel's last word and close."""
        if self._connection is not None:
            self._connection.close()
        await self._stream.aclose()

    def _read_head(self, data: bytes) -> None:
        """Collect the first record; its hash is what the client knows its hello by."""
        self._head += data
        head = self._head
        if len(head) < _HEADER_BYTES:
            return
        size = _HEADER_BYTES + int.from_bytes(head[3:5], "big")
        if head[0] != _HANDSHAKE or size > _RECORD_MAX_BYTES:
            self._is_read, self._head = True, b""
        elif len(head) >= size:
            digest = hashlib.sha256(head[:size]).hexdigest()
            self._connection = self._log.note(digest, self._acked())
            self._is_read, self._head = True, b""

    def _acked(self) -> Callable[[], int | None]:
        def acked() -> int | None:
            info = sockets.tcp_info(self._stream.socket)
            return None if info is None else info.bytes_acked

        return acked
