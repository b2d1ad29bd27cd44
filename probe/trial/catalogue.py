"""The few targets and controls that a scenario measures: the real catalogue's own rows, cut down.

One whole investigation asks every control of its catalogue; with all of them a play costs seconds.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from probe.errors import LabError
from probe.lab.worlds.layout import Layout, layout_of
from probe.model.target import Catalogue, Control, Service
from probe.reference.catalogue import load_catalogue

# Operators and countries of every sort, a host that takes foreign names (C2), two for QUIC, one for
# transfers; Google and Wikipedia are themselves blocked in places.
_CONTROLS: Final = (
    "example",
    "wikipedia",
    "google",
    "cloudflare",
    "firefox-portal",
    "apple-portal",
    "microsoft",
    "heise",
    "ripe",
)
# Two at home, so that a shutdown can be told from a dead line.
_DOMESTIC_MAX: Final = 2
_RESOLVERS: Final = ("google", "cloudflare", "quad9")
_WHOAMI: Final = ("akamai", "google-client-v4", "google-client-v6")


@lru_cache(maxsize=1)
def whole_catalogue() -> Catalogue:
    """Return the catalogue that the small ones are cut from."""
    return load_catalogue()


@lru_cache(maxsize=1)
def whole_layout() -> Layout:
    """Return where the whole catalogue's hosts are."""
    return layout_of(whole_catalogue())


@lru_cache(maxsize=64)
def small_catalogue(endpoints: tuple[str, ...], country: str) -> Catalogue:
    """Return these endpoints (and others at their hosts), and what it takes to judge them."""
    whole = whole_catalogue()
    services = tuple(_services(whole, endpoints))
    found = {endpoint.id for service in services for endpoint in service.endpoints}
    if missing := set(endpoints) - found:
        raise LabError(f"the catalogue has no endpoint {', '.join(sorted(missing))}")
    return whole.model_copy(
        update={
            "services": services,
            "controls": _controls(whole.controls, country),
            "resolvers": tuple(r for r in whole.resolvers if r.id in _RESOLVERS),
            "whoami": tuple(w for w in whole.whoami if w.id in _WHOAMI),
            "sha256": f"{whole.sha256[:16]}/{country}/{'+'.join(endpoints)}",
        }
    )


def _services(whole: Catalogue, endpoints: Sequence[str]) -> list[Service]:
    # Endpoints at the same host come along: a host's site is made of all that it serves.
    hosts = {endpoint.host for endpoint in whole.endpoints if endpoint.id in endpoints}
    services = []
    for service in whole.services:
        kept = tuple(endpoint for endpoint in service.endpoints if endpoint.host in hosts)
        if kept:
            services.append(service.model_copy(update={"endpoints": kept}))
    return services


def _controls(controls: Sequence[Control], country: str) -> tuple[Control, ...]:
    chosen = [control for control in controls if control.id in _CONTROLS]
    domestic = [c for c in controls if c.country == country and c not in chosen]
    return (*chosen, *domestic[:_DOMESTIC_MAX])
