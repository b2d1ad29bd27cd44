"""TLS at a server: reads the hello, obeys the site's manner, shows the right certificate."""

import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from socket import SO_LINGER, SOL_SOCKET

import trio

from probe.lab.servers.site import TlsManner

# RFC 8446 appendix B.1: a record's plaintext is at most 2**14 bytes.
_CHUNK_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server does with a hello: a manner, and the certificate if it serves."""

    manner: TlsManner
    context: ssl.SSLContext
    delay_s: float = 0.0


Chooser = Callable[[str | None], Answer]
"""From the server name in the hello (None: there was none) to what the server does."""


class TlsStream(trio.abc.Stream):
    """The server's end of an established TLS connection."""

    def __init__(
        self,
        transport: trio.abc.Stream,
        ssl_object: ssl.SSLObject,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
    ) -> None:
        self.transport = transport
        self.ssl_object = ssl_object
        self._incoming = incoming
        self._outgoing = outgoing
        self._send_lock = trio.Lock()

    @property
    def alpn(self) -> str | None:
        """The application protocol that was agreed on."""
        return self.ssl_object.selected_alpn_protocol()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of the data."""
        async with self._send_lock:
            view = memoryview(data)
            for start in range(0, len(view), _CHUNK_BYTES):
                try:
                    self.ssl_object.write(view[start : start + _CHUNK_BYTES])
                except ssl.SSLError as error:  # the peer has closed while a page was being sent
                    raise trio.BrokenResourceError(str(error)) from error
            await self.transport.send_all(self._outgoing.read())

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until a send might not block."""
        await self.transport.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return some bytes, or none once the peer has closed."""
        while True:
            try:
                return self.ssl_object.read(max_bytes or _CHUNK_BYTES)
            except ssl.SSLWantReadError:
                data = await self.transport.receive_some()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            except ssl.SSLError as error:
                raise trio.BrokenResourceError(str(error)) from error
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()

    async def aclose(self) -> None:
        """Say close_notify and close the connection."""
        with suppress(ssl.SSLError):  # the peer's own close_notify is not waited for
            self.ssl_object.unwrap()
        try:
            with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                await self.transport.send_all(self._outgoing.read())
        finally:
            await self.transport.aclose()


class _Reading(ssl.SSLObject):
    """A handshake that notes what is to be done as soon as OpenSSL has read the name."""

    choose: Chooser
    answer: Answer | None = None


def _on_name(ssl_object: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
    del context
    assert isinstance(ssl_object, _Reading)
    ssl_object.answer = ssl_object.choose(name)
    ssl_object.context = ssl_object.answer.context


@lru_cache(maxsize=1)
def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.num_tickets = 0  # as in pki: one more or less would change packet sizes
    context.sslobject_class = _Reading
    context.sni_callback = _on_name
    return context


async def accept_tls(stream: trio.abc.Stream, choose: Chooser) -> TlsStream | None:
    """Read a hello, do as `choose` says; return the stream, or None when there is none to serve."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    shake = _context().wrap_bio(incoming, outgoing, server_side=True)
    assert isinstance(shake, _Reading)
    shake.choose = choose
    decided = False
    try:
        while True:
            done = _step(shake)
            if shake.answer is not None and not decided:
                decided = True
                await trio.sleep(shake.answer.delay_s)
                if shake.answer.manner is not TlsManner.SERVE:
                    await _misbehave(stream, shake.answer.manner)
                    return None
            data = outgoing.read()
            if data:
                await stream.send_all(data)
            if done is None:
                await stream.aclose()
                return None
            if done:
                return TlsStream(stream, shake, incoming, outgoing)
            received = await stream.receive_some()
            if received:
                incoming.write(received)
            else:
                incoming.write_eof()
    except trio.BrokenResourceError:
        return None


def _step(ssl_object: ssl.SSLObject) -> bool | None:
    """Go on with the handshake: True when done, False when it waits, None when it failed."""
    try:
        ssl_object.do_handshake()
    except ssl.SSLWantReadError:
        return False
    except (ssl.SSLError, OSError):
        return None
    return True


async def _misbehave(stream: trio.abc.Stream, manner: TlsManner) -> None:
    match manner:
        case TlsManner.ALERT:
            # RFC 8446 section 6: alert record, TLS 1.2 on the wire, fatal, unrecognized_name.
            await stream.send_all(b"\x15\x03\x03\x00\x02\x02\x70")
        case TlsManner.RESET:
            abort(stream)
        case TlsManner.SILENCE:
            await trio.sleep_forever()
        case TlsManner.RUBBISH:
            await stream.send_all(bytes(range(97, 123)) * 20)
        case TlsManner.RUBBISH_RECORD:
            await stream.send_all(b"\x16\x03\x03\x01\x00" + b"\xff" * 256)
        case TlsManner.CLOSE | TlsManner.SERVE:
            pass
    await stream.aclose()


def abort(stream: trio.abc.Stream) -> None:
    """Reset the connection under this stream."""
    while isinstance(stream, TlsStream):
        stream = stream.transport
    if isinstance(stream, trio.SocketStream):
        # SO_LINGER with a time of 0: close() sends a reset (socket(7)).
        stream.socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        stream.socket.close()
