"""Take the client's addresses, secrets and private peers out of a value."""

import functools
import hashlib
import ipaddress
import re
from collections.abc import Iterable
from enum import Enum
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from probe.model.observation import (
    OBSERVATION,
    DnsAnswer,
    DnsObservation,
    HttpObservation,
    Observation,
    QuicObservation,
    TcpObservation,
    TlsObservation,
    TraceObservation,
)
from probe.scrub.spellings import (
    PLACEHOLDER,
    Forms,
    forms_of,
    packed_of,
    replace_spans,
)

REMOVED = "[removed]"
"""Stands where a secret was."""

BYTES_FIELDS: dict[str, Any] = {
    "answers": {"__all__": {"wire"}},
    "chain": True,
    "body": True,
    "received_head": True,
}
"""Fields of observations that hold bytes, as pydantic's `exclude` wants them."""

M = TypeVar("M", bound=BaseModel)
Headers = tuple[tuple[str, str], ...]

_COOKIE_HEADERS = frozenset({"cookie", "set-cookie", "set-cookie2"})
# Credentials, and what servers and proxies write the client's address into: an address that we do
# not know ourselves (behind two NATs) may stand there.
_SECRET_HEADERS = frozenset(
    {
        "authorization", "proxy-authorization", "authentication-info", "proxy-authentication-info",
        "forwarded", "x-forwarded-for", "x-real-ip", "x-client-ip", "client-ip", "true-client-ip",
        "cf-connecting-ip", "fastly-client-ip", "x-cluster-client-ip", "x-original-forwarded-for",
        "x-remote-addr", "x-remote-ip", "x-originating-ip", "x-csrf-token", "x-xsrf-token",
        "x-auth-token", "x-session-id", "x-api-key",
    }
)  # fmt: skip
# Captive portals and block pages put these into the address that they redirect to.
_SECRET_PARAMETERS = re.compile(
    r"(?i)([?&;](?:[a-z0-9]*[_\-.])?(?:token|auth|apikey|api_key|secret|password|passwd|pwd|session|"
    r"sessionid|sid|phpsessid|jsessionid|user|user_?name|login|email|mail|phone|msisdn|imsi|imei|mac|"
    r"clientmac|usermac|ip|clientip|userip|uip|srcip|subscriber|account|contract)=)[^&;#\s\"'<>]*"
)
_USER_IN_URL = re.compile(r"(?i)(\b[a-z][a-z0-9+.\-]*://)[^/?#@\s\"'<>]+@")
# Six octets and no seventh: longer rows of octets are certificate fingerprints.
_MAC = re.compile(
    rb"[0-9a-fA-F]{2}([:\-]|%3[aA])[0-9a-fA-F]{2}\1[0-9a-fA-F]{2}\1[0-9a-fA-F]{2}\1[0-9a-fA-F]{2}"
    rb"\1[0-9a-fA-F]{2}(?![0-9a-fA-F:\-])"
)
_MAC_NEIGHBOURS = b"0123456789abcdefABCDEF:-"
# The customer's part of the path: techniques §5 keeps no router inside it.
_CUSTOMER_PREFIX = {4: 24, 6: 48}


class Scrubber:
    """Knows addresses that must not be kept, and removes them wherever they stand.

    `addresses` are the client's public and private ones and those of the access network's
    resolvers, in any notation. With none, secrets and private peers are still removed.
    """

    def __init__(self, addresses: Iterable[str] = ()) -> None:
        self._addresses = frozenset(addresses)
        self._forms = Forms(f for a in sorted(self._addresses) for f in forms_of(a))
        self._packed = tuple({p for a in self._addresses for p in packed_of(a)})
        self._networks = tuple(map(_customer_network, self._addresses))
        # The same chains and pages come back for every endpoint of a service.
        self._is_marked = functools.lru_cache(maxsize=512)(self.touches)
        self._is_known = functools.lru_cache(maxsize=4096)(self._touches_text)
        self._page = functools.lru_cache(maxsize=64)(self.clean_page)

    def __repr__(self) -> str:
        return f"Scrubber({len(self._addresses)} addresses)"

    def extended(self, addresses: Iterable[str]) -> "Scrubber":
        """Return a scrubber that knows these addresses as well."""
        return Scrubber(self._addresses.union(addresses))

    def knows(self, addresses: Iterable[str]) -> bool:
        """Whether all these addresses are known already."""
        return self._addresses.issuperset(addresses)

    def touches(self, data: bytes) -> bool:
        """Whether a known address stands in the bytes."""
        return any(True for _ in self._forms.spans(data))

    def clean(self, data: bytes) -> bytes:
        """Return the bytes with every known address replaced."""
        spans = tuple(self._forms.spans(data))
        return replace_spans(data, spans, PLACEHOLDER.encode()) if spans else data

    def clean_text(self, text: str) -> str:
        """Return the text with every known address replaced."""
        data = text.encode("utf-8", "surrogatepass")
        cleaned = self.clean(data)
        return text if cleaned is data else cleaned.decode("utf-8", "surrogatepass")

    def clean_page(self, body: bytes) -> bytes:
        """Return a page without known addresses and without hardware addresses."""
        return _clean_mac(self.clean(body))

    def scrub_value(self, value: M) -> M:
        """Return the value with every known address replaced, in whatever field it stands."""
        if not self._forms:
            return value
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        cleaned = {name: self._clean_any(field) for name, field in fields.items()}
        if all(cleaned[name] is field for name, field in fields.items()):
            return value
        return type(value).model_validate(cleaned)

    def scrub(
        self, observation: Observation, *, drop_chain: bool = False, text: bytes | None = None
    ) -> Observation:
        """Return the observation as it may be kept; the same object when it was clean.

        `drop_chain`: the certificates are this machine's or network's own (techniques E02) and may
        bear people's names. `text` is the observation's JSON without its bytes: whoever has it
        already saves us making it.
        """
        changes = self._changes(observation, drop_chain=drop_chain)
        if changes:
            observation = observation.model_copy(update=changes)
        if not self._forms:
            return observation
        if text is None:
            text = OBSERVATION.dump_json(observation, exclude=BYTES_FIELDS, exclude_defaults=True)
        return self.scrub_value(observation) if self._may_touch(observation, text) else observation

    def _may_touch(self, observation: Observation, text: bytes) -> bool:
        """Whether any field may hold a known address: one search instead of one for each field."""
        # Escapes other than of quotes could hide raw bytes of an address: then look field by field.
        text = text.replace(b'\\"', b"")
        if b"\\" in text or self.touches(text):
            return True
        return isinstance(observation, TlsObservation) and self.touches(observation.received_head)

    # --- by kind of observation -----------------------------------------------------------------

    def _changes(self, observation: Observation, *, drop_chain: bool) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if self._forms and observation.address is not None and self._is_known(observation.address):
            changes["address"] = None
        if isinstance(observation, DnsObservation):
            changes |= self._dns_changes(observation)
        elif isinstance(observation, HttpObservation):
            changes |= self._http_changes(observation)
        elif isinstance(observation, QuicObservation):
            headers = _clean_headers(observation.headers)
            changes |= {} if headers is observation.headers else {"headers": headers}
        elif isinstance(observation, TcpObservation) and observation.icmp is not None:
            kind, code, sender = observation.icmp
            if sender is not None and self._is_near(sender):
                changes["icmp"] = (kind, code, None)
        elif isinstance(observation, TraceObservation):
            changes |= self._trace_changes(observation)
        if isinstance(observation, DnsObservation | TlsObservation | QuicObservation):
            chain = observation.chain
            if chain and (drop_chain or any(map(self._is_marked, chain))):
                changes["chain"] = ()
        return changes

    def _http_changes(self, observation: HttpObservation) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        headers = _clean_headers(observation.headers)
        if headers is not observation.headers:
            changes["headers"] = headers
        for name in ("url", "location"):
            value = cast("str | None", getattr(observation, name))
            if value:
                cleaned = _clean_url(value)
                if cleaned != value:
                    changes[name] = cleaned
        body = self._page(observation.body)
        if body != observation.body:
            # The hash of a page with one unknown address in it would give the address away.
            changes |= {"body": body, "body_sha256": hashlib.sha256(body).hexdigest()}
        return changes

    def _dns_changes(self, observation: DnsObservation) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if observation.address is not None and not _is_global(observation.address):
            changes["address"] = None
        answers = tuple(map(self._clean_answer, observation.answers))
        if any(new is not old for new, old in zip(answers, observation.answers, strict=True)):
            changes["answers"] = answers
        return changes

    def _clean_answer(self, answer: DnsAnswer) -> DnsAnswer:
        """Drop the client's addresses with their TTLs, and the message that carried one.

        That something stood there is a fact, so `texts` says `[client]`.
        """
        changes: dict[str, Any] = {}
        if not self._forms:
            return answer
        known = [self._is_known(address) for address in answer.addresses]
        if any(known):
            changes["addresses"] = tuple(
                address for address, gone in zip(answer.addresses, known, strict=True) if not gone
            )
            if len(answer.ttls) == len(known):
                pairs = zip(answer.ttls, known, strict=True)
                changes["ttls"] = tuple(ttl for ttl, gone in pairs if not gone)
            changes["texts"] = (*answer.texts, PLACEHOLDER)
        if answer.wire and (
            any(packed in answer.wire for packed in self._packed) or self.touches(answer.wire)
        ):
            changes["wire"] = b""
        return answer.model_copy(update=changes) if changes else answer

    def _trace_changes(self, observation: TraceObservation) -> dict[str, Any]:
        hops = tuple(
            hop.model_copy(update={"router": None})
            if hop.router is not None and self._is_near(hop.router)
            else hop
            for hop in observation.hops
        )
        return {} if hops == observation.hops else {"hops": hops}

    def _touches_text(self, text: str) -> bool:
        return self.touches(text.encode("utf-8", "surrogatepass"))

    def _is_near(self, address: str) -> bool:
        """Whether a router is the customer's: private, or in the client's own network."""
        if not _is_global(address):
            return True
        parsed = ipaddress.ip_address(address)
        return any(parsed in network for network in self._networks)

    def _clean_any(self, value: Any) -> Any:  # noqa: ANN401 - any field of any model
        """Return the value cleaned; the same object when nothing changed."""
        if isinstance(value, Enum):
            return value
        if isinstance(value, str):
            return self.clean_text(value)
        if isinstance(value, bytes):
            return self.clean(value)
        if isinstance(value, tuple):
            items = tuple(map(self._clean_any, value))
            changed = any(new is not old for new, old in zip(items, value, strict=True))
            return items if changed else value
        if isinstance(value, dict):
            pairs = {self._clean_any(k): self._clean_any(v) for k, v in value.items()}
            return value if pairs == value else pairs
        if isinstance(value, frozenset):
            members = frozenset(map(self._clean_any, value))
            return value if members == value else members
        return self.scrub_value(value) if isinstance(value, BaseModel) else value


# A server's headers repeat from exchange to exchange, but for dates and ids.
@functools.lru_cache(maxsize=4096)
def _clean_header(name: str, value: str) -> str:
    name = name.lower()
    if name in _COOKIE_HEADERS:
        return _clean_cookie(name, value)
    if name in _SECRET_HEADERS:
        return REMOVED
    if "://" in value or "=" in value:
        value = _clean_url(value)
    return _clean_mac(value.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def _clean_headers(headers: Headers) -> Headers:
    cleaned = tuple((name, _clean_header(name, value)) for name, value in headers)
    return headers if cleaned == headers else cleaned


def _clean_cookie(header: str, value: str) -> str:
    """Keep the names: they tell a bot wall's cookie from a login's."""
    crumbs = value.split(";") if header == "cookie" else [value.partition(";")[0]]
    names = (crumb.partition("=")[0].strip() for crumb in crumbs)
    return "; ".join(f"{name}={REMOVED}" for name in names)


def _clean_url(text: str) -> str:
    text = _SECRET_PARAMETERS.sub(rf"\g<1>{REMOVED}", text)
    text = _USER_IN_URL.sub(rf"\g<1>{REMOVED}@", text) if "@" in text else text
    return _clean_mac(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def _clean_mac(data: bytes) -> bytes:
    def removed(match: re.Match[bytes]) -> bytes:
        start = match.start()
        longer = start and data[start - 1] in _MAC_NEIGHBOURS
        return match.group() if longer else REMOVED.encode()

    return _MAC.sub(removed, data)


@functools.lru_cache(maxsize=4096)
def _is_global(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_global
    except ValueError:
        return False


def _customer_network(address: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return ipaddress.ip_network((parsed, _CUSTOMER_PREFIX[parsed.version]), strict=False)
