"""OONI inputs and resolvers as the catalogue's, where it knows them."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import ValidationError

from probe.model.target import Catalogue, Endpoint
from probe.model.words import Role


def endpoint_for(url: str, endpoints: Mapping[str, Endpoint]) -> Endpoint | None:
    """Return the catalogue's endpoint, else one made of the address; None: it is no web page's."""
    known = endpoints.get(url.rstrip("/"))
    if known is not None:
        return known
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").rstrip(".")
        if not host.isascii():
            host = host.encode("idna").decode()
    except (ValueError, UnicodeError):
        return None
    if parts.scheme.lower() not in {"http", "https"}:
        return None
    try:
        return Endpoint(id=host, service=host, host=host, role=Role.WEB, url=url.strip())
    except ValidationError:
        return None


def by_url(catalogue: Catalogue | None) -> dict[str, Endpoint]:
    """Return the catalogue's endpoints by what they fetch."""
    endpoints = catalogue.endpoints if catalogue is not None else ()
    return {endpoint.url.rstrip("/"): endpoint for endpoint in endpoints}


def resolver_ids(catalogue: Catalogue | None) -> dict[str, str]:
    """Return the catalogue's resolvers by address and by server name."""
    ids: dict[str, str] = {}
    for resolver in catalogue.resolvers if catalogue is not None else ():
        for name in (*resolver.addresses, resolver.server_name):
            if name:
                ids[name] = resolver.id
    return ids
