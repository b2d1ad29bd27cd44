"""What the verdicts on a service's endpoints say of the service: its worst explained state."""

from collections import Counter
from collections.abc import Sequence

from probe.classify.rules import RANK
from probe.model.target import Endpoint, Service
from probe.model.verdict import ServiceVerdict, Verdict
from probe.model.words import Category, Family, Protocol, Role, State

# Roles without which a person cannot use the service at all.
_VITAL = frozenset({Role.WEB, Role.APP, Role.MESSAGING})
_ROLE_ORDER = (
    Role.WEB,
    Role.APP,
    Role.MESSAGING,
    Role.API,
    Role.MEDIA,
    Role.SHORT_LINK,
    Role.CONTENT,
    Role.CONTROL,
)
# Worst first; `down` before `restricted`, for a service that is down serves nobody.
_SEVERITY = (
    State.BLOCKED,
    State.REFUSED,
    State.DOWN,
    State.IMPAIRED,
    State.RESTRICTED,
    State.INSUFFICIENT,
    State.OK,
)


def judge_service(service: Service, verdicts: Sequence[Verdict]) -> ServiceVerdict:
    """Return the service's state with the endpoint that bears witness.

    A service is blocked when one of its vital endpoints is, or every host of a vital role, or most
    of its core ones are; when only its other endpoints are, it is impaired. It is `ok` only where
    each vital role is known to work. Platform-side content never speaks for the service.
    """
    endpoints = {endpoint.id: endpoint for endpoint in service.endpoints}
    about = [v for v in verdicts if v.endpoint in endpoints]
    per_endpoint = {id_: _of_endpoint([v for v in about if v.endpoint == id_]) for id_ in endpoints}
    known = {id_: v for id_, v in per_endpoint.items() if v is not None}
    own = {i: v for i, v in known.items() if endpoints[i].role is not Role.CONTENT} or known
    counts = Counter(v.state.value for v in known.values())
    if not own:
        return ServiceVerdict(
            service=service.id, state=State.INSUFFICIENT, category=Category.INSUFFICIENT
        )
    state, witness = _worst(own, endpoints)
    return ServiceVerdict(
        service=service.id,
        state=state,
        category=witness.category,
        subtype=witness.subtype,
        grade=witness.grade,
        witness=witness.endpoint,
        endpoints=len(known),
        counts=dict(counts),
    )


def _of_endpoint(verdicts: Sequence[Verdict]) -> Verdict | None:
    """Return the verdict that speaks for an endpoint: what a person's client would meet.

    QUIC falls back to TCP, and IPv6 to IPv4 and back: the better family counts, unless one is
    interfered with and the other merely unknown.
    """
    main = [v for v in verdicts if v.protocol is not Protocol.QUIC]
    if not main:
        return verdicts[0] if verdicts else None
    told = [v for v in main if v.state is not State.INSUFFICIENT] or main
    best = min(told, key=lambda v: (-_SEVERITY.index(v.state), _family_rank(v.family)))
    worst = max(told, key=lambda v: (-_SEVERITY.index(v.state), _strength(v)))
    if best.state is State.OK and worst.state is State.BLOCKED:
        # One family works: people get through, some of them late.
        return worst.model_copy(update={"state": State.IMPAIRED})
    return worst if worst.state is not State.OK else best


def _family_rank(family: Family | None) -> int:
    return 0 if family is Family.IPV4 else 1


def _strength(verdict: Verdict) -> int:
    return RANK.index(verdict.grade) if verdict.grade is not None else -1


def _worst(own: dict[str, Verdict], endpoints: dict[str, Endpoint]) -> tuple[State, Verdict]:
    for state in _SEVERITY:
        bearing = [v for v in own.values() if v.state is state]
        if not bearing:
            continue
        witness = max(bearing, key=lambda v: _witness_rank(v, endpoints[v.endpoint]))
        if state not in {State.BLOCKED, State.REFUSED, State.DOWN} or _is_vital(
            bearing, own, endpoints
        ):
            return (
                (state, witness)
                if state is not State.INSUFFICIENT
                else _unless_ok(own, endpoints, witness)
            )
        if state is State.BLOCKED:
            return State.IMPAIRED, witness
    witness = next(iter(own.values()))
    return witness.state, witness


def _unless_ok(
    own: dict[str, Verdict], endpoints: dict[str, Endpoint], witness: Verdict
) -> tuple[State, Verdict]:
    """Ignorance about a side road does not hide that the main one is open.

    What is seen on the main one (slow, filtered at home) is told, though nobody is accused of it.
    """
    seen = [
        v
        for i, v in own.items()
        if v.state is State.INSUFFICIENT
        and v.category is not Category.INSUFFICIENT
        and endpoints[i].role in _VITAL
        and endpoints[i].core
    ]
    if seen:
        told = max(seen, key=lambda v: _witness_rank(v, endpoints[v.endpoint]))
        return State.INSUFFICIENT, told
    unknown = _unknown_road(own, endpoints)
    if unknown:
        return State.INSUFFICIENT, max(
            unknown, key=lambda v: _witness_rank(v, endpoints[v.endpoint])
        )
    fine = [v for v in own.values() if v.state is State.OK]
    vital = [v for v in fine if endpoints[v.endpoint].role in _VITAL]
    if vital:
        best = max(vital, key=lambda v: _witness_rank(v, endpoints[v.endpoint]))
        return State.OK, best
    return State.INSUFFICIENT, witness


def _unknown_road(own: dict[str, Verdict], endpoints: dict[str, Endpoint]) -> list[Verdict]:
    """Return the verdicts on a road without which nobody gets on, if none on it is known to work.

    A page that opens is no chat: one silent address accuses nobody, and six of six are not fine.
    """
    for road in _roads(own, endpoints):
        verdicts = [own[i] for i in road]
        if all(v.state is State.INSUFFICIENT for v in verdicts):
            return verdicts
    return []


def _roads(own: dict[str, Verdict], endpoints: dict[str, Endpoint]) -> list[list[str]]:
    """Return by vital role what was measured: its core endpoints, else all where hosts are several.

    One of several hosts for the same thing may be missed; a lone one that is not core is a side
    road.
    """
    roads = []
    for role in (r for r in _ROLE_ORDER if r in _VITAL):
        of_role = [i for i in own if endpoints[i].role is role]
        core = [i for i in of_role if endpoints[i].core]
        if core or len({endpoints[i].host for i in of_role}) > 1:
            roads.append(core or of_role)
    return roads


def _is_vital(
    bearing: Sequence[Verdict], own: dict[str, Verdict], endpoints: dict[str, Endpoint]
) -> bool:
    hit = {v.endpoint for v in bearing}
    vital_core = [i for i in own if endpoints[i].role in _VITAL and endpoints[i].core]
    if any(i in hit for i in vital_core):
        return True
    if any(hit.issuperset(road) for road in _roads(own, endpoints)):
        return True
    core = [i for i in own if endpoints[i].core] or list(own)
    vital = [i for i in own if endpoints[i].role in _VITAL]
    if not vital_core and any(i in hit for i in vital):
        return True
    return 2 * sum(i in hit for i in core) > len(core)


def _witness_rank(verdict: Verdict, endpoint: Endpoint) -> tuple[int, bool, int]:
    return _strength(verdict), endpoint.core, -_ROLE_ORDER.index(endpoint.role)
