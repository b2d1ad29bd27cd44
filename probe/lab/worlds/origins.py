"""Innocent worlds at the servers: broken backends, balancers, refusals, limits, walls."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

from probe.lab.box import Box, Names, Where
from probe.lab.pki import Certificate
from probe.lab.servers.nameserver import Lie, LieKind
from probe.lab.servers.site import Edge, Refusal, Site, TlsManner
from probe.lab.worlds.faults import (
    Balancer,
    ConnectionLimit,
    GeoFence,
    SlowServer,
    TimedFault,
    UnknownNames,
)
from probe.lab.worlds.misbehaving import PAGES, SiteChange, answering, showing
from probe.lab.worlds.spec import BoxPlan, Ground, ResolverPlan, WorldSpec

_HOST: Final = "www.instagram.com"
_WWW: Final = Names((_HOST,))
_INSTAGRAM: Final = Names(("*.instagram.com",))
_RT: Final = Names(("*.rt.com",))

_LAST: Final = 5
"""The link just before the servers, behind the last of the access networks' five routers."""

# Resolvers whose servers are outside Europe's access networks: a fence for a country spares them.
_ABROAD: Final = frozenset({"yandex", "alidns"})


def broken(manner: TlsManner, technique: str = "origin-tls") -> SiteChange:
    """Return a change that breaks a site's backend: nothing that the edge asks of it succeeds.

    QUIC ends at the same edge and has the same backend, so it is gone too.
    """
    return lambda site: replace(site, tls=manner, technique=technique, http3=False)


def _balancer(ends: Literal["reset", "silence"]) -> BoxPlan:
    def plan(ground: Ground) -> Mapping[int, Sequence[Box]]:
        # At Instagram's own addresses: elsewhere the name is a strange one like any other.
        where = Where(prefixes=ground.addresses_of("instagram"))
        return {_LAST: [Balancer(names=_WWW, where=where, ends=ends)]}

    return plan


def _unknown(ends: Literal["reset", "silence"]) -> BoxPlan:
    def plan(ground: Ground) -> Mapping[int, Sequence[Box]]:
        accepting = {c.host for c in ground.catalogue.controls if c.accepts_foreign_names}
        serves = {
            address: frozenset(names)
            for address, names in ground.layout.names_at.items()
            if not accepting.intersection(names)
        }
        return {_LAST: [UnknownNames(serves=serves, ends=ends)]}

    return plan


def _at_instagram(make: Callable[[Where], Box], *ports: int) -> BoxPlan:
    """Return a plan of a box next to Instagram's servers."""

    def plan(ground: Ground) -> Mapping[int, Sequence[Box]]:
        where = Where(prefixes=ground.addresses_of("instagram"), ports=frozenset(ports))
        return {_LAST: [make(where)]}

    return plan


def _everywhere(lie: Lie, *, but: frozenset[str] = frozenset()) -> ResolverPlan:
    return lambda _, resolver: () if resolver in but else (lie,)


def _overloaded_instagram(ground: Ground, edges: Mapping[str, Edge]) -> Mapping[str, Edge]:
    return {
        address: replace(edges[address], admits_every=2)
        for address in ground.addresses_of("instagram")
    }


def _one_wrong_certificate(ground: Ground, edges: Mapping[str, Edge]) -> Mapping[str, Edge]:
    address = ground.layout.hosts[_HOST][0]
    sites = tuple(
        replace(site, certificate=Certificate.WRONG_NAME) for site in edges[address].sites
    )
    return {address: replace(edges[address], sites=sites)}


def _one_dead_address(ground: Ground) -> Mapping[int, Sequence[Box]]:
    address = ground.layout.hosts[_HOST][0]
    return {_LAST: [TimedFault(where=Where(prefixes=(address,)), starts_s=0.0, lasts_s=1e9)]}


def _refusing_some(refusal: Refusal) -> SiteChange:
    def change(site: Site) -> Site:
        return replace(site, refusal=refusal)

    return change


_MANNERS: Final[Mapping[str, tuple[TlsManner, str]]] = {
    "reset": (TlsManner.RESET, "is reset"),
    "close": (TlsManner.CLOSE, "is closed in good order"),
    "alert": (TlsManner.ALERT, "is answered with an alert"),
    "silent": (TlsManner.SILENCE, "is acknowledged and never answered"),
}

_BACKENDS: Final = (
    *(
        WorldSpec(
            f"backend-{word}",
            f"One name's backend is broken: its hello {does}",
            f"Instagram's edge routes by name; the backend of {_HOST} is broken, and every hello"
            f" with that name {does}, at every address. Other names at the same addresses work."
            " Nobody interferes: seen from one place it is what a censor would do.",
            changed=((_WWW, broken(manner)),),
        )
        for word, (manner, does) in _MANNERS.items()
    ),
    WorldSpec(
        "backend-reset-unacked",
        "One name's backend is broken: a balancer resets its hello unread",
        f"A balancer before Instagram's servers keeps the hello until it has found a backend, and"
        f" has none for {_HOST}: the reset comes after one round trip, and the hello has never been"
        " acknowledged. Other names work.",
        boxes=_balancer("reset"),
    ),
    WorldSpec(
        "backend-silent-unacked",
        "One name's backend is broken: a balancer forgets its hello",
        f"As before, but the balancer drops what it cannot pass on: the hello for {_HOST} is sent"
        " again and again and never acknowledged. Other names work.",
        boxes=_balancer("silence"),
    ),
)

_UNKNOWN: Final = (
    *(
        WorldSpec(
            f"unknown-{word}",
            f"Servers that know only their own names: a strange one {does}",
            f"A hello with a name that a server does not serve {does} (RFC 6066 section 3 allows"
            " an alert; nginx's `ssl_reject_handshake` and HAProxy's `strict-sni` do it). Their own"
            " names work.",
            unknown_name=manner,
        )
        for word, (manner, does) in _MANNERS.items()
        if word != "reset"
    ),
    WorldSpec(
        "unknown-reset-unacked",
        "Balancers that reset strange names unread",
        "Balancers before all servers reset hellos with names that they do not serve, without ever"
        " acknowledging them. Their own names work.",
        boxes=_unknown("reset"),
    ),
    WorldSpec(
        "unknown-silent-unacked",
        "Balancers that drop strange names",
        "Balancers before all servers drop hellos with names that they do not serve, without ever"
        " acknowledging them. Their own names work.",
        boxes=_unknown("silence"),
    ),
)

_FENCES: Final = (
    WorldSpec(
        "fence-l3",
        "Instagram's own firewall drops this country",
        "Instagram's network drops every packet from this country at its own border (techniques"
        " G05). From inside the country nothing tells it from a blocked address.",
        boxes=_at_instagram(lambda where: GeoFence(where=where)),
    ),
    *(
        WorldSpec(
            f"fence-tls-{word}",
            f"Instagram refuses this country: the hello {does}",
            f"Instagram's edge decides by the client's country once it has read the name, and the"
            f" hello {does} (techniques G07). Other names at the same addresses work.",
            changed=((_INSTAGRAM, broken(manner, "G07")),),
        )
        for word, (manner, does) in _MANNERS.items()
        if word in {"reset", "close"}
    ),
    *(
        WorldSpec(
            f"fence-dns-{kind.name.lower()}",
            f"Instagram's name servers refuse this country ({kind.name})",
            f"Instagram's own name servers answer {kind.name} to resolvers of this country, the"
            " local instances of the big public ones included; resolvers abroad get addresses"
            " (techniques G06).",
            answers=_everywhere(Lie(_INSTAGRAM, kind, technique="G06"), but=_ABROAD),
        )
        for kind in (LieKind.SERVFAIL, LieKind.REFUSED, LieKind.NODATA)
    ),
)

_ADDRESSES: Final = (
    WorldSpec(
        "one-dead-address",
        "One address of several is dead",
        f"The first of the addresses that {_HOST} has belongs to a site of the network that has"
        " been taken down; nobody answers there. The others work.",
        boxes=_one_dead_address,
    ),
    WorldSpec(
        "one-wrong-certificate",
        "One address of several shows another certificate",
        f"The edge at the first address of {_HOST} has lost its configuration and shows the"
        " operator's default certificate for every name. The others work.",
        furnish=_one_wrong_certificate,
    ),
    WorldSpec(
        "overloaded-one",
        "Instagram admits every second connection",
        "Instagram's servers are overloaded and reset every second connection as soon as it is"
        " made; all others work.",
        furnish=_overloaded_instagram,
    ),
)

_CERTIFICATES: Final = tuple(
    WorldSpec(
        world_id,
        title,
        f"{title}: it is the origin's own mistake, seen by everybody in the world.",
        changed=((_INSTAGRAM, showing(kind)),),
    )
    for world_id, title, kind in (
        (
            "certificate-early",
            "Instagram's certificate is not valid yet",
            Certificate.NOT_YET_VALID,
        ),
        (
            "certificate-other",
            "Instagram's CDN shows its default certificate",
            Certificate.WRONG_NAME,
        ),
        ("certificate-self", "Instagram signs its certificate itself", Certificate.SELF_SIGNED),
    )
)

_WALLS: Final = tuple(
    WorldSpec(
        world_id,
        title,
        f"{title}; every other service works.",
        changed=((names, answering(page)),),
    )
    for world_id, title, names, page in (
        ("wall-cloudflare", "Instagram challenges the probe", _INSTAGRAM, "cloudflare-challenge"),
        ("wall-akamai", "Instagram's Akamai edge denies the probe", _INSTAGRAM, "akamai-denied"),
        ("wall-ddos-guard", "RT's DDoS-Guard checks the browser", _RT, "ddos-guard"),
        (
            "fence-cloudfront",
            "Instagram's CloudFront bans the country",
            _INSTAGRAM,
            "cloudfront-geo",
        ),
        ("truncated-20k", "Instagram's servers close after 20 KB", _INSTAGRAM, "closes-early"),
    )
)

_LIMITS: Final = (
    WorldSpec(
        "half-errors",
        "Every second request fails",
        "Half of Instagram's backends are down: every second request is answered 503.",
        changed=((_INSTAGRAM, _refusing_some(Refusal(PAGES["unavailable"], every=2))),),
    ),
    WorldSpec(
        "limit-429",
        "Two requests a minute",
        "Instagram answers two requests a minute from one client, and 429 with Retry-After to the"
        " rest (RFC 6585 section 4).",
        changed=((_INSTAGRAM, _refusing_some(Refusal(PAGES["rate-limit"], beyond=2))),),
    ),
    WorldSpec(
        "limit-silent",
        "Four connections a minute, then silence",
        "Instagram's firewall lets a client open four connections a minute to an address and drops"
        " further ones.",
        boxes=_at_instagram(
            lambda where: ConnectionLimit(where=where, per_minute=4, ends="silence"), 443
        ),
    ),
    WorldSpec(
        "limit-reset",
        "Four connections a minute, then resets",
        "Instagram's firewall lets a client open four connections a minute to an address and"
        " refuses further ones with a reset.",
        boxes=_at_instagram(
            lambda where: ConnectionLimit(where=where, per_minute=4, ends="reset"), 443
        ),
    ),
    WorldSpec(
        "quic-retired",
        "Instagram's servers no longer speak QUIC",
        "Instagram's servers have QUIC turned off, though the HTTPS record and Alt-Svc still name"
        " it (RFC 9114 section 3.1.1: clients go back to TCP). TCP works.",
        changed=((_INSTAGRAM, lambda site: replace(site, http3=False)),),
    ),
    WorldSpec(
        "slow-site",
        "A site that sends 10 kB a second",
        "Instagram's servers give each connection 10 kB a second, whatever it asks for.",
        boxes=_at_instagram(lambda where: SlowServer(where=where)),
    ),
)

SPECS: Final = (
    *_BACKENDS,
    *_UNKNOWN,
    *_FENCES,
    *_ADDRESSES,
    *_CERTIFICATES,
    *_WALLS,
    *_LIMITS,
)
"""Nobody interferes in any of them."""
