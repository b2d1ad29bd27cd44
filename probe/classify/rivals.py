"""The table of rivals: what else would look like this, and the experiment that would rule it out.

Every rule names its rivals by id. A rival is ruled out by evidence, never by being unlikely; what
was asked and did not rule it out remains; what was not asked says so.
"""

from probe.classify import experiments as ask
from probe.classify import experiments_dns as ask_dns
from probe.classify import experiments_pace as ask_pace
from probe.classify.rival_facts import (
    affirmed,
    all_addresses,
    c1_alive,
    gate_passes,
    name_proved,
    never,
    online,
    proved_all,
    repeated,
    resolver_works,
    works_at_home,
    works_elsewhere,
)
from probe.classify.rival_row import QUICK, Row

RIVALS: tuple[Row, ...] = (
    Row("not_measured", "Nothing was measured yet.", "look at it", ask.screen, never),
    Row(
        "page_not_asked",
        "The page itself was not asked for yet.",
        "ask for it where the handshake proved the name",
        ask.page_where_proved,
        lambda scene: bool(scene.http.tries),
    ),
    # --- about names ------------------------------------------------------------------------------
    Row(
        "dead_name",
        "The name does not exist, for anyone.",
        "ask encrypted resolvers of other operators",
        ask_dns.encrypted_resolvers,
        affirmed,
    ),
    Row(
        "name_taken_down",
        "The registry took the name away, for everyone.",
        "look from another vantage point",
        ask.from_elsewhere,
        never,
    ),
    Row(
        "resolver_broken",
        "The resolver fails for every name.",
        "ask the same resolver for a neutral name",
        ask_dns.neutral_at_same_resolver,
        resolver_works,
    ),
    Row(
        "local_filter",
        "The router's or this machine's own resolver filters.",
        "ask the provider's resolver past the router",
        ask_dns.access_resolver,
        lambda scene: scene.dns.access_lies or not scene.dns.is_private,
        QUICK,
    ),
    Row(
        "geo_dns",
        "Another address of the same service, nearer to here.",
        "prove each answered address by a handshake there",
        ask.prove_answers,
        proved_all,
    ),
    Row(
        "stale_answer",
        "The resolver still names a server that is gone.",
        "ask the same resolver again",
        ask_dns.same_question_again,
        never,
        QUICK,
    ),
    Row(
        "authority_refuses_resolver",
        "The name's own servers refuse this resolver.",
        "ask the same resolver for the name's other records",
        ask_dns.other_records,
        never,
        QUICK,
    ),
    Row(
        "two_upstreams",
        "The resolver passes on two answers of two upstreams.",
        "ask the same resolvers by other transports",
        ask_dns.resolver_matrix,
        lambda scene: any(not s.seen.resolver.startswith("system") for s in scene.dns.races),
        QUICK,
    ),
    Row(
        "transparent_proxy",
        "The network answers questions to public resolvers itself.",
        "ask an address that serves no DNS for a neutral name",
        ask_dns.canaries,
        lambda scene: bool(scene.facts.canary) and not scene.dns.canary_answers_all,
        QUICK,
    ),
    Row(
        "dns_forged",
        "Answers are forged on the way.",
        "ask the same resolvers by other transports",
        ask_dns.resolver_matrix,
        never,
        QUICK,
    ),
    Row(
        "last_known_works",
        "The name is denied, and its server is alive.",
        "try the addresses that a dated source knew",
        ask.other_addresses,
        lambda scene: bool(scene.tls.verified),
    ),
    # --- about servers ----------------------------------------------------------------------------
    Row(
        "server_down",
        "The server, or the way to it, fails whatever the name.",
        "the same address with a neutral name of equal length",
        ask.neutral_at_same_address,
        c1_alive,
    ),
    Row(
        "server_refuses_name",
        "The server itself ends connections for this name.",
        "the same name at a host that has nothing to do with it",
        ask.name_at_neutral_host,
        name_proved,
        QUICK,
    ),
    Row(
        "server_refuses_neutral",
        "The server ends connections for names that it does not know.",
        "the same name at a host that has nothing to do with it",
        ask.name_at_neutral_host,
        c1_alive,
        QUICK,
    ),
    Row(
        "site_down",
        "The service is down for everyone.",
        "look from another vantage point",
        ask.from_elsewhere,
        works_elsewhere,
    ),
    Row(
        "blocked_there_too",
        "It is blocked where the other vantage point is, in the same way.",
        "look from a vantage point in another country",
        ask.from_elsewhere,
        never,
    ),
    Row(
        "origin_geofence",
        "The service refuses this country's addresses.",
        "look from another network in this country",
        ask.from_elsewhere,
        works_at_home,
    ),
    Row(
        "one_bad_address",
        "One server of several is broken.",
        "the same name at other addresses of the service",
        ask.other_addresses,
        all_addresses,
    ),
    Row(
        "closed_port",
        "Nothing listens on this port.",
        "the same address on another port",
        ask.other_ports,
        lambda scene: len(scene.tcp.too_soon) >= 2 or works_elsewhere(scene),
    ),
    Row(
        "port_only",
        "Only this port is closed or filtered.",
        "the same addresses on another port",
        ask.other_ports,
        lambda scene: (
            bool(scene.tcp.spots)
            and any(s.other_ports for s in scene.tcp.spots)
            and not scene.tcp.other_port_works
        ),
    ),
    Row(
        "forged_reset",
        "The refusal was forged on the way.",
        "the same address on another port, for the time a packet needs",
        ask.other_ports,
        never,
    ),
    Row(
        "slow_server",
        "The server is slow for everyone.",
        "the same address with a neutral name, and another vantage point",
        lambda scene: (*ask.neutral_at_same_address(scene), *ask.from_elsewhere(scene)),
        lambda scene: scene.pace.is_throttled or c1_alive(scene),
    ),
    Row(
        "rate_limit",
        "The server limits how often it is asked.",
        "repeat the attempt, spaced",
        ask.first_block,
        repeated,
        QUICK,
    ),
    Row(
        "no_http3",
        "The service does not speak HTTP/3.",
        "look from another vantage point",
        ask.from_elsewhere,
        lambda scene: scene.quic.works_elsewhere,
    ),
    Row(
        "canonical_redirect",
        "The service sends its visitors there itself.",
        "the same address with a neutral Host",
        ask.neutral_at_same_address,
        lambda scene: scene.http.c2 == "dead" or len(scene.http.too_soon) >= 2,
    ),
    # --- about certificates -----------------------------------------------------------------------
    Row(
        "default_certificate",
        "The server shows its default certificate to names that it does not serve.",
        "the same address with a neutral name",
        ask.neutral_at_same_address,
        lambda scene: bool(scene.tls.control_leaves) and not scene.tls.shows_one_certificate,
    ),
    Row(
        "origin_certificate",
        "The service's own certificate is bad.",
        "look at the certificate from another vantage point",
        ask.from_elsewhere,
        lambda scene: bool(scene.tls.elsewhere.leaves()) and not scene.tls.same_leaf_elsewhere,
    ),
    Row(
        "once_only",
        "It happened once, by whatever accident.",
        "repeat with and without the name",
        ask.first_block,
        lambda scene: len(scene.tls.foreign) >= 2,
        QUICK,
    ),
    Row(
        "forged_for_address",
        "Somebody answers for the whole address, whatever the name.",
        "look at the certificate from another vantage point",
        ask.from_elsewhere,
        never,
    ),
    Row(
        "stale_roots",
        "Our list of public authorities is out of date.",
        "look at the certificate from another vantage point",
        ask.from_elsewhere,
        lambda scene: bool(scene.tls.verified),
    ),
    # --- about this line and this machine ---------------------------------------------------------
    Row(
        "local_interception",
        "A program or appliance here exchanges certificates.",
        "look at the certificates of unrelated hosts",
        ask.unrelated_hosts,
        lambda scene: gate_passes(scene, "interception"),
    ),
    Row(
        "local_program",
        "A program on this machine opens connections to some sites only.",
        "look from another network in this country",
        ask.from_elsewhere,
        never,
    ),
    Row(
        "clock",
        "This machine's clock is wrong.",
        "compare with the Date of unrelated hosts",
        ask.unrelated_hosts,
        lambda scene: gate_passes(scene, "clock"),
    ),
    Row(
        "portal",
        "A portal or a filter of this line answers for every site.",
        "fetch pages whose content is known",
        ask.unrelated_hosts,
        lambda scene: gate_passes(scene, "captive_portal"),
    ),
    Row(
        "line_trouble",
        "This line fails.",
        "unrelated hosts elsewhere and at home",
        ask.unrelated_hosts,
        online,
    ),
    Row(
        "route_fault",
        "A route to that network is broken.",
        "look from another vantage point",
        ask.from_elsewhere,
        never,
    ),
    Row(
        "slow_line",
        "This line is slow.",
        "a longer download from unrelated hosts",
        ask.unrelated_transfer,
        lambda scene: scene.pace.is_line_fast,
    ),
    Row(
        "loss",
        "Packets were lost by chance.",
        "repeat with and without the name, in an order drawn by lot",
        lambda scene: (
            ask_dns.same_question_again(scene)
            if not scene.facts.spots
            else ask.more_connections(scene)
            if scene.tcp.all_fail
            else ask.first_block(scene)
        ),
        repeated,
        QUICK,
    ),
    Row(
        "mtu",
        "Large packets are lost on the way.",
        "the same address with a name whose answer is as large",
        ask.neutral_at_same_address,
        lambda scene: scene.tls.c1_large or scene.tls.acked is False,
    ),
    Row(
        "residual_state",
        "A filter still remembers our name from the attempt before.",
        "wait, then the neutral name again",
        ask.wait_then_neutral,
        never,
        QUICK,
    ),
    Row(
        "hello_shape",
        "The hello's shape is filtered, whatever the name.",
        "the same name with other hellos",
        ask.other_hellos,
        lambda scene: c1_alive(scene),
        QUICK,
    ),
    Row(
        "library_defect",
        "Our TLS library and this server do not get on.",
        "the same hello from another vantage point",
        ask.from_elsewhere,
        works_elsewhere,
        QUICK,
    ),
    Row(
        "udp_closed",
        "This line's router closes UDP port 443.",
        "QUIC to unrelated hosts that speak it",
        ask.unrelated_quic,
        lambda scene: scene.quic.gate == "pass",
    ),
    Row(
        "quic_version",
        "Only version 1 of QUIC is filtered.",
        "ask for versions, and try version 2",
        ask_pace.quic_versions,
        lambda scene: scene.quic.negotiation_tried and not scene.quic.negotiates,
    ),
    Row(
        "transparent_cache",
        "A cache of this line answers truthfully.",
        "the same name at a host that has nothing to do with it",
        ask.name_at_neutral_host,
        lambda scene: bool(scene.http.block_pages),
        QUICK,
    ),
    Row(
        "frozen",
        "A filter stops connections after so many packets.",
        "repeat the download",
        ask_pace.repeat_downloads,
        never,
        QUICK,
    ),
)

BY_ID = {row.id: row for row in RIVALS}
