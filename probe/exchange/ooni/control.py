"""What OONI's test helper saw, as observations of another vantage point (control C6)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from probe.exchange.ooni.document import Fields, as_text, fields_in, number_in, text_in
from probe.exchange.ooni.records import TIMEOUTS, Maker, address_of, endpoint_of, family_of
from probe.exchange.ooni.words import failure_of
from probe.model.observation import (
    DnsAnswer,
    DnsObservation,
    HttpObservation,
    Observation,
    TcpObservation,
    TlsObservation,
)
from probe.model.target import Endpoint
from probe.model.words import Arm, FailureWord, Family, Operation, Transport

_CUTS: Final = TIMEOUTS | {FailureWord.CONNECTION_RESET, FailureWord.EOF_ERROR}


def control_observations(
    maker: Maker, document: Fields, host: str, url: str
) -> tuple[Observation, ...]:
    """Return what the helper saw of the host, nothing where it was not asked or failed."""
    control = fields_in(document, "test_keys", "control")
    backend = text_in(fields_in(document, "test_helpers", "backend"), "address")
    try:
        helper = urlsplit(backend).hostname or "test-helper"
    except ValueError:
        helper = "test-helper"
    elsewhere = replace(maker, arm=Arm.C6, vantage=f"ooni:{helper}")
    made = (
        *_dns(elsewhere, control, host),
        *_tcp(elsewhere, control),
        *_tls(elsewhere, control, host),
        *_http(elsewhere, control, url),
    )
    maker.number = elsewhere.number
    return tuple(observation for observation in made if observation is not None)


def arrival(maker: Maker, seen: Sequence[Observation], last: Endpoint) -> list[Observation]:
    """Return the handshake that the helper must have made where the redirects end.

    It is not asked about hosts behind redirects, but follows them: that a page came in the end,
    over TLS, says that the last host proved its name to it.
    """
    came = [o for o in seen if isinstance(o, HttpObservation) and o.status is not None]
    is_asked = any(isinstance(o, TlsObservation) for o in seen)
    if not came or is_asked or not last.url.lower().startswith("https:"):
        return []
    return [_shaken(maker, came[0], last, address=None, verified=True)]


def departure(
    maker: Maker, there: Sequence[Observation], here: Sequence[Observation], first: Endpoint
) -> list[Observation]:
    """Return the handshake that an older helper must have made where its page begins.

    Until 2022 helpers told of no handshakes. That a page came over TLS vouches for the addresses
    that the helper was told, and so for one where the name was cut here; they verified nobody.
    """
    came = [o for o in there if isinstance(o, HttpObservation) and o.status is not None]
    is_told = any(isinstance(o, TlsObservation) for o in there)
    if not came or is_told or not first.url.lower().startswith("https:"):
        return []
    named = {a for o in there if isinstance(o, DnsObservation) for a in o.addresses}
    cut = [
        o
        for o in here
        if isinstance(o, TlsObservation)
        and o.failure is not None
        and o.failure.word in _CUTS
        and o.address in named
        and not o.id.endswith("-tls")
    ]
    return [_shaken(maker, came[0], first, address=o.address, verified=None) for o in cut[:1]]


def _shaken(
    maker: Maker, page: HttpObservation, to: Endpoint, *, address: str | None, verified: bool | None
) -> Observation:
    fields = page.model_dump(
        include={"experiment", "endpoint", "arm", "vantage", "started_at", "duration_s"}
    )
    fields |= {
        "id": f"{page.id}-tls", "server_name": to.host, "verified": verified, "port": 443,
        "address": address, "family": family_of(address),
    }  # fmt: skip
    made = maker.made(TlsObservation, fields, "control.http_request")
    assert made is not None
    return made


def _dns(maker: Maker, control: Fields, host: str) -> Iterator[Observation | None]:
    told = fields_in(control, "dns")
    if not told:
        return
    failure = failure_of(told.get("failure"), Operation.RESOLVE)
    given = told.get("addrs")
    # Older helpers list the names of the CNAME chain among the addresses.
    found = [address_of(as_text(text)) for text in (given if isinstance(given, list) else ())]
    for query_type, family in (("A", Family.IPV4), ("AAAA", Family.IPV6)):
        addresses = tuple(a for a in found if a is not None and family_of(a) is family)
        if not addresses and (query_type == "AAAA" or any(found)):
            continue
        answers = (
            () if failure is not None else (DnsAnswer(after_s=0.0, rcode=0, addresses=addresses),)
        )
        yield maker.made(
            DnsObservation,
            maker.base(told)
            | {
                "name": host,
                "query_type": query_type,
                "resolver": "system",
                "transport": Transport.SYSTEM,
                "failure": failure,
                "answers": answers,
            },
            "control.dns",
        )


def _tcp(maker: Maker, control: Fields) -> Iterator[Observation | None]:
    for where, record in fields_in(control, "tcp_connect").items():
        address, port = endpoint_of(as_text(where))
        if address is None or not isinstance(record, dict):
            continue
        failure = failure_of(record.get("failure"), Operation.CONNECT)
        if failure is None and record.get("status") is False:
            failure = failure_of("unknown_failure", Operation.CONNECT)
        fields = maker.base(record, address) | {"port": port, "failure": failure}
        yield maker.made(TcpObservation, fields, "control.tcp_connect")


def _tls(maker: Maker, control: Fields, host: str) -> Iterator[Observation | None]:
    for where, record in fields_in(control, "tls_handshake").items():
        address, port = endpoint_of(as_text(where))
        if address is None or not isinstance(record, dict):
            continue
        failure = failure_of(record.get("failure"), Operation.HANDSHAKE)
        fields = maker.base(record, address) | {
            "port": port,
            "failure": failure,
            "server_name": text_in(record, "server_name") or host,
            # probe-cli internal/oohelperd/tls.go: the helper verifies name and chain.
            "verified": True if failure is None else None,
        }
        yield maker.made(TlsObservation, fields, "control.tls_handshake")


def _http(maker: Maker, control: Fields, url: str) -> Iterator[Observation | None]:
    told = fields_in(control, "http_request")
    if not told:
        return
    status, length = number_in(told, "status_code"), number_in(told, "body_length")
    failure = failure_of(told.get("failure"), Operation.READ)
    is_answered = failure is None and status is not None and status > 0
    headers = tuple(
        (as_text(name).lower(), as_text(value))
        for name, value in fields_in(told, "headers").items()
    )
    yield maker.made(
        HttpObservation,
        maker.base(told)
        | {
            "failure": failure,
            "url": url,
            "host": urlsplit(url).hostname or "",
            "over_tls": url.startswith("https:"),
            "status": int(status) if is_answered and status is not None else None,
            "headers": headers,
            "body_bytes": int(length) if length is not None and length > 0 else 0,
            "title": text_in(told, "title") or None,
            "ended": "complete" if is_answered else "none",
        },
        "control.http_request",
    )
