"""What the gates' rows ask: each a yes or no about the line, by quorum over controls.

techniques 1.8 (E01-E12), T06, T15, S17. One operator's controls are one witness.
"""

from probe.classify import constants as k
from probe.classify.controls import Gates, Tried, network_key, operators
from probe.classify.statements import ENCRYPTED
from probe.model.observation import DnsObservation
from probe.model.words import Family


def quorum(tried: tuple[Tried, ...]) -> bool:
    """Whether more than one operator bears witness."""
    return operators(tried) >= k.GATE_OPERATORS_MIN


def is_portal(gates: Gates) -> bool:
    """Pages of known content are altered, and no certificate of a control is genuine."""
    if names_lead_home(gates) and not gates.passing:
        return True
    altered = [t for t in gates.portals if t.is_altered]
    honest = [t for t in gates.portals if t.passes()]
    return bool(altered) and not honest and not any(t.is_tls for t in gates.passing)


def names_lead_home(gates: Gates) -> bool:
    """The resolver sends every control's name to one private address: a portal's own."""
    asked = [t for t in gates.tried if t.private_answers is not None]
    answers = {a for t in asked for a in (t.private_answers or ())}
    return operators(asked) >= k.GATE_FOREIGN_MIN and len(answers) == 1


def interceptor(gates: Gates) -> tuple[Tried, ...]:
    """Controls of unrelated operators whose certificates one stranger issued."""
    by_issuer: dict[str, list[Tried]] = {}
    for tried in gates.over_tls:
        issuers = {c.issuer for c in tried.foreign if c.reason not in _DATES and not c.anchored}
        for issuer in issuers:
            by_issuer.setdefault(issuer, []).append(tried)
    most = max(by_issuer.values(), key=operators, default=[])
    return tuple(most) if operators(most) >= k.GATE_FOREIGN_MIN else ()


_DATES = frozenset({"expired", "not_yet_valid"})


def is_intercepted(gates: Gates) -> bool:
    """One stranger issues for many, or no control at all is shown a genuine certificate."""
    if interceptor(gates):
        return True
    shown = tuple(t for t in gates.over_tls if t.foreign or t.passes())
    return quorum(shown) and all(
        t.foreign and not t.passes() and all(c.reason not in _DATES for c in t.foreign)
        for t in shown
    )


def is_skewed(gates: Gates) -> bool:
    """The controls' Dates are far from our clock, or all certificates look wrong by date."""
    if gates.clock_offset_s is not None:
        return abs(gates.clock_offset_s) > k.CLOCK_SKEW_S
    shown = tuple(t for t in gates.over_tls if t.foreign or t.passes())
    return quorum(shown) and all(
        t.foreign and all(c.reason in _DATES for c in t.foreign) for t in shown
    )


def is_offline(gates: Gates) -> bool:
    """Nothing passes."""
    return bool(gates.tried) and not gates.passing


def foreign_is_dead(gates: Gates) -> bool:
    """Something at home passes, and of at least three controls abroad none does."""
    return (
        any(gates.is_domestic(t) for t in gates.passing)
        and len(gates.foreign) >= k.GATE_FOREIGN_MIN
        and quorum(gates.foreign)
        and not any(t.passes() for t in gates.foreign)
    )


def is_shutdown(gates: Gates) -> bool:
    """Abroad not even connections are made."""
    return foreign_is_dead(gates) and not any(t.connected() for t in gates.foreign)


def is_allowlist(gates: Gates) -> bool:
    """Abroad connections are made and carry nothing, or only very few hosts pass."""
    if foreign_is_dead(gates):
        return True
    passing = sum(t.passes() for t in gates.foreign)
    return (
        any(gates.is_domestic(t) for t in gates.passing)
        and len(gates.foreign) >= k.ALLOWLIST_FOREIGN_MIN
        and passing <= k.ALLOWLIST_SHARE_MAX * len(gates.foreign)
    )


def is_port_allowlist(gates: Gates) -> bool:
    """Cleartext pages come as ever, and no host accepts a connection for TLS."""
    return (
        any(t.passes() for t in gates.portals)
        and len(gates.over_tls) >= k.GATE_FOREIGN_MIN
        and quorum(gates.over_tls)
        and not any(t.connected() for t in gates.over_tls)
    )


def is_broken(gates: Gates, family: Family) -> bool:
    """No control passes in this family, though some that were tried in it pass in the other."""
    local = gates.local
    known = None if local is None else (local.has_ipv6 if family is Family.IPV6 else local.has_ipv4)
    tried = tuple(t for t in gates.tried if t.connected(family) is not None)
    if not tried:
        return known is False
    if any(t.passes(family) for t in tried):
        return False
    other = Family.IPV4 if family is Family.IPV6 else Family.IPV6
    return any(t.passes(other) for t in gates.tried) and (quorum(tried) or known is False)


def quic_tried(gates: Gates) -> tuple[Tried, ...]:
    """Return reachable controls that were asked over QUIC."""
    return tuple(t for t in gates.tried if t.quic is not None and t.passes())


def resolvers_fail(gates: Gates, *, encrypted: bool) -> bool:
    """Whether public resolvers of two operators fail for every name, and none works."""
    sources = failing_resolvers(gates), working_resolvers(gates)
    wanted = {str(t) for t in ENCRYPTED} if encrypted else {"udp"}
    failing, working = (
        {s for s in group if s.partition("/")[2] in wanted and not s.startswith("system")}
        for group in sources
    )
    return len({s.partition("/")[0] for s in failing}) >= k.GATE_OPERATORS_MIN and not working


def working_resolvers(gates: Gates, query_type: str | None = None) -> tuple[str, ...]:
    """Return `<id>/<transport>` of resolvers that told a control's true address (of this type).

    An injector answers in a dead resolver's name, too: what it says of blocked controls does not
    make the resolver work.
    """
    told = (o for o in gates.dns if query_type in {None, o.query_type} and _is_true(o, gates))
    return tuple(sorted({f"{o.resolver}/{o.transport}" for o in told}))


def _is_true(o: DnsObservation, gates: Gates) -> bool:
    """Whether an answer names an address that proved to be a control's, or its neighbour."""
    networks = gates.proved_networks.get(o.name)
    if not networks:
        return False
    geo = gates.knowledge.geo
    return any(a in networks or network_key(a, geo) in networks for a in o.addresses)


def failing_resolvers(gates: Gates) -> tuple[str, ...]:
    """Return those that told no true address, of at least two reachable controls asked."""
    working = set(working_resolvers(gates))
    reachable = {t.control.host for t in gates.passing}
    asked: dict[str, set[str]] = {}
    for o in gates.dns:
        if not o.resolver.startswith("canary:") and (o.name in reachable or not o.addresses):
            asked.setdefault(f"{o.resolver}/{o.transport}", set()).add(o.name)
    return tuple(sorted(s for s, names in asked.items() if s not in working and len(names) >= 2))


def has_mtu_trouble(gates: Gates) -> bool:
    """Most controls stall once packets grow large."""
    connected = tuple(t for t in gates.over_tls if t.connected())
    stalled = [t for t in connected if t.stalled and not t.rates_bps]
    return quorum(connected) and 2 * len(stalled) > len(connected)
