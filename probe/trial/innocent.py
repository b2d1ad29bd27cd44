"""Troubles of one target that nobody means, and refusals that are the service's own."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from probe.lab.packet import TCP
from probe.lab.pki import Certificate
from probe.lab.servers.nameserver import Lie, LieKind
from probe.lab.servers.site import Edge, Site, TlsManner
from probe.lab.worlds.misbehaving import (
    SiteChange,
    answering,
    consent_wall,
    login_wall,
    refusing,
    showing,
    slow,
)
from probe.model.target import Endpoint
from probe.model.words import Protocol, Role
from probe.trial.boxes import ClosedPort, LostRoute, Silence
from probe.trial.lookalikes import LOOKALIKES
from probe.trial.placing import NOTHING, OVER_TLS, Kind, Placement, Spot

_DOWN: Final = ("down", "down")
_QUIC: Final = frozenset({Protocol.QUIC})
_BY_PAGE: Final = frozenset({Protocol.HTTPS})


def _nothing(spot: Spot) -> Placement:
    del spot
    return NOTHING


def _changed(change: SiteChange) -> Any:  # noqa: ANN401 (a placer)
    return lambda _spot: Placement(change=change)


def _slow(spot: Spot) -> Placement:
    return Placement(change=slow(float(spot.scenario.option("delay_s", 4.0))))


def _dead(spot: Spot) -> Placement:
    del spot
    return Placement(dead=True)


def _at_server(kind: type[Silence] | type[ClosedPort], *ports: int, **more: Any) -> Any:  # noqa: ANN401
    """Return a placer of a box next to the target's server."""

    def place(spot: Spot) -> Placement:
        last = len(spot.ground.access.routers)
        return Placement(boxes={last: (kind(where=spot.at_target(*ports), **more),)})

    return place


def _lost_route(spot: Spot) -> Placement:
    router = spot.ground.access.routers[2]
    box = LostRoute(where=spot.at_target(), router=(router.ipv4, router.ipv6))
    return Placement(boxes={spot.link: (box,)})


def _unknown_names(manner: TlsManner) -> Any:  # noqa: ANN401 (a placer)
    """Return a placer of edges that do this with names that they do not serve."""

    def place(spot: Spot) -> Placement:
        edges = _edges(spot)
        return Placement(edges={a: replace(e, unknown_name=manner) for a, e in edges.items()})

    return place


def _overloaded(spot: Spot) -> Placement:
    edges = _edges(spot)
    return Placement(edges={a: replace(e, admits_every=2) for a, e in edges.items()})


def _edges(spot: Spot) -> dict[str, Edge]:
    return {address: spot.ground.layout.genuine[address] for address in spot.addresses}


def _without_h3(site: Site) -> Site:
    # Its pages go on saying that it speaks HTTP/3.
    return replace(site, http3=False)


def _login_wall(spot: Spot) -> Placement:
    # Of a site it is the way in; of one item on a platform nothing is seen behind it.
    technique = "G03" if spot.endpoint.role is Role.CONTENT else "G10"
    return Placement(change=partial(login_wall, technique=technique))


def _hosts(spot: Spot) -> Placement:
    return Placement(hosts={spot.endpoint.host: ("127.0.0.1",)})


def _tracker(spot: Spot) -> Placement:
    # The environment makes the resolver the home's own one (a private address).
    lie = Lie(
        spot.names,
        LieKind.BOGON,
        a=("0.0.0.0",),  # noqa: S104 (nobody binds it: it is the answer)
        aaaa=("::",),
        technique="E03",
    )
    return Placement(lies=(lie,))


def _authority_refuses(spot: Spot) -> Placement:
    return Placement(lies=(Lie(spot.names, LieKind.SERVFAIL, technique="G06"),))


def _expects_no(status: int) -> Any:  # noqa: ANN401 (a predicate)
    def fits(endpoint: Endpoint) -> bool:
        return status not in endpoint.expect.status

    return fits


def _kind(kind_id: str, words: str, place: Any, **more: Any) -> Kind:  # noqa: ANN401 (Kind's fields)
    more.setdefault("families", "both")
    return Kind(kind_id, words, place, innocent=True, **more)


_LINKS: Final[Mapping[str, tuple[str | int | float, ...]]] = MappingProxyType({"link": (3, 4)})

INNOCENT: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        kind.id: kind
        for kind in (
            *LOOKALIKES,
            _kind("plain", "nothing is wrong", _nothing),
            _kind("plain-http", "nothing is wrong, in the clear", _nothing, scheme="http"),
            _kind(
                "slow-handshake",
                "the server takes seconds to answer a handshake",
                _slow,
                options={"delay_s": (1.5, 3.0, 6.0)},
            ),
            _kind("login-wall", "the site asks to log in", _login_wall),
            _kind("consent-wall", "the site asks for consent", _changed(consent_wall)),
            *(
                _kind(
                    f"unknown-name-{manner.value}",
                    f"the server's way with names that it does not serve: {manner.value}",
                    _unknown_names(manner),
                )
                for manner in (
                    TlsManner.RESET,
                    TlsManner.CLOSE,
                    TlsManner.ALERT,
                    TlsManner.SILENCE,
                )
            ),
            _kind(
                "overloaded",
                "the server admits every second connection",
                _overloaded,
                certain=False,
            ),
            *(
                _kind(
                    f"bot-wall-{page}",
                    f"the site takes the probe for a bot ({page})",
                    _changed(answering(page)),
                    node=("restricted", "reachable_botwall"),
                    protocols=_BY_PAGE,
                )
                for page in ("cloudflare-challenge", "akamai-denied", "ddos-guard")
            ),
            _kind(
                "rate-limit",
                "the site says that there were too many requests",
                _changed(answering("rate-limit")),
                node=("restricted", "reachable_botwall", "rate_limit"),
                protocols=_BY_PAGE,
                fits=_expects_no(429),
            ),
            *(
                _kind(
                    f"geofence-{page}",
                    f"the site says that it does not serve this country ({page})",
                    _changed(answering(page)),
                    node=("restricted", "server_geoblock", "http"),
                    protocols=_BY_PAGE,
                    abroad=frozenset({"client"}),
                )
                for page in ("cloudflare-1009", "cloudfront-geo")
            ),
            _kind(
                "legal",
                "the site answers 451",
                _changed(answering("legal")),
                node=("restricted", "server_geoblock", "legal"),
                protocols=_BY_PAGE,
                abroad=frozenset({"client"}),
            ),
            _kind(
                "server-error",
                "the site says that it is broken",
                _changed(answering("unavailable")),
                node=(*_DOWN, "server_error"),
                protocols=_BY_PAGE,
            ),
            *(
                _kind(
                    f"page-{page}",
                    f"the server's answer is broken: {page}",
                    _changed(answering(page)),
                    node=(*_DOWN, "http"),
                    protocols=_BY_PAGE,
                )
                for page in (
                    "truncated",
                    "reset-mid-body",
                    "stalled",
                    "silent",
                    "no-http",
                    "drip",
                )
            ),
            *(
                _kind(
                    f"certificate-{kind.value}",
                    f"the origin's own certificate is wrong: {kind.value}",
                    _changed(showing(kind)),
                    node=(*_DOWN, "certificate"),
                    protocols=OVER_TLS,
                )
                for kind in (
                    Certificate.EXPIRED,
                    Certificate.NOT_YET_VALID,
                    Certificate.SELF_SIGNED,
                    Certificate.WRONG_NAME,
                )
            ),
            *(
                _kind(
                    f"backend-{manner.value}",
                    f"the edge's backend for this one name is broken: {manner.value}",
                    _changed(refusing(manner, "origin-tls")),
                    node=(*_DOWN, "tls"),
                    protocols=OVER_TLS,
                )
                for manner in (
                    TlsManner.RESET,
                    TlsManner.CLOSE,
                    TlsManner.ALERT,
                    TlsManner.SILENCE,
                    TlsManner.RUBBISH_RECORD,
                )
            ),
            *(
                _kind(
                    f"refuses-country-{manner.value}",
                    f"the origin refuses this country in the handshake: {manner.value}",
                    _changed(refusing(manner, "G07")),
                    node=("refused", "server_geoblock", "tls"),
                    protocols=OVER_TLS,
                    abroad=frozenset({"client"}),
                )
                for manner in (TlsManner.RESET, TlsManner.ALERT)
            ),
            _kind("dead", "nobody is at the addresses", _dead, node=_DOWN),
            _kind(
                "dead-port",
                "the server's port 443 is dead, its others are not",
                _at_server(Silence, 443, protocol=TCP),
                node=(*_DOWN, "tcp"),
                protocols=OVER_TLS,
            ),
            _kind(
                "closed-port",
                "nothing listens at the server's port 443",
                _at_server(ClosedPort, 443),
                node=(*_DOWN, "tcp"),
                protocols=OVER_TLS,
            ),
            _kind(
                "geofence-l3",
                "the origin drops every packet from abroad",
                _at_server(Silence),
                node=("refused", "server_geoblock", "l3"),
                abroad=frozenset({"*"}),
            ),
            _kind(
                "geofence-l3-country",
                "the origin drops every packet from this country",
                _at_server(Silence),
                node=("refused", "server_geoblock", "l3"),
                abroad=frozenset({"client"}),
            ),
            _kind(
                "geofence-port",
                "the origin resets this country's connections to its port 443",
                _at_server(ClosedPort, 443),
                node=("refused", "server_geoblock", "l3"),
                protocols=OVER_TLS,
                abroad=frozenset({"client"}),
            ),
            _kind(
                "lost-route",
                "a carrier has lost the route to the addresses",
                _lost_route,
                node=_DOWN,
                options=_LINKS,
                abroad=frozenset({"client"}),
            ),
            _kind(
                "no-h3",
                "the site says HTTP/3 and has switched it off",
                _changed(_without_h3),
                node=_DOWN,
                protocols=_QUIC,
                quic=True,
            ),
            _kind("hosts-file", "an old line in the hosts file", _hosts, certain=False),
            _kind("tracker", "the home's resolver keeps the name away", _tracker, certain=False),
            _kind(
                "authority-refuses",
                "the site's name servers refuse the provider's resolver",
                _authority_refuses,
                node=("refused", "server_geoblock", "dns"),
                abroad=frozenset({"client"}),
            ),
        )
    }
)
"""By id."""
