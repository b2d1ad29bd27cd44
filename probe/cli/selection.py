"""Which endpoints a command is about: the core of the first tier, or what was named."""

import difflib
from collections.abc import Iterable, Sequence

from probe.errors import UsageError
from probe.model.target import Catalogue, Endpoint, Service


def select(
    catalogue: Catalogue,
    names: Sequence[str] = (),
    *,
    tier: int = 1,
    every: bool = False,
    without: Sequence[str] = (),
) -> tuple[Endpoint, ...]:
    """Return the chosen endpoints, in the catalogue's order.

    `names` are services (by id or name) or single endpoints (by id); without any, all services of
    the tier. Of a service its core endpoints and the user's own are taken, all with `every`, and
    all where a named service has no core. Tier 2 and 3 have to be named, or asked for by `tier`;
    tier 0 leaves out what has a warning about any country.
    `without` are left out, named or not.
    """
    chosen: set[str] = set()
    if not names:
        for service in catalogue.services:
            if _tier_of(service) <= tier:
                within = _within(service, max(tier, 1), every)
                chosen.update(endpoint.id for endpoint in within)
    for name in names:
        chosen.update(endpoint.id for endpoint in _named(name, catalogue, tier=tier, every=every))
    for name in without:
        chosen.difference_update(
            endpoint.id for endpoint in _named(name, catalogue, tier=3, every=True)
        )
    return tuple(endpoint for endpoint in catalogue.endpoints if endpoint.id in chosen)


def services_of(catalogue: Catalogue, endpoints: Iterable[Endpoint]) -> tuple[Service, ...]:
    """Return the services that these endpoints belong to, in the catalogue's order."""
    ids = {endpoint.service for endpoint in endpoints}
    return tuple(service for service in catalogue.services if service.id in ids)


def country_notes(services: Iterable[Service]) -> tuple[str, ...]:
    """Return what should be known before these services are contacted, by country.

    Shown for services that are sensitive everywhere: which country we are in is not known before
    the first packet.
    """
    lines = []
    for service in services:
        if service.risk_tier > 1:
            lines += [f"{service.name}: {service.note}"] if service.note else []
            lines += [f"{service.name}, {c}: {text}" for c, text in service.country_notes.items()]
    return tuple(lines)


def _tier_of(service: Service) -> int:
    """Return the service's tier, or 0 if it could bring nobody into trouble that we know of.

    Which country we are in is not known before the first packet.
    """
    is_harmless = service.risk_tier == 1 and not service.country_notes
    return 0 if is_harmless else service.risk_tier


def _named(name: str, catalogue: Catalogue, *, tier: int, every: bool) -> tuple[Endpoint, ...]:
    for service in catalogue.services:
        if name.lower() in {service.id.lower(), service.name.lower()}:
            tier = max(tier, service.risk_tier, 1)
            return _within(service, tier, every) or _within(service, tier, every=True)
    for endpoint in catalogue.endpoints:
        if name.lower() == endpoint.id.lower():
            return (endpoint,)
    known = [service.id for service in catalogue.services]
    near = difflib.get_close_matches(
        name.lower(), [*known, *(endpoint.id for endpoint in catalogue.endpoints)], n=1
    )
    hint = f"did you mean {near[0]}?" if near else f"known services: {', '.join(known)}"
    raise UsageError(f"there is no service or endpoint {name!r}; {hint}")


def _within(service: Service, tier: int, every: bool) -> tuple[Endpoint, ...]:
    return tuple(
        endpoint
        for endpoint in service.endpoints
        if endpoint.risk_tier <= tier and (every or endpoint.core or endpoint.own)
    )
