"""The DNS table: what a resolver's answers say about the name.

techniques D01-D22; 4.5 for the numbers; 0.2: nothing is randomised here, so no p-value.
"""

from collections.abc import Callable
from dataclasses import replace

from probe.classify import constants as k
from probe.classify.grades_dns import (
    canary_grade,
    dead_grade,
    drop_grade,
    injection_grade,
    intercepted_grade,
    lie_grade,
    race_grade,
    reset_grade,
)
from probe.classify.look_dns import DnsLook
from probe.classify.rules import Rule, always, suspected
from probe.classify.statements import Said
from probe.model.words import Category, Grade, Layer, Locus, State, Trigger

_LIE_RIVALS = ("dead_name", "resolver_broken", "local_filter", "geo_dns")


def _forged_on_path(look: DnsLook) -> bool:
    return look.lies_only_over_udp and not look.is_intercepted


def _is_unvouched(look: DnsLook, lies: tuple[Said, ...]) -> bool:
    """No answer, or an empty one: a lie, or the zone's own servers refuse us, or have nothing.

    A resolver that was asked nothing else may refuse everything: it is for others.
    """
    kind = look.lie_kind(lies)
    is_for_others = kind == "refused" and not any(look.control_works(s.seen) for s in lies)
    return (
        bool(lies)
        and (kind in {"servfail", "nodata"} or is_for_others)
        and not look.artefacts
        and not look.resolves_at_home
    )


def _is_unvouched_failure(look: DnsLook) -> bool:
    """The same of the resolver that speaks here: the system's, or one that answers for all."""
    lies = look.system_lies or (look.udp_lies if look.is_intercepted else ())
    return _is_unvouched(look, lies)


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
        grade=lie_grade,
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
        canary_grade,
        ("transparent_proxy",),
        "D09, D10, row 5: an address that serves no DNS answered for this name and for no other.",
    ),
    *_injection(
        "dns.race",
        lambda look: bool(look.races or look.weak_races),
        "race",
        race_grade,
        ("two_upstreams",),
        "D09, row 6: two different answers to one question, of which one fails the proof.",
    ),
    *_injection(
        "dns.tcp_reset",
        # Where UDP is forged as well, that says more: it is what an ordinary client is told.
        lambda look: bool(look.resets) and not _forged_on_path(look),
        "tcp_rst",
        reset_grade,
        ("resolver_broken",),
        "D14: DNS over TCP is cut after this name, not after a neutral one.",
    ),
    Rule[DnsLook](
        id="dns.lie_intercepted",
        when=lambda look: (
            bool(look.udp_lies) and look.is_intercepted and not _is_unvouched(look, look.udp_lies)
        ),
        state=State.BLOCKED,
        category=Category.DNS_LIE,
        layer=Layer.DNS,
        trigger=Trigger.NAME,
        locus=Locus.ISP_RESOLVER,
        grade=intercepted_grade,
        rivals=_LIE_RIVALS,
        why="D11: questions to public resolvers reach another resolver, and that one lies.",
    ),
    *_injection(
        "dns.forged_on_path",
        _forged_on_path,
        "in_path",
        injection_grade,
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
    Rule[DnsLook](
        id="dns.filter_by_choice",
        when=lambda look: (
            bool(look.system_lies) and (look.is_strangers_resolver or look.filters_by_wish)
        ),
        state=State.INSUFFICIENT,
        category=Category.LOCAL_INTERFERENCE,
        subtype="filter",
        layer=Layer.ENVIRONMENT,
        locus=Locus.LOCAL,
        rivals=(),
        why="E03: a resolver that somebody here chose to ask, or that filters as its clients wish.",
    ),
    Rule[DnsLook](
        id="dns.denies_sometimes",
        when=lambda look: look.denies_sometimes,
        state=State.INSUFFICIENT,
        category=Category.INSUFFICIENT,
        layer=Layer.DNS,
        rivals=("resolver_broken",),
        why="The resolver denies the name and tells it, in turn: it is out of order, or one of"
        " several that differ.",
    ),
    Rule[DnsLook](
        id="dns.nulled_at_home",
        when=lambda look: bool(look.system_lies) and look.is_private and look.lies_are_null,
        state=State.INSUFFICIENT,
        category=Category.INSUFFICIENT,
        layer=Layer.DNS,
        rivals=_LIE_RIVALS,
        why="E03, D05: the router's or this machine's own resolver answers as ad blockers do; the"
        " provider's could not be asked.",
    ),
    Rule[DnsLook](
        id="dns.fails_for_this_name",
        when=_is_unvouched_failure,
        state=State.INSUFFICIENT,
        category=Category.INSUFFICIENT,
        layer=Layer.DNS,
        rivals=(*_LIE_RIVALS, "authority_refuses_resolver"),
        why="D02, D04, G06: the resolver fails for this name only, or knows no address: a lie, or"
        " the zone's own servers refuse it.",
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
        when=lambda look: (
            look.is_silence and len(look.silent_operators) >= k.HONEST_OPERATORS_STRONG
        ),
        state=State.BLOCKED,
        category=Category.DNS_DROP,
        layer=Layer.DNS,
        trigger=Trigger.NAME,
        locus=Locus.UNKNOWN,
        grade=drop_grade,
        rivals=("loss", "resolver_broken", "authority_refuses_resolver"),
        why="D12: no answer for this name; the same resolvers answer for a neutral one.",
    ),
    Rule[DnsLook](
        id="dns.silent_for_this_name",
        when=lambda look: look.is_silence,
        state=State.INSUFFICIENT,
        category=Category.INSUFFICIENT,
        layer=Layer.DNS,
        rivals=("loss", "resolver_broken", "authority_refuses_resolver", "dns_forged"),
        why="D12: no answer for this name at one resolver, which may wait for the zone's own"
        " servers; public ones were not silent.",
    ),
    Rule[DnsLook](
        id="dns.dead_name",
        when=lambda look: look.all_deny and bool(look.denying_operators),
        state=State.DOWN,
        category=Category.DOWN,
        subtype="dns",
        layer=Layer.DNS,
        locus=Locus.SERVER,
        grade=dead_grade,
        rivals=("name_taken_down", "origin_geofence"),
        why="D20: verified resolvers abroad deny the name too: it does not exist for anyone.",
    ),
    Rule[DnsLook](
        id="dns.denied_elsewhere_too",
        when=lambda look: look.all_deny and look.is_denied_elsewhere,
        state=State.DOWN,
        category=Category.DOWN,
        subtype="dns",
        layer=Layer.DNS,
        locus=Locus.SERVER,
        grade=suspected,
        rivals=("name_taken_down", "blocked_there_too", "origin_geofence"),
        why="D20: other vantage points' own resolvers deny the name in the same way.",
    ),
    Rule[DnsLook](
        id="dns.named_only_here",
        when=lambda look: look.is_named_only_here,
        state=State.INSUFFICIENT,
        category=Category.INSUFFICIENT,
        layer=Layer.DNS,
        rivals=("dead_name", "dns_forged", "local_filter"),
        why="D01, D07, D20: a name that exists here alone: a filter's entry outlived the site, a"
        " provider sells what is not found, or the name is this network's own.",
    ),
    Rule[DnsLook](
        id="dns.names_nobody",
        when=lambda look: look.zone_names_nobody,
        state=State.DOWN,
        category=Category.DOWN,
        subtype="dns",
        layer=Layer.DNS,
        locus=Locus.SERVER,
        grade=suspected,
        rivals=("name_taken_down", "blocked_there_too", "origin_geofence"),
        why="D05, D20: the zone itself names the null address or loopback, for others as well.",
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
