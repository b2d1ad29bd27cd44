"""Pages, redirects and lines, and what a careful person makes of them."""

from tests.exchange.ooni.documents import document
from tests.exchange.ooni.judging import (
    FORGED,
    GOOD,
    HOST,
    NO_CONTROL,
    OK_PAGE,
    OTHER,
    ROOT,
    SILENT,
    TO_TLS,
    WWW,
    Fields,
    answers,
    cases,
    certificate,
    dns,
    handshake,
    helper_fails,
    in_clear,
    old,
    page,
    request,
    says,
    stopped,
    tcp,
    tls,
    works,
)

CUT, MUTE = "connection_reset", "generic_timeout_error"
PORTS = [tcp(GOOD, 80), tcp(GOOD, 443)]
LITERAL = f"http://{GOOD}/"
FAILED: Fields = {"blocking": "http-failure", "accessible": False}
DIFF: Fields = {"blocking": "http-diff", "accessible": False}
IFRAME = '<html><iframe src="http://10.10.34.34?type=Invalid Site&policy=MainPolicy "></iframe>'
SEALED = "<title>Avviso</title>Il sito \u00e8 stato oggetto di sequestro"
INDIA = (
    "Your requested URL has been blocked as per the directions received from Department of"
    " Telecommunications, Government of India."
)
CLOUDFLARE = {
    "code": 403, "body": "<title>Attention Required! | Cloudflare</title>",
    "headers": (("Server", "cloudflare"), ("CF-RAY", "7d2")),
}  # fmt: skip


def ended(failure: str) -> Fields:
    return page("", 0, failure=failure, headers=())


def away(to: str) -> Fields:
    return page("", 302, headers=(("Location", to),))


def behind(*steps: Fields, names: list[Fields], **keys: object) -> Fields:
    """A redirect to another host, over TLS, and how that fared."""
    return in_clear(
        away(f"https://{WWW}/"), queries=[dns(HOST, GOOD), *names],
        tcp_connect=[tcp(GOOD, 80), tcp(OTHER)], tls_handshakes=list(steps), **keys,
    )  # fmt: skip


PAGES = cases(
    another_page_with_the_sites_own_header=(
        in_clear(page("<title>Beispiel</title>" * 20, headers=(("X-Site-Version", "3"),)), says(
            GOOD, ports=(80,),
            http_request=answers(200, "Example") | {"headers": {"X-Site-Version": "3"}},
        )),
        "ok", "ok",
    ),
    another_length_with_the_same_title=(
        in_clear(page("<title>Example of today</title>"), says(
            GOOD, ports=(80,), http_request=answers(200, "Example of yesterday", 90_000),
        )),
        "ok", "ok",
    ),
    a_page_that_has_nothing_of_the_helpers=(
        in_clear(page(SEALED), **DIFF), "insufficient", "insufficient",
    ),
    a_block_page_in_a_frame=(in_clear(page(IFRAME, 403), **DIFF), "blocked", "blockpage"),
    a_block_page_in_0_4=(old(in_clear(page(IFRAME, 403), **DIFF)), "blocked", "blockpage"),
    a_ministrys_wording=(in_clear(page(INDIA), **DIFF), "blocked", "blockpage"),
    a_redirect_to_a_warning=(
        in_clear(away("http://warning.or.kr/i1.html"), **DIFF), "blocked", "blockpage",
    ),
    a_redirect_to_a_private_address=(
        in_clear(away("http://192.168.88.1/login"), **DIFF), "insufficient", "insufficient",
    ),
    a_redirect_to_a_stranger=(
        in_clear(away("http://notice.isp.example/?u=1"), **DIFF), "insufficient", "insufficient",
    ),
    a_refusal_in_cleartext=(
        in_clear(page("<title>403 Forbidden</title>", 403), **DIFF), "insufficient", "insufficient",
    ),
    not_found_in_cleartext_here_alone=(
        in_clear(page("<title>404</title>", 404), **DIFF), "insufficient", "insufficient",
    ),
    an_empty_page_in_cleartext_here_alone=(
        in_clear(page("", headers=(("Content-Length", "0"),)), says(
            GOOD, ports=(80,), http_request=answers(200, "Example"),
        )),
        "insufficient", "insufficient",
    ),
    a_bot_wall_in_cleartext=(
        in_clear(page(**CLOUDFLARE), **DIFF), "restricted", "reachable_botwall",
    ),
    a_bot_wall_over_TLS=(
        works(requests=[request(**CLOUDFLARE)]), "restricted", "reachable_botwall",
    ),
    too_many_requests=(
        works(requests=[request(code=429, body="slow down")]), "restricted", "reachable_botwall",
    ),
    an_error_here_and_there=(
        works(
            requests=[request(code=500, body="x")], control=says(GOOD, http_request=answers(500)),
        ),
        "down", "down",
    ),
    an_error_here_alone=(
        works(requests=[request(code=503, body="x")]), "insufficient", "insufficient",
    ),
    cut_after_the_request=(in_clear(ended(CUT), **FAILED), "blocked", "http_block"),
    cut_after_the_request_in_0_4=(old(in_clear(ended(CUT), **FAILED)), "blocked", "http_block"),
    closed_after_the_request=(in_clear(ended("eof_error"), **FAILED), "blocked", "http_block"),
    silent_after_the_request=(in_clear(ended(MUTE), **FAILED), "blocked", "http_block"),
    cut_after_the_request_here_and_there=(
        in_clear(ended(CUT), says(GOOD, ports=(80,), http_request={
            "failure": CUT, "status_code": -1, "body_length": -1, "headers": {}, "title": "",
        })),
        "down", "down",
    ),
    cut_after_the_request_and_no_helper=(
        in_clear(ended(CUT), None, blocking=None, **NO_CONTROL), "insufficient", "insufficient",
    ),
    a_page_in_cleartext_and_no_helper=(in_clear(page(), None, **NO_CONTROL), "ok", "ok"),
    a_page_in_cleartext_in_0_4=(old(in_clear(page(OK_PAGE))), "ok", "ok"),
    a_page_in_cleartext_that_the_helper_did_not_get=(
        in_clear(page(), says(GOOD, ports=(80,), http_request={"failure": "unknown_error"})),
        "ok", "ok",
    ),
    a_page_by_its_address=(
        document(
            LITERAL, queries=[], tcp_connect=[tcp(GOOD, 80)], tls_handshakes=[],
            requests=[page(url=LITERAL)], control=says(GOOD, ports=(80,)),
        ),
        "ok", "ok",
    ),
    an_address_that_is_silent=(
        document(
            LITERAL, queries=[], tcp_connect=[tcp(GOOD, 80, **SILENT)], tls_handshakes=[],
            requests=[], control=says(GOOD, ports=(80,)),
        ),
        "insufficient", "insufficient",
    ),
)  # fmt: skip

STOPS: Fields = {"failure": MUTE, "headers": (("Content-Length", "33554432"),)}

STOPPING = cases(
    in_the_clear=(in_clear(page("x" * 30_000, **STOPS), **FAILED), "insufficient", "insufficient"),
    over_TLS=(
        works(requests=[request(body="x" * 30_000, **STOPS)], **FAILED),
        "insufficient", "insufficient",
    ),
    as_0_4_tells_it=(
        old(works(requests=[request(body="x" * 30_000, **STOPS)], **FAILED)),
        "insufficient", "insufficient",
    ),
    after_its_headers=(
        works(requests=[request(body="", **STOPS)], **FAILED), "insufficient", "insufficient",
    ),
    at_the_limit_of_what_is_kept=(
        works(requests=[
            request(body="x" * 524_288, headers=(("Content-Length", "33554432"),)),
        ]),
        "ok", "ok",
    ),
)  # fmt: skip

REDIRECTS = cases(
    to_TLS_and_cut_there=(
        in_clear(TO_TLS, tcp_connect=PORTS, tls_handshakes=[tls(CUT)], **FAILED),
        "blocked", "tls_sni_reset",
    ),
    to_TLS_and_silent_there=(
        in_clear(TO_TLS, tcp_connect=PORTS, tls_handshakes=[tls(MUTE)], **FAILED),
        "blocked", "tls_sni_drop",
    ),
    to_TLS_and_a_forged_certificate_there=(
        in_clear(
            TO_TLS, tcp_connect=PORTS, tls_handshakes=[tls("ssl_unknown_authority", FORGED)],
            **FAILED,
        ),
        "blocked", "tls_mitm",
    ),
    to_another_host_and_cut_there=(
        behind(
            handshake(WWW, f"{OTHER}:443", CUT, ()), names=[dns(WWW, OTHER)], **FAILED,
        ),
        "blocked", "tls_sni_reset",
    ),
    to_another_host_and_cut_there_without_a_helper=(
        behind(
            handshake(WWW, f"{OTHER}:443", CUT, ()), names=[dns(WWW, OTHER)], **NO_CONTROL,
        ),
        "insufficient", "insufficient",
    ),
    to_TLS_and_silent_somewhere_as_0_4_tells_it=(
        old(in_clear(TO_TLS, requests=[request(code=0, body="", headers=(), failure=MUTE), TO_TLS],
                     **FAILED)),
        "insufficient", "insufficient",
    ),
    to_another_host_and_silent_somewhere_as_0_4_tells_it=(
        old(in_clear(away(f"http://{WWW}/"), requests=[
            request(f"http://{WWW}/", code=0, body="", headers=(), failure=MUTE),
            away(f"http://{WWW}/"),
        ], **FAILED)),
        "insufficient", "insufficient",
    ),
    to_TLS_and_cut_there_as_0_4_tells_it=(
        old(in_clear(TO_TLS, requests=[request(code=0, body="", headers=(), failure=CUT), TO_TLS],
                     **FAILED)),
        "blocked", "tls_sni_reset",
    ),
    to_another_host_that_is_denied=(
        behind(names=[dns(WWW, failure="dns_nxdomain_error")]), "insufficient", "insufficient",
    ),
    to_another_host_that_works=(
        behind(
            handshake(WWW, f"{OTHER}:443", None, (certificate(WWW), ROOT)),
            names=[dns(WWW, OTHER)],
            requests=[
                request(f"https://{WWW}/", body=OK_PAGE, address=f"{OTHER}:443"),
                away(f"https://{WWW}/"),
            ],
        ),
        "ok", "ok",
    ),
    in_a_circle=(
        in_clear(away(f"http://{HOST}/"), requests=[
            away(f"http://{HOST}/") | {"failure": "unknown_failure: too many redirects"},
            away(f"http://{HOST}/"),
        ]),
        "ok", "ok",
    ),
)  # fmt: skip

LINES = cases(
    nothing_and_nobody_answers=(
        stopped(None, tcp_connect=[tcp(**SILENT)], **NO_CONTROL), "insufficient", "insufficient",
    ),
    a_helper_that_fails_everywhere=(
        works(control=helper_fails(MUTE, at="tcp")), "ok", "ok",
    ),
    measured_through_a_proxy=(
        works(socksproxy="127.0.0.1:9050"), "insufficient", "insufficient",
    ),
)  # fmt: skip
