"""What is true in a world after something ran in it: computed from the log and nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from probe.lab.log import Event, TruthLog, What
from probe.lab.packet import Flow
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
    wanted = protocol or _PROTOCOLS[urlsplit(endpoint.url).scheme]
    named = {event.flow: event.name for event in log if event.name}
    deeds = [
        (event, technique)
        for event in log
        if (technique := TECHNIQUES.get(event.box)) is not None
        and wanted in technique.protocols
        and _concerns(world, event, technique, endpoint, family, named)
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


def _concerns(
    world: World,
    event: Event,
    technique: Technique,
    endpoint: Endpoint,
    family: Family | None,
    named: Mapping[Flow, str],
) -> bool:
    """Say whether an event is about this endpoint, in this family.

    `named` tells the name that a flow's trigger was, for deeds that came later in that flow.
    """
    if event.what is What.MATCHED:
        return False
    if technique.layer is Layer.DNS:
        # A lie told by a resolver that is not the network's own says nothing about the network.
        if event.what is What.ANSWERED and event.flow.server not in world.client.resolvers:
            return False
        return event.name == endpoint.host
    if family is not None and (":" in event.flow.server) != (family is Family.IPV6):
        return False
    name = event.name or named.get(event.flow, "")
    if name:
        return name == endpoint.host
    return event.flow.server in world.hosts.get(endpoint.host, ())


def _subtype(world: World, technique: Technique) -> str | None:
    """Return the subtype, made vaguer or sharper by how the box is set."""
    certificates = {box_certificate(box) for box in _boxes(world, technique.id)}
    if technique.id == "S09" and len(certificates) == 1:
        return certificates.pop()
    return technique.subtype


def box_certificate(box: object) -> str | None:
    """Return the tls_mitm subtype of what a box (or its server) shows, where it says."""
    return getattr(box, "shows", None)


def _boxes(world: World, box_id: str) -> Iterable[object]:
    return (box for row in world.boxes.values() for box in row if box.id == box_id)
