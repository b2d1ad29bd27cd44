"""Runs all servers of a world: one listener per port, and who answers is looked up by address."""

import errno
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import Final

import trio

from probe.lab.log import Event, What
from probe.lab.net import Net, listen_tcp
from probe.lab.packet import TCP, UDP, Flow
from probe.lab.pki import Authority, Issued, authority
from probe.lab.servers import quic
from probe.lab.servers.http import Request, Respond, page_of, serve_http1, serve_http2
from probe.lab.servers.nameserver import EMPTY_ZONE, NameServer, NameService, Reply, Zone
from probe.lab.servers.resolver import doh_page, serve_stream, serve_udp
from probe.lab.servers.site import RAW_MANNERS, Edge, Page, Site, TlsManner
from probe.lab.servers.tls import Answer, TlsStream, abort, accept_tls
from probe.lab.servers.udp import EVERYWHERE, any_address_udp


class Speaks(StrEnum):
    """What is spoken on a TCP port."""

    HTTP = "http"
    HTTPS = "https"
    TLS = "tls"  # a handshake, then nothing
    TCP = "tcp"  # a connection, then nothing
    DNS = "dns"
    DOT = "dot"


WEB_PORTS: Final[Mapping[int, Speaks]] = MappingProxyType(
    {53: Speaks.DNS, 80: Speaks.HTTP, 443: Speaks.HTTPS, 853: Speaks.DOT}
)


@dataclass(frozen=True, slots=True)
class Farm:
    """All servers of a world, as data."""

    at: datetime
    """Certificates are made for this date."""
    edges: Mapping[str, Edge] = field(default_factory=lambda: MappingProxyType({}))
    """By address."""
    name_servers: Mapping[str, NameServer] = field(default_factory=lambda: MappingProxyType({}))
    """By address."""
    zone: Zone = field(default_factory=lambda: EMPTY_ZONE)
    ports: Mapping[int, Speaks] = field(default_factory=lambda: WEB_PORTS)
    quic: bool = True
    skew: timedelta = timedelta()
    """By how much the net's clock, which is the client's, is ahead of the servers'."""


async def serve_farm(
    net: Net, farm: Farm, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Serve until cancelled; started once everything listens."""
    servers = _Servers(net, farm)
    async with trio.open_nursery() as nursery:
        for family, everywhere in EVERYWHERE.items():
            for port, speaks in farm.ports.items():
                listener = await listen_tcp(net, everywhere, port)
                handler = partial(servers.on_connection, speaks)
                nursery.start_soon(_serve_listener, listener, handler, nursery)
            names = await any_address_udp(net, family, 53)
            nursery.start_soon(serve_udp, names, servers.on_question, nursery)
            if farm.quic and quic.is_available() and servers.speaks_quic:
                udp = await any_address_udp(net, family, 443)
                port_443 = quic.QuicPort(
                    udp,
                    certificate_at=servers.quic_certificate,
                    respond_at=servers.quic_responder,
                )
                nursery.start_soon(port_443.serve, nursery)
        task_status.started()


async def _serve_listener(
    listener: trio.SocketListener,
    handler: Callable[[trio.SocketStream], Awaitable[None]],
    nursery: trio.Nursery,
) -> None:
    while True:
        nursery.start_soon(_serve_stream, await listener.accept(), handler)


async def _serve_stream(
    stream: trio.SocketStream, handler: Callable[[trio.SocketStream], Awaitable[None]]
) -> None:
    try:
        await handler(stream)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass  # the client, or a box, has ended the connection: that is what the lab is for
    finally:
        await trio.aclose_forcefully(stream)


class _Servers:
    """Who answers where."""

    def __init__(self, net: Net, farm: Farm) -> None:
        self._net = net
        self._farm = farm
        self._ca: Authority = authority(farm.at)
        self._names = {
            server.id: NameService(server, farm.zone) for server in farm.name_servers.values()
        }
        self._connections: dict[str, int] = {}
        self._asked: dict[tuple[str, str], list[float]] = {}
        self.speaks_quic = any(site.http3 for e in farm.edges.values() for site in e.sites)

    async def on_connection(self, speaks: Speaks, stream: trio.SocketStream) -> None:
        """Serve one TCP connection."""
        client = _client_of(stream)
        if client is None:
            return
        address = client.local
        edge = self._farm.edges.get(address)
        if edge is not None and not self._admits(edge, address):
            self._note(client, "overload", "")
            abort(stream)
            return
        match speaks:
            case Speaks.DNS:
                if address in self._farm.name_servers:
                    await serve_stream(stream, partial(self._ask, client))
            case Speaks.DOT:
                secure = await self._handshake(stream, client, edge, ("dot",))
                if secure is not None:
                    await serve_stream(secure, partial(self._ask, client))
            case Speaks.HTTP:
                if edge is not None:
                    await serve_http1(stream, self._responder(client, edge), secure=False)
            case Speaks.HTTPS:
                secure = await self._handshake(stream, client, edge, None)
                if secure is not None:
                    await self._serve_https(secure, client, edge)
            case Speaks.TLS:
                secure = await self._handshake(stream, client, edge, ())
                if secure is not None:
                    await _ignore(secure)
            case Speaks.TCP:
                await _ignore(stream)

    async def on_question(self, data: bytes, client: str, port: int, local: str) -> Reply | None:
        """Answer a question that came over UDP."""
        if local not in self._farm.name_servers:
            return None
        return self._reply(_Client(UDP, client, port, local, 53), data, over_udp=True)

    async def _ask(self, client: "_Client", data: bytes) -> Reply | None:
        return self._reply(client, data, over_udp=False)

    def _reply(self, client: "_Client", data: bytes, *, over_udp: bool) -> Reply | None:
        service = self._names[self._farm.name_servers[client.local].id]
        reply = service.reply(
            data,
            client=client.address,
            local=client.local,
            now=trio.current_time(),
            over_udp=over_udp,
        )
        if reply is not None and reply.technique:
            self._note(client, reply.technique, reply.name)
        return reply

    def _admits(self, edge: Edge, address: str) -> bool:
        self._connections[address] = number = self._connections.get(address, 0) + 1
        return number % edge.admits_every == 0

    async def _handshake(
        self,
        stream: trio.SocketStream,
        client: "_Client",
        edge: Edge | None,
        alpn: tuple[str, ...] | None,
    ) -> TlsStream | None:
        """Make TLS; alpn None: as the site says."""
        name_server = self._farm.name_servers.get(client.local)

        def choose(name: str | None) -> Answer:
            site = edge.site(name) if edge is not None else None
            if (
                name_server is not None
                and name_server.server_name
                and (site is None or name in (None, name_server.server_name))
            ):
                names = (name_server.server_name, *name_server.addresses)
                return Answer(TlsManner.SERVE, self._ca.context(*names, alpn=alpn or _BOTH))
            if edge is None:
                return Answer(TlsManner.RESET, self._ca.context("unknown.lab.example"))
            shown = site or edge.sites[0]
            manner = shown.tls if site is not None else edge.unknown_name
            if site is not None and site.technique:
                self._note(client, site.technique, site.host)
            offered = _alpn(shown) if alpn is None else alpn
            if edge.forges is not None:
                context = self._ca.context(name or shown.host, kind=edge.forges, alpn=offered)
            else:
                context = self._ca.context(shown.host, kind=shown.certificate, alpn=offered)
            return Answer(manner, context, shown.tls_delay_s if site is not None else 0.0)

        return await accept_tls(stream, choose)

    async def _serve_https(self, secure: TlsStream, client: "_Client", edge: Edge | None) -> None:
        respond = self._responder(client, edge)
        if secure.alpn == "h2":
            await serve_http2(secure, respond)
        else:
            await serve_http1(secure, respond, secure=True)
        await secure.aclose()

    def _responder(self, client: "_Client", edge: Edge | None) -> Respond:
        name_server = self._farm.name_servers.get(client.local)

        def respond(request: Request) -> Page:
            if name_server is not None and request.secure:
                page = doh_page(
                    name_server, request, lambda wire: self._reply(client, wire, over_udp=False)
                )
                if page is not None:
                    return page
            page = page_of(edge, request) if edge is not None else Page(status=404)
            page = self._refused(edge, request, client) or page
            if page.technique:
                self._note(client, page.technique, request.host)
            return replace(page, headers=(*page.headers, ("date", self._http_date())))

        return respond

    def _http_date(self) -> str:
        """Return the servers' date as RFC 9110 section 5.6.7 writes it."""
        now = self._net.utc_now() - self._farm.skew
        return format_datetime(now.astimezone(UTC), usegmt=True)

    def _refused(self, edge: Edge | None, request: Request, client: "_Client") -> Page | None:
        """Return what a site says instead of its page where it has had enough."""
        site = edge.site(request.host) if edge is not None else None
        if site is None or site.refusal is None or not request.secure:
            return None
        refusal, now = site.refusal, self._net.path.now
        asked = self._asked.setdefault((site.host, client.address), [])
        asked.append(now)
        if refusal.every:
            return refusal.page if len(asked) % refusal.every == 0 else None
        recent = [at for at in asked if now - at < refusal.per_s]
        return refusal.page if len(recent) > refusal.beyond else None

    def quic_certificate(self, local: str) -> Issued | None:
        """Return what is shown over QUIC at this address; None: nothing speaks QUIC there."""
        edge = self._farm.edges.get(local)
        names = [site.host for site in edge.sites if site.http3] if edge is not None else []
        return self._ca.issue(*names) if names else None

    def quic_responder(self, local: str) -> Respond:
        """Return what answers over HTTP/3 at this address."""
        return self._responder(_Client(UDP, "", 0, local, 443), self._farm.edges.get(local))

    def _note(self, client: "_Client", technique: str, name: str) -> None:
        flow = Flow(client.protocol, client.address, client.port, client.local, client.local_port)
        self._net.log.add(Event(self._net.path.now, technique, What.ANSWERED, flow, name))


@dataclass(frozen=True, slots=True)
class _Client:
    """Who asked, how, and where."""

    protocol: int
    address: str
    port: int
    local: str
    local_port: int


_BOTH = ("h2", "http/1.1")


def _alpn(site: Site) -> tuple[str, ...]:
    raw = any(page.manner in RAW_MANNERS for page in (*site.pages.values(), site.fallback))
    return ("http/1.1",) if raw else site.alpn


def _client_of(stream: trio.SocketStream) -> _Client | None:
    """Return who connected, and where; None where a box has reset the connection already."""
    local = stream.socket.getsockname()
    try:
        peer = stream.socket.getpeername()
    except OSError as error:
        if error.errno in {errno.ENOTCONN, errno.EINVAL}:
            return None
        raise
    return _Client(TCP, peer[0].partition("%")[0], peer[1], local[0].partition("%")[0], local[1])


async def _ignore(stream: trio.abc.Stream) -> None:
    while await stream.receive_some():
        pass
