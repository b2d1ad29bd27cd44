"""Small OONI documents, written after df-000 to df-008 and the shape of real ones."""

import base64
from typing import Any

Fields = dict[str, Any]

HOST = "www.example.com"
GOOD = "93.184.216.34"
GOOD6 = "2606:2800:220:1::1"


def dns(
    name: str = HOST,
    *answers: str,
    engine: str = "getaddrinfo",
    query_type: str = "ANY",
    failure: str | None = None,
    **more: Any,
) -> Fields:
    listed = [
        {"answer_type": "AAAA", "ipv6": a, "ttl": None}
        if ":" in a
        else {"answer_type": "A", "ipv4": a, "ttl": 60}
        for a in answers
    ]
    return {
        "answers": listed or None,
        "engine": engine,
        "failure": failure,
        "hostname": name,
        "query_type": query_type,
        "resolver_hostname": None,
        "resolver_port": None,
        "resolver_address": more.pop("resolver_address", ""),
        "t0": 0.01,
        "t": 0.05,
        "tags": ["depth=0"],
        "transaction_id": 1,
    } | more


def tcp(address: str = GOOD, port: int = 443, failure: str | None = None, **more: Any) -> Fields:
    return {
        "ip": address,
        "port": port,
        "status": {"failure": failure, "success": failure is None},
        "t0": 0.05,
        "t": 0.10,
        "tags": ["depth=0", "fetch_body=true"],
        "transaction_id": 40001,
    } | more


def tls(
    name: str = HOST,
    address: str = f"{GOOD}:443",
    failure: str | None = None,
    chain: tuple[bytes, ...] = (b"leaf", b"authority"),
    **more: Any,
) -> Fields:
    return {
        "network": "tcp",
        "address": address,
        "cipher_suite": "TLS_AES_128_GCM_SHA256",
        "failure": failure,
        "negotiated_protocol": "h2",
        "no_tls_verify": False,
        "peer_certificates": [
            {"data": base64.b64encode(der).decode(), "format": "base64"} for der in chain
        ],
        "server_name": name,
        "t0": 0.10,
        "t": 0.20,
        "tags": ["depth=0"],
        "tls_version": "TLSv1.3",
        "transaction_id": 40001,
    } | more


def request(
    url: str = f"https://{HOST}/",
    code: int = 200,
    body: Any = "<html><title>Example &amp; Co</title></html>",
    headers: tuple[tuple[Any, Any], ...] = (("Server", "nginx"),),
    failure: str | None = None,
    **more: Any,
) -> Fields:
    return {
        "network": "tcp",
        "address": f"{GOOD}:443",
        "failure": failure,
        "request": {"method": "GET", "url": url, "headers_list": [], "headers": {}, "body": ""},
        "response": {
            "body": body,
            "body_is_truncated": False,
            "code": code,
            "headers_list": [list(pair) for pair in headers],
            "headers": {},
        },
        "t0": 0.20,
        "t": 0.40,
        "tags": ["depth=0"],
        "transaction_id": 40001,
    } | more


def control(**more: Any) -> Fields:
    return {
        "tcp_connect": {f"{GOOD}:443": {"status": True, "failure": None}},
        "tls_handshake": {f"{GOOD}:443": {"server_name": HOST, "status": True, "failure": None}},
        "quic_handshake": {},
        "http_request": {
            "body_length": 1256,
            "failure": None,
            "title": "Example",
            "headers": {"Server": "nginx"},
            "status_code": 200,
        },
        "dns": {"failure": None, "addrs": [GOOD]},
        "ip_info": {GOOD: {"asn": 15133, "flags": 11}},
    } | more


def read(failure: str | None, t: float, **more: Any) -> Fields:
    return {
        "address": f"{GOOD}:443",
        "failure": failure,
        "operation": "read",
        "proto": "tcp",
        "t": t,
        "transaction_id": 40001,
    } | more


def document(url: str = f"https://{HOST}/", version: str = "0.5.28", **keys: Any) -> Fields:
    """A page that works, measured by 0.5; `keys` replace test_keys."""
    return {
        "data_format_version": "0.2.0",
        "input": url,
        "measurement_start_time": "2024-02-12 20:33:47",
        "probe_asn": "AS137",
        "probe_cc": "IT",
        "probe_ip": "127.0.0.1",
        "report_id": "20240212T203347Z_webconnectivity_IT_137_n1_abc",
        "resolver_asn": "AS137",
        "software_name": "ooniprobe",
        "software_version": "3.21.0",
        "test_start_time": "2024-02-12 20:33:47",
        "test_helpers": {"backend": {"address": "https://0.th.ooni.org/", "type": "https"}},
        "test_name": "web_connectivity",
        "test_version": version,
        "test_runtime": 1.5,
        "test_keys": {
            "accessible": True,
            "blocking": False,
            "control": control(),
            "control_failure": None,
            "network_events": [],
            "queries": [dns(HOST, GOOD)],
            "requests": [request()],
            "tcp_connect": [tcp()],
            "tls_handshakes": [tls()],
        }
        | keys,
    }


def reset_by_name() -> Fields:
    return document(
        accessible=False,
        blocking="http-failure",
        requests=[],
        tls_handshakes=[tls(failure="connection_reset", chain=())],
        network_events=[
            read(None, 0.11, operation="connect"),
            read(None, 0.12, operation="write", num_bytes=281),
            read("connection_reset", 0.15),
            read(None, 0.15, operation="tls_handshake_done"),
        ],
    )


def bogon_of_old() -> Fields:
    """The shape of version 0.4.1: no times of start, no addresses, failures said again."""
    old = {"t0": None, "transaction_id": None}
    lying = dns(HOST, "10.10.34.36", engine="system", query_type="A")
    connect = tcp("10.10.34.36", failure="generic_timeout_error", t=32.9)
    page = request(
        code=0, body="", headers=(), failure="generic_timeout_error", address=None, network=None
    )
    for record in (lying, connect, page):
        for name in old:
            del record[name]
    return document(
        version="0.4.1",
        accessible=False,
        blocking="dns",
        queries=[lying],
        tcp_connect=[connect],
        tls_handshakes=None,
        requests=[page],
        control=control(
            tcp_connect={"10.10.34.36:443": {"status": False, "failure": "generic_timeout_error"}},
            tls_handshake={},
        ),
    )


DOCUMENTS = {
    "works": document,
    "reset by name": reset_by_name,
    "bogon of old": bogon_of_old,
}
