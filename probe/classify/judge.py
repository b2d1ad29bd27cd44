"""From evidence to verdicts: every layer's table speaks; the earliest that explains all wins."""

from collections.abc import Iterable, Sequence

from probe.classify.facts import Facts, derive, protocol_and_port
from probe.classify.locate import locate
from probe.classify.look_dns import DnsLook
from probe.classify.rules import RULES_VERSION, L, Rule, first, say
from probe.classify.rules_dns import RULES_DNS
from probe.classify.rules_http import RULES_HTTP
from probe.classify.rules_pace import RULES_PACE
from probe.classify.rules_quic import RULES_QUIC
from probe.classify.rules_tcp import RULES_TCP
from probe.classify.rules_tls import RULES_TLS
from probe.classify.scene import Scene
from probe.classify.settle import settle
from probe.classify.spots import Truth
from probe.model.evidence import Evidence
from probe.model.knowledge import Knowledge
from probe.model.verdict import Finding, Verdict
from probe.model.words import Arm, Category, Family, Protocol, State, VantageState

# What the vantage's own state is called in a verdict about an endpoint.
_VANTAGE_CATEGORIES = {
    VantageState.CAPTIVE_PORTAL: Category.CAPTIVE_PORTAL,
    VantageState.SHUTDOWN: Category.SHUTDOWN,
    VantageState.ALLOWLIST: Category.ALLOWLIST,
}
_DECISIVE = frozenset({State.BLOCKED, State.DOWN, State.REFUSED})
_ORDER = (State.IMPAIRED, State.RESTRICTED)
_NOBODYS_NAME = "dns.named_only_here"
# Nobody's fault as far as is known, and yet no ordinary client here gets an address that serves.
_KEEPS_CLIENTS_AWAY = frozenset(
    {
        "dns.dead_answer",
        "dns.fails_for_this_name",
        "dns.nulled_at_home",
        "dns.silent_for_this_name",
        "dns.system_names_nothing",
    }
)


def judge(evidence: Evidence, knowledge: Knowledge) -> tuple[Verdict, ...]:
    """Return one verdict per protocol and address family that has an address."""
    if not evidence.vantage.may_judge:
        return (_no_verdict(evidence, knowledge),)
    facts = derive(evidence, knowledge)
    return tuple(judged(scene) for scene in scenes(facts))


def scenes(facts: Facts) -> tuple[Scene, ...]:
    """Return the verdicts to be made: protocols by families."""
    families = _families(facts)
    dns = {family: DnsLook(facts, family) for family in families or (None,)}
    found = [Scene(facts, facts.protocol, family, look) for family, look in dns.items()]
    # A lie may have named the only address that was asked: it stands in the way of QUIC as well.
    tried = {s.family for s in facts.spots if s.quic and s.family in families}
    if facts.protocol is not Protocol.QUIC:
        found.extend(Scene(facts, Protocol.QUIC, f, dns[f]) for f in families if f in tried)
    return tuple(found)


def _families(facts: Facts) -> tuple[Family, ...]:
    """Families with an address that may be the endpoint's; else those that only lies name."""
    masked = set(facts.vantage.masked_families)
    genuine = {s.family for s in facts.spots if s.truth is not Truth.FALSE}
    if not genuine:
        genuine = {s.family for s in facts.spots}
    return tuple(f for f in Family if f in genuine and f not in masked)


def judged(scene: Scene) -> Verdict:
    """Return the verdict of one protocol and family."""
    findings = findings_of(scene)
    primary = _primary(findings, scene.protocol)
    also = tuple(
        f
        for f in findings
        if f is not primary and f.state is not State.OK and not f.rule_id.endswith(".not_tried")
    )
    return _verdict(scene.facts, scene.protocol, scene.family, primary, also)


def findings_of(scene: Scene) -> list[Finding]:
    """Return what each layer's table says, earliest layer first."""
    if scene.protocol is Protocol.QUIC:
        # Lies about the name stand in the way of every protocol.
        return [_find(RULES_DNS, scene.dns, scene), _find(RULES_QUIC, scene.quic, scene)]
    found = [_find(RULES_DNS, scene.dns, scene), _find(RULES_TCP, scene.tcp, scene)]
    if scene.protocol in {Protocol.HTTPS, Protocol.TLS}:
        found.append(_find(RULES_TLS, scene.tls, scene))
    if scene.protocol in {Protocol.HTTPS, Protocol.HTTP}:
        found.append(_find(RULES_HTTP, scene.http, scene))
    found.append(_find(RULES_PACE, scene.pace, scene))
    return found


def _find(rules: Sequence[Rule[L]], look: L, scene: Scene) -> Finding:
    rule = first(rules, look)
    return say(rule, look, settle(rule.rivals, scene))


def _primary(findings: Sequence[Finding], protocol: Protocol) -> Finding:
    """Return the earliest finding that explains all of it."""
    if findings[0].rule_id == _NOBODYS_NAME:
        # No server is the service's: what such servers do is no trouble of its own.
        return next((f for f in findings if f.state is State.BLOCKED), findings[0])
    for finding in findings:
        if finding.state in _DECISIVE or finding.category is Category.LOCAL_INTERFERENCE:
            return finding
    for state in _ORDER:
        for finding in findings:
            if finding.state is state:
                return finding
    if protocol is Protocol.QUIC:
        return findings[0] if findings[0].rule_id in _KEEPS_CLIENTS_AWAY else findings[-1]
    return _calm(findings)


def _calm(findings: Sequence[Finding]) -> Finding:
    """No layer accuses: the first layer that cannot say, else the last that says it is fine.

    What resolvers could not prove matters only where no address was tried, or where the one that
    clients use is dead; a stalled download only where the page itself is fine.
    """
    dns, tcp, *rest = findings
    if dns.rule_id in _KEEPS_CLIENTS_AWAY:
        return dns
    if tcp.state is State.INSUFFICIENT:
        untried = tcp.rule_id == "tcp.not_tried"
        return dns if untried and dns.state is not State.OK else tcp
    pace = rest.pop() if rest else None
    for finding in rest:
        if finding.state is State.INSUFFICIENT:
            return finding
    if pace is not None and pace.state is State.INSUFFICIENT:
        return pace
    return rest[-1] if rest else tcp


def _verdict(
    facts: Facts,
    protocol: Protocol,
    family: Family | None,
    finding: Finding,
    also: tuple[Finding, ...],
) -> Verdict:
    flags = dict.fromkeys(flag for f in (finding, *also) for flag in f.flags)
    values = {name: getattr(finding, name) for name in Finding.model_fields}
    values["flags"] = tuple(flags)
    location, unlocated = locate(facts, finding, family)
    return Verdict(
        **values,
        hop=location.hop if location is not None else None,
        location=location,
        unlocated=unlocated,
        endpoint=facts.endpoint.id,
        service=facts.endpoint.service,
        protocol=protocol,
        family=family,
        also=also,
        not_asked=_not_asked((finding, *also)),
        ruleset_version=RULES_VERSION,
        fingerprints_sha256=facts.knowledge.fingerprints_sha256,
        catalogue_sha256=facts.knowledge.catalogue.sha256,
    )


def _not_asked(findings: Iterable[Finding]) -> tuple[str, ...]:
    words = (r.experiment for f in findings for r in f.rivals if r.status.value == "not_asked")
    return tuple(dict.fromkeys(words))


def _no_verdict(evidence: Evidence, knowledge: Knowledge) -> Verdict:
    """The vantage point cannot tell: no service's failure means anything here."""
    protocol, _ = protocol_and_port(evidence.endpoint.url)
    return Verdict(
        state=State.INSUFFICIENT,
        category=_VANTAGE_CATEGORIES.get(evidence.vantage.state, Category.INSUFFICIENT),
        rule_id="vantage.cannot_judge",
        detail=evidence.vantage.sentence or f"vantage {evidence.vantage.state}",
        endpoint=evidence.endpoint.id,
        service=evidence.endpoint.service,
        protocol=protocol,
        ruleset_version=RULES_VERSION,
        fingerprints_sha256=knowledge.fingerprints_sha256,
        catalogue_sha256=knowledge.catalogue.sha256,
    )


def was_looked_at(evidence: Evidence) -> bool:
    """Whether the endpoint itself was asked for anything from here."""
    return any(o.arm is Arm.TARGET and o.vantage is None for o in evidence.observations)
