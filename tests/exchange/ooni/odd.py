"""Hundreds of odd documents: what ten years of probes, platforms and tools have left behind."""

import base64
import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

from tests.exchange.ooni.documents import (
    DOCUMENTS,
    GOOD,
    GOOD6,
    HOST,
    Fields,
    control,
    dns,
    document,
    request,
    tcp,
    tls,
)

OTHER_TESTS = (
    "urlgetter", "telegram", "whatsapp", "facebook_messenger", "signal", "tor", "ndt", "dash",
    "http_invalid_request_line", "http_header_field_manipulation", "psiphon", "torsf",
    "stunreachability", "dnscheck", "vanilla_tor", "openvpn", "riseupvpn", "tcp_connect",
    "browser_web", "WEB_CONNECTIVITY", "",
)  # fmt: skip
URLS = (
    "http://93.184.216.34/", "https://93.184.216.34:8443/x", "https://[2606:2800:220:1::1]/",
    "http://[::ffff:1.2.3.4]:8080/", "https://www.example.com:444/", "http://b\xfccher.example/",
    "https://xn--bcher-kva.example/", "https://пример.рф/путь?q=1#frag",
    "https://www.example.com.", "HTTPS://WWW.EXAMPLE.COM/A%20b", " https://www.example.com/ ",
    "https://user:pw@www.example.com/", "https://under_score.example.com/",
    "https://-dash.example.com/", "https://www.example.com/" + "a" * 9000,
    "https://" + "a" * 300 + ".example/", "https://localhost/", "https://www.example.com:99999/",
    "https://www.example.com:/", "https://www.example.com\\@evil.example/", "https:///path",
    "https://", "http:www.example.com", "//www.example.com/", "www.example.com", "dot://9.9.9.9",
    "ftp://a.example/", "https://[fe80::1%25eth0]/", "https://www.example.com/\x00",
    "https://ex\uff0eample.com/", "https://\ud800.example/", "javascript:alert(1)",
    "https://0x7f.1/", "https://1.2.3.4.5/", "https://..example.com/", "https://٣.example/",
)  # fmt: skip
FAILURES = (
    "unknown_failure: ssl_handshake_failed",
    "unknown_failure: tls: first record does not look like a TLS handshake",
    "unknown_failure: http: server gave HTTP response to HTTPS client", "unknown_failure", "",
    "UNKNOWN ERROR \xfc", "unknown_failure: remote error: tls: unrecognized name",
    "unknown_failure: remote error: tls: what is this", "DNS name error", "tcp_timed_out_error",
    "response_never_received", "Connection to other side lost.",
    "unknown_failure: stopped after too many redirects", "http_invalid_redirect_location_host",
    "generic_timeout_error", "eof_error", "connection_reset", "connection_refused",
    "host_unreachable", "socks_host_unreachable", "ssl_invalid_hostname",
    "ssl_unknown_authority", "dns_bogon_error", "dns_reply_with_wrong_query_id",
    "quic_incompatible_version", "interrupted", "permission_denied", "operation_canceled",
    "context canceled", "unknown_failure: " + "x" * 5000, "\ud800", "null", "none", "0",
)  # fmt: skip
JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**70, -(2**70), 1e308, float("nan"), float("inf"), 0.1, "",
    "x", "\ud800", "\x00", [], [None], [[]], [{}], {}, {"": {}},
    {"format": "base64", "data": "%%%"}, {"format": "base64"},
    {"format": "base64", "data": base64.b64encode(b"\xff\x00").decode()},
    {"format": "hex", "data": 7}, "::1", "1.2.3.4:99999", "[", "2024-99-99",
    "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "AS0", [7] * 50,
)  # fmt: skip


def _pack(text: bytes) -> Fields:
    return {"format": "base64", "data": base64.b64encode(text).decode()}


def redirected() -> Fields:
    """Three hops: cleartext, TLS at the same host, TLS elsewhere; the newest first."""
    to_tls = request(f"http://{HOST}/", 301, "", (("Location", f"https://{HOST}/"),))
    away = request(code=302, body="", headers=(("Location", "//cdn.example.net/a?b=c"),))
    last = request("https://cdn.example.net/a?b=c", address="198.51.100.7:443")
    return document(
        f"http://{HOST}/",
        queries=[dns(HOST, GOOD, GOOD6), dns("cdn.example.net", "198.51.100.7")],
        tcp_connect=[tcp(port=80), tcp(), tcp("198.51.100.7"), tcp(GOOD6, 443, "host_unreachable")],
        tls_handshakes=[tls(), tls("cdn.example.net", "198.51.100.7:443")],
        requests=[last, away, to_tls | {"address": f"{GOOD}:80"}],
        x_conn_priority_log=[{"msg": "conn 1: granted", "t": 0.1}],
        x_dns_whoami={"system_v4": [{"address": "8.8.8.8"}], "udp_v4": {}},
        x_null_null_flags=0,
        x_blocking_flags=32,
    )  # fmt: skip


def cleartext() -> Fields:
    """An http-only site, with its body in binary wrapping and headers in the old form alone."""
    page = request(
        f"http://{HOST}/", body=_pack("<title>Ä</title>".encode("latin-1")), address=f"{GOOD}:80"
    )
    page["response"] |= {"headers_list": None, "headers": {"Server": "x", "Via": _pack(b"\xff")}}
    return document(
        f"http://{HOST}/", tcp_connect=[tcp(port=80)], tls_handshakes=None, requests=[page],
        control=control(tcp_connect={f"{GOOD}:80": {"status": True}}, tls_handshake=None),
    )  # fmt: skip


BASES: dict[str, Callable[[], Fields]] = DOCUMENTS | {
    "redirects": redirected,
    "http only": cleartext,
}


def _each(keys: Fields, *lists: str) -> Iterator[Fields]:
    for name in lists:
        yield from keys.get(name) or []


def _changes() -> Iterator[tuple[str, Callable[[Fields], object]]]:
    """Yield what may have happened to a whole document; each works in place."""
    steps = ("queries", "tcp_connect", "tls_handshakes", "requests", "network_events")
    for name in OTHER_TESTS:
        yield f"test {name!r}", lambda d, name=name: d.update(test_name=name)
    for url in URLS:
        yield f"input {url[:40]!a}", lambda d, url=url: d.update(input=url)
    for value in (None, [], ["https://www.example.com/"], 7, {}):
        yield f"input {value!r}", lambda d, value=value: d.update(input=value)
    for failure in FAILURES:
        yield (
            f"all fail {failure[:40]!a}",
            lambda d, failure=failure: (
                [record.update(failure=failure) for record in _each(d["test_keys"], *steps)]
                + [
                    r["status"].update(failure=failure)
                    for r in _each(d["test_keys"], "tcp_connect")
                ]
            ),
        )
        yield (
            f"helper {failure[:40]!a}",
            lambda d, failure=failure: d["test_keys"].update(control={}, control_failure=failure),
        )
    for name in steps:
        for value in (None, [], {}, "", [None], ["x"], [{}], [{}, 7, None, [[]]]):
            yield f"{name} {value!r}", lambda d, n=name, v=value: d["test_keys"].update({n: v})
        yield f"no {name}", lambda d, n=name: d["test_keys"].pop(n, None)
        yield (
            f"much {name}",
            lambda d, n=name: d["test_keys"].update({n: (d["test_keys"].get(n) or [{}]) * 60}),
        )
    for part in ("dns", "tcp_connect", "tls_handshake", "http_request"):
        for value in (None, [], {}, "x", 7, {"failure": None}, {"x": None, "": {}, "[::1]:443": 7}):
            yield (
                f"control.{part} {value!r}",
                lambda d, p=part, v=value: d["test_keys"].update(control=control(**{p: v})),
            )
    for name in (
        "probe_asn", "resolver_asn", "probe_cc", "report_id", "test_helpers", "software_name",
        "test_version", "data_format_version", "annotations", "options",
        "measurement_start_time",
    ):  # fmt: skip
        for value in ("AS0", "ZZ", None, "", [], {"backend": "https://x"}, 0, "x" * 3000):
            yield f"{name} {value!a:.20}", lambda d, n=name, v=value: d.update({n: v})
        yield f"no {name}", lambda d, n=name: d.pop(n, None)
    for body in (
        "x" * 1_000_000,
        _pack(b"\x00\xff" * 400_000),
        None,
        7,
        "<title>" * 9999,
        "<title>\ud800</title>",
    ):
        for cut in (True, False, None):
            yield (
                f"body {body!a:.20} {cut}",
                lambda d, b=body, c=cut: [
                    (r.get("response") or {}).update(body=b, body_is_truncated=c)
                    for r in _each(d["test_keys"], "requests")
                ],
            )
    for code in (
        0,
        -1,
        99,
        999,
        2**40,
        "200",
        200.5,
        None,
        101,
        204,
        304,
        403,
        429,
        451,
        503,
        511,
        521,
    ):
        yield (
            f"code {code!r}",
            lambda d, c=code: [
                (r.get("response") or {}).update(code=c) for r in _each(d["test_keys"], "requests")
            ],
        )
    for headers in (
        None, {}, [[]], [["Location"]], [["Location", None]], [["Location", "http://["]],
        [[None, 1]], [["Location", _pack(b"/\xff")]], [["Content-Length", "9" * 40]], "x",
        [["a", "b", "c"]] * 500,
    ):  # fmt: skip
        yield (
            f"headers {headers!r:.30}",
            lambda d, h=headers: [
                (r.get("response") or {}).update(headers_list=h, headers=h)
                for r in _each(d["test_keys"], "requests")
            ],
        )
    for chain in (None, [], [{}], ["x"], [_pack(b"\x30\x82")] * 9, {"data": "x"}, [None]):
        yield (
            f"chain {chain!r:.30}",
            lambda d, c=chain: [
                r.update(peer_certificates=c) for r in _each(d["test_keys"], "tls_handshakes")
            ],
        )
    for address in (
        "",
        "x",
        "[::1]:443",
        "1.2.3.4",
        ":443",
        "1.2.3.4:0",
        "fe80::1%eth0",
        None,
        "1.2.3.4:443:443",
    ):
        yield (
            f"address {address!r}",
            lambda d, a=address: [
                r.update(address=a, ip=a, ipv4=a, ipv6=a, resolver_address=a)
                for r in _each(d["test_keys"], *steps)
            ],
        )
    for tags in (None, [], ["depth=0", "classic", "tcptls_experiment"], "x", [7]):
        yield (
            f"tags {tags!r}",
            lambda d, t=tags: [
                r.update(tags=t, transaction_id=t) for r in _each(d["test_keys"], *steps)
            ],
        )
    for proxy in ("socks5://127.0.0.1:9050", "psiphon", None, 7):
        yield (
            f"proxy {proxy!r}",
            lambda d, p=proxy: d["test_keys"].update(socksproxy=p, tunnel=p, agent="agent"),
        )
    yield (
        "UDP handshakes",
        lambda d: [r.update(network="udp") for r in _each(d["test_keys"], "tls_handshakes")],
    )
    yield "x_ keys", lambda d: d["test_keys"].update({f"x_{n}": v for n, v in enumerate(JUNK)})


def nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside."""
    found = [path] if path else []
    children: Any = ()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    for key, child in children:
        found += nodes(child, (*path, key))
    return found


def odd_documents() -> Iterator[tuple[str, Any]]:
    """Yield whole documents that something happened to, each with what."""
    for base, make in BASES.items():
        for what, change in _changes():
            odd = make()
            change(odd)
            yield f"{base}, {what}", odd


def broken_documents(count: int, seed: int) -> Iterator[tuple[str, Any]]:
    """Yield documents of which one to three places are missing or hold what belongs elsewhere."""
    drawn = random.Random(seed)
    for number in range(count):
        base = drawn.choice(sorted(BASES))
        odd = copy.deepcopy(BASES[base]())
        for _ in range(drawn.randint(1, 3)):
            *way, last = drawn.choice(nodes(odd))
            holder = odd
            for key in way:
                holder = holder[key]
            if isinstance(holder, dict) and drawn.random() < 0.3:
                del holder[last]
            else:
                holder[last] = copy.deepcopy(drawn.choice(JUNK))
        yield f"{base}, broken {seed}/{number}", odd
