"""A small internet on the virtual lab, and the tools to measure it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import pytest
import trio

from probe.lab.pki import LAB_ANCHOR
from probe.lab.servers.nameserver import NameServer, Records
from probe.lab.servers.running import Farm, serve_farm
from probe.lab.servers.site import Edge, Page, Site
from probe.lab.virtual import VirtualNet, virtual_net
from probe.measure import Tools, perform
from probe.model.experiment import Experiment, Kind
from probe.model.observation import Observation
from probe.model.target import Endpoint, Resolver
from probe.model.words import Role, Transport
from probe.wire.clock import Clock

HOST = "www.instagram.com"
V4, V4_TOO, V6 = "157.240.1.174", "157.240.1.175", "2a03:2880:f12f::1"
RESOLVER = "8.8.8.8"
PAGE = Page(
    headers=(("content-type", "text/html; charset=utf-8"), ("set-cookie", "sid=secret; Path=/")),
    body=b"<html><head><title>Instagram</title></head>",
    padding_bytes=100_000,
)
NAME_SERVER = NameServer(
    "google",
    (RESOLVER,),
    server_name="dns.google",
    transports=frozenset({"udp", "tcp", "dot", "doh"}),
)
ENDPOINT = Endpoint(
    id="instagram.web", service="instagram", host=HOST, role=Role.WEB, url=f"https://{HOST}/"
)


@dataclass
class Internet:
    """What a test asks of its little internet."""

    net: VirtualNet
    tools: Tools
    observations: list[Observation] = field(default_factory=list)

    async def screen(self, endpoint: Endpoint = ENDPOINT, **changes: object):
        return await self.perform(Experiment(kind=Kind.SCREEN, endpoint=endpoint.id), **changes)

    async def perform(
        self, experiment: Experiment, endpoint: Endpoint = ENDPOINT, **changes: object
    ):
        tools = replace(self.tools, **changes)
        return await perform(experiment, endpoint, tools, emit=self.observations.append)


@pytest.fixture
def internet() -> Callable[..., object]:
    """Open an internet: `async with internet(site=..., zone=..., boxes=...) as it`."""
    return open_internet


@asynccontextmanager
async def open_internet(
    *,
    sites: tuple[Site, ...] | None = None,
    edges: dict[str, Edge] | None = None,
    zone: dict[str, Records] | None = None,
    name_server: NameServer = NAME_SERVER,
    transports: tuple[Transport, ...] = (Transport.UDP,),
    hosts: dict[str, tuple[str, ...]] | None = None,
    **net_options: object,
) -> AsyncIterator[Internet]:
    edge = Edge(sites or (Site(HOST, fallback=PAGE),))
    farm = Farm(
        LAB_ANCHOR,
        edges=MappingProxyType({V4: edge, V4_TOO: edge, V6: edge, **(edges or {})}),
        name_servers=MappingProxyType({RESOLVER: name_server}),
        zone=MappingProxyType({HOST: Records(a=(V4, V4_TOO), aaaa=(V6,)), **(zone or {})}),
    )
    resolver = Resolver(
        id="google",
        operator="Google",
        country="US",
        addresses=(RESOLVER,),
        server_name="dns.google",
        transports=tuple(Transport),
    )
    async with (
        virtual_net(nameservers=[RESOLVER], hosts=hosts, utc=LAB_ANCHOR, **net_options) as net,
        trio.open_nursery() as nursery,
    ):
        await nursery.start(serve_farm, net, farm)
        tools = Tools(
            clock=Clock.start(net.utc_now()),
            resolvers={"google": resolver},
            screen_resolvers=tuple(
                ("system" if transport is Transport.SYSTEM else "google", transport)
                for transport in transports
            ),
            catalogue_hosts=frozenset({HOST, "instagram.com", "www.facebook.com"}),
        )
        yield Internet(net, tools)
        nursery.cancel_scope.cancel()


@pytest.fixture
def destinations():
    """Record whom the client sends to: `destinations(net)` before, the returned set after."""

    def tap(net):
        seen = set()

        def note(time, place, side, packet):
            if place == "client" and packet.source in {"192.0.2.2", "2001:db8::2"}:
                seen.add(packet.destination)

        net.path.taps.append(note)
        return seen

    return tap
