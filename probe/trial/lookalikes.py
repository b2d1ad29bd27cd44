"""Innocent kinds that each look like one technique, written from servers' and networks' manuals."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, Literal

from probe.lab.box import Where
from probe.lab.packet import TCP
from probe.lab.servers.nameserver import Lie, LieKind
from probe.lab.servers.site import Manner, Page, Site, TlsManner
from probe.lab.worlds.faults import ConnectionLimit
from probe.lab.worlds.misbehaving import refusing
from probe.model.words import Protocol
from probe.trial.boxes import HelloIntolerant, Rejecting, Silence, WaitingForZone
from probe.trial.placing import OVER_TLS, Kind, Placement, Spot

_DOWN: Final = ("down", "down")
_CLIENT: Final = frozenset({"client"})
_REFUSED: Final = ("refused", "server_geoblock")
_IN_CLEAR: Final = frozenset({Protocol.HTTP})


def _last(spot: Spot) -> int:
    return len(spot.ground.access.routers)


def _refusing(manner: TlsManner) -> Any:  # noqa: ANN401 (a placer)
    return lambda _spot: Placement(change=refusing(manner, "G07"))


def _silent_port(spot: Spot) -> Placement:
    box = Silence(where=spot.at_target(443), protocol=TCP)
    return Placement(boxes={_last(spot): (box,)})


def _rejecting(spot: Spot) -> Placement:
    router = spot.ground.access.routers[-1]
    box = Rejecting(where=spot.at_target(), sender=(router.ipv4, router.ipv6))
    return Placement(boxes={_last(spot): (box,)})


def _intolerant(spot: Spot) -> Placement:
    return Placement(boxes={_last(spot): (HelloIntolerant(where=spot.at_target(443)),)})


def _limiting(ends: Literal["reset", "silence"]) -> Any:  # noqa: ANN401 (a placer)
    def place(spot: Spot) -> Placement:
        limit = int(spot.scenario.option("limit", 6))
        box = ConnectionLimit(where=spot.at_target(443), per_minute=limit, ends=ends)
        return Placement(boxes={_last(spot): (box,)})

    return place


def _plain(page: Page) -> Any:  # noqa: ANN401 (a placer)
    """Return a placer of a site that answers so in the clear."""

    def change(site: Site) -> Site:
        return replace(site, plain=page)

    return lambda _spot: Placement(change=change)


def _no_addresses(spot: Spot) -> Placement:
    return Placement(lies=(Lie(spot.names, LieKind.NODATA, technique="G06"),))


def _zone_is_silent(spot: Spot) -> Placement:
    where = Where(prefixes=spot.ground.access.resolver, ports=frozenset({53}))
    return Placement(boxes={_last(spot): (WaitingForZone(names=spot.names, where=where),)})


def _kind(kind_id: str, words: str, place: Any, **more: Any) -> Kind:  # noqa: ANN401 (Kind's fields)
    more.setdefault("families", "both")
    return Kind(kind_id, words, place, innocent=True, **more)


_LIMITS: Final[Mapping[str, tuple[str | int | float, ...]]] = MappingProxyType({"limit": (2, 5, 9)})
_ENDS: Final[tuple[Literal["reset", "silence"], ...]] = ("reset", "silence")

LOOKALIKES: Final[tuple[Kind, ...]] = (
    *(
        _kind(
            f"refuses-country-{manner.value}",
            f"the origin refuses this country in the handshake: {manner.value}",
            _refusing(manner),
            node=(*_REFUSED, "tls"),
            protocols=OVER_TLS,
            abroad=_CLIENT,
        )
        for manner in (TlsManner.CLOSE, TlsManner.SILENCE)
    ),
    _kind(
        "geofence-port-silent",
        "the origin drops this country's connections to its port 443",
        _silent_port,
        node=(*_REFUSED, "l3"),
        protocols=OVER_TLS,
        abroad=_CLIENT,
    ),
    _kind(
        "geofence-icmp",
        "the origin's firewall answers this country with ICMP (iptables REJECT, host-prohibited)",
        _rejecting,
        node=(*_REFUSED, "l3"),
        abroad=_CLIENT,
    ),
    _kind(
        "intolerant",
        "the server drops hellos that offer TLS 1.3 (draft-ietf-tls-grease, intolerance)",
        _intolerant,
        node=(*_DOWN, "tls"),
        protocols=OVER_TLS,
    ),
    *(
        _kind(
            f"limits-{ends}",
            f"the server has enough of a client after a few connections a minute: {ends}",
            _limiting(ends),
            certain=False,
            options=_LIMITS,
        )
        for ends in _ENDS
    ),
    _kind(
        "moved-in-clear",
        "the site has moved to a domain that no catalogue knows",
        _plain(Page(301, (("location", "https://www.moved.example/"),))),
        scheme="http",
        certain=False,
    ),
    _kind(
        "refused-in-clear",
        "the site's own server answers this country with a bare 403 in the clear",
        _plain(Page(403, (("content-type", "text/html"),), b"<h1>Forbidden</h1>")),
        node=("restricted", "reachable_botwall", "denied"),
        scheme="http",
        protocols=_IN_CLEAR,
        abroad=_CLIENT,
        certain=False,
    ),
    *(
        _kind(
            f"{manner.value}-in-clear",
            f"the backend of this one Host is broken: {manner.value}",
            _plain(Page(manner=manner)),
            node=(*_DOWN, "http"),
            scheme="http",
            protocols=_IN_CLEAR,
            certain=False,
        )
        for manner in (Manner.CLOSE, Manner.SILENCE)
    ),
    _kind(
        "zone-nodata",
        "the zone has no addresses for this country (geographic records without a default)",
        _no_addresses,
        node=(*_REFUSED, "dns"),
        abroad=_CLIENT,
        certain=False,
    ),
    _kind(
        "zone-silent",
        "the zone's name servers do not answer the provider's resolver, which waits for them",
        _zone_is_silent,
        node=(*_REFUSED, "dns"),
        abroad=_CLIENT,
        certain=False,
    ),
)
"""Beside those of probe.trial.innocent."""
