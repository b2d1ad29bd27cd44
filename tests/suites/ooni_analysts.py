"""What OONI's analysts said of measurements by hand (ooni/data, docs/labels), and old odd samples.

Taken over: what a rationale says was seen, and the label. Documents are built here.
"""

from collections.abc import Callable
from typing import Any

from tests.cli.ooni_cases import EXPIRED
from tests.exchange.ooni.judging import (
    GOOD,
    GOOD6,
    HOST,
    OTHER,
    OTHER_NAME,
    SILENT,
    Fields,
    answers,
    dns,
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
from tests.suites.ooni_quality import CLEAR, CUT, MUTE, NO_NAME, NOWHERE, REFUSED, seen
from tests.suites.row import Row

LABELS, SAMPLES = "ooni/data labels", "ooni/backend fastpath"
THIRD, NOTICE = "93.184.216.50", "85.214.10.7"
ALL = says(GOOD, OTHER, THIRD)
UNTOLD = {"failure": "unknown_error", "status_code": -1, "body_length": -1, "headers": {}}
REDIRECTED = "http://lamanlabuh.aduankonten.id/"
ROWS: list[Row] = []


def case(
    suite: str,
    name: str,
    happens: str,
    theirs: str,
    ours: str,
    make: Callable[[], Fields],
    why: str = "",
) -> None:
    """File a scenario."""
    ROWS.append(Row(suite, name, happens, theirs, ours, make, why))


def three(*failures: str | None, **keys: Any) -> Fields:
    """Handshakes at three addresses, of which the helper reaches all."""
    where = (GOOD, OTHER, THIRD)
    steps = {
        "queries": [dns(HOST, *where)],
        "tcp_connect": [tcp(a) for a in where],
        "tls_handshakes": [
            tls(f, address=f"{a}:443") for a, f in zip(where, failures, strict=True)
        ],
        "control": ALL,
    }
    return works(**steps | keys) if None in failures else stopped("http-failure", **steps | keys)


case(
    LABELS, "signal.org, VE", "0.0.0.0, to the probe only.", "blocked, dns.injection.bogon",
    "blocked: dns_lie/bogon",
    lambda: stopped(
        "dns", queries=[dns(HOST, "0.0.0.0"), udp(GOOD)],
        tcp_connect=[tcp("0.0.0.0", failure=REFUSED), tcp()], tls_handshakes=[tls()],
    ),
)  # fmt: skip
case(
    LABELS, "cine.to, DE", "NXDOMAIN, to the probe only.", "blocked, dns.nxdomain",
    "blocked: dns_lie/nxdomain", lambda: stopped("dns", queries=[dns(HOST, failure=NOWHERE)]),
)  # fmt: skip
case(
    LABELS, "serienstream.to, DE", "The name leads to a government's notice.",
    "blocked, dns.injection.blockpage", "blocked: dns_lie/cname",
    lambda: stopped(
        "dns", queries=[dns(HOST, NOTICE) | {"answers": [
            {"answer_type": "CNAME", "hostname": "notice.cuii.info", "ttl": None},
            {"answer_type": "A", "ipv4": NOTICE, "ttl": None},
        ]}],
        tcp_connect=[tcp(NOTICE)],
        tls_handshakes=[tls("ssl_invalid_hostname", OTHER_NAME, address=f"{NOTICE}:443")],
    ),
)  # fmt: skip
case(
    LABELS, "y2mate.com, BE", "The name has expired.", "down", "down: dns",
    lambda: stopped(
        False, queries=[dns(HOST, failure=NOWHERE), udp(failure=NOWHERE)], control=NO_NAME,
    ),
)  # fmt: skip
case(
    LABELS, "javextreme.net, CN", "Resets after the hello at several addresses.",
    "blocked, tls.reset.sni", "blocked: tls_sni_reset", lambda: three(CUT, CUT, CUT),
)  # fmt: skip
case(
    LABELS, "edf.org, RU", "Silence after the hello at three addresses.", "blocked, tls.timeout",
    "blocked: tls_sni_drop", lambda: three(MUTE, MUTE, MUTE),
)  # fmt: skip
case(
    LABELS, "b9vhe.com, CN", "One handshake of three is reset; the page came.",
    "blocked, uncertain", "ok", lambda: three(None, None, CUT),
    "Clients go on to the next address (RFC 8305); `reason` tells of the one that failed.",
)  # fmt: skip
case(
    LABELS, "whatsapp.com, RU", "SYNs over IPv4 vanish, IPv6 has no route.", "blocked, tcp.timeout",
    "insufficient",
    lambda: stopped(
        "tcp_ip", queries=[dns(HOST, GOOD, GOOD6)],
        tcp_connect=[tcp(**SILENT), tcp(GOOD6, failure="network_unreachable")],
    ),
    "An origin that refuses the country looks just so (decision 10).",
)  # fmt: skip
case(
    LABELS, "hrc.org, US", "Other addresses than the helper's, and each proves the name.", "ok",
    "ok",
    lambda: works(
        queries=[dns(HOST, OTHER, THIRD)], dns_consistency="inconsistent", blocking="dns",
        tcp_connect=[tcp(OTHER), tcp(THIRD)],
        tls_handshakes=[tls(address=f"{OTHER}:443"), tls(address=f"{THIRD}:443")],
        requests=[request(address=f"{OTHER}:443", body="<title>Example</title>")],
    ),
)  # fmt: skip
case(
    LABELS, "ebuddy.com, GB", "IPv6 does not work, IPv4 does.", "ok", "ok",
    lambda: works(queries=[dns(HOST, GOOD, GOOD6)], tcp_connect=[tcp(), tcp(GOOD6, **SILENT)]),
)  # fmt: skip
case(
    LABELS, "hightimes.com, US", "The page came; the helper failed.", "ok", "ok",
    lambda: works(control=None, control_failure="unknown_failure: httpapi: all endpoints failed"),
)  # fmt: skip
case(
    SAMPLES, "archive.org, ID", "A redirect to the ministry's page, in version 0.4.3.",
    "false, accessible", "blocked: blockpage/redirect",
    lambda: old(seen(
        CLEAR, [dns(HOST, GOOD)], tcp(GOOD, 80),
        request(REDIRECTED, body="<title>Trustpositif</title>SITUS DIBLOKIR"),
        page("", 302, headers=(("Location", REDIRECTED),)),
        control=says(GOOD, ports=(80,), http_request=answers(200, "Internet Archive", 2997)),
    )),
    "Theirs takes a header that both have for the same page.",
)  # fmt: skip
case(
    SAMPLES, "yooz.ir, IR", "The certificate is a year out of date; an older helper got no page.",
    "null, null", "down: certificate",
    lambda: old(stopped(
        None, tcp_connect=[tcp()], tls_handshakes=[tls("ssl_invalid_certificate", EXPIRED)],
        control={
            "dns": {"failure": None, "addrs": [GOOD]}, "http_request": UNTOLD,
            "tcp_connect": {f"{GOOD}:443": {"status": True, "failure": None}},
        },
    )),
    "A public root signed it for this name: genuine, and out of date.",
)  # fmt: skip
case(
    SAMPLES, "facebook.com, IR", "The address of the national filter's page, in version 0.4.1.",
    "dns", "blocked: dns_lie/bogon",
    lambda: old(stopped(
        "dns", queries=[dns(HOST, "10.10.34.36", engine="system", query_type="A")],
        tcp_connect=[tcp("10.10.34.36", failure=MUTE)], tls_handshakes=None,
        requests=[request(failure=MUTE, code=0, body="", headers=())],
    )),
)  # fmt: skip
