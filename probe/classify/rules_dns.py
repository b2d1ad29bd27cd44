"""The DNS table: what a resolver's answers say about the name.

techniques D01-D22; 4.5 for the numbers; 0.2: nothing is randomised here, so no p-value.
"""

from probe.classify import constants as k
from probe.classify.grades_dns import (
    canary_grade,
    dead_grade,
    drop_grade,
    injection_grade,
    intercepted_grade,
    race_grade,
    reset_grade,
)
from probe.classify.look_dns import DnsLook
from probe.classify.rows_dns import (
    LIE_RIVALS,
    forged_on_path,
    injection,
    is_unvouched,
    is_unvouched_failure,
    lie,
)
from probe.classify.rules import Rule, always, suspected, unclear
from probe.model.words import Category, Layer, Locus, State, Trigger

RULES_DNS: tuple[Rule[DnsLook], ...] = (
    unclear(
        "dns.not_asked",
        lambda look: not look.asked,
        Layer.DNS,
        ("not_measured",),
        "No resolver was asked, or only this machine's own trouble was seen.",
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
    *injection(
        "dns.canary_answered",
        lambda look: bool(look.canary_answers) and not look.canary_answers_all,
        "in_path",
        canary_grade,
        ("transparent_proxy",),
        "D09, D10, row 5: an address that serves no DNS answered for this name and for no other.",
    ),
    *injection(
        "dns.race",
        lambda look: bool(look.races or look.weak_races),
        "race",
        race_grade,
        ("two_upstreams",),
        "D09, row 6: two different answers to one question, of which one fails the proof.",
    ),
    *injection(
        "dns.tcp_reset",
        # Where UDP is forged as well, that says more: it is what an ordinary client is told.
        lambda look: bool(look.resets) and not forged_on_path(look),
        "tcp_rst",
        reset_grade,
        ("resolver_broken",),
        "D14: DNS over TCP is cut after this name, not after a neutral one.",
    ),
    Rule[DnsLook](
        id="dns.lie_intercepted",
        when=lambda look: (
            bool(look.udp_lies) and look.is_intercepted and not is_unvouched(look, look.udp_lies)
        ),
        state=State.BLOCKED,
        category=Category.DNS_LIE,
        layer=Layer.DNS,
        trigger=Trigger.NAME,
        locus=Locus.ISP_RESOLVER,
        grade=intercepted_grade,
        rivals=LIE_RIVALS,
        why="D11: questions to public resolvers reach another resolver, and that one lies.",
    ),
    *injection(
        "dns.forged_on_path",
        forged_on_path,
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
    unclear(
        "dns.denies_sometimes",
        lambda look: look.denies_sometimes,
        Layer.DNS,
        ("resolver_broken",),
        "The resolver denies the name and tells it, in turn: it is out of order, or one of"
        " several that differ.",
    ),
    unclear(
        "dns.nulled_at_home",
        lambda look: bool(look.system_lies) and look.is_private and look.lies_are_null,
        Layer.DNS,
        LIE_RIVALS,
        "E03, D05: the router's or this machine's own resolver answers as ad blockers do; the"
        " provider's could not be asked.",
    ),
    unclear(
        "dns.fails_for_this_name",
        is_unvouched_failure,
        Layer.DNS,
        (*LIE_RIVALS, "authority_refuses_resolver"),
        "D02, D04, G06: the resolver fails for this name only, or knows no address: a lie, or"
        " the zone's own servers refuse it.",
    ),
    lie("blockpage", "D06: the resolver answers with a known block page's address."),
    lie("bogon", "D05: the resolver answers with an address that no public host has."),
    lie("nxdomain", "D01: the resolver says the name does not exist; it does."),
    lie("refused", "D03: the resolver refuses this name only."),
    lie("servfail", "D02: the resolver fails for this name only."),
    lie("nodata", "D04: the resolver says the name has no address; it has."),
    lie("cname", "D08: the resolver sends the name to a known filter's name."),
    lie("wrong_address", "D07: the resolver's addresses show foreign certificates."),
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
    unclear(
        "dns.silent_for_this_name",
        lambda look: look.is_silence,
        Layer.DNS,
        ("loss", "resolver_broken", "authority_refuses_resolver", "dns_forged"),
        "D12: no answer for this name at one resolver, which may wait for the zone's own"
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
    unclear(
        "dns.named_only_here",
        lambda look: look.is_named_only_here,
        Layer.DNS,
        ("dead_name", "dns_forged", "local_filter"),
        "D01, D07, D20: a name that exists here alone: a filter's entry outlived the site, a"
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
    unclear(
        "dns.denied_unverified",
        lambda look: look.all_deny,
        Layer.DNS,
        ("dead_name", "dns_forged", "last_known_works"),
        "Every resolver that could be heard denies the name, but none of them is verified.",
    ),
    unclear(
        "dns.nothing_answers",
        lambda look: look.nothing_answers,
        Layer.DNS,
        ("resolver_broken", "dns_forged", "last_known_works"),
        "No resolver said anything readable about this name.",
    ),
    unclear(
        "dns.system_resolver_broken",
        lambda look: (
            bool(look.system)
            and not any(s.is_true for s in look.system)
            and any(look.control_works(s.seen) is False for s in look.system)
        ),
        Layer.DNS,
        ("resolver_broken",),
        "The system's resolver fails for neutral names as well: broken, not lying.",
    ),
    unclear(
        "dns.system_names_nothing",
        lambda look: look.system_names_nothing,
        Layer.DNS,
        ("resolver_broken", "dns_forged", "dead_name"),
        "The system's resolver names no address, others do: clients here find no server.",
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
        rivals=(*LIE_RIVALS, "stale_answer"),
        why="D07: the resolver names only addresses of strangers' networks, and none serves.",
    ),
    unclear(
        "dns.dead_answer",
        lambda look: bool(look.dead_answers),
        Layer.DNS,
        ("geo_dns", "stale_answer", "resolver_broken"),
        "The resolver's addresses do not serve, others do: a dead server, or somebody else's.",
    ),
    unclear(
        "dns.tcp_cut_uncontrolled",
        lambda look: bool(look.cut_over_tcp) and not look.resets,
        Layer.DNS,
        ("resolver_broken",),
        "D14: DNS over TCP is cut after this name; no neutral name was asked there yet.",
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
