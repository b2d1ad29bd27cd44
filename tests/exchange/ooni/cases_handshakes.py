"""Connections and handshakes, and what a careful person makes of them.

Silence at an address accuses nobody (decisions/0010): an origin that refuses the country looks so.
"""

from tests.cli.ooni_cases import EXPIRED
from tests.exchange.ooni.documents import document
from tests.exchange.ooni.judging import (
    EXPIRED_HERE,
    FORGED,
    GOOD,
    GOOD6,
    HOST,
    NO_CONTROL,
    OK_PAGE,
    OTHER,
    OTHER_NAME,
    ROOT,
    SILENT,
    Fields,
    cases,
    certificate,
    dns,
    handshake,
    helper,
    helper_fails,
    old,
    request,
    says,
    stopped,
    tcp,
    tls,
    two_addresses,
    works,
)

CUT, MUTE = "connection_reset", "generic_timeout_error"
NO_TLS = "unknown_failure: tls: first record does not look like a TLS handshake"
SIX = f"[{GOOD6}]:443"
BOTH = [dns(HOST, GOOD, GOOD6)]
IDN = "xn--bcher-kva.example"
PORT = f"https://{HOST}:8443/"
# Until 2022 helpers told of no handshakes.
OLDER = {name: told for name, told in says(GOOD).items() if name != "tls_handshake"}
FAILED_REQUEST = request(failure=CUT, code=0, body="", headers=())


def bad(failure: str) -> Fields:
    """What a helper says that resolves another address, and fails at ours."""
    told = says(OTHER, asked=(GOOD,))
    refused = {"server_name": HOST, "status": False, "failure": failure}
    return told | {"tls_handshake": told["tls_handshake"] | {f"{GOOD}:443": refused}}


HANDSHAKES = cases(
    one_address_silent=(
        stopped("tcp_ip", tcp_connect=[tcp(**SILENT)]), "insufficient", "insufficient",
    ),
    one_address_silent_in_0_4=(
        old(stopped("tcp_ip", tcp_connect=[tcp(failure=MUTE, t=10.2)])),
        "insufficient", "insufficient",
    ),
    one_of_two_addresses_silent=(
        works(queries=[dns(HOST, GOOD, OTHER)], tcp_connect=[tcp(), tcp(OTHER, **SILENT)]),
        "ok", "ok",
    ),
    refused_here_and_there=(
        stopped(
            False, tcp_connect=[tcp(failure="connection_refused")],
            control=helper_fails("connection_refused_error", at="tcp"),
        ),
        "down", "down",
    ),
    no_route_to_the_host=(
        stopped("tcp_ip", tcp_connect=[tcp(failure="host_unreachable")]),
        "insufficient", "insufficient",
    ),
    no_IPv4_at_the_probe=(
        works(
            queries=BOTH, tcp_connect=[tcp(failure="network_unreachable"), tcp(GOOD6)],
            tls_handshakes=[tls(address=SIX)], requests=[request(address=SIX, body=OK_PAGE)],
        ),
        "ok", "ok",
    ),
    cut_after_the_name_at_two_addresses=(two_addresses(CUT, CUT), "blocked", "tls_sni_reset"),
    closed_after_the_name_at_two_addresses=(
        two_addresses("eof_error", "eof_error"), "blocked", "tls_sni_reset",
    ),
    silent_after_the_name_at_two_addresses=(two_addresses(MUTE, MUTE), "blocked", "tls_sni_drop"),
    cut_at_one_address_and_silent_at_the_other=(
        two_addresses(CUT, MUTE), "blocked", "tls_sni_reset",
    ),
    cut_at_one_of_two_addresses_where_the_page_came_from_the_other=(
        two_addresses(None, CUT), "ok", "ok",
    ),
    silent_at_one_of_two_addresses_where_the_page_came_from_the_other=(
        two_addresses(None, MUTE), "ok", "ok",
    ),
    cut_in_both_families=(
        stopped(
            "http-failure", queries=BOTH, tcp_connect=[tcp(), tcp(GOOD6)],
            tls_handshakes=[tls(CUT), tls(CUT, address=SIX)],
        ),
        "blocked", "tls_sni_reset",
    ),
    cut_over_IPv4_and_IPv6_silent=(
        stopped(
            "http-failure", queries=BOTH, tcp_connect=[tcp(), tcp(GOOD6, **SILENT)],
            tls_handshakes=[tls(CUT)],
        ),
        "blocked", "tls_sni_reset",
    ),
    cut_over_IPv4_and_a_page_over_IPv6=(
        works(
            queries=BOTH, tcp_connect=[tcp(), tcp(GOOD6)],
            tls_handshakes=[tls(address=SIX), tls(CUT)],
            requests=[request(address=SIX, body=OK_PAGE)],
        ),
        "impaired", "tls_sni_reset",
    ),
    cut_as_0_4_tells_it=(
        old(stopped(
            "http-failure", tcp_connect=[tcp()], tls_handshakes=[tls(CUT)],
            requests=[FAILED_REQUEST],
        )),
        "blocked", "tls_sni_reset",
    ),
    cut_as_0_4_tells_it_beside_an_older_helper=(
        old(stopped(
            "http-failure", tcp_connect=[tcp()], tls_handshakes=[tls(CUT)],
            requests=[FAILED_REQUEST], control=OLDER,
        )),
        "blocked", "tls_sni_reset",
    ),
    cut_beside_an_older_helper_that_got_no_page=(
        old(stopped(
            None, tcp_connect=[tcp()], tls_handshakes=[tls(CUT)], requests=[FAILED_REQUEST],
            control=OLDER | {"http_request": {"failure": "unknown_error", "status_code": -1}},
        )),
        "insufficient", "insufficient",
    ),
    cut_at_an_address_that_an_older_helper_was_not_told=(
        old(stopped(
            "http-failure", queries=[dns(HOST, OTHER)], tcp_connect=[tcp(OTHER)],
            tls_handshakes=[tls(CUT, address=f"{OTHER}:443")], requests=[FAILED_REQUEST],
            control=OLDER,
        )),
        "insufficient", "insufficient",
    ),
    a_strange_authority_beside_an_older_helper_which_verifies_nobody=(
        old(stopped(
            "http-failure", tcp_connect=[tcp()],
            tls_handshakes=[tls("ssl_unknown_authority", FORGED)], control=OLDER,
        )),
        "insufficient", "insufficient",
    ),
    out_of_date_at_one_of_two_addresses_where_the_page_came_from_the_other=(
        works(
            queries=[dns(HOST, GOOD, OTHER)], tcp_connect=[tcp(), tcp(OTHER)],
            tls_handshakes=[tls(), tls(EXPIRED_HERE, EXPIRED, address=f"{OTHER}:443")],
            control=says(GOOD),
        ),
        "ok", "ok",
    ),
    forged_at_one_of_two_addresses_where_the_page_came_from_the_other=(
        works(
            queries=[dns(HOST, GOOD, OTHER)], tcp_connect=[tcp(), tcp(OTHER)],
            tls_handshakes=[tls(), tls("ssl_unknown_authority", FORGED, address=f"{OTHER}:443")],
            control=says(GOOD, OTHER),
        ),
        "impaired", "tls_mitm",
    ),
    cut_at_an_address_that_cuts_the_helper_as_well=(
        stopped("http-failure", tcp_connect=[tcp()], tls_handshakes=[tls(CUT)], control=bad(CUT)),
        "insufficient", "insufficient",
    ),
    a_strange_authority_at_an_address_where_the_helper_refuses_it_as_well=(
        stopped(
            "dns", tcp_connect=[tcp()], tls_handshakes=[tls("ssl_unknown_authority", FORGED)],
            control=bad("ssl_unknown_authority"),
        ),
        "insufficient", "insufficient",
    ),
    a_name_with_its_last_dot=(
        works(
            f"https://{HOST}./", queries=[dns(f"{HOST}.", GOOD)],
            requests=[request(f"https://{HOST}./", body=OK_PAGE)],
        ),
        "ok", "ok",
    ),
    an_address_without_a_name_that_is_cut=(
        document(
            f"https://{GOOD}/", queries=[], tcp_connect=[tcp()],
            tls_handshakes=[handshake(GOOD, f"{GOOD}:443", CUT, ())], requests=[],
        ),
        "insufficient", "insufficient",
    ),
    cut_and_no_helper_to_compare=(
        stopped(None, tcp_connect=[tcp()], tls_handshakes=[tls(CUT)], **NO_CONTROL),
        "insufficient", "insufficient",
    ),
    silent_here_and_there=(
        stopped(
            False, tcp_connect=[tcp()], tls_handshakes=[tls(MUTE)],
            control=helper_fails(MUTE, at="tls"),
        ),
        "down", "down",
    ),
    a_failed_handshake_here_and_there=(
        stopped(
            False, tcp_connect=[tcp()], tls_handshakes=[tls("ssl_failed_handshake")],
            control=helper_fails("ssl_failed_handshake", at="tls"),
        ),
        "down", "down",
    ),
    a_server_that_signed_for_itself=(
        stopped(
            False, tcp_connect=[tcp()], tls_handshakes=[tls("ssl_unknown_authority", FORGED)],
            control=helper_fails("ssl_unknown_authority", at="tls"),
        ),
        "down", "down",
    ),
    a_strange_authority_and_no_helper=(
        stopped(
            None, tcp_connect=[tcp()], tls_handshakes=[tls("ssl_unknown_authority", FORGED)],
            **NO_CONTROL,
        ),
        "insufficient", "insufficient",
    ),
    out_of_date_by_the_probes_clock_alone=(
        stopped(
            "http-failure", tcp_connect=[tcp()],
            tls_handshakes=[tls("ssl_invalid_certificate", EXPIRED)],
        ),
        "insufficient", "insufficient",
    ),
    another_sites_certificate=(
        stopped(
            "http-failure", tcp_connect=[tcp()],
            tls_handshakes=[tls("ssl_invalid_hostname", OTHER_NAME)],
        ),
        "insufficient", "insufficient",
    ),
    an_alert=(
        stopped(
            "http-failure", tcp_connect=[tcp()],
            tls_handshakes=[tls("unknown_failure: remote error: tls: handshake failure")],
        ),
        "insufficient", "insufficient",
    ),
    cleartext_in_place_of_a_handshake=(
        stopped(
            "http-failure", tcp_connect=[tcp()],
            tls_handshakes=[tls(NO_TLS)],
        ),
        "insufficient", "insufficient",
    ),
    cut_inside_TLS=(works(requests=[FAILED_REQUEST]), "insufficient", "insufficient"),
    a_name_with_an_umlaut=(
        document(
            "https://b\u00fccher.example/", queries=[dns(IDN, GOOD)], tcp_connect=[tcp()],
            tls_handshakes=[handshake(IDN, f"{GOOD}:443", None, (certificate(IDN), ROOT))],
            requests=[request(f"https://{IDN}/", body=OK_PAGE)],
        ),
        "ok", "ok",
    ),
    a_name_with_an_umlaut_that_is_cut=(
        document(
            "https://b\u00fccher.example/", queries=[dns(IDN, GOOD)], tcp_connect=[tcp()],
            tls_handshakes=[handshake(IDN, f"{GOOD}:443", CUT, ())], requests=[],
            control=helper(
                tls_handshake={f"{GOOD}:443": {"server_name": IDN, "status": True, "failure": None}}
            ),
        ),
        "blocked", "tls_sni_reset",
    ),
    a_port_of_its_own=(
        works(
            PORT, tcp_connect=[tcp(port=8443)], tls_handshakes=[tls(address=f"{GOOD}:8443")],
            requests=[request(PORT, address=f"{GOOD}:8443", body=OK_PAGE)],
            control=says(GOOD, ports=(8443,)),
        ),
        "ok", "ok",
    ),
)  # fmt: skip
