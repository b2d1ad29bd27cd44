"""The DNS table: what a resolver's answers say about the name.

techniques D01-D22; 4.5 for the numbers; 0.2: nothing is randomised here, so no p-value.
"""

from collections.abc import Callable
from dataclasses import replace

from probe.classify import constants as k
from probe.classify.look_dns import DnsLook
from probe.classify.outcomes import Ending
from probe.classify.rules import Rule, always, suspected, weaker
from probe.model.words import Category, Grade, Layer, Locus, State, Trigger

_LIE_RIVALS = ("dead_name", "resolver_broken", "local_filter", "geo_dns")


def artefact_grade(sightings: int) -> Grade:
    """Techniques 0.2 and 4.2: what cannot be an accident proves itself when seen twice."""
    return Grade.CONFIRMED if sightings >= k.ARTEFACT_SIGHTINGS else Grade.PROBABLE


def _lie_grade(look: DnsLook) -> Grade:
    """Techniques 4.5: three lies, two honest operators, and the resolver works otherwise."""
    lies = {s.seen.id for s in look.system_lies}
    if look.artefacts and not _may_be_local(look):
        return artefact_grade(look.artefacts)
    controlled = any(look.control_works(s.seen) for s in look.system_lies)
    if _may_be_local(look) or not controlled or any(s.is_true for s in look.system):
        return Grade.SUSPECTED
    honest = len(look.honest_operators)
    if len(lies) >= k.LIES_STRONG and honest >= k.HONEST_OPERATORS_STRONG:
        grade = Grade.STRONG
    elif len(lies) >= k.ARTEFACT_SIGHTINGS and honest:
        grade = Grade.PROBABLE
    else:
        grade = Grade.SUSPECTED
    # The zone's own servers may refuse this resolver (techniques G06): the client cannot tell.
    if look.lie_kind(look.system_lies) in {"servfail", "nodata"}:
        grade = weaker(grade, Grade.PROBABLE)
    return grade


def _may_be_local(look: DnsLook) -> bool:
    """Whether the liar may be of this house: a router's resolver, or one that somebody chose."""
    return look.is_strangers_resolver or (look.is_private and not look.access_lies)


def _canary_grade(look: DnsLook) -> Grade:
    return artefact_grade(len(look.canary_answers))


def _race_grade(look: DnsLook) -> Grade:
    """Techniques 0.7: home routers relay two upstreams, so only races elsewhere count fully."""
    elsewhere = {s.seen.id for s in look.races if not s.seen.resolver.startswith("system")}
    if elsewhere:
        return artefact_grade(len(elsewhere))
    if look.races:
        return Grade.SUSPECTED if look.is_private else Grade.PROBABLE
    sightings = {s.seen.id for s in look.weak_races}
    return Grade.PROBABLE if len(sightings) >= k.ARTEFACT_SIGHTINGS else Grade.SUSPECTED


def _injection_grade(look: DnsLook) -> Grade:
    resolvers = {s.seen.resolver for s in look.udp_lies}
    controlled = any(look.control_works(s.seen) for s in look.udp_lies)
    if look.artefacts:
        return artefact_grade(look.artefacts)
    if not controlled or not look.honest_operators or len(resolvers) < 2:
        return Grade.SUSPECTED
    many = len({s.seen.id for s in look.udp_lies}) >= k.LIES_STRONG
    return Grade.STRONG if many and len(look.honest_operators) >= 2 else Grade.PROBABLE


def _intercepted_grade(look: DnsLook) -> Grade:
    if look.artefacts:
        return artefact_grade(look.artefacts)
    lies = {s.seen.id for s in (*look.udp_lies, *look.tcp_lies, *look.system_lies)}
    return Grade.PROBABLE if len(lies) >= 2 and look.honest_operators else Grade.SUSPECTED


def _drop_grade(look: DnsLook) -> Grade:
    rounds = {s.seen.id for s in look.drops}
    heard = any(s.is_true for s in look.system)
    if heard or len(rounds) < k.LIES_STRONG or _may_be_local(look):
        return Grade.SUSPECTED
    return Grade.STRONG if len(look.honest_operators) >= 2 else Grade.PROBABLE


def _reset_grade(look: DnsLook) -> Grade:
    return Grade.PROBABLE if len({s.seen.resolver for s in look.resets}) >= 2 else Grade.SUSPECTED


def _dead_grade(look: DnsLook) -> Grade:
    """Failing and refusing everywhere may be the zone's servers that refuse our country (G06)."""
    kinds = {s.kind for s in look.encrypted}
    if Ending.NXDOMAIN not in kinds or len(look.denying_operators) < 2:
        return Grade.SUSPECTED
    return Grade.PROBABLE


def _forged_on_path(look: DnsLook) -> bool:
    lies = bool(look.udp_lies) or (look.system_is_public and bool(look.system_lies))
    honest = any(s.is_true for s in (*look.public_tcp, *look.encrypted))
    return lies and honest and not look.is_intercepted


def _lie(subtype: str, why: str) -> Rule[DnsLook]:
    return Rule(
        id=f"dns.lie_{subtype}",
        when=lambda look: bool(look.system_lies) and look.lie_kind(look.system_lies) == subtype,
        state=State.BLOCKED,
        category=Category.DNS_LIE,
        subtype=subtype,
        layer=Layer.DNS,
        trigger=Trigger.NAME,
        locus=Locus.ISP_RESOLVER,
        grade=_lie_grade,
        rivals=(*_LIE_RIVALS, "authority_refuses_resolver")
        if subtype in {"servfail", "nodata", "refused"}
        else _LIE_RIVALS,
        why=why,
    )


def _injected(rule: Rule[DnsLook]) -> tuple[Rule[DnsLook], Rule[DnsLook]]:
    """Two rows: where the system's own resolver is honest, ordinary use is not prevented."""
    beside = replace(
        rule,
        id=f"{rule.id}_beside_honest_resolver",
        when=lambda look: look.system_is_honest and rule.when(look),
        state=State.IMPAIRED,
        why=f"{rule.why} The system's own resolver is honest: the site can be reached.",
    )
    return beside, rule


def _injection(
    id_: str,
    when: Callable[[DnsLook], bool],
    subtype: str,
    grade: Callable[[DnsLook], Grade],
    rivals: tuple[str, ...],
    why: str,
) -> tuple[Rule[DnsLook], Rule[DnsLook]]:
    return _injected(
        Rule(
            id=id_,
            when=when,
            state=State.BLOCKED,
            category=Category.DNS_INJECTION,
            subtype=subtype,
            layer=Layer.DNS,
            trigger=Trigger.NAME,
            locus=Locus.PATH,
            grade=grade,
            rivals=rivals,
            why=why,
        )
    )


RULES_DNS: tuple[Rule[DnsLook], ...] = (
    Rule[DnsLook](
        id="dns.not_asked",
        when=lambda look: not look.asked,
        state=State.INSUFFICIENT,
        category=Category.INSUFFICIENT,
        layer=Layer.DNS,
        rivals=("not_measured",),
        why="No resolver was asked, or only this machine's own trouble was seen.",
    ),
    Rule[DnsLook](
        id="dns.hosts_file",
        when=lambda look: look.is_hosts_file,
        state=State.INSUFFICIENT,
        category=Category.LOCAL_INTERFERENCE,
        subtype="hosts",
        layer=Layer.ENVIRONMENT,
        locus=Locus.LOCAL,
        rivals=(),
        why="E03: this machine's hosts file answers for the name; no network was asked.",
    ),
    Rule[DnsLook](
        id="dns.restricted_mode",
        when=lambda look: look.policy_cname,
        state=State.INSUFFICIENT,
        category=Category.LOCAL_INTERFERENCE,
        subtype="filter",
        layer=Layer.ENVIRONMENT,
        locus=Locus.LOCAL,
        rivals=(),
        why="D08: the resolver asks the platform for its restricted mode: a policy, no censorship.",
    ),
    *_injection(
        "dns.canary_answered",
        lambda look: bool(look.canary_answers) and not look.canary_answers_all,
        "in_path",
        _canary_grade,
        ("transparent_proxy",),
        "D09, D10, row 5: an address that serves no DNS answered for this name and for no other.",
    ),
    *_injection(
        "dns.race",
        lambda look: bool(look.races or look.weak_races),
        "race",
        _race_grade,
        ("two_upstreams",),
        "D09, row 6: two different answers to one question, of which one fails the proof.",
    ),
    *_injection(
        "dns.tcp_reset",
        lambda look: bool(look.resets),
        "tcp_rst",
        _reset_grade,
        ("resolver_broken",),
        "D14: DNS over TCP is cut after this name, not after a neutral one.",
    ),
    Rule[DnsLook](
        id="dns.lie_intercepted",
        when=lambda look: bool(look.udp_lies) and look.is_intercepted,
        state=State.BLOCKED,
        category=Category.DNS_LIE,
        layer=Layer.DNS,
        trigger=Trigger.NAME,
        locus=Locus.ISP_RESOLVER,
        grade=_intercepted_grade,
        rivals=_LIE_RIVALS,
        why="D11: questions to public resolvers reach another resolver, and that one lies.",
    ),
    *_injection(
        "dns.forged_on_path",
        _forged_on_path,
        "in_path",
        _injection_grade,
        ("transparent_proxy", "resolver_broken"),
        "D10: public resolvers' answers are false over UDP and true over TCP or encrypted.",
    ),
    Rule[DnsLook](
        id="dns.filter_at_home",
        when=lambda look: bool(look.system_lies) and look.is_private and look.access_is_honest,
        state=State.INSUFFICIENT,
        category=Category.LOCAL_INTERFERENCE,
        subtype="filter",
        layer=Layer.ENVIRONMENT,
        locus=Locus.LOCAL,
        rivals=(),
        why="E03: the router's resolver lies and the provider's own does not: a filter at home.",
    ),
    _lie("blockpage", "D06: the resolver answers with a known block page's address."),
    _lie("bogon", "D05: the resolver answers with an address that no public host has."),
    _lie("nxdomain", "D01: the resolver says the name does not exist; it does."),
    _lie("refused", "D03: the resolver refuses this name only."),
    _lie("servfail", "D02: the resolver fails for this name only."),
    _lie("nodata", "D04: the resolver says the name has no address; it has."),
    _lie("cname", "D08: the resolver sends the name to a known filter's name."),
    _lie("wrong_address", "D07: the resolver's addresses show foreign certificates."),
    Rule[DnsLook](
        id="dns.drop",
        when=lambda look: bool(look.drops) and look.is_affirmed and not look.system_is_honest,
        state=State.BLOCKED,
        category=Category.DNS_DROP,
        layer=Layer.DNS,
        trigger=Trigger.NAME,
        locus=Locus.UNKNOWN,
        grade=_drop_grade,
        rivals=("loss", "resolver_broken", "authority_refuses_resolver"),
        why="D12: no answer for this name; the same resolver answers for a neutral one.",
    ),
    Rule[DnsLook](
        id="dns.dead_name",
        when=lambda look: look.all_deny and bool(look.denying_operators),
        state=State.DOWN,
        category=Category.DOWN,
        subtype="dns",
        layer=Layer.DNS,
        locus=Locus.SERVER,
        grade=_dead_grade,
        rivals=("name_taken_down", "origin_geofence"),
        why="D20: verified resolvers abroad deny the name too: it does not exist for anyone.",
    ),
    Rule[DnsLook](
        id="dns.denied_unverified",
        when=lambda look: look.all_deny,
        state=State.INSUFFICIENT,
        category=Category.INSUFFICIENT,
        layer=Layer.DNS,
        rivals=("dead_name", "dns_forged", "last_known_works"),
        why="Every resolver that could be heard denies the name, but none of them is verified.",
    ),
    Rule[DnsLook](
        id="dns.nothing_answers",
        when=lambda look: look.nothing_answers,
        state=State.INSUFFICIENT,
        category=Category.INSUFFICIENT,
        layer=Layer.DNS,
        rivals=("resolver_broken", "dns_forged", "last_known_works"),
        why="No resolver said anything readable about this name.",
    ),
    Rule[DnsLook](
        id="dns.system_resolver_broken",
        when=lambda look: (
            bool(look.system)
            and not any(s.is_true for s in look.system)
            and any(look.control_works(s.seen) is False for s in look.system)
        ),
        state=State.INSUFFICIENT,
        category=Category.INSUFFICIENT,
        layer=Layer.DNS,
        rivals=("resolver_broken",),
        why="The system's resolver fails for neutral names as well: broken, not lying.",
    ),
    Rule[DnsLook](
        id="dns.strangers_address",
        when=lambda look: bool(look.dead_answers) and look.is_strangers_network,
        state=State.BLOCKED,
        category=Category.DNS_LIE,
        subtype="wrong_address",
        layer=Layer.DNS,
        trigger=Trigger.NAME,
        locus=Locus.ISP_RESOLVER,
        grade=suspected,
        rivals=(*_LIE_RIVALS, "stale_answer"),
        why="D07: the resolver names only addresses of strangers' networks, and none serves.",
    ),
    Rule[DnsLook](
        id="dns.dead_answer",
        when=lambda look: bool(look.dead_answers),
        state=State.INSUFFICIENT,
        category=Category.INSUFFICIENT,
        layer=Layer.DNS,
        rivals=("geo_dns", "stale_answer", "resolver_broken"),
        why="The resolver's addresses do not serve, others do: a dead server, or somebody else's.",
    ),
    Rule[DnsLook](
        id="dns.tcp_cut_uncontrolled",
        when=lambda look: bool(look.cut_over_tcp) and not look.resets,
        state=State.INSUFFICIENT,
        category=Category.INSUFFICIENT,
        layer=Layer.DNS,
        rivals=("resolver_broken",),
        why="D14: DNS over TCP is cut after this name; no neutral name was asked there yet.",
    ),
    Rule[DnsLook](
        id="dns.ok",
        when=lambda look: (
            any(s.is_true for s in look.system)
            or (not look.system and any(s.is_true for s in look.first_said))
        ),
        state=State.OK,
        category=Category.OK,
        layer=Layer.DNS,
        why="The resolver's address was proved, or a verified resolver names it too.",
    ),
    Rule[DnsLook](
        id="dns.unproved",
        when=always,
        state=State.INSUFFICIENT,
        category=Category.INSUFFICIENT,
        layer=Layer.DNS,
        rivals=("geo_dns", "resolver_broken", "dns_forged"),
        why="Neither proved nor disproved: the layers above must tell.",
    ),
)
