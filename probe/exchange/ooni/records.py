"""OONI's archival records (df-002, 005, 006, 001, 008) as our observations."""

import functools
import hashlib
import html
import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from probe.exchange.ooni.document import (
    Fields,
    as_bytes,
    as_text,
    fields_in,
    from_base64,
    number_in,
    rows_in,
    text_in,
)
from probe.exchange.ooni.flows import events_by_flow, flow_of, handshake_times, page_progress
from probe.exchange.ooni.words import alert_of, failure_of
from probe.model.observation import (
    DnsAnswer,
    DnsObservation,
    Failure,
    HttpObservation,
    Observation,
    TcpObservation,
    TlsObservation,
)
from probe.model.words import Arm, FailureWord, Family, Operation, Transport

# What our own screen reads of a page, at most.
BODY_BYTES_MAX: Final = 65_536
# A measurement takes a minute or two; larger offsets are clocks that jumped.
_OFFSET_S_MAX: Final = 86_400.0

# probe-cli internal/netxlite/dialer.go: 0.4 does not say when an attempt began, but how long it may
# take.
_OLD_CONNECT_TIMEOUT_S: Final = 15.0
TIMEOUTS: Final = frozenset({FailureWord.GENERIC_TIMEOUT_ERROR, FailureWord.TIMED_OUT})

_SYSTEM_ENGINES: Final = frozenset({"system", "getaddrinfo", "golang_net_resolver", "go"})
_TRANSPORTS: Final = {
    "udp": Transport.UDP,
    "tcp": Transport.TCP,
    "dot": Transport.DOT,
    "doh": Transport.DOH,
    "doh3": Transport.DOH,
}
_RCODES: Final = {
    FailureWord.DNS_NO_ANSWER: 0,
    FailureWord.DNS_SERVFAIL_ERROR: 2,
    FailureWord.DNS_NXDOMAIN_ERROR: 3,
    FailureWord.DNS_REFUSED_ERROR: 5,
}
_REFUSED_CERTIFICATE: Final = frozenset(
    {
        FailureWord.SSL_INVALID_CERTIFICATE,
        FailureWord.SSL_INVALID_HOSTNAME,
        FailureWord.SSL_UNKNOWN_AUTHORITY,
    }
)
_TITLE: Final = re.compile(rb"<title[^>]{0,200}>([^<]{0,1000})", re.IGNORECASE)


@dataclass(slots=True)
class Maker:
    """Makes observations of one document, numbers them, and notes what could not be made."""

    endpoint: str
    experiment: str
    started_at: datetime
    has_time: bool
    resolvers: Mapping[str, str]
    """{address or server name: catalogue id}"""
    arm: Arm = Arm.TARGET
    vantage: str | None = None
    problems: list[str] = field(default_factory=list)
    number: int = 0

    def base(self, record: Fields, address: str | None = None) -> Fields:
        """Return the fields that every step has."""
        # LTE says start and end; earlier versions only the end.
        end = _offset(number_in(record, "t"))
        start = _offset(number_in(record, "t0")) if "t0" in record else end
        self.number += 1
        prefix = f"{self.vantage}/" if self.vantage is not None else ""
        return {
            "id": f"{prefix}{self.experiment}/0/{self.number}",
            "experiment": self.experiment,
            "endpoint": self.endpoint,
            "arm": self.arm,
            "vantage": self.vantage,
            "family": family_of(address),
            "address": address,
            "started_at": self.started_at + timedelta(seconds=min(start, end)),
            "duration_s": max(end - start, 0.0),
        }

    def made(self, kind: type[Any], fields: Fields, record: str) -> Observation | None:
        """Return the observation; None and a note where the record holds the impossible."""
        try:
            made: Observation = kind(**fields)
        except ValidationError as error:
            self.problems.append(f"{record}: {error.errors()[0]['msg']}")
            return None
        return made


def dns_observations(maker: Maker, keys: Fields) -> Iterator[Observation]:
    """Yield one observation per question; `ANY` of getaddrinfo becomes A and AAAA."""
    duplicates = rows_in(keys, "x_dns_duplicate_responses")
    for query in rows_in(keys, "queries"):
        name = text_in(query, "hostname").rstrip(".").lower()
        engine = text_in(query, "engine")
        transport = _TRANSPORTS.get(engine, Transport.SYSTEM)
        resolver, address = _resolver(maker, query, transport)
        asked = text_in(query, "query_type") or "A"
        failure = failure_of(query.get("failure"), Operation.RESOLVE)
        if text_in(query, "failure") == FailureWord.DNS_BOGON_ERROR and rows_in(query, "answers"):
            failure = None  # OONI's opinion of the answers beside it
        for query_type in ("A", "AAAA") if asked == "ANY" else (asked,):
            answer = _answer(query, query_type, failure)
            if not answer.addresses and _has_address(query, query_type):
                # The probe's own address is scrubbed wherever it stands: no answer, and no denial.
                maker.problems.append("queries: an answer without a readable address")
                continue
            if asked == "ANY" and query_type == "AAAA" and not answer.addresses:
                # getaddrinfo says nothing about the family that is absent.
                continue
            also = [
                _answer(other, query_type, None)
                for other in duplicates
                if transport is Transport.UDP
                and text_in(other, "hostname").rstrip(".").lower() == name
                and text_in(other, "query_type") == query_type
            ]
            is_heard = failure is None or answer.rcode is not None
            observation = maker.made(
                DnsObservation,
                maker.base(query, address)
                | {
                    "name": name,
                    "query_type": query_type,
                    "resolver": resolver,
                    "transport": transport,
                    "failure": failure,
                    "answers": (*((answer,) if is_heard else ()), *also),
                },
                "queries",
            )
            if observation is not None:
                yield observation


def whoami_observations(maker: Maker, keys: Fields) -> Iterator[Observation]:
    """Yield what the system's resolver said to another question: so it is alive (control C1)."""
    for row in rows_in(fields_in(keys, "x_dns_whoami"), "system_v4")[:1]:
        # probe-cli internal/webconnectivityalgo/dnswhoami.go
        made = maker.made(
            DnsObservation,
            maker.base({})
            | {
                "arm": Arm.C1,
                "name": "whoami.v4.powerdns.org",
                "query_type": "A",
                "resolver": "system",
                "transport": Transport.SYSTEM,
                # Whose address it tells is nobody's business; that it answers is.
                "answers": (DnsAnswer(after_s=0.0, rcode=0),),
            },
            "x_dns_whoami",
        )
        if made is not None and address_of(text_in(row, "address")) is not None:
            yield made


def tcp_observations(maker: Maker, keys: Fields) -> Iterator[Observation]:
    """Yield one observation per connection attempt."""
    for record in rows_in(keys, "tcp_connect"):
        address = address_of(text_in(record, "ip"))
        port = _port(record.get("port"))
        if address is None or port is None:
            maker.problems.append("tcp_connect: a record without address or port")
            continue
        status = fields_in(record, "status")
        failure = failure_of(status.get("failure"), Operation.CONNECT)
        if failure is None and status.get("success") is False:
            failure = failure_of("unknown_failure", Operation.CONNECT)
        fields = maker.base(record, address) | {"port": port, "failure": failure}
        if "t0" not in record and failure is not None and failure.word in TIMEOUTS:
            fields["duration_s"] = min(_offset(number_in(record, "t")), _OLD_CONNECT_TIMEOUT_S)
        observation = maker.made(TcpObservation, fields, "tcp_connect")
        if observation is not None:
            yield observation


def tls_observations(maker: Maker, keys: Fields) -> Iterator[TlsObservation]:
    """Yield one observation per TLS handshake over TCP, with its reads from the network events."""
    events = events_by_flow(keys)
    for record in rows_in(keys, "tls_handshakes"):
        if text_in(record, "network") in {"udp", "quic"}:
            continue
        address, port = endpoint_of(text_in(record, "address"))
        failure = failure_of(record.get("failure"), Operation.HANDSHAKE)
        given = record.get("peer_certificates")
        chain = tuple(filter(None, map(as_bytes, given if isinstance(given, list) else ())))
        flow = events.get(flow_of(record), [])
        fields = maker.base(record, address) | {
            "port": port,
            "failure": failure,
            "server_name": text_in(record, "server_name").rstrip(".").lower() or None,
            # Without a time, certificates cannot be judged, and must not be misjudged.
            "chain": chain if maker.has_time else (),
            "verified": _verified(record, failure),
            "alert": alert_of(record.get("failure")),
            "alpn": text_in(record, "negotiated_protocol") or None,
            "version": text_in(record, "tls_version") or None,
            "cipher": text_in(record, "cipher_suite") or None,
        }
        fields |= handshake_times(flow, is_failed=failure is not None)
        observation = maker.made(TlsObservation, fields, "tls_handshakes")
        if isinstance(observation, TlsObservation):
            yield observation


def http_observations(maker: Maker, keys: Fields) -> Iterator[HttpObservation]:
    """Yield one observation per request, oldest first (the list is newest first)."""
    for record in reversed(rows_in(keys, "requests")):
        if text_in(record, "network") in {"udp", "quic"}:
            continue
        url = text_in(fields_in(record, "request"), "url")
        scheme, host = scheme_and_host(url)
        response = fields_in(record, "response")
        body = as_bytes(response.get("body"))
        headers = tuple(_headers(response))
        status = _port(response.get("code"))
        failure = failure_of(record.get("failure"), Operation.READ)
        address, port = endpoint_of(text_in(record, "address"))
        title = _TITLE.search(body, 0, BODY_BYTES_MAX)
        length = next((v for n, v in headers if n == "content-length"), "")
        fields = maker.base(record, address) | {
            "port": port,
            "failure": failure,
            "url": url,
            "host": host,
            "method": text_in(fields_in(record, "request"), "method") or "GET",
            "over_tls": scheme == "https",
            "status": status,
            "headers": headers,
            "location": next((v for n, v in headers if n == "location"), None),
            "body": body[:BODY_BYTES_MAX],
            "body_bytes": len(body),
            "body_sha256": hashlib.sha256(body[:BODY_BYTES_MAX]).hexdigest() if body else "",
            "declared_bytes": int(length) if re.fullmatch(r"[0-9]{1,15}", length) else None,
            "ended": _ending(response, status=status, is_failed=failure is not None),
            "title": html.unescape(title[1].decode("utf-8", "replace")).strip() if title else None,
        }
        if status is not None and failure is not None and failure.word in TIMEOUTS:
            # A page of which the rest never came is no whole one: how far it came, and when.
            flow = events_by_flow(keys).get(flow_of(record), [])
            fields["progress"] = page_progress(flow, _offset(number_in(record, "t0")), len(body))
        observation = maker.made(HttpObservation, fields, "requests")
        if isinstance(observation, HttpObservation):
            yield observation


# --- pieces ---------------------------------------------------------------------------------------


# A document says the same few addresses fifty times.
@functools.lru_cache(maxsize=4096)
def address_of(text: str) -> str | None:
    """Return an IP address in its usual notation; None where the text is none."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def family_of(address: str | None) -> Family | None:
    """Return the family of an address."""
    if address is None:
        return None
    return Family.IPV6 if ":" in address else Family.IPV4


@functools.lru_cache(maxsize=4096)
def endpoint_of(text: str) -> tuple[str | None, int | None]:
    """Return ("1.2.3.4", 443) of "1.2.3.4:443" or "[2a02::1]:443"."""
    host, _, port = text.rpartition(":")
    return address_of(host.strip("[]")), _port(int(port)) if re.fullmatch(
        "[0-9]{1,5}", port
    ) else None


def _port(value: object) -> int | None:
    if isinstance(value, str) and re.fullmatch("[0-9]{1,5}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if 0 < value < 65_536 else None


def _offset(value: float | None) -> float:
    return min(max(value or 0.0, 0.0), _OFFSET_S_MAX)


def _resolver(maker: Maker, query: Fields, transport: Transport) -> tuple[str, str | None]:
    """Return the resolver's catalogue id, else its own name, and its address where it is one."""
    if transport is Transport.SYSTEM or text_in(query, "engine") in _SYSTEM_ENGINES:
        return "system", None
    told = text_in(query, "resolver_address")
    host = (urlsplit(told).hostname or "") if "://" in told else told.rpartition(":")[0]
    host = host.strip("[]")
    address = address_of(host)
    return maker.resolvers.get(host, host or "unknown"), address


def _has_address(query: Fields, query_type: str) -> bool:
    return any(text_in(row, "answer_type") == query_type for row in rows_in(query, "answers"))


def _answer(query: Fields, query_type: str, failure: Failure | None) -> DnsAnswer:
    addresses, cnames, ttls = [], [], []
    for answer in rows_in(query, "answers"):
        kind = text_in(answer, "answer_type")
        address = address_of(text_in(answer, "ipv4" if kind == "A" else "ipv6"))
        if kind == query_type and address is not None:
            addresses.append(address)
            ttl = number_in(answer, "ttl")
            if ttl is not None and ttl >= 0:
                ttls.append(int(ttl))
        elif kind == "CNAME":
            cnames.append(text_in(answer, "hostname").rstrip("."))
    wire = from_base64(query.get("raw_response"))
    rcode = wire[3] & 0x0F if len(wire) >= 12 else None
    if rcode is None:
        rcode = 0 if failure is None else _RCODES.get(failure.word)
    return DnsAnswer(
        after_s=_offset(number_in(query, "t")),
        rcode=rcode,
        addresses=tuple(addresses),
        cnames=tuple(filter(None, cnames)),
        ttls=tuple(ttls),
        size_bytes=len(wire),
        wire=wire,
    )


def _verified(record: Fields, failure: Failure | None) -> bool | None:
    """Return whether OONI verified the chain; None where it did not come to that."""
    if record.get("no_tls_verify") is True:
        return None
    if failure is None:
        return True
    return False if failure.word in _REFUSED_CERTIFICATE else None


def _headers(response: Fields) -> Iterator[tuple[str, str]]:
    """Yield (lower-case name, value); the list form keeps repeats, the object form is older."""
    given = response.get("headers_list")
    if not isinstance(given, list) or not given:
        older = response.get("headers")
        given = list(older.items()) if isinstance(older, dict) else []
    for pair in given:
        if isinstance(pair, (list, tuple)) and len(pair) == 2:
            yield as_text(pair[0]).lower(), as_text(pair[1])


def _ending(response: Fields, *, status: int | None, is_failed: bool) -> str:
    if status is None:
        return "none"
    if is_failed:
        return "failed"
    return "limit" if response.get("body_is_truncated") is True else "complete"


def scheme_and_host(url: str) -> tuple[str, str]:
    """Return both in lower case, empty where the text is no address."""
    try:
        parts = urlsplit(url)
        return parts.scheme.lower(), (parts.hostname or "").lower().rstrip(".")
    except ValueError:
        return "", ""
