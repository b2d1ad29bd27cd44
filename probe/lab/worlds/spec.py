"""How a named world is said as data, and how it becomes a World for one catalogue."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from probe.lab.box import Box, Names
from probe.lab.boxes import BOXES
from probe.lab.path import Link
from probe.lab.pki import LAB_ANCHOR, Certificate
from probe.lab.servers.nameserver import Lie, NameManner, NameServer
from probe.lab.servers.running import Farm
from probe.lab.servers.site import Edge, TlsManner
from probe.lab.world import Client, World
from probe.lab.worlds.layout import Layout, edges_of, layout_of
from probe.lab.worlds.misbehaving import SiteChange
from probe.lab.worlds.networks import GERMANY, Access
from probe.lab.worlds.trouble import Vacant
from probe.model.target import Catalogue

Hosts = Mapping[str, tuple[str, ...]]
BoxPlan = Callable[["Ground"], Mapping[int, Sequence[Box]]]


@dataclass(frozen=True, slots=True)
class Ground:
    """What a world's boxes may need to know of the map."""

    catalogue: Catalogue
    layout: Layout
    access: Access
    pace: float = 1.0
    seed: int = 0
    """The world's own; faults that come and go draw their times from it."""

    def box(self, technique: str, **settings: Any) -> Box:  # noqa: ANN401 (each box has its own)
        """Return a fresh box by the row that it plays, at the run's pace."""
        return BOXES[technique](pace=self.pace, **settings)

    def names_of(self, *services: str) -> Names:
        """Return the hosts of these services, and nothing else."""
        hosts = {e.host for e in self.catalogue.endpoints if e.service in services}
        return Names(tuple(sorted(hosts)))

    def addresses_of(self, *services: str) -> tuple[str, ...]:
        """Return where these services are."""
        return tuple(
            address
            for host in self.names_of(*services).patterns
            for address in self.layout.hosts[host]
        )

    def domestic(self) -> tuple[str, ...]:
        """Return what is at home in the access network's country: its resolvers and controls."""
        controls = [c for c in self.catalogue.controls if c.country == self.access.country]
        return (
            *self.access.resolver,
            *(address for control in controls for address in self.layout.hosts[control.host]),
        )

    def resolvers(self) -> frozenset[str]:
        """Return the access network's own resolvers."""
        return frozenset(self.access.resolver)


def no_boxes(ground: Ground) -> Mapping[int, Sequence[Box]]:
    """Return no boxes at all."""
    del ground
    return {}


ResolverPlan = Callable[["Ground", str], tuple[Lie, ...]]
"""What a resolver, by its id (`access`, `google`, …), answers otherwise than the zone says."""

EdgePlan = Callable[["Ground", Mapping[str, Edge]], Mapping[str, Edge]]
"""Servers that differ from the map's, by address; None of them is named twice."""


def no_lies(ground: Ground, resolver: str) -> tuple[Lie, ...]:
    """Return nothing: every resolver tells what the zone says."""
    del ground, resolver
    return ()


def no_edges(ground: Ground, edges: Mapping[str, Edge]) -> Mapping[str, Edge]:
    """Return nothing: every server is the map's."""
    del ground, edges
    return {}


@dataclass(frozen=True, slots=True)
class WorldSpec:
    """A named world, for any catalogue."""

    id: str
    title: str
    story: str
    access: Access = GERMANY
    link: Link = field(default_factory=Link)
    boxes: BoxPlan = no_boxes
    """Fresh boxes by link; 2 is inside the access network, 3 at its border."""
    lies: tuple[Lie, ...] = ()
    """Of the access network's resolver."""
    answers: ResolverPlan = no_lies
    """Of all resolvers; after `lies`."""
    resolver_manner: NameManner = NameManner.ANSWER
    resolver_delay_s: float = 0.0
    changed: tuple[tuple[Names, SiteChange], ...] = ()
    """Which sites are not genuine, and what becomes of them."""
    dead: Names = field(default_factory=Names)
    """Hosts that are in the DNS, at addresses where nobody is."""
    unknown_name: TlsManner = TlsManner.SERVE
    """What servers do with names that they do not serve."""
    admits_every: int = 1
    edges: Mapping[str, Edge] = field(default_factory=lambda: MappingProxyType({}))
    """Servers that no catalogue knows: block page, portal, forger; by address."""
    furnish: EdgePlan = no_edges
    """Servers that depend on the map; they win over `edges`."""
    has_ipv4: bool = True
    has_ipv6: bool = True
    client_resolvers: tuple[str, ...] | None = None
    """None: the access network's."""
    client_hosts: Hosts = field(default_factory=lambda: MappingProxyType({}))
    environment_proxies: tuple[str, ...] = ()
    tunnel_interfaces: tuple[str, ...] = ()
    local_roots: tuple[Certificate, ...] = ()
    """Of which forgers the client's machine trusts the root."""
    skew: timedelta = timedelta()
    """By how much the client's clock is ahead of everybody else's."""

    def with_boxes(self, boxes: BoxPlan) -> "WorldSpec":
        """Return the same world with these boxes."""
        return replace(self, boxes=boxes)

    def build(
        self,
        catalogue: Catalogue,
        *,
        seed: int = 0,
        at: datetime | None = None,
        pace: float = 1.0,
    ) -> World:
        """Return this world for a catalogue.

        `at` is the date of its certificates; `pace` the run's pace factor, by which residual timers
        shrink together with the run's waits.
        """
        layout = layout_of(catalogue)
        access = self.access
        ground = Ground(catalogue, layout, access, pace, seed)
        accepting = frozenset(c.host for c in catalogue.controls if c.accepts_foreign_names)
        edges = self._edges(layout, accepting)
        edges.update(self.furnish(ground, edges))
        resolver = NameServer(
            "access",
            access.resolver,
            egress=access.resolver_egress,
            lies=(*self.lies, *self.answers(ground, "access")),
            manner=self.resolver_manner,
            delay_s=self.resolver_delay_s,
        )
        name_servers = {
            **self._public_resolvers(ground),
            **dict.fromkeys(access.resolver, resolver),
        }
        boxes = {link: tuple(row) for link, row in self.boxes(ground).items()}
        last = len(access.routers)
        vacant = Vacant(inhabited=frozenset((*edges, *name_servers)))
        boxes[last] = (*boxes.get(last, ()), vacant)
        own_resolvers = access.resolver if self.client_resolvers is None else self.client_resolvers
        return World(
            id=self.id,
            title=self.title,
            story=self.story,
            catalogue=catalogue,
            client=Client(
                ipv4=access.ipv4 if self.has_ipv4 else None,
                ipv6=access.ipv6 if self.has_ipv6 else None,
                resolvers=tuple(a for a in own_resolvers if self._has_family_of(a)),
                hosts=self.client_hosts,
                environment_proxies=self.environment_proxies,
                tunnel_interfaces=self.tunnel_interfaces,
            ),
            country=access.country,
            asn=access.asn,
            routers=access.routers,
            link=self.link,
            boxes=MappingProxyType(boxes),
            hosts=layout.hosts,
            farm=Farm(
                at=(at or LAB_ANCHOR) - self.skew,
                skew=self.skew,
                edges=MappingProxyType(edges),
                name_servers=MappingProxyType(name_servers),
                zone=layout.zone,
                ports=layout.ports,
            ),
            seed=seed,
            local_roots=self.local_roots,
        )

    def _public_resolvers(self, ground: Ground) -> dict[str, NameServer]:
        told = {server.id: self.answers(ground, server.id) for server in _known(ground)}
        return {
            address: replace(server, lies=told[server.id]) if told[server.id] else server
            for address, server in ground.layout.name_servers.items()
        }

    def _has_family_of(self, address: str) -> bool:
        return self.has_ipv6 if ":" in address else self.has_ipv4

    def _edges(self, layout: Layout, accepting: frozenset[str]) -> dict[str, Edge]:
        """Return who serves what; `accepting`: hosts that take any name, whatever others do."""
        edges = self._changed_edges(layout) if self.changed else dict(layout.genuine)
        if self.unknown_name is not TlsManner.SERVE or self.admits_every != 1:
            edges = {
                address: replace(
                    edge,
                    unknown_name=_manner(edge, self.unknown_name, accepting),
                    admits_every=self.admits_every,
                )
                for address, edge in edges.items()
            }
        if self.dead.patterns:
            gone = {a for host in layout.hosts if self.dead.match(host) for a in layout.hosts[host]}
            edges = {address: edge for address, edge in edges.items() if address not in gone}
        return {**edges, **self.edges}

    def _changed_edges(self, layout: Layout) -> dict[str, Edge]:
        sites = dict(layout.sites)
        for names, change in self.changed:
            for host in layout.sites:
                if names.match(host):
                    sites[host] = change(sites[host])
        return edges_of(layout.names_at, sites)


def _known(ground: Ground) -> tuple[NameServer, ...]:
    return tuple({server.id: server for server in ground.layout.name_servers.values()}.values())


def _manner(edge: Edge, manner: TlsManner, accepting: frozenset[str]) -> TlsManner:
    accepts = any(site.host in accepting for site in edge.sites)
    return edge.unknown_name if accepts else manner


def everything(change: SiteChange) -> tuple[tuple[Names, SiteChange], ...]:
    """Return the change for every site."""
    return ((Names(("*",)), change),)
