"""Scenarios of ooni/probe-cli, internal/experiment/webconnectivityqa, as documents.

Taken over: what the network does, and what is expected. The documents are built here, in the form
of version 0.5: three resolvers, every address tried, the page fetched once.
"""

from collections.abc import Callable
from typing import Any

from tests.cli.ooni_cases import EXPIRED
from tests.exchange.ooni.documents import document
from tests.exchange.ooni.judging import (
    FORGED,
    GOOD,
    HOST,
    NO_CONTROL,
    OTHER_NAME,
    ROOT,
    SILENT,
    Fields,
    answers,
    certificate,
    dns,
    handshake,
    helper,
    helper_fails,
    page,
    request,
    says,
    tcp,
    tls,
)
from tests.suites.row import Row

SUITE = "webconnectivityqa"
CUT, MUTE, EOF, REFUSED = (
    "connection_reset",
    "generic_timeout_error",
    "eof_error",
    "connection_refused",
)
NOWHERE = "dns_nxdomain_error"
PROXY, BLOCK, BAD, SHORT = "130.192.182.17", "83.224.65.41", "104.154.89.105", "67.199.248.11"
CLEAR, SECURE, SHORTENER = f"http://{HOST}/", f"https://{HOST}/", "https://bit.ly/21645"
SITE = f"<title>Default Web Page</title>{'x' * 1500}"
DENIED = "<title>Access Denied</title><p>This request cannot be served in your jurisdiction.</p>"
CAPTCHA: Fields = {
    "code": 503, "body": "<title>Just a moment...</title>", "headers": (("Server", "cloudflare"),),
}  # fmt: skip
BIG: Fields = {"body": "x" * 60_000, "headers": (("Content-Length", "33554432"),)}
PORTS = (tcp(GOOD, 80), tcp())
NO_NAME = helper_fails("dns_name_error", at="dns", http="dns_lookup_error")
LOOPBACK = helper(
    dns={"failure": None, "addrs": ["127.0.0.1"]}, tcp_connect={}, tls_handshake={},
    http_request={"failure": REFUSED, "status_code": -1},
)  # fmt: skip
ROWS: list[Row] = []


def told(*more: str, **keys: Any) -> Fields:
    """The helper: resolves the true address, and tries those of the probe as well."""
    page_there = answers(200, "Default Web Page", 1533)
    return says(GOOD, asked=more, ports=(80, 443), **{"http_request": page_there} | keys)


def resolved(
    *system: str, name: str = HOST, failure: str | None = None, **ways: Any
) -> list[Fields]:
    """The same question to getaddrinfo, to a public resolver and over HTTPS."""
    made = [dns(name, *system, failure=failure)]
    for engine, where in (("udp", "1.1.1.1:53"), ("doh", "https://dns.google/dns-query")):
        told = ways.get(engine, failure or system)
        failed = told if isinstance(told, str) else None
        made.append(dns(
            name, *(() if failed else told), engine=engine, query_type="A", failure=failed,
            resolver_address=where,
        ))  # fmt: skip
    return made


def seen(url: str, queries: list[Fields], *steps: Fields, **keys: Any) -> Fields:
    """A document of these steps: connections, handshakes and requests, told apart by their keys."""
    return document(
        url, queries=queries,
        tcp_connect=[s for s in steps if "ip" in s],
        tls_handshakes=[s for s in steps if "server_name" in s],
        requests=[s for s in steps if "request" in s],
        **{"control": told()} | keys,
    )  # fmt: skip


def case(
    name: str, happens: str, theirs: str, ours: str, make: Callable[[], Fields], why: str = ""
) -> None:
    """File a scenario."""
    ROWS.append(Row(SUITE, name, happens, theirs, ours, make, why))


def fetched(**more: Any) -> Fields:
    return request(**{"body": SITE} | more)


def at(
    address: str, failure: str | None = None, chain: Any = None, port: int = 443
) -> list[Fields]:
    """A connection and what became of the handshake there."""
    return [tcp(address, port), tls(failure, chain, address=f"{address}:{port}")]


# --- certificates ---------------------------------------------------------------------------------

for name, failure, chain in (
    ("ExpiredCertificate", "ssl_invalid_certificate", EXPIRED),
    ("WrongServerName", "ssl_invalid_hostname", OTHER_NAME),
    ("UnknownAuthorityWithConsistentDNS", "ssl_unknown_authority", FORGED),
):
    case(
        f"badSSLWith{name}", "The site's own certificate is bad, for the helper too.", "null, null",
        "down: certificate",
        lambda failure=failure, chain=chain: seen(
            SECURE, resolved(GOOD), *at(GOOD, failure, chain),
            control=helper_fails(failure, at="tls"), blocking=None,
        ),
        "They say nothing; both sides refuse the same certificate.",
    )  # fmt: skip
case(
    "badSSLWithUnknownAuthorityWithInconsistentDNS",
    "Forged answers name a server with a certificate of nobody's.", "dns",
    "blocked: dns_lie/wrong_address",
    lambda: seen(
        SECURE, resolved(BAD, doh=(GOOD,)), *at(BAD, "ssl_unknown_authority", FORGED), *at(GOOD),
        control=told() | {"tls_handshake": told()["tls_handshake"] | {f"{BAD}:443": {
            "server_name": HOST, "status": False, "failure": "ssl_unknown_authority",
        }}},
    ),
)  # fmt: skip

# --- pages that are not the site's ----------------------------------------------------------------

case(
    "cloudflareCAPTCHAWithHTTP", "The CDN wants to see a human.", "http-diff", "insufficient",
    lambda: seen(CLEAR, resolved(GOOD), *PORTS, tls(), page(**CAPTCHA)),
    "Theirs accuses a CDN. In the clear a 503 without a ray may be anybody's.",
)  # fmt: skip
case(
    "cloudflareCAPTCHAWithHTTPS", "The same over TLS.", "false, accessible",
    "restricted: reachable_botwall/challenge",
    lambda: seen(SECURE, resolved(GOOD), *at(GOOD), request(**CAPTCHA)),
    "Reached, but no page for a machine.",
)  # fmt: skip
case(
    "httpDiffWithConsistentDNS", "A block page that no list knows is injected.", "http-diff",
    "insufficient",
    lambda: seen(CLEAR, resolved(GOOD), *PORTS, tls(), page(DENIED, headers=())),
    "Another edition of the site looks like this as well; a known block page is `blocked`.",
)  # fmt: skip
case(
    "httpDiffWithInconsistentDNS", "The same at an address of the censor's proxy.", "dns",
    "insufficient",
    lambda: seen(
        CLEAR, resolved(PROXY, doh=(GOOD,)), tcp(PROXY, 80), *at(PROXY), *PORTS, tls(),
        page(DENIED, headers=(), address=f"{PROXY}:80"), control=told(PROXY),
    ),
    "The proxy proves the name over TLS: the address is no lie, and the page is not known.",
)  # fmt: skip
case(
    "httpBlockingConnectionReset", "A reset at the Host header.", "http-failure",
    "blocked: http_block/reset",
    lambda: seen(
        CLEAR, resolved(GOOD), *PORTS, tls(), page("", 0, failure=CUT, headers=()),
    ),
)  # fmt: skip

# --- no helper ------------------------------------------------------------------------------------

case(
    "controlFailureWithSuccessfulHTTPWebsite", "No helper can be reached; the page came.",
    "null, null", "ok",
    lambda: seen(CLEAR, resolved(GOOD), *PORTS, tls(), page(SITE), **NO_CONTROL),
    "A page came that bears no mark of a block page; its address proved the name over TLS.",
)  # fmt: skip
case(
    "controlFailureWithSuccessfulHTTPSWebsite", "The same over TLS.", "false, accessible", "ok",
    lambda: seen(SECURE, resolved(GOOD), *at(GOOD), fetched(), **NO_CONTROL),
)  # fmt: skip

# --- names ----------------------------------------------------------------------------------------

case(
    "dnsBlockingAndroidDNSCacheNoData",
    "The provider's resolver denies the name; Android hides how.", "dns",
    "insufficient",
    lambda: seen(
        SECURE, resolved(failure="android_dns_cache_no_data", udp=(GOOD,), doh=(GOOD,)), *at(GOOD),
    ),
    "EAI_NODATA stands for a resolver that fails as well.",
)  # fmt: skip
case(
    "dnsBlockingNXDOMAIN", "The provider's resolver denies the name.", "dns",
    "blocked: dns_lie/nxdomain",
    lambda: seen(SECURE, resolved(failure=NOWHERE, udp=(GOOD,), doh=(GOOD,)), *at(GOOD)),
)  # fmt: skip
case(
    "dnsBlockingBOGON", "Forged answers name a private address.", "dns", "blocked: dns_lie/bogon",
    lambda: seen(
        SECURE, resolved("10.10.34.35", doh=(GOOD,)), tcp("10.10.34.35", **SILENT), *at(GOOD),
    ),
)  # fmt: skip
for kind, url in (("HTTP", CLEAR), ("HTTPS", SECURE)):
    case(
        f"dnsHijackingToLocalhostWith{kind}", "Forged answers name 127.0.0.1.", "dns",
        "blocked: dns_lie/bogon",
        lambda url=url: seen(url, resolved("127.0.0.1", doh=(GOOD,)), *at(GOOD)),
    )  # fmt: skip
    case(
        f"localhostWith{kind}", "The zone itself says 127.0.0.1.", "false, not accessible",
        "down: dns",
        lambda url=url: seen(url, resolved("127.0.0.1"), control=LOOPBACK),
    )  # fmt: skip
case(
    "dnsHijackingToProxyWithHTTPURL", "Forged answers name a proxy that hands everything on.",
    "false, accessible", "ok",
    lambda: seen(
        CLEAR, resolved(PROXY, doh=(GOOD,)), tcp(PROXY, 80), *at(PROXY), *PORTS, tls(),
        page(SITE, address=f"{PROXY}:80"), control=told(PROXY),
    ),
)  # fmt: skip
case(
    "dnsHijackingToProxyWithHTTPSURL", "The same over TLS.", "false, accessible", "ok",
    lambda: seen(
        SECURE, resolved(PROXY, doh=(GOOD,)), *at(PROXY), *at(GOOD),
        fetched(address=f"{PROXY}:443"), control=told(PROXY),
    ),
)  # fmt: skip
case(
    "ghostDNSBlockingWithHTTP", "The name is gone; the filter still answers, with its page.",
    "dns", "insufficient",
    lambda: seen(
        CLEAR, resolved(BLOCK, doh=NOWHERE), tcp(BLOCK, 80), tcp(BLOCK, 443, REFUSED),
        page(DENIED, address=f"{BLOCK}:80"), control=NO_NAME,
    ),
    "A provider that sells names that are not found looks like this as well.",
)  # fmt: skip
case(
    "ghostDNSBlockingWithHTTPS", "The same over TLS, which that host refuses.", "dns",
    "insufficient",
    lambda: seen(
        SECURE, resolved(BLOCK, doh=NOWHERE), tcp(BLOCK, 443, REFUSED), control=NO_NAME | {
            "tcp_connect": {f"{BLOCK}:443": {"status": False, "failure": REFUSED}},
        },
    ),
    "As above.",
)  # fmt: skip
case(
    "websiteDownNXDOMAIN", "The name exists for nobody.", "false, not accessible", "down: dns",
    lambda: seen(CLEAR, resolved(failure=NOWHERE), control=NO_NAME),
)  # fmt: skip

# --- sizes and pace -------------------------------------------------------------------------------

for kind, url, make in (("HTTP", CLEAR, page), ("HTTPS", SECURE, request)):
    case(
        f"successWith{kind}", "Nothing.", "false, accessible", "ok",
        lambda url=url, make=make: seen(url, resolved(GOOD), *PORTS, tls(), make(body=SITE)),
    )  # fmt: skip
    case(
        f"largeFileWith{kind}", "A body of 32 MB, of which the probe keeps some.",
        "false, accessible", "ok",
        lambda url=url, make=make: seen(
            url, resolved(GOOD), *PORTS, tls(), make(**BIG),
            control=told(http_request=answers(200, "", 33_554_432)),
        ),
    )  # fmt: skip
    case(
        f"throttlingWith{kind}", "300 ms more and a fifth lost: the body is not there in time.",
        "http-failure", "insufficient",
        lambda url=url, make=make: seen(
            url, resolved(GOOD), *PORTS, tls(), make(**BIG | {"failure": MUTE}),
        ),
        "One transfer and none beside it: a slow server looks the same.",
    )  # fmt: skip

# --- behind a redirect ----------------------------------------------------------------------------


def shortened(to: str, queries: list[Fields], *steps: Fields, **keys: Any) -> Fields:
    away = request(SHORTENER, 308, "", (("Location", to),), address=f"{SHORT}:443")
    proof = handshake("bit.ly", f"{SHORT}:443", None, (certificate("bit.ly"), ROOT))
    there = helper(
        dns={"failure": None, "addrs": [SHORT]},
        tcp_connect={f"{SHORT}:443": {"status": True, "failure": None}},
        tls_handshake={f"{SHORT}:443": {"server_name": "bit.ly", "status": True, "failure": None}},
        http_request=answers(200, "Default Web Page", 1533),
    )
    # Newest first.
    later = [s for s in steps if "request" in s]
    first = [s for s in steps if "request" not in s]
    return seen(
        SHORTENER, resolved(SHORT, name="bit.ly") + queries, tcp(SHORT), proof, *first, *later,
        away, **{"control": there} | keys,
    )  # fmt: skip


for word, failure, clear, secure in (
    ("ConnectionReset", CUT, "http_block/reset", "tls_sni_reset"),
    ("EOF", EOF, "http_block/fin", "tls_sni_reset"),
    ("Timeout", MUTE, "http_block/drop", "tls_sni_drop"),
):
    case(
        f"redirectWithConsistentDNSAndThen{word}ForHTTP",
        f"Behind a redirect, {failure} at the Host header and at the name.", "http-failure",
        f"blocked: {clear}",
        lambda failure=failure: shortened(
            CLEAR, resolved(GOOD), *PORTS, tls(failure),
            page("", 0, failure=failure, headers=()),
        ),
    )  # fmt: skip
    case(
        f"redirectWithConsistentDNSAndThen{word}ForHTTPS",
        f"Behind a redirect, {failure} at the name.", "http-failure", f"blocked: {secure}",
        lambda failure=failure: shortened(SECURE, resolved(GOOD), *at(GOOD, failure)),
    )  # fmt: skip
for kind, url in (("HTTP", CLEAR), ("HTTPS", SECURE)):
    case(
        f"redirectWithConsistentDNSAndThenConnectionRefusedFor{kind}",
        "Behind a redirect, SYNs are answered by resets.", "http-failure", "insufficient",
        lambda url=url: shortened(
            url, resolved(GOOD), tcp(GOOD, 80, REFUSED), tcp(GOOD, 443, REFUSED),
        ),
        "Nobody else tried that address: a closed port looks the same (decision 10).",
    )  # fmt: skip
case(
    "redirectWithConsistentDNSAndThenNXDOMAIN", "Behind a redirect, the name is denied.", "dns",
    "blocked: dns_lie/nxdomain",
    lambda: shortened(SECURE, resolved(failure=NOWHERE, doh=(GOOD,)), *at(GOOD)),
)  # fmt: skip

# --- addresses and handshakes ---------------------------------------------------------------------

case(
    "tcpBlockingConnectTimeout", "SYNs to port 443 vanish.", "tcp_ip", "insufficient",
    lambda: seen(SECURE, resolved(GOOD), tcp(**SILENT)),
    "An origin that refuses the country looks just so (decision 10).",
)  # fmt: skip
case(
    "tcpBlockingConnectionRefusedWithInconsistentDNS", "Forged answers name a host that refuses.",
    "dns",
    "insufficient",
    lambda: seen(
        CLEAR, resolved(BLOCK, doh=(GOOD,)), tcp(BLOCK, 80, REFUSED), tcp(BLOCK, 443, REFUSED),
        *PORTS, tls(), page(SITE), control=told() | {"tcp_connect": told()["tcp_connect"] | {
            f"{BLOCK}:{port}": {"status": False, "failure": REFUSED} for port in (80, 443)
        }},
    ),
    "A dead server of the site's own looks like it: the address is in the country's networks.",
)  # fmt: skip
case(
    "tlsBlockingConnectionResetWithConsistentDNS", "A reset at the name.", "http-failure",
    "blocked: tls_sni_reset",
    lambda: seen(SECURE, resolved(GOOD), *at(GOOD, CUT)),
    "The same fact by its own name.",
)  # fmt: skip
case(
    "tlsBlockingConnectionResetWithInconsistentDNS",
    "Forged answers name a proxy; a reset at the name everywhere.",
    "dns", "blocked: tls_sni_reset",
    lambda: seen(
        SECURE, resolved(PROXY, doh=(GOOD,)), *at(PROXY, CUT), *at(GOOD, CUT), control=told(PROXY),
    ),
    "Nothing disproves the proxy's address; the cut stands in the way at both.",
)  # fmt: skip
