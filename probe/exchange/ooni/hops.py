"""Which names a document is about, and which of its steps belong to which."""

from collections.abc import Mapping, Sequence
from urllib.parse import urljoin

from probe.exchange.ooni.records import scheme_and_host
from probe.model.observation import (
    DnsObservation,
    HttpObservation,
    Observation,
    TlsObservation,
)
from probe.model.target import Endpoint
from probe.model.words import Arm


def hops_of(here: Sequence[Observation], first: Endpoint) -> tuple[str, ...]:
    """Return the addresses that redirects led to, one for each other host or scheme.

    The same host over TLS is a hop of its own: a name is cut there that plain HTTP lets through.
    """
    known = {o.name for o in here if isinstance(o, DnsObservation)}
    urls: list[str] = []
    for page in (o for o in here if isinstance(o, HttpObservation)):
        urls += (page.url, _joined(page.url, page.location))
    urls += (
        f"https://{o.server_name}/"
        for o in here
        if isinstance(o, TlsObservation) and o.server_name not in (None, first.host)
    )
    hops: dict[tuple[str, str], str] = {}
    for url in urls:
        scheme, host = scheme_and_host(url)
        if host == first.host or host in known or any(_is_at(o, host) for o in here):
            hops.setdefault((scheme, host), url)
    hops.pop(scheme_and_host(first.url), None)
    return tuple(hops.values())


def _joined(url: str, location: str | None) -> str:
    """Return where a redirect leads; nowhere if what the page says is no address."""
    try:
        return urljoin(url, location) if location else ""
    except ValueError:
        return ""


def _is_at(observation: Observation, host: str) -> bool:
    return (isinstance(observation, TlsObservation) and observation.server_name == host != "") or (
        isinstance(observation, HttpObservation) and observation.host == host != ""
    )


def owners_of(here: Sequence[Observation]) -> dict[str, set[str]]:
    """Return which names each address was answered, greeted or asked by."""
    owners: dict[str, set[str]] = {}
    for o in here:
        if isinstance(o, DnsObservation):
            for answer in o.answers:
                for address in answer.addresses:
                    owners.setdefault(address, set()).add(o.name)
        elif isinstance(o, TlsObservation | HttpObservation) and o.address is not None:
            name = o.server_name if isinstance(o, TlsObservation) else o.host
            if name:
                owners.setdefault(o.address, set()).add(name)
    return owners


def is_about(observation: Observation, host: str, owners: Mapping[str, set[str]]) -> bool:
    """Whether a step belongs to the host, by its name or by its address's owners."""
    if isinstance(observation, DnsObservation):
        return observation.name == host or observation.arm is Arm.C1
    if isinstance(observation, TlsObservation):
        return observation.server_name in (host, None)
    if isinstance(observation, HttpObservation):
        return observation.host == host
    # A connection belongs to the names whose answers, or whose handshakes, bear its address.
    names = owners.get(observation.address or "")
    return names is None or host in names
