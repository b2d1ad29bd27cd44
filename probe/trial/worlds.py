"""Builds the world of a line: its network, its environment, and every scenario's boxes, fresh."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Final

from probe.classify import constants
from probe.classify.constants import SIZED_BYTES
from probe.classify.facts import SIZED_PATH
from probe.errors import LabError
from probe.lab.box import Box, Names
from probe.lab.pki import Certificate
from probe.lab.servers.nameserver import Lie
from probe.lab.servers.site import Edge, Page, Site
from probe.lab.world import World
from probe.lab.worlds.layout import layout_of
from probe.lab.worlds.misbehaving import SiteChange
from probe.lab.worlds.networks import Access
from probe.lab.worlds.spec import Ground, WorldSpec
from probe.model.target import Catalogue, Endpoint, Pacing
from probe.trial.blocking import BLOCKING
from probe.trial.catalogue import small_catalogue
from probe.trial.environments import ENVIRONMENTS, Environment, link_of
from probe.trial.innocent import INNOCENT
from probe.trial.places import HELPERS, NETWORKS, Place, background
from probe.trial.placing import Kind, Placement, Spot
from probe.trial.scenario import Line, Scenario, Setting

# RFC 1918, RFC 4193: what a home's router hands out.
_HOME_RESOLVER: Final = ("192.168.178.1", "fd00:178::1")


def kind_of(scenario: Scenario) -> Kind:
    """Return a scenario's kind."""
    kind = BLOCKING.get(scenario.kind) or INNOCENT.get(scenario.kind)
    if kind is None:
        raise LabError(f"scenario {scenario.id}: there is no kind {scenario.kind!r}")
    return kind


def catalogue_of(line: Line) -> Catalogue:
    """Return what a line's run measures."""
    country = NETWORKS[line.network].access.country
    return small_catalogue(tuple(sorted(set(line.endpoints))), country)


@dataclass(frozen=True, slots=True)
class Tempo:
    """How fast a run goes through its waits, where they cost real time."""

    pace: float = 1.0
    """Of the run's waits and of the boxes' memories alike."""
    patience: float = 1.0
    """Of the timeouts; packets take as long as ever."""
    download: float = 1.0
    """Of the patience for a whole download, which only what trickles in uses up."""

    def of(self, pacing: Pacing) -> Pacing:
        """Return the pacing with shorter timeouts."""
        hurried = {
            name: getattr(pacing, name) * self.patience
            for name in Pacing.model_fields
            if name.endswith(("_timeout_s", "_window_s", "_idle_s", "_total_s"))
        }
        hurried["read_total_s"] = pacing.read_total_s * self.download
        return pacing.model_copy(update=hurried)

    @contextmanager
    def judged(self) -> Iterator[None]:
        """Let the judge take a download for stalled after as much less silence."""
        usual = constants.STALL_S
        constants.STALL_S = usual * self.patience
        try:
            yield
        finally:
            constants.STALL_S = usual


ORDINARY: Final = Tempo()


def line_world(line: Line, *, tempo: Tempo = ORDINARY) -> World:
    """Return a line's world; its boxes are fresh, so one world is for one play."""
    place = NETWORKS[line.network]
    environment = ENVIRONMENTS[line.environment]
    access = _resolving(place.access, environment)
    catalogue = catalogue_of(line)
    catalogue = catalogue.model_copy(update={"pacing": tempo.of(catalogue.pacing)})
    placed = _placements(line.scenarios, Ground(catalogue, layout_of(catalogue), access))
    spec = WorldSpec(
        id=line.id,
        title=f"{place.words}; {environment.words}",
        story=" ".join(f"{s.endpoint}: {kind_of(s).words}." for s in line.scenarios),
        access=access,
        link=link_of(environment, line.link),
        boxes=partial(_boxes, place, environment, line),
    )
    spec = _server_side(spec, placed)
    responder = responder_place(line)
    if responder is not None:
        at = dict.fromkeys((responder.ipv4 or "", responder.ipv6 or ""), _RESPONDER)
        spec = replace(spec, edges=MappingProxyType({**spec.edges, **at}))
    return environment.spec(spec).build(catalogue, seed=line.seed, pace=tempo.pace)


def helper_world(line: Line, country: str) -> World:
    """Return the same internet as a helper in another place sees it: without the line's boxes."""
    access = HELPERS[country]
    catalogue = catalogue_of(line)
    ground = Ground(catalogue, layout_of(catalogue), access)
    client = NETWORKS[line.network].access.country
    seen = [s for s in line.scenarios if _is_seen(s, ground, country, client)]
    # A zone refuses whoever asks from the country; other lies and the hosts file are the client's.
    placed = [
        _Placed(p.endpoint, replace(p.placement, hosts={}, lies=p.placement.lies if zone else ()))
        for s, p in zip(seen, _placements(seen, ground), strict=True)
        for zone in (kind_of(s).abroad is not None,)
    ]
    spec = WorldSpec(
        id=f"{line.id}@{country}",
        title=f"what a helper in {country} sees",
        story="",
        access=access,
        boxes=partial(_innocent_boxes, seen),
    )
    return _server_side(spec, placed).build(catalogue, seed=line.seed)


def service_country(service: str) -> str:
    """Return where a service is at home: the country from which an origin refuses nobody."""
    return _HOMES.get(service, "US")


def responder_place(line: Line) -> Access | None:
    """Return where a line's responder stands: with a helper beyond the border, if there is one."""
    if line.setting in {Setting.NONE, Setting.SNAPSHOT}:
        return None
    return HELPERS["US" if NETWORKS[line.network].access.country != "US" else "DE"]


_RESPONDER: Final = Edge(
    (
        Site(
            "responder.lab.example",
            pages={f"{SIZED_PATH}{SIZED_BYTES}": Page(padding_bytes=SIZED_BYTES)},
            plain=None,
            alpn=("http/1.1",),
        ),
    ),
    takes_every_name=True,
    forges=Certificate.SELF_SIGNED,
)


# Where the services' operators are; everything else of the catalogue is American.
_HOMES: Final = {
    "rt": "RU",
    "sputnik": "RU",
    "dw": "DE",
    "bbc": "DE",
    "meduza": "DE",
    "tiktok": "US",
}


def _is_seen(scenario: Scenario, ground: Ground, country: str, client: str) -> bool:
    """Say whether a target's own trouble shows from a country."""
    kind = kind_of(scenario)
    if not kind.innocent:
        return False
    if kind.abroad is None:
        return True
    if "client" in kind.abroad:
        return country == client
    endpoint = next(e for e in ground.catalogue.endpoints if e.id == scenario.endpoint)
    home = service_country(endpoint.service)
    # A client at home that is refused all the same shares that with its countrymen alone.
    return country == client or home not in {country, client}


@dataclass(frozen=True, slots=True)
class _Placed:
    endpoint: Endpoint
    placement: Placement


def _placements(scenarios: Sequence[Scenario], ground: Ground) -> list[_Placed]:
    endpoints = {endpoint.id: endpoint for endpoint in ground.catalogue.endpoints}
    return [
        _Placed(endpoints[s.endpoint], kind_of(s).place(Spot(ground, endpoints[s.endpoint], s)))
        for s in scenarios
    ]


def _server_side(spec: WorldSpec, placed: Sequence[_Placed]) -> WorldSpec:
    """Lay over a world what the scenarios change in its servers, resolver and hosts file."""
    lies: list[Lie] = []
    changed: list[tuple[Names, SiteChange]] = []
    dead: list[str] = []
    edges: dict[str, Edge] = {}
    hosts: dict[str, tuple[str, ...]] = {}
    for one in placed:
        placement, host = one.placement, one.endpoint.host
        lies += placement.lies
        edges |= placement.edges
        hosts |= placement.hosts
        if placement.change is not None:
            changed.append((Names((host,)), placement.change))
        if placement.dead:
            dead.append(host)
    return replace(
        spec,
        lies=tuple(lies),
        changed=tuple(changed),
        dead=Names(tuple(dead)),
        edges=MappingProxyType({**spec.edges, **edges}),
        client_hosts=MappingProxyType(hosts),
    )


def _boxes(
    place: Place, environment: Environment, line: Line, ground: Ground
) -> Mapping[int, Sequence[Box]]:
    rows: dict[int, list[Box]] = {}
    _add(rows, environment.boxes(ground, line.seed))
    _add(rows, background(place, ground))
    for one in _placements(line.scenarios, ground):
        _add(rows, one.placement.boxes)
    return rows


def _innocent_boxes(scenarios: Sequence[Scenario], ground: Ground) -> Mapping[int, Sequence[Box]]:
    rows: dict[int, list[Box]] = {}
    for one in _placements(scenarios, ground):
        _add(rows, one.placement.boxes)
    return rows


def _add(rows: dict[int, list[Box]], more: Mapping[int, Sequence[Box]]) -> None:
    for link, boxes in more.items():
        rows.setdefault(link, []).extend(boxes)


def _resolving(access: Access, environment: Environment) -> Access:
    if environment.resolver == "access":
        return access
    # A home's router forwards to the provider's resolver, which whoami names see.
    return replace(access, resolver=_HOME_RESOLVER)
