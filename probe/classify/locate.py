"""Where the box sits: from which router on a name's fate differs from another name's.

techniques 3: with a control's packet given up by router n (time exceeded) and the name's answered,
reset or silent at the same TTL, the box sits at or before n; the smallest such n is the place. What
acts on the server's packets (S02, S03) never shows at a short TTL.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from probe.classify import constants as k
from probe.classify.addresses import family_of, neutral_name
from probe.classify.experiments import wait
from probe.classify.facts import Facts
from probe.classify.scene import Scene
from probe.model.experiment import Experiment, Kind
from probe.model.observation import TraceHop, TraceObservation
from probe.model.verdict import Finding, Location, Unlocated, Verdict
from probe.model.words import Arm, Family, Flag, Layer, State, Transport

_ACCUSING = frozenset({State.BLOCKED, State.IMPAIRED})
_METHODS = {
    Layer.DNS: "dns",
    Layer.IP: "syn",
    Layer.TCP: "syn",
    Layer.TLS: "hello",
    Layer.QUIC: "quic",
}
# At the step of the change two tries must agree, and most of all where there were three.
_AGREE_MIN = 2
# techniques 3.4: a budget of twelve lives with a name.
_NAMED_STEPS_MAX = 12


def ask_where(scene: Scene, verdict: Verdict) -> tuple[Experiment, ...]:
    """Return the next walks that would locate what a verdict accuses.

    The controls walk first. Where they were given up by routers that say so, the target's name
    walks after them: nowhere else, since nothing could be learnt there.
    """
    if verdict.state not in _ACCUSING or verdict.layer not in _METHODS:
        return ()
    base: dict[str, Any] = {
        "kind": Kind.TRACE,
        "endpoint": scene.facts.endpoint.id,
        "family": scene.family,
    }
    if verdict.layer is Layer.DNS:
        return _questions(scene, verdict, base)
    spots = [s for s in scene.facts.spots_of(scene.family) if s.connects or s.quic]
    base |= {"address": spots[0].address, "port": scene.facts.port} if spots else {}
    if not spots:
        return ()
    syns = Experiment(arm=Arm.C1, **base)
    if verdict.layer in {Layer.IP, Layer.TCP}:
        other = next(
            (a for a in _open_addresses(scene.facts) if family_of(a) is spots[0].family), None
        )
        if other is None:
            return ()
        control = Experiment(**{**base, "address": other, "port": 443}, arm=Arm.C5)
        return control, Experiment(arm=Arm.TARGET, **base)
    base |= {"quic_version": "1"} if verdict.layer is Layer.QUIC else {}
    return (
        *((syns,) if not _walked(scene.facts, "syn", scene.family) else ()),
        *_named(scene, _METHODS[verdict.layer], verdict, base),
    )


def _named(
    scene: Scene, method: str, verdict: Verdict, base: dict[str, Any]
) -> tuple[Experiment, ...]:
    control = Experiment(arm=Arm.C1, name=neutral_name(scene.host), **base)
    walks = _walked(scene.facts, method, base["family"])
    if not walks:
        return (control,)
    steps = _steps(t for t in walks if t.arm is not Arm.TARGET)
    ttls = tuple(sorted(ttl for ttl, hops in steps.items() if _passes(hops)))[:_NAMED_STEPS_MAX]
    if not ttls:
        return ()
    # What a filter remembers of the walk must run out before anything else is tried there.
    rest = wait(scene, k.RESIDUAL_SLOT_S) if Flag.RESIDUAL_SEEN in verdict.flags else ()
    return Experiment(arm=Arm.TARGET, name=scene.host, ttls=ttls, **base), *rest


def _walked(facts: Facts, method: str, family: Family | None) -> list[TraceObservation]:
    return [t for t in facts.traces if t.method == method and t.family in (family, None)]


def _open_addresses(facts: Facts) -> tuple[str, ...]:
    told = facts.vantage.facts
    return (*told.responders, *told.neutral_addresses)


def _questions(scene: Scene, verdict: Verdict, base: dict[str, Any]) -> tuple[Experiment, ...]:
    """Questions to a public resolver: what is forged or eaten on the way shows at a short TTL."""
    for said in scene.dns.public_udp:
        server = said.seen.address
        if said.is_true is True or server is None:
            continue
        more = base | {
            "address": server,
            "family": family_of(server),
            "port": 53,
            "resolver": said.seen.resolver,
            "transport": Transport.UDP,
        }
        return _named(scene, "dns", verdict, more)
    return ()


def locate(
    facts: Facts, finding: Finding, family: Family | None
) -> tuple[Location | None, Unlocated | None]:
    """Return where it is, or why that cannot be said; (None, None) if nobody walked."""
    method = _METHODS.get(finding.layer) if finding.layer is not None else None
    if finding.state not in _ACCUSING or method is None:
        return None, None
    walks = [t for t in facts.traces if t.method == method]
    if method != "dns":
        walks = [t for t in walks if t.family in (family, None)]
    target = _steps(t for t in walks if t.arm is Arm.TARGET)
    control = _steps(t for t in walks if t.arm is not Arm.TARGET)
    if not control:
        return None, None
    if not any(_passes(hops) for hops in control.values()):
        return None, "mute_routers"
    if not target:
        return None, None
    beyond = [
        ttl for ttl, hops in target.items() if _differs(hops) and _passes(control.get(ttl, ()))
    ]
    if not beyond:
        return None, _out_of_reach(control, _distance(facts, family) if method != "dns" else None)
    hop = min(beyond)
    if any(_passes(hops) for ttl, hops in target.items() if ttl > hop):
        return None, "many_ways"
    beside = [*target[hop], *target.get(hop - 1, ())]
    routers = _routers(t for t in facts.traces if t.family in (family, None))
    return _placed(facts, hop, routers, len(beside)), None


def _out_of_reach(control: dict[int, list[TraceHop]], distance: int | None) -> Unlocated:
    """Say why the name went as far as it was sent: to the last router before the server, or not."""
    last = control[max(control)]
    passed = max(ttl for ttl, hops in control.items() if _passes(hops))
    if any(h.outcome == "answered" for h in last) or (
        distance is not None and passed + 1 >= distance
    ):
        # Up to there nothing differs: it takes a packet of the server.
        return "acts_on_answers"
    return "any_name" if any(h.outcome in {"reset", "refused"} for h in last) else "not_reached"


def _distance(facts: Facts, family: Family | None) -> int | None:
    """Return the smallest TTL with which a SYN reached the server; None if none did."""
    walks = (t for t in facts.traces if t.method == "syn" and t.family in (family, None))
    return min((h.ttl for t in walks for h in t.hops if h.outcome == "answered"), default=None)


def _steps(walks: Iterable[TraceObservation]) -> dict[int, list[TraceHop]]:
    found: defaultdict[int, list[TraceHop]] = defaultdict(list)
    for walk in walks:
        for hop in walk.hops:
            found[hop.ttl].append(hop)
    return found


def _passes(hops: Sequence[TraceHop]) -> bool:
    """Whether packets got as far as this router, most of the time."""
    return bool(hops) and 2 * sum(h.outcome == "expired" for h in hops) > len(hops)


def _differs(hops: Sequence[TraceHop]) -> bool:
    """Whether they did not, in at least two tries and most of all."""
    other = sum(h.outcome != "expired" for h in hops)
    return other >= min(_AGREE_MIN, len(hops)) and 2 * other > len(hops)


def _routers(walks: Iterable[TraceObservation]) -> dict[int, str]:
    return {h.ttl: h.router for walk in walks for h in walk.hops if h.router is not None}


def _placed(facts: Facts, hop: int, routers: dict[int, str], tries: int) -> Location:
    geo, home = facts.knowledge.geo, facts.vantage.facts.country
    behind = geo.network_of(routers[hop]) if hop in routers else None
    before = geo.network_of(routers[hop - 1]) if hop - 1 in routers else None
    border: Literal["before", "at", "beyond", "unknown"] = "unknown"
    if home is not None and behind is not None and behind.country == home:
        border = "before"
    elif home is not None and before is not None and before.country not in (None, home):
        border = "beyond"
    elif home is not None and behind is not None and before is not None:
        border = "at"
    return Location(
        hop=hop,
        asn=behind.asn if behind is not None else None,
        country=behind.country if behind is not None else None,
        border=border,
        tries=tries,
    )
