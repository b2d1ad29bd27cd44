"""HTTP/3 at a server: aioquic without its asyncio, driven by trio. Needs the extra `quic`."""

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import trio
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from probe.lab.pki import Issued
from probe.lab.servers.http import Request, Respond, body_chunks, response_headers, without_port
from probe.lab.servers.site import Manner
from probe.lab.servers.udp import AnyAddressUdp, Datagram

# RFC 9000 section 14.1: a client's first datagram is at least this long.
_INITIAL_BYTES = 1200
# aioquic adds times up and compares the sums: woken at the very instant of its timer, rounding may
# tell it that nothing is due yet, and on a clock that stands still it would be woken for ever.
_TIMER_GRAIN_S = 1e-6


@lru_cache(maxsize=1)
def is_available() -> bool:
    """Say whether aioquic is installed, and load it: that takes longer than a round trip."""
    if find_spec("aioquic") is None:
        return False
    import_module("aioquic.h3.connection")
    return True


class QuicPort:
    """All QUIC connections of one UDP port, told apart by the client's address and port."""

    def __init__(
        self,
        udp: AnyAddressUdp,
        *,
        certificate_at: Callable[[str], Issued | None],
        respond_at: Callable[[str], Respond],
    ) -> None:
        self._udp = udp
        self._certificate_at = certificate_at
        self._respond_at = respond_at
        self._connections: dict[tuple[str, int, str], trio.MemorySendChannel[Datagram | None]] = {}

    async def serve(self, nursery: trio.Nursery) -> None:
        """Serve until cancelled; connections run in the nursery."""
        while True:
            datagram = await self._udp.receive()
            key = (datagram.client, datagram.client_port, datagram.local)
            channel = self._connections.get(key)
            if channel is None:
                channel = await self._open(datagram, nursery)
                if channel is None:
                    continue
                self._connections[key] = channel
            try:
                channel.send_nowait(datagram)
            except trio.WouldBlock:
                continue  # a full channel is a full socket buffer: the datagram is lost
            except trio.BrokenResourceError:
                del self._connections[key]

    async def _open(
        self, datagram: Datagram, nursery: trio.Nursery
    ) -> trio.MemorySendChannel[Datagram | None] | None:
        """Begin a connection with a client's first datagram, where it is one that we speak."""
        from aioquic.buffer import Buffer  # type: ignore[attr-defined]
        from aioquic.quic.configuration import QuicConfiguration
        from aioquic.quic.connection import QuicConnection
        from aioquic.quic.packet import (
            QuicPacketType,
            encode_quic_version_negotiation,
            pull_quic_header,
        )

        issued = self._certificate_at(datagram.local)
        if issued is None or len(datagram.data) < _INITIAL_BYTES:
            return None
        try:
            header = pull_quic_header(Buffer(data=datagram.data), host_cid_length=8)
        except ValueError:
            return None
        configuration = QuicConfiguration(is_client=False, alpn_protocols=["h3"])
        known = configuration.supported_versions
        if header.version and header.version not in known:
            negotiation = encode_quic_version_negotiation(
                source_cid=header.destination_cid,
                destination_cid=header.source_cid,
                supported_versions=known,
            )
            await self._udp.answer(datagram, negotiation)
            return None
        if header.packet_type is not QuicPacketType.INITIAL:
            return None
        leaf, *others = map(_certificate, issued.chain)
        configuration.certificate = leaf
        configuration.certificate_chain = others
        configuration.private_key = _private_key(issued.key_pem)
        quic = QuicConnection(
            configuration=configuration,
            original_destination_connection_id=header.destination_cid,
        )
        send, receive = trio.open_memory_channel[Datagram | None](64)
        respond = self._respond_at(datagram.local)
        connection = _Connection(quic, self._udp, datagram, respond, send.clone())
        nursery.start_soon(connection.run, receive)
        return send


_certificate = lru_cache(maxsize=4096)(x509.load_der_x509_certificate)


@lru_cache(maxsize=4096)
def _private_key(pem: bytes) -> PrivateKeyTypes:
    return load_pem_private_key(pem, None)


class _Connection:
    """One QUIC connection. aioquic has no types: its objects are Any here and nowhere else."""

    def __init__(
        self,
        quic: Any,  # noqa: ANN401
        udp: AnyAddressUdp,
        first: Datagram,
        respond: Respond,
        wake: trio.MemorySendChannel[Datagram | None],
    ) -> None:
        self._quic = quic
        self._udp = udp
        self._first = first
        self._respond = respond
        self._wake = wake
        self._http: Any = None
        self._requests: dict[int, dict[bytes, bytes]] = {}

    async def run(self, datagrams: trio.MemoryReceiveChannel[Datagram | None]) -> None:
        """Serve one connection until it ends."""
        peer = (self._first.client, self._first.client_port)
        async with datagrams, trio.open_nursery() as nursery:
            while True:
                timer = self._quic.get_timer()
                datagram = None
                at = float("inf") if timer is None else timer + _TIMER_GRAIN_S
                with trio.move_on_at(at):
                    datagram = await datagrams.receive()
                now = trio.current_time()
                if datagram is not None:
                    self._quic.receive_datagram(datagram.data, peer, now=now)
                elif timer is not None and timer <= now:
                    self._quic.handle_timer(now=now)
                if self._take_events(nursery):
                    nursery.cancel_scope.cancel()
                await self._flush()

    def _take_events(self, nursery: trio.Nursery) -> bool:
        """Handle what has happened; True once the connection is over."""
        from aioquic.h3.connection import H3Connection
        from aioquic.h3.events import HeadersReceived
        from aioquic.quic.events import ConnectionTerminated, ProtocolNegotiated

        while (event := self._quic.next_event()) is not None:
            if isinstance(event, ConnectionTerminated):
                return True
            if isinstance(event, ProtocolNegotiated):
                self._http = H3Connection(self._quic)
            if self._http is None:
                continue
            for got in self._http.handle_event(event):
                if isinstance(got, HeadersReceived):
                    self._requests[got.stream_id] = dict(got.headers)
                if got.stream_ended and got.stream_id in self._requests:
                    fields = self._requests.pop(got.stream_id)
                    nursery.start_soon(self._answer, got.stream_id, fields)
        return False

    async def _answer(self, stream_id: int, fields: dict[bytes, bytes]) -> None:
        page = self._respond(
            Request(
                fields.get(b":method", b"GET").decode(),
                without_port(fields.get(b":authority", b"").decode()),
                fields.get(b":path", b"/").decode(),
                secure=True,
            )
        )
        await trio.sleep(page.delay_s)
        if page.manner in {Manner.SILENCE, Manner.CLOSE}:
            return
        headers = [(b":status", str(page.status).encode())]
        headers += [(n.lower().encode(), v.encode()) for n, v in response_headers(page)]
        self._http.send_headers(stream_id, headers)
        await self._flush_and_wake()
        async for chunk in body_chunks(page):
            self._http.send_data(stream_id, chunk, end_stream=False)
            await self._flush_and_wake()
        if page.manner is Manner.RESET_MID_BODY:
            self._quic.reset_stream(stream_id, 0x102)  # RFC 9114 section 8.1: H3_INTERNAL_ERROR
        elif page.manner is not Manner.TRUNCATED:
            self._http.send_data(stream_id, b"", end_stream=True)
        await self._flush_and_wake()

    async def _flush(self) -> None:
        for data, _ in self._quic.datagrams_to_send(now=trio.current_time()):
            await self._udp.answer(self._first, data)

    async def _flush_and_wake(self) -> None:
        """Send what is due, then wake the loop, whose timer may have changed."""
        await self._flush()
        with suppress(trio.WouldBlock, trio.BrokenResourceError):
            self._wake.send_nowait(None)
