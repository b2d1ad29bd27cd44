"""What is true in a world after something ran in it: computed from the log and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from probe.lab.boxes.redirect import Redirect
from probe.lab.log import Event, TruthLog, What
from probe.lab.packet import UDP, Flow
from probe.lab.pki import Certificate
from probe.lab.techniques import TECHNIQUES, Technique
from probe.lab.world import World
from probe.model.target import Endpoint
from probe.model.words import Category, Family, Layer, Protocol, State

_ORDER = (Layer.DNS, Layer.IP, Layer.TCP, Layer.TLS, Layer.QUIC, Layer.HTTP, Layer.CONTENT)
"""The earliest layer that explains everything is the verdict (design, "Verdict")."""

_PROTOCOLS: Mapping[str, Protocol] = {
    "https": Protocol.HTTPS,
    "http": Protocol.HTTP,
    "tls": Protocol.TLS,
    "tcp": Protocol.TCP,
}


_PORTS: Mapping[Protocol, int] = {
    Protocol.HTTPS: 443,
    Protocol.HTTP: 80,
    Protocol.TLS: 443,
    Protocol.TCP: 443,
    Protocol.QUIC: 443,
    Protocol.DNS: 53,
}

_FORGED: Mapping[Certificate, str] = {
    Certificate.SELF_SIGNED: "self_signed",
    Certificate.PRIVATE_CA: "unknown_ca",
    Certificate.STATE_CA: "state_ca",
    Certificate.WRONG_NAME: "wrong_name",
}
"""Subtypes of tls_mitm."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What really became of one endpoint over one protocol (and family, where one is asked for)."""

    endpoint: str
    protocol: Protocol
    state: State = State.OK
    category: Category = Category.OK
    subtype: str | None = None
    technique: str = ""
    """Row of the techniques' catalogue; empty: nobody interfered."""
    words: str = "nobody interfered"
    also: tuple[str, ...] = ()
    """Techniques that fired at later layers."""
    deeds: int = 0
    """How often the log names it."""


def truth(world: World, log: TruthLog, *, family: Family | None = None) -> dict[str, Truth]:
    """Return the truth about every endpoint of the catalogue, over its URL's protocol.

    {"instagram.web": Truth(technique="S02", state=State.BLOCKED, ...)}
    """
    return {
        endpoint.id: truth_of(world, log, endpoint, family=family)
        for endpoint in world.catalogue.endpoints
    }


def truth_of(
    world: World,
    log: TruthLog,
    endpoint: Endpoint,
    *,
    protocol: Protocol | None = None,
    family: Family | None = None,
) -> Truth:
    """Return the truth about one endpoint; protocol None: its URL's own."""
    url = urlsplit(endpoint.url)
    wanted = protocol or _PROTOCOLS[url.scheme]
    question = _Question(
        endpoint.host,
        wanted,
        url.port or _PORTS[wanted],
        frozenset(world.family_addresses(endpoint.host, family)),
        family,
    )
    named = {event.flow: event.name for event in log if event.name}
    deeds = [
        (event, technique)
        for event in log
        if (technique := TECHNIQUES.get(event.box)) is not None
        and wanted in technique.protocols
        and _concerns(world, event, technique, question, named)
    ]
    if not deeds:
        return Truth(endpoint.id, wanted)
    found = sorted({technique.id for _, technique in deeds}, key=_rank)
    first = TECHNIQUES[found[0]]
    return Truth(
        endpoint.id,
        wanted,
        first.state,
        first.category,
        _subtype(world, first),
        first.id,
        first.words,
        tuple(found[1:]),
        sum(technique is first for _, technique in deeds),
    )


def _rank(technique: str) -> tuple[int, str]:
    return _ORDER.index(TECHNIQUES[technique].layer), technique


@dataclass(frozen=True, slots=True)
class _Question:
    """Which flows an endpoint's truth is about."""

    host: str
    protocol: Protocol
    port: int
    addresses: frozenset[str]
    family: Family | None


def _concerns(
    world: World,
    event: Event,
    technique: Technique,
    question: _Question,
    named: Mapping[Flow, str],
) -> bool:
    """Say whether an event is about this endpoint, protocol and family.

    `named` tells the name that a flow's trigger was, for deeds that came later in that flow.
    """
    if event.what is What.MATCHED:
        return False
    flow = event.flow
    name = event.name or named.get(flow, "")
    if technique.layer is Layer.DNS:
        # A lie told by a resolver that is not the network's own says nothing about the network.
        if event.what is What.ANSWERED and flow.server not in world.client.resolvers:
            return False
        return name == question.host
    if (flow.protocol == UDP) != (question.protocol is Protocol.QUIC):
        return False
    if flow.server_port != question.port:
        return False
    if question.family is not None and (":" in flow.server) != (question.family is Family.IPV6):
        return False
    return name == question.host if name else flow.server in question.addresses


def _subtype(world: World, technique: Technique) -> str | None:
    """Return the subtype, sharper where the forged certificate says more than the row."""
    if technique.category is not Category.TLS_MITM:
        return technique.subtype
    forged = {
        _FORGED.get(edge.forges)
        for row in world.boxes.values()
        for box in row
        if isinstance(box, Redirect) and box.id == technique.id
        for address in box.to
        if (edge := world.farm.edges.get(address)) is not None and edge.forges is not None
    }
    return forged.pop() if len(forged) == 1 else technique.subtype
