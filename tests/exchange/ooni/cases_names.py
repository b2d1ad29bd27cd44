"""What resolvers say, and what a careful person makes of it."""

from tests.exchange.ooni.judging import (
    FORGED,
    GOOD,
    GOOD6,
    HOST,
    NO_CONTROL,
    OK_PAGE,
    OTHER_NAME,
    SILENT,
    answers,
    cases,
    cleartext,
    denied,
    dns,
    doh,
    helper,
    helper_fails,
    old,
    page,
    request,
    says,
    stopped,
    tcp,
    tls,
    udp,
    works,
)

BOGON = "10.10.34.36"
# Two addresses of large networks: one of the site's own edges, one of somebody else's.
EDGE, STRANGER = "151.101.1.20", "104.18.32.7"
REFUSED = {"status": False, "failure": "ssl_invalid_hostname", "server_name": HOST}

NAMES = cases(
    a_bogon_from_two_resolvers=(
        stopped(
            "dns",
            queries=[dns(HOST, BOGON), udp(BOGON), doh(GOOD)],
            tcp_connect=[tcp(BOGON, **SILENT), tcp()],
            tls_handshakes=[tls()],
        ),
        "blocked", "dns_lie",
    ),
    a_true_answer_after_the_forged_one=(
        stopped(
            "dns",
            queries=[dns(HOST, BOGON), udp(BOGON), doh(GOOD)],
            x_dns_duplicate_responses=[udp(GOOD)],
            tcp_connect=[tcp(BOGON, **SILENT), tcp()],
            tls_handshakes=[tls()],
        ),
        "blocked", "dns_injection",
    ),
    a_public_address_before_the_true_one=(
        stopped(
            "dns",
            queries=[dns(HOST, "31.13.64.33"), udp("31.13.64.33"), doh(GOOD)],
            x_dns_duplicate_responses=[udp("104.244.42.1"), udp(GOOD)],
            tcp_connect=[tcp("31.13.64.33", **SILENT), tcp()],
            tls_handshakes=[tls()],
        ),
        "blocked", "dns_injection",
    ),
    an_answer_that_OONI_itself_calls_bogus=(
        stopped("dns", queries=[dns(HOST, "10.1.1.1", failure="dns_bogon_error")]),
        "blocked", "dns_lie",
    ),
    this_machine_named_as_the_site=(
        stopped("dns", queries=[dns(HOST, "127.0.0.1")]), "blocked", "dns_lie",
    ),
    the_null_address=(
        stopped(
            "dns", queries=[dns(HOST, "0.0.0.0")],
            tcp_connect=[tcp("0.0.0.0", failure="connection_refused")],
        ),
        "blocked", "dns_lie",
    ),
    a_zone_that_names_the_null_address_itself=(
        stopped(
            False, queries=[dns(HOST, "127.0.0.1")],
            control=helper(
                dns={"failure": None, "addrs": ["127.0.0.1"]}, tcp_connect={}, tls_handshake={},
                http_request={"failure": "connection_refused", "status_code": -1},
            ),
        ),
        "down", "down",
    ),
    a_stranger_with_his_own_certificate=(
        stopped(
            "dns",
            queries=[dns(HOST, STRANGER), doh(GOOD)],
            tcp_connect=[tcp(STRANGER), tcp()],
            tls_handshakes=[
                tls("ssl_invalid_hostname", OTHER_NAME, address=f"{STRANGER}:443"), tls(),
            ],
            control=says(GOOD) | {
                "tls_handshake": says(GOOD)["tls_handshake"] | {f"{STRANGER}:443": REFUSED},
            },
        ),
        "blocked", "dns_lie",
    ),
    other_addresses_that_prove_the_name=(
        works(
            queries=[dns(HOST, EDGE)], tcp_connect=[tcp(EDGE)],
            tls_handshakes=[tls(address=f"{EDGE}:443")],
            requests=[request(address=f"{EDGE}:443", body=OK_PAGE)],
            control=says(GOOD, asked=(EDGE,)),
        ),
        "ok", "ok",
    ),
    other_addresses_that_the_helper_cannot_reach_but_that_prove_the_name=(
        works(
            queries=[dns(HOST, EDGE)], tcp_connect=[tcp(EDGE)], dns_consistency="inconsistent",
            tls_handshakes=[tls(address=f"{EDGE}:443")],
            requests=[request(address=f"{EDGE}:443", body=OK_PAGE)],
        ),
        "ok", "ok",
    ),
    other_addresses_cut_at_the_name=(
        stopped(
            "http-failure", queries=[dns(HOST, EDGE)], tcp_connect=[tcp(EDGE)],
            tls_handshakes=[tls("connection_reset", address=f"{EDGE}:443")],
            control=says(GOOD, asked=(EDGE,)),
        ),
        "blocked", "tls_sni_reset",
    ),
    a_name_that_is_led_to_a_known_notice=(
        stopped(
            "dns", queries=[dns(HOST, STRANGER) | {"answers": [
                {"answer_type": "CNAME", "hostname": "notice.cuii.info", "ttl": None},
                {"answer_type": "A", "ipv4": STRANGER, "ttl": None},
            ]}],
            tcp_connect=[tcp(STRANGER)],
            tls_handshakes=[tls("ssl_invalid_hostname", OTHER_NAME, address=f"{STRANGER}:443")],
        ),
        "blocked", "dns_lie",
    ),
    denied_by_two_resolvers=(
        denied("dns_nxdomain_error", udp(failure="dns_nxdomain_error"), doh(GOOD)),
        "blocked", "dns_lie",
    ),
    denied_by_the_systems_alone=(
        denied("dns_nxdomain_error", udp(GOOD)), "blocked", "dns_lie",
    ),
    denied_as_0_4_tells_it=(
        old(denied("dns_nxdomain_error", requests=[
            request(failure="dns_nxdomain_error", code=0, body="", headers=()),
        ])),
        "blocked", "dns_lie",
    ),
    denied_here_and_there=(
        denied("dns_nxdomain_error", control=helper_fails("dns_name_error", at="dns")),
        "down", "down",
    ),
    denied_by_all_resolvers_here_and_there=(
        stopped(
            False,
            queries=[
                dns(HOST, failure="dns_nxdomain_error"), udp(failure="dns_nxdomain_error"),
                doh(failure="dns_nxdomain_error"),
            ],
            control=helper_fails("dns_name_error", at="dns"),
        ),
        "down", "down",
    ),
    denied_here_and_there_as_0_4_tells_it=(
        old(denied("dns_nxdomain_error", control=helper_fails("dns_name_error", at="dns"))),
        "down", "down",
    ),
    no_address_here_no_name_there=(
        denied("dns_no_answer", control=helper_fails("dns_name_error", at="dns")),
        "down", "down",
    ),
    servers_of_the_zone_fail_for_both=(
        denied("dns_servfail_error", control=helper_fails("dns_server_failure", at="dns")),
        "down", "down",
    ),
    failing_here_denied_there=(
        denied("dns_servfail_error", control=helper_fails("dns_name_error", at="dns")),
        "insufficient", "insufficient",
    ),
    a_resolver_that_fails_for_this_name=(
        denied("dns_servfail_error"), "insufficient", "insufficient",
    ),
    a_resolver_that_refuses_and_was_asked_nothing_else=(
        denied("dns_refused_error", udp(GOOD), doh(GOOD)), "insufficient", "insufficient",
    ),
    a_resolver_that_refuses_this_name_and_answers_for_another=(
        denied(
            "dns_refused_error", udp(GOOD), doh(GOOD),
            x_dns_whoami={"system_v4": [{"address": "198.51.100.7"}], "udp_v4": {}},
        ),
        "blocked", "dns_lie",
    ),
    a_resolver_that_gives_up=(
        denied("dns_temporary_failure"), "insufficient", "insufficient",
    ),
    a_resolver_that_fails_while_others_answer=(
        denied("dns_servfail_error", udp(failure="dns_servfail_error"), doh(GOOD)),
        "insufficient", "insufficient",
    ),
    an_answer_that_is_the_probes_own_address_and_so_scrubbed=(
        stopped("dns", queries=[
            dns(HOST) | {"answers": [{"answer_type": "A", "ipv4": "[scrubbed]", "ttl": None}]},
            udp(GOOD),
        ], tcp_connect=[tcp()], tls_handshakes=[tls()]),
        "insufficient", "insufficient",
    ),
    dead_resolvers=(
        stopped("dns", queries=[
            dns(HOST, failure="generic_timeout_error"), udp(failure="generic_timeout_error"),
            doh(failure="generic_timeout_error"),
        ]),
        "insufficient", "insufficient",
    ),
    a_silent_resolver_beside_others=(
        denied("generic_timeout_error", udp(GOOD), doh(GOOD)), "insufficient", "insufficient",
    ),
    an_Android_that_keeps_why_to_itself=(
        denied("android_dns_cache_no_data"), "insufficient", "insufficient",
    ),
    a_name_that_only_this_network_knows=(
        stopped(
            "dns", queries=[dns(HOST, STRANGER)], tcp_connect=[tcp(STRANGER)],
            tls_handshakes=[tls("ssl_unknown_authority", FORGED, address=f"{STRANGER}:443")],
            control=helper_fails("dns_name_error", at="dns"),
        ),
        "insufficient", "insufficient",
    ),
    a_page_in_the_clear_of_a_name_that_only_this_network_knows=(
        cleartext(
            page("<title>Access denied</title>", address=f"{STRANGER}:80"),
            helper_fails("dns_name_error", at="dns"), queries=[dns(HOST, STRANGER), udp(STRANGER)],
            tcp_connect=[tcp(STRANGER, 80)],
        ),
        "insufficient", "insufficient",
    ),
    refused_here_and_there_at_an_address_that_only_this_network_knows=(
        stopped(
            "dns", queries=[dns(HOST, STRANGER)],
            tcp_connect=[tcp(STRANGER, failure="connection_refused")],
            control=helper_fails("dns_name_error", at="dns") | {
                "tcp_connect": {
                    f"{STRANGER}:443": {"status": False, "failure": "connection_refused"},
                },
            },
        ),
        "insufficient", "insufficient",
    ),
    a_page_by_an_address_that_only_another_resolver_names=(
        cleartext(
            page(), queries=[dns(HOST, failure="dns_nxdomain_error"), udp(GOOD)], **NO_CONTROL,
        ),
        "insufficient", "insufficient",
    ),
    a_page_whose_IPv6_addresses_alone_are_withheld=(
        cleartext(page(), queries=[
            dns(HOST, GOOD, query_type="A"), dns(HOST, failure="dns_no_answer", query_type="AAAA"),
            dns(HOST, GOOD6, engine="udp", query_type="AAAA", resolver_address="8.8.8.8:53"),
        ]),
        "ok", "ok",
    ),
    an_error_page_told_by_the_helper=(
        works(control=says(GOOD, http_request=answers(404))), "ok", "ok",
    ),
)  # fmt: skip
