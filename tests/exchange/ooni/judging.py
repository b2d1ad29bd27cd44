"""Pieces of realistic documents, and the form in which cases of them are filed."""

from typing import Any

import pytest

from tests.cli.ooni_cases import (
    FORGED,
    NO_CONTROL,
    OK_PAGE,
    OTHER_NAME,
    ROOT,
    certificate,
    cleartext,
    handshake,
    helper,
    helper_fails,
    page,
    stopped,
    tls,
    works,
)
from tests.exchange.ooni.documents import GOOD, GOOD6, HOST, Fields, dns, request, tcp

__all__ = [
    "EXPIRED_HERE", "FORGED", "GOOD", "GOOD6", "HOST", "NO_CONTROL", "OK_PAGE", "OTHER",
    "OTHER_NAME", "ROOT", "SILENT", "TO_TLS", "WWW", "Fields", "answers", "cases", "certificate",
    "cleartext", "denied", "dns", "doh", "handshake", "helper", "helper_fails", "in_clear",
    "old", "page", "request", "says", "stopped", "tcp", "tls", "two_addresses", "udp", "works",
]  # fmt: skip

OTHER = "93.184.216.99"
WWW = "www2.example.com"
SILENT: Fields = {"failure": "generic_timeout_error", "t": 10.05}
TO_TLS = page("", 301, headers=(("Location", f"https://{HOST}/"),))
EXPIRED_HERE = "ssl_invalid_certificate"


def cases(**told: tuple[Fields, str, str]) -> list[Any]:
    """File documents by what they are about: name=(document, state, category)."""
    return [
        pytest.param(document, state, category, id=name.replace("_", " "))
        for name, (document, state, category) in told.items()
    ]


def says(
    *addresses: str, asked: tuple[str, ...] = (), ports: tuple[int, ...] = (443,), **more: Any
) -> Fields:
    """What a helper says that resolves these, and reaches them and those that the probe asked."""
    where = [f"{a}:{p}" for a in (*addresses, *asked) for p in ports]
    works = {"status": True, "failure": None}
    return helper(
        dns={"failure": None, "addrs": list(addresses)},
        tcp_connect=dict.fromkeys(where, works),
        tls_handshake={w: works | {"server_name": HOST} for w in where if w.endswith(":443")},
        **more,
    )


def answers(status: int, title: str = "", length: int = 1256) -> Fields:
    """The page that the helper got."""
    return {
        "failure": None, "status_code": status, "body_length": length,
        "title": title, "headers": {},
    }  # fmt: skip


def udp(*addresses: str, failure: str | None = None) -> Fields:
    """0.5's question to a public resolver."""
    return dns(
        HOST, *addresses, engine="udp", query_type="A", failure=failure,
        resolver_address="8.8.8.8:53", transaction_id=20001,
    )  # fmt: skip


def doh(*addresses: str, failure: str | None = None) -> Fields:
    """0.5's encrypted question, which it asks for some pages only."""
    return dns(
        HOST, *addresses, engine="doh", query_type="A", failure=failure,
        resolver_address="https://dns.google/dns-query", transaction_id=30001,
    )  # fmt: skip


def denied(failure: str, *others: Fields, **keys: Any) -> Fields:
    """The system's resolver fails; what others resolved could be reached."""
    steps: Fields = {"tcp_connect": [tcp()], "tls_handshakes": [tls()]} if others else {}
    return stopped("dns", queries=[dns(HOST, failure=failure), *others], **steps | keys)


def two_addresses(first: str | None, second: str | None, **keys: Any) -> Fields:
    """How handshakes end at two addresses of which the helper reaches both."""
    steps = {
        "queries": [dns(HOST, GOOD, OTHER)],
        "tcp_connect": [tcp(GOOD), tcp(OTHER)],
        "tls_handshakes": [tls(first), tls(second, address=f"{OTHER}:443")],
        "control": says(GOOD, OTHER),
    }
    if first is None:
        return works(**steps | keys)
    return stopped("http-failure", **steps | keys)


def in_clear(first: Fields, told: Fields | None = None, **keys: Any) -> Fields:
    """An http:// page; the helper reaches both ports."""
    return cleartext(first, told or says(GOOD, ports=(80, 443)), **keys)


def old(document: Fields) -> Fields:
    """The document as 0.4 wrote it: no starts, no transactions, no addresses of requests."""
    document["test_version"] = "0.4.3"
    for name in ("queries", "tcp_connect", "tls_handshakes", "requests", "network_events"):
        for record in document["test_keys"].get(name) or []:
            gone = ("t0", "transaction_id", "tags")
            for key in (*gone, "address", "network") if name == "requests" else gone:
                record.pop(key, None)
    return document
