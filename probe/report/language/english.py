"""The English texts."""

from probe.model.words import Category as C
from probe.model.words import Flag, Grade, Layer, State, VantageState
from probe.report.language.english_mechanisms import MECHANISMS
from probe.report.language.english_unknowns import UNKNOWNS
from probe.report.language.wording import Wording

ENGLISH = Wording(
    language="en",
    states={
        State.OK: "works.",
        State.RESTRICTED: "was reached, but gives less than usual.",
        State.REFUSED: "is turned away by the service's own side.",
        State.IMPAIRED: "works, but not well.",
        State.BLOCKED: "could not be reached.",
        State.DOWN: "does not work.",
        State.INSUFFICIENT: "no verdict.",
    },
    blocked={
        Grade.CONFIRMED: "is being interfered with on the way.",
        Grade.STRONG: "could not be reached; the evidence points to blocking.",
        Grade.PROBABLE: "could not be reached; it looks blocked.",
        Grade.SUSPECTED: "could not be reached.",
    },
    grades={
        Grade.CONFIRMED: "Confirmed: repeated, and compared with controls.",
        Grade.STRONG: "The evidence is strong; the explanations named below were tested.",
        Grade.PROBABLE: "Likely, but not proved.",
        Grade.SUSPECTED: "One look, not yet confirmed.",
    },
    repeated="{n} looks, not yet confirmed.",
    mechanisms=MECHANISMS,
    unknowns=UNKNOWNS,
    cells={
        C.OK: "ok",
        C.REACHABLE_BOTWALL: "robot check",
        C.SERVER_GEOBLOCK: "refused",
        C.PLATFORM_WITHHELD: "withheld",
        C.DOWN: "down",
        C.CAPTIVE_PORTAL: "login page",
        C.LOCAL_INTERFERENCE: "local",
        C.SHUTDOWN: "no line",
        C.ALLOWLIST: "not allowed",
        C.DNS_LIE: "false answer",
        C.DNS_INJECTION: "forged",
        C.DNS_DROP: "no answer",
        C.RESOLVER_BLOCKED: "no resolver",
        C.IP_BLOCK: "no answer",
        C.PORT_BLOCK: "closed",
        C.TLS_SNI_RESET: "cut",
        C.TLS_SNI_DROP: "silence",
        C.TLS_FINGERPRINT_BLOCK: "cut by form",
        C.TLS_MITM: "impostor",
        C.HTTP_BLOCK: "cut",
        C.BLOCKPAGE: "block page",
        C.HTTP_TAMPER: "changed",
        C.QUIC_BLOCK: "no answer",
        C.THROTTLE: "slow",
        C.TRANSFER_FREEZE: "stalls",
        C.INSUFFICIENT: "unclear",
    },
    layers={
        Layer.DNS: "name lookup",
        Layer.IP: "connection",
        Layer.TCP: "connection",
        Layer.TLS: "encryption",
        Layer.HTTP: "page",
        Layer.QUIC: "HTTP/3",
        Layer.CONTENT: "page",
        Layer.ENVIRONMENT: "this place",
    },
    columns={
        "service": "Service",
        "dns": "Name",
        "tcp": "Connection",
        "tls": "Encryption",
        "http": "Page",
        "quic": "HTTP/3",
        "category": "Finding",
        "grade": "Grade",
        "n": "n",
        "endpoint": "Endpoint",
        "protocol": "Over",
        "rivals": "Open rivals",
    },
    vantage={
        VantageState.ONLINE: "The line works: the control hosts answered.",
        VantageState.DEGRADED: (
            "The line works with restrictions: some control hosts did not answer. "
            "Services are judged with that in mind."
        ),
        VantageState.OFFLINE: (
            "There is no internet here: none of the control hosts answered. "
            "Nothing can be said about any service."
        ),
        VantageState.CAPTIVE_PORTAL: (
            "This network shows its own login page instead of the internet. "
            "Nothing can be said about any service."
        ),
        VantageState.INTERCEPTED: (
            "Encrypted connections are opened on the way or on this computer, "
            "also those to hosts that nobody blocks."
        ),
        VantageState.SHUTDOWN: (
            "The internet is cut off here, wholly or towards abroad. "
            "Nothing can be said about single services."
        ),
        VantageState.ALLOWLIST: (
            "Only permitted destinations can be reached from here. "
            "Nothing can be said about single services."
        ),
    },
    gates={
        "offline": "no control host answered",
        "captive_portal": "a login page of this network answers for other sites",
        "interception": "certificates of the control hosts are replaced",
        "proxy": "a proxy is set on this computer",
        "hosts": "the hosts file answers for measured names",
        "filter": "an ad blocker or family filter answers for names",
        "vpn": "a VPN is on: its network is measured, not yours",
        "clock": "this computer's clock is wrong",
        "ipv6": "IPv6 does not work here",
        "mtu": "large packets do not get through",
        "shutdown": "foreign control hosts do not answer, domestic ones do",
        "allowlist": "only permitted destinations answer",
        "udp443": "HTTP/3 does not work here for any control host",
        "resolvers": "public resolvers fail here",
    },
    flags={
        Flag.DNS_INTERCEPTED: "name lookups are intercepted, whomever they are sent to",
        Flag.RESIDUAL_SEEN: "after one cut, other connections to the same place were cut as well",
        Flag.PATH_DEPENDENT: "some paths through the network are affected, others not",
        Flag.ADDRESS_DEPENDENT: "some of the service's addresses are affected, others not",
        Flag.OVERBLOCK: "other sites are hit with it",
        Flag.LEGAL_ORDER: "a legal order is named",
        Flag.TRUST_LOCAL: "only a certificate authority added to this computer vouches for it",
        Flag.PARTIAL: "only a part of the service is affected",
        Flag.HTTP_PROXY: "a web proxy sits on the way",
        Flag.SVCB_FILTERED: "records for encrypted names are removed from DNS answers",
        Flag.DNS64: "the network translates IPv4 to IPv6",
        Flag.CANARY_DOMAIN: "the network asks browsers to switch off encrypted DNS",
        Flag.CERTIFICATE_EXPIRED: "the certificate has run out",
        Flag.EDE_ADMITTED: "the resolver itself says that it filters",
        Flag.UNEXPECTED_CONTENT: "the page does not look as expected",
    },
    rivals={
        "not_measured": "nothing was measured yet",
        "dead_name": "the name does not exist, for anyone",
        "name_taken_down": "the registry took the name away, for everyone",
        "resolver_broken": "the resolver fails for every name",
        "local_filter": "the router's or this computer's own resolver filters",
        "geo_dns": "it is another address of the same service, nearer to here",
        "authority_refuses_resolver": "the name's own servers refuse this resolver",
        "two_upstreams": "the resolver passes on the answers of two others",
        "stale_answer": "the resolver still names a server that is gone",
        "transparent_proxy": "this network answers questions to public resolvers itself",
        "dns_forged": "the answers are forged on the way",
        "last_known_works": "the name is denied, and its server is alive",
        "server_down": "the server, or the way to it, fails whatever the name",
        "server_refuses_name": "the server itself ends connections for this name",
        "server_refuses_neutral": "the server ends connections for names that it does not know",
        "site_down": "the service is down for everyone",
        "blocked_there_too": "it is blocked at the other vantage point as well",
        "origin_geofence": "the service refuses this country's addresses",
        "edge_differs": "it shows different pages at different addresses",
        "home_router": "a filter of this house's own router does it",
        "one_bad_address": "one server of several is broken",
        "closed_port": "nothing listens on this port",
        "port_only": "only this port is closed or filtered",
        "forged_reset": "the refusal was forged on the way",
        "slow_server": "the server is slow for everyone",
        "rate_limit": "the server limits how often it is asked",
        "no_http3": "the service does not speak HTTP/3",
        "canonical_redirect": "the service sends its visitors there itself",
        "default_certificate": (
            "the server shows its default certificate for names that are not its own"
        ),
        "origin_certificate": "the service's own certificate is bad",
        "forged_for_address": "somebody answers for the whole address, whatever the name",
        "stale_roots": "our list of public authorities is out of date",
        "local_interception": "a program or device here exchanges certificates",
        "clock": "this computer's clock is wrong",
        "portal": "a portal or a filter of this line answers for every site",
        "line_trouble": "this line fails",
        "route_fault": "a route to that network is broken",
        "slow_line": "this line is slow",
        "loss": "packets were lost by chance",
        "once_only": "it happened once, by accident",
        "page_not_asked": "the page itself was not asked for yet",
        "local_program": "a program on this machine opens connections to some sites only",
        "mtu": "large packets are lost on the way",
        "residual_state": "a filter still remembers our name from the attempt before",
        "hello_shape": "the shape of the greeting is filtered, whatever the name",
        "library_defect": "our TLS library and this server do not get on",
        "udp_closed": "this line's router closes UDP port 443",
        "quic_version": "only version 1 of QUIC is filtered",
        "transparent_cache": "a cache of this line answers truthfully",
        "frozen": "a filter stops connections after so many packets",
    },
    next_steps={
        C.OK: "",
        C.REACHABLE_BOTWALL: "Addresses of data centres are often met so; compare a home line.",
        C.SERVER_GEOBLOCK: "Compare with a line in another country before drawing conclusions.",
        C.PLATFORM_WITHHELD: "Look at the platform's transparency report for this country.",
        C.DOWN: "Try again later; look at the service's own status page.",
        C.CAPTIVE_PORTAL: "Log in on the network's own page, then run again.",
        C.LOCAL_INTERFERENCE: "Mend or note what is named above, then run again.",
        C.SHUTDOWN: "Run again when the line is back; what is stored stays.",
        C.ALLOWLIST: "Run again later, or from another line.",
        C.DNS_LIE: "Run again later with --profile quick: it asks further resolvers.",
        C.DNS_INJECTION: "Run again later with --profile quick to see the forgery twice.",
        C.DNS_DROP: "Run again later with --profile quick to tell it from loss.",
        C.RESOLVER_BLOCKED: "Compare with another line: company networks do this too.",
        C.IP_BLOCK: "Compare with a line of another provider, here and abroad.",
        C.PORT_BLOCK: "Compare with a line of another provider, here and abroad.",
        C.TLS_SNI_RESET: "Run again later with --profile quick: it repeats the comparison.",
        C.TLS_SNI_DROP: "Run again later with --profile quick: it repeats the comparison.",
        C.TLS_FINGERPRINT_BLOCK: "Run again later with --profile standard: it varies the greeting.",
        C.TLS_MITM: "Enter no password on such a connection. `explain` shows the certificate.",
        C.HTTP_BLOCK: "Run again later with --profile quick: it repeats the comparison.",
        C.BLOCKPAGE: "`explain` shows what came back; no need to open the page yourself.",
        C.HTTP_TAMPER: "Run again later with --profile quick to see whether it happens again.",
        C.QUIC_BLOCK: "Browsers fall back to ordinary HTTPS; compare with another line.",
        C.THROTTLE: "Run again at another time of day with --profile standard.",
        C.TRANSFER_FREEZE: "Run again later with --profile standard: it repeats the transfer.",
        C.INSUFFICIENT: "Run again later with --profile quick.",
    },
    phrases={
        "notice_title": "Roadblock: changed services: {count}",
        "notice_before": "Before ({time}): {was}",
        "name_and_sentence": "{name}: {sentence}",
        "hosts_affected": "Affected: {affected} of its {total} endpoints.",
        "could_also_be": "could also be: {rival}",
        "ruled_out": "ruled out: {rival}",
        "located": "It sits in front of router {hop} of the way{network}{border}.",
        "located_network": ", in AS{asn} ({country})",
        "border_before": ", before the border",
        "border_at": ", at the border",
        "border_beyond": ", beyond the border",
        "border_unknown": "",
        "mute_routers": "It was not located: the routers of the way keep silent.",
        "acts_on_answers": (
            "It cannot be located this way: the name gets as far as any other, and what comes back "
            "is acted on."
        ),
        "any_name": "It was not located: another name's packets end in the same place.",
        "many_ways": "It was not located: packets of one connection take several ways.",
        "not_reached": (
            "It was not located: as far as packets were sent, the name is treated like any other."
        ),
        "not_asked": "not asked",
        "remains": "asked, and it remains",
        "next": "Next: {step}",
        "next_standard": "Run again later with --profile standard: it repeats the comparison.",
        "next_elsewhere": (
            "Compare with another line, or let another vantage point look (`--control URL`): only"
            " from elsewhere can it be told."
        ),
        "next_later": "Run again at another time of day.",
        "keep": "The evidence is stored; `roadblock export` writes it out for others to check.",
        "resolver_public": (
            "This computer asks a public resolver: your provider's resolver was not tested."
        ),
        "resolver_local": (
            "A resolver on this computer or router answers: which one it asks in turn is not known."
        ),
        "where": "Measured from {place}, {time} UTC.",
        "unknown_place": "an unknown network",
        "unasked": (
            "Whether this line works was not found out. Nothing can be said about any service."
        ),
        "running": (
            "The run has not come to its end: it goes on, or was killed. What it has found out so "
            "far is shown."
        ),
        "interrupted": "The run was interrupted; what was finished is shown and stored.",
        "budget": "The run ended early: {reason}.",
        "invalid": "The run is not valid: {reason}.",
        "nothing_due": (
            "Nothing was measured: every endpoint was measured within the last {hours:.0f} hours. "
            "--again measures nevertheless."
        ),
        "no_verdicts": "Nothing was measured.",
        "lab": "Lab run in the world {world}: made-up servers and a made-up censor.",
        "words": (
            "The grades, from strong to weak: confirmed, strong, probable, suspected. "
            "`roadblock explain WORD` explains any word of this table."
        ),
    },
)
