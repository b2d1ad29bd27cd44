"""Judge the place we measure from, and say what to ask about it."""

from collections.abc import Iterable, Sequence
from statistics import median

from probe.classify import constants as k
from probe.classify.addresses import neutral_name
from probe.classify.controls import Gates, Tried, sort_controls
from probe.classify.gate_facts import (
    failing_resolvers,
    is_allowlist,
    is_broken,
    is_intercepted,
    is_offline,
    is_port_allowlist,
    is_portal,
    is_shutdown,
    working_resolvers,
)
from probe.classify.rules_gates import RULES_GATES, GateRule
from probe.classify.whereabouts import ask_whereabouts, whereabouts
from probe.model.experiment import Experiment, Kind
from probe.model.knowledge import Knowledge
from probe.model.observation import Observation, TcpObservation, TlsObservation
from probe.model.target import Control
from probe.model.verdict import GateVerdict, VantageFacts, VantageVerdict
from probe.model.words import Arm, Family, Transport, VantageState

_SENTENCES = {
    VantageState.ONLINE: "This line works.",
    VantageState.DEGRADED: "This line works in part; services are judged with that in mind.",
    VantageState.OFFLINE: "Nothing can be reached from here; nothing is said about any service.",
    VantageState.CAPTIVE_PORTAL: "A portal answers for every site; log in there and try again.",
    VantageState.INTERCEPTED: "Certificates are exchanged here for every site.",
    VantageState.SHUTDOWN: "Hosts at home answer and none abroad does.",
    VantageState.ALLOWLIST: "Only a few listed hosts or protocols pass here.",
}
LOCAL_ID = "local"
"""Endpoint id of facts about this machine."""


def judge_vantage(observations: Sequence[Observation], knowledge: Knowledge) -> VantageVerdict:
    """Return what the gates say: may services be judged from here?"""
    gates = sort_controls(observations, knowledge)
    verdicts = _speak(gates)
    state = _state(gates, verdicts)
    return VantageVerdict(
        state=state,
        gates=verdicts,
        masked_families=tuple(f for f in Family if is_broken(gates, f)),
        failing_controls=tuple(t.control.id for t in gates.failing),
        sentence=_SENTENCES[state],
        facts=_facts(gates),
    )


def _speak(gates: Gates) -> tuple[GateVerdict, ...]:
    """For each gate, let the first row that holds speak."""
    spoken: dict[str, GateVerdict] = {}
    for rule in RULES_GATES:
        if rule.gate not in spoken and rule.when(gates):
            spoken[rule.gate] = _verdict(rule, gates)
    return tuple(spoken.values())


def _verdict(rule: GateRule, gates: Gates) -> GateVerdict:
    carrying: Iterable[Tried] = gates.failing if rule.outcome == "fail" else gates.passing
    ids = [t.seen[-1].id for t in carrying if t.seen]
    return GateVerdict(
        gate=rule.gate,
        outcome=rule.outcome,
        rule_id=rule.id,
        category=rule.category,
        subtype=rule.subtype,
        detail=rule.detail,
        evidence=tuple(ids[:8]),
    )


def _state(gates: Gates, verdicts: Sequence[GateVerdict]) -> VantageState:
    if not gates.tried:
        # A catalogue without controls can still be measured; nothing vouches for the line then.
        return VantageState.DEGRADED
    if is_portal(gates):
        return VantageState.CAPTIVE_PORTAL
    if is_intercepted(gates):
        return VantageState.INTERCEPTED
    if is_offline(gates):
        return VantageState.OFFLINE
    if is_shutdown(gates):
        return VantageState.SHUTDOWN
    if is_allowlist(gates) or is_port_allowlist(gates):
        return VantageState.ALLOWLIST
    if gates.failing or any(v.outcome == "fail" for v in verdicts):
        return VantageState.DEGRADED
    return VantageState.ONLINE


def _facts(gates: Gates) -> VantageFacts:
    offset_s = gates.clock_offset_s
    is_off = offset_s is not None and abs(offset_s) > k.CLOCK_SKEW_S
    rates = [rate for t in gates.passing for rate in t.rates_bps]
    where = whereabouts(gates)
    connects = [
        o.duration_s
        for t in gates.tried
        for o in t.seen
        if isinstance(o, TcpObservation) and o.failure is None and o.duration_s > 0
    ]
    return VantageFacts(
        country=gates.home or where.country,
        asns=where.asns,
        resolver_asns=where.resolver_asns,
        resolver_is_strangers=where.resolver_is_strangers,
        clock_offset_s=offset_s if is_off else None,
        resolver_kinds=gates.local.resolver_kinds if gates.local is not None else (),
        failing_resolvers=failing_resolvers(gates),
        working_resolvers=working_resolvers(gates),
        aaaa_resolvers=working_resolvers(gates, "AAAA"),
        dns_intercepted=_is_intercepted_dns(gates),
        rate_bps=median(rates) if rates else None,
        rate_bps_by_family={
            family.value: median(own)
            for family in Family
            if (own := [rate for t in gates.passing for rate in t.rates_of(family)])
        },
        rtt_s=min(connects) if connects else None,
        quic_bytes=max((t.quic_bytes for t in gates.tried), default=0) or None,
        neutral_addresses=tuple(_neutral_addresses(gates)),
    )


def _neutral_addresses(gates: Gates) -> Iterable[str]:
    """Return proved addresses of controls that answer any name: hosts for C2."""
    found: dict[str, None] = {}
    for tried in gates.passing:
        for o in tried.seen:
            chain = tried.chains.get(o.id)
            if (
                tried.control.accepts_foreign_names
                and isinstance(o, TlsObservation)
                and chain is not None
                and chain.verified
                and o.address is not None
            ):
                found[o.address] = None
    return found


def _is_intercepted_dns(gates: Gates) -> bool:
    """Whether an address that serves no DNS answers, or public resolvers all ask from one place.

    A whoami name is answered with the address of whoever asked its servers; if two operators'
    resolvers ask from one network, which is neither's, a third one answers in their name. Where the
    geo data does not know a resolver's own network, our access network is still not it.
    """
    names = {w.name for w in gates.knowledge.catalogue.whoami if w.tells == "resolver"}
    geo, ours = gates.knowledge.geo, set(whereabouts(gates).asns)
    askers: dict[str, int] = {}
    for o in gates.dns:
        if o.resolver.startswith("canary:") and o.addresses:
            return True
        if o.name in names and o.transport is Transport.UDP and o.addresses and o.address:
            asker, server = geo.network_of(o.addresses[0]), geo.network_of(o.address)
            if asker is None:
                continue
            if asker.asn in ours if server is None else asker.asn != server.asn:
                askers[o.resolver] = asker.asn
    return len(askers) >= k.GATE_OPERATORS_MIN and len(set(askers.values())) == 1


# --- asking ---------------------------------------------------------------------------------------


def ask_vantage(
    knowledge: Knowledge, observations: Sequence[Observation]
) -> tuple[Experiment, ...]:
    """Return what to ask about this line next; empty when the gates can be judged.

    First this machine and controls of many operators and countries; then, where it is known or
    nothing passes, controls at home.
    """
    tried = {o.endpoint for o in observations}
    if not observations:
        return (
            Experiment(kind=Kind.LOCAL, endpoint=LOCAL_ID, arm=Arm.GATE),
            *_whoami(knowledge),
            *ask_whereabouts(knowledge, LOCAL_ID),
            *(_look(control) for control in _first_controls(knowledge.catalogue.controls)),
        )
    gates = sort_controls(observations, knowledge)
    more = [_look(control) for control in _more(gates) if control.id not in tried]
    return (*more, *_again(gates))


def ask_vantage_again(before: VantageVerdict, knowledge: Knowledge) -> tuple[Experiment, ...]:
    """Return looks at a few controls that passed: one in cleartext, one at home, some abroad.

    Empty where the line was no good before, or too few passed: then all is to be asked anew.
    """
    if before.state not in {VantageState.ONLINE, VantageState.DEGRADED}:
        return ()
    controls = knowledge.catalogue.controls
    country = before.facts.country
    home = [c for c in controls if c.country == country][: k.GATE_DOMESTIC_CONTROLS]
    passed = [
        c
        for c in dict.fromkeys((*home, *_first_controls(controls)))
        if c.id not in before.failing_controls
    ]
    abroad: dict[str, Control] = {}
    for control in passed:
        if _is_tls(control) and control.country != country:
            abroad.setdefault(control.operator, control)
    if len(abroad) < k.GATE_FOREIGN_MIN:
        return ()
    return tuple(
        _look(control)
        for control in (
            *[c for c in passed if not _is_tls(c)][:1],
            *[c for c in passed if _is_tls(c) and c.country == country][:1],
            *list(abroad.values())[: k.GATE_FOREIGN_MIN],
        )
    )


def is_as_before(
    before: VantageVerdict, observations: Sequence[Observation], knowledge: Knowledge
) -> bool:
    """Whether all that passed passes still, and no gate says what it did not say before."""
    now = judge_vantage(observations, knowledge)
    return (
        (now.state is VantageState.ONLINE or now.state is before.state)
        and not now.failing_controls
        and _troubles(now) <= _troubles(before)
    )


def _troubles(verdict: VantageVerdict) -> set[tuple[str, str | None]]:
    return {(gate.gate, gate.subtype) for gate in verdict.gates if gate.outcome == "fail"}


def _is_tls(control: Control) -> bool:
    return control.url.startswith("https://")


def _again(gates: Gates) -> Iterable[Experiment]:
    """Look once more at failing controls while they are many: one loss is no dead line."""
    if 2 * len(gates.failing) < len(gates.tried):
        return
    for tried in gates.failing:
        if len({o.experiment for o in tried.seen}) == 1:
            yield _look(tried.control).model_copy(update={"round": 1})


def _look(control: Control) -> Experiment:
    return Experiment(
        kind=Kind.SCREEN,
        endpoint=control.id,
        arm=Arm.GATE,
        name=control.host,
        url=control.url,
        port=0,
    )


def _first_controls(controls: Sequence[Control]) -> list[Control]:
    """Return a spread: what each purpose needs, then one of each further operator and country."""
    chosen: dict[str, Control] = {}
    for purpose, wanted in (("neutral_name", 1), ("portal", 3), ("quic", 2), ("transfer", 2)):
        operators: set[str] = {c.operator for c in chosen.values() if purpose in c.purpose}
        for control in controls:
            if len(operators) >= wanted:
                break
            if purpose in control.purpose and control.operator not in operators:
                chosen[control.id] = control
                operators.add(control.operator)
    seen = {(c.operator, c.country) for c in chosen.values()}
    countries = {c.country for c in chosen.values()}
    for only_new_country in (True, False):
        for control in controls:
            if len(chosen) >= k.GATE_FIRST_CONTROLS:
                break
            is_new = (control.operator, control.country) not in seen
            if is_new and (control.country not in countries or not only_new_country):
                chosen[control.id] = control
                seen.add((control.operator, control.country))
                countries.add(control.country)
    return list(chosen.values())


def _more(gates: Gates) -> Iterable[Control]:
    """Return controls at home; with nothing passing, some of everybody's."""
    controls = gates.knowledge.catalogue.controls
    home = gates.home
    if home is not None:
        return [c for c in controls if c.country == home][: k.GATE_DOMESTIC_CONTROLS]
    if gates.passing and 3 * len(gates.failing) >= 2 * len(gates.tried):
        # Only little passes: is it what is at home?
        likely = {t.control.country for t in gates.passing if t.is_tls}
        return [
            control
            for country in likely
            for control in [c for c in controls if c.country == country][: k.GATE_DOMESTIC_CONTROLS]
        ]
    if gates.passing:
        return ()
    by_country: dict[str, list[Control]] = {}
    for control in controls:
        by_country.setdefault(control.country, []).append(control)
    return [c for group in by_country.values() for c in group[: k.GATE_OPERATORS_MIN]]


def _whoami(knowledge: Knowledge) -> Iterable[Experiment]:
    """Ask public resolvers who they are, and addresses that serve no DNS for anything."""
    name = next(
        (
            w.name
            for w in knowledge.catalogue.whoami
            if w.tells == "resolver" and w.query_type == "A" and w.server is None
        ),
        None,
    )
    udp = [r for r in knowledge.catalogue.resolvers if Transport.UDP in r.transports]
    if name is not None:
        for resolver in udp[:2]:
            yield _resolve(name, resolver.id)
    for canary in knowledge.catalogue.canaries[:1]:
        yield _resolve(neutral_name("www.example.com"), f"canary:{canary.id}")


def _resolve(name: str, resolver: str) -> Experiment:
    return Experiment(
        kind=Kind.RESOLVE,
        endpoint=LOCAL_ID,
        arm=Arm.GATE,
        name=name,
        resolver=resolver,
        transport=Transport.UDP,
        query_type="A",
        port=53,
    )
