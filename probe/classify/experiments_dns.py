"""What can be asked of resolvers: the same name elsewhere, another name there, by other ways."""

from probe.classify import constants as k
from probe.classify.experiments import (
    Asked,
    controls,
    first_block,
    from_elsewhere,
    more_connections,
)
from probe.classify.outcomes import Ending
from probe.classify.scene import Scene
from probe.classify.statements import is_system, source_of
from probe.model.experiment import Experiment, Kind
from probe.model.words import Arm, Transport

_ENCRYPTED = (Transport.DOH, Transport.DOT)
# How many of the doubted resolvers are asked again.
_DOUBTED = 3


def _resolve(scene: Scene, arm: Arm, name: str, resolver: str, transport: Transport) -> Experiment:
    return Experiment(
        kind=Kind.RESOLVE,
        endpoint=scene.facts.endpoint.id,
        arm=arm,
        name=name,
        resolver=resolver,
        transport=transport,
        port=53,
    )


def neutral_at_same_resolver(scene: Scene) -> Asked:
    """C1 for DNS: a name that surely exists, at the resolvers whose answers are in doubt."""
    names = [c.host for c in controls(scene, "neutral_name")] or ["example.com"]
    doubted = {
        (o.resolver, o.transport): None
        for s in scene.dns.first_said
        if not s.is_true
        for o in (s.seen,)
    }
    return tuple(
        _resolve(scene, Arm.C1, names[0], resolver, transport) for resolver, transport in doubted
    )


def encrypted_resolvers(scene: Scene) -> Asked:
    """C3 for DNS: the same name at encrypted resolvers of other operators."""
    asked = {source_of(o) for o in scene.facts.dns}
    wanted = [
        (r.id, t)
        for t in _ENCRYPTED
        for r in scene.facts.knowledge.catalogue.resolvers
        if t in r.transports and f"{r.id}/{t}" not in asked
    ]
    return tuple(_resolve(scene, Arm.C3, scene.host, r, t) for r, t in wanted[:3])


def resolver_matrix(scene: Scene) -> Asked:
    """C3 for DNS: the same resolvers by their other transports: where does the lie ride?"""
    asked = {source_of(o) for o in scene.facts.dns}
    public = {s.seen.resolver for s in scene.dns.public_udp}
    by_id = {r.id: r for r in scene.facts.knowledge.catalogue.resolvers}
    ids = [i for i in by_id if i in public] or list(by_id)[:2]
    return tuple(
        _resolve(scene, Arm.C3, scene.host, i, t)
        for i in ids[:3]
        for t in (Transport.UDP, Transport.TCP, Transport.DOH)
        if t in by_id[i].transports and f"{i}/{t}" not in asked
    )


def same_question_again(scene: Scene) -> Asked:
    """The doubted questions again: a lie is told each time.

    Where silence is in doubt, as often for a neutral name: the run draws the order by lot.
    """
    doubted = {
        (s.seen.resolver, s.seen.transport): s.kind
        for s in scene.dns.first_said
        if s.is_true is not True
    }
    found = []
    for (resolver, transport), kind in list(doubted.items())[:_DOUBTED]:
        asked = _resolve(scene, Arm.TARGET, scene.host, resolver, transport)
        others = [asked]
        if kind in {Ending.SILENT, Ending.TEMPORARY}:
            others += [
                _resolve(scene, Arm.C1, c.host, resolver, transport)
                for c in controls(scene, "neutral_name")[:1]
            ]
        found += [
            one.model_copy(update={"round": round_})
            for round_ in range(1, k.FIRST_BLOCK_ROUNDS + 1)
            for one in others
        ]
    return tuple(found)


def everything_again(scene: Scene) -> Asked:
    """What failed, again: questions, connections, or rounds with and without the name."""
    if not scene.facts.spots:
        return same_question_again(scene)
    questions = same_question_again(scene) if scene.dns.drops else ()
    if scene.tcp.all_fail:
        return (*questions, *more_connections(scene))
    return (*questions, *first_block(scene))


def access_resolver(scene: Scene) -> Asked:
    """The provider's own resolver, past the router's."""
    return (
        _resolve(scene, Arm.C3, scene.host, "access", Transport.UDP),
        *(
            _resolve(scene, Arm.C1, c.host, "access", Transport.UDP)
            for c in controls(scene, "neutral_name")[:1]
        ),
    )


def canaries(scene: Scene) -> Asked:
    """Addresses that serve no DNS: an answer from there was forged on the way."""
    names = (scene.host, *(c.host for c in controls(scene, "neutral_name")[:1]))
    return tuple(
        _resolve(scene, Arm.C2, name, f"canary:{c.id}", Transport.UDP)
        for c in scene.facts.knowledge.catalogue.canaries[:2]
        for name in names
    )


def witnesses_of_the_zone(scene: Scene) -> Asked:
    """Whether the zone's own servers refuse us: its other records, and what others are told."""
    return (*other_records(scene), *from_elsewhere(scene))


def other_records(scene: Scene) -> Asked:
    """SOA and NS of the name at the doubted resolver: a name that has them exists."""
    doubted = [s.seen for s in scene.dns.first_said if not s.is_true and is_system(s.seen)]
    return tuple(
        _resolve(scene, Arm.TARGET, scene.host, o.resolver, o.transport).model_copy(
            update={"query_type": query_type}
        )
        for o in doubted[:1]
        for query_type in ("SOA", "NS")
    )
