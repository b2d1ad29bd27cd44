"""What must hold between fields and between entries, beyond each field's own form."""

import math
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from probe.model.target import (
    Canary,
    Control,
    Endpoint,
    Expectation,
    LastKnownAddress,
    Pacing,
    Resolver,
    Service,
    Sureness,
    WhoamiName,
)
from probe.model.words import Transport
from probe.reference.entries import Place

CORE_MAX: Final = 45
"""Of the shipped catalogue: what one polite run can cover (decisions/0007)."""
SCHEMES: Final = ("http", "https", "tls", "tcp")
ID_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")
RESERVED: Final = frozenset({"system", "access"})
"""Resolvers that are found at run time."""


def check_id(name: str, place: Place) -> None:
    """Complain of an id that would not survive as part of other ids."""
    if not name or not set(name) <= ID_LETTERS or not name[0].isalnum():
        place.complain("id", f'"{name}" is no id; use lower-case letters, digits, ".", "-" and "_"')


def check_endpoint(endpoint: Endpoint, place: Place) -> None:
    """Complain of everything in one endpoint that contradicts itself."""
    check_id(endpoint.id, place)
    _check_url(endpoint.url, endpoint.host, place)
    _check_sureness(endpoint, place)
    _check_expectation(endpoint.expect, place)
    _check_last_known(endpoint.last_known, place)
    _check_tier(endpoint.risk_tier, place)
    if endpoint.sibling == endpoint.id:
        place.complain("sibling", "is the endpoint itself; name another page of the same platform")
    if endpoint.host in endpoint.neutral_names:
        place.complain("neutral_names", f'"{endpoint.host}" is the host itself; take it out')
    if endpoint.http3 and not endpoint.url.startswith("https:"):
        place.complain("http3", "is true for a url that is not https://; take it out")


def check_service(service: Service, place: Place) -> None:
    """Complain of a service's own fields."""
    check_id(service.id, place)
    _check_tier(service.risk_tier, place)
    for country in service.country_notes:
        if len(country) != 2 or not country.isalpha() or not country.isupper():
            place.complain(
                f"country_notes.{country}", "is no country; use two capital letters, or EU"
            )


def check_control(control: Control, place: Place) -> None:
    """Complain of everything in one control that contradicts itself."""
    check_id(control.id, place)
    _check_url(control.url, control.host, place)
    _check_sureness(control, place)
    _check_expectation(control.expect, place)
    _check_last_known(control.last_known, place)
    if control.accepts_foreign_names and not control.evidence:
        place.complain("accepts_foreign_names", "has no source; say in evidence who found it so")
    if "portal" in control.purpose and not control.url.startswith("http:"):
        place.complain("purpose", "portal needs a cleartext page; give an http:// url")
    if "portal" in control.purpose and not control.expect.status:
        place.complain("expect.status", "is missing; a portal control needs a known answer")


def check_resolver(resolver: Resolver, place: Place) -> None:
    """Complain of everything in one resolver that contradicts itself."""
    check_id(resolver.id, place)
    _check_sureness(resolver, place)
    if resolver.id in RESERVED:
        place.complain("id", f'"{resolver.id}" is found at run time; choose another id')
    if not resolver.addresses:
        place.complain("addresses", "is missing; a resolver cannot be found without an address")
    for address in resolver.addresses:
        _check_address("addresses", address, place)
    encrypted = {Transport.DOT, Transport.DOH} & set(resolver.transports)
    if encrypted and resolver.server_name is None:
        words = " and ".join(sorted(encrypted))
        place.complain("server_name", f"is missing; {words} cannot be verified without it")
    if Transport.SYSTEM in resolver.transports:
        place.complain("transports", '"system" is no transport of a server; use udp, tcp, dot, doh')


def check_whoami(whoami: WhoamiName, place: Place) -> None:
    """Complain of a whoami name whose server is no address."""
    check_id(whoami.id, place)
    if whoami.server is not None:
        _check_address("server", whoami.server, place)


def check_canary(canary: Canary, place: Place) -> None:
    """Complain of a canary that nobody vouches for."""
    check_id(canary.id, place)
    _check_address("address", canary.address, place)
    if not canary.evidence:
        place.complain("evidence", "is missing; say why this address serves no DNS and is ours")


def check_pacing(pacing: Pacing, place: Place) -> None:
    """Complain of numbers that would stop the probe, or stop nothing."""
    for name in type(pacing).model_fields:
        value = getattr(pacing, name)
        # Not `value <= 0`: that is false of a value that is no number.
        if not (value > 0 and math.isfinite(value)):
            place.complain(name, f"{value} is no finite number above 0; give one")
    if pacing.flows_per_network > pacing.flows_max:
        place.complain("flows_per_network", "is above flows_max; lower it")


def check_unique(kind: str, places: Iterable[tuple[str, Place]]) -> None:
    """Complain of every id that an earlier entry has already."""
    first: dict[str, Place] = {}
    for name, place in places:
        if name in first:
            earlier = first[name]
            place.complain(
                "id",
                f'"{name}" is the id of {earlier.entry} in {earlier.file} already;'
                f" give this {kind} another",
            )
        else:
            first[name] = place


def check_siblings(endpoints: Mapping[str, Endpoint], places: Mapping[str, Place]) -> None:
    """Complain of siblings that do not exist."""
    for endpoint in endpoints.values():
        if endpoint.sibling is not None and endpoint.sibling not in endpoints:
            places[endpoint.id].complain(
                "sibling", f'"{endpoint.sibling}" is no endpoint; name one of this catalogue'
            )


def _check_url(url: str, host: str, place: Place) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        place.complain("url", f'"{url}" cannot be read ({error}); write https://{host}/')
        return
    if parts.scheme not in SCHEMES:
        remedy = "use http:// or https:// (or tls:// or tcp:// with a port)"
        place.complain("url", f'"{url}" has no known scheme; {remedy}')
        return
    if parts.hostname is None:
        place.complain("url", f'"{url}" names no host; write {parts.scheme}://HOST/')
    elif parts.hostname != host:
        place.complain("url", f'"{url}" names {parts.hostname}, not host "{host}"; make them agree')
    if parts.username is not None or parts.password is not None:
        place.complain("url", "carries a user name; take it out, no measurement logs in")
    if parts.fragment:
        place.complain("url", f'"#{parts.fragment}" is never sent; take it out')
    if parts.scheme in {"tls", "tcp"} and port is None:
        place.complain("url", f'"{url}" has no port; write {parts.scheme}://{host}:443')
    if parts.scheme in {"http", "https"} and not parts.path:
        place.complain("url", f'"{url}" has no path; write {url}/')
    if _is_address(host):
        place.complain("host", f'"{host}" is an address; a target is a name, addresses are learnt')


def _check_sureness(entry: Endpoint | Control | Resolver, place: Place) -> None:
    sureness: Sureness = entry.sureness
    if sureness == "assumed":
        return
    if not entry.evidence:
        place.complain("evidence", f'is missing; "{sureness}" needs a source')
    if sureness == "observed" and entry.since is None:
        place.complain("since", 'is missing; "observed" needs the date of the capture')


def _check_expectation(expect: Expectation, place: Place) -> None:
    if expect.sureness == "observed" and expect.since is None:
        place.complain("expect.since", 'is missing; "observed" needs the date of the capture')
    for status in expect.status:
        if not 100 <= status <= 599:
            place.complain("expect.status", f"{status} is no HTTP status; use 100 to 599")
    if expect.header_value is not None and expect.header is None:
        place.complain("expect.header", "is missing; header_value needs it")
    if expect.header is not None and expect.header != expect.header.lower():
        place.complain(
            "expect.header", f'"{expect.header}" has capitals; write {expect.header.lower()}'
        )


def _check_last_known(known: Iterable[LastKnownAddress], place: Place) -> None:
    for number, entry in enumerate(known, start=1):
        _check_address(f"last_known {number}.address", entry.address, place)


def _check_tier(tier: int, place: Place) -> None:
    if tier not in {1, 2, 3}:
        place.complain("risk_tier", f"{tier} is no tier; use 1, 2 or 3")


def _check_address(field_name: str, address: str, place: Place) -> None:
    if not _is_address(address):
        place.complain(
            field_name, f'"{address}" is no address; write it as 192.0.2.1 or 2001:db8::1'
        )


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
