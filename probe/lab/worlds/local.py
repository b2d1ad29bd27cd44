"""Innocent worlds of the machine and its home: portals, interception, clocks, stores, tunnels.

One of them is not innocent: a state's root in the machine's store lets forgeries pass unseen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from probe.lab.box import Box, Names
from probe.lab.path import Link
from probe.lab.pki import Certificate
from probe.lab.servers.nameserver import Lie, LieKind
from probe.lab.servers.site import Edge, Page, Site
from probe.lab.worlds.networks import GERMANY, INTERCEPTOR, RUSSIA
from probe.lab.worlds.spec import BoxPlan, Ground, WorldSpec
from probe.lab.worlds.trouble import Interceptor, Outage, Portal

_INSTAGRAM: Final = Names(("*.instagram.com", "*.cdninstagram.com"))

# RFC 1918 and RFC 4193: where a hotel's gateway stands.
_GATEWAY: Final = ("10.5.50.1", "fd00:5:50::1")
# Of AS3320, the access network in GERMANY: a provider's portal has a public address.
_PROVIDER_PORTAL: Final = ("87.152.10.3", "2003:c0:8f10:4a00::3")
# Of AS12389, the access network in RUSSIA.
_FORGER: Final = ("188.254.2.67", "2a01:620:1:2::67")


def _portal_site(host: str, *, status: int = 302) -> Site:
    """Return a portal's site: a redirect to its page, or the page itself (RFC 8952, RFC 7710)."""
    if status == 302:
        page = Page(302, (("location", f"http://{host}/login"),), technique="E01")
    elif status == 511:
        # RFC 6585 section 6: Network Authentication Required.
        page = Page(511, (), b"<title>Network Authentication Required</title>", technique="E01")
    else:
        page = Page(200, (), b"<title>Welcome</title><form>Room number</form>", technique="E01")
    return Site(host, fallback=page, plain=None, certificate=Certificate.SELF_SIGNED)


def _portal_edges(at: tuple[str, str], site: Site) -> Mapping[str, Edge]:
    return dict.fromkeys(at, Edge((site,), takes_every_name=True))


def _portal(at: tuple[str, str], *garden: str, ports: frozenset[int]) -> BoxPlan:
    """Return a portal's gateway; `garden`: the services that it lets through."""

    def plan(ground: Ground) -> Mapping[int, Sequence[Box]]:
        spares = ground.resolvers() | frozenset(ground.addresses_of(*garden))
        return {0: [Portal(portal=at, spares=spares, ports=ports)]}

    return plan


def _lying_portal(at: tuple[str, str]) -> BoxPlan:
    return lambda ground: {1: [Outage(spares=ground.resolvers() | frozenset(at))]}


def _all_names(at: tuple[str, str]) -> tuple[Lie, ...]:
    lie = Lie(Names(("*",)), LieKind.BLOCKPAGE, a=at[:1], aaaa=at[1:], technique="E01", ttl_s=0)
    return (lie,)


_WEB: Final = frozenset({80, 443})

_PORTALS: Final = (
    WorldSpec(
        "portal-dns",
        "A portal that lies about every name",
        "A hotel's resolver answers every name with the address of its portal; other resolvers, and"
        " everything else, are shut until a guest has logged in.",
        boxes=_lying_portal(_PROVIDER_PORTAL),
        lies=_all_names(_PROVIDER_PORTAL),
        edges=_portal_edges(_PROVIDER_PORTAL, _portal_site("portal.hotel.example")),
    ),
    WorldSpec(
        "portal-dns-private",
        "A portal that lies about every name, at a private address",
        "As before, but the portal stands at 10.5.50.1, as hotspots' gateways do.",
        boxes=_lying_portal(_GATEWAY),
        lies=_all_names(_GATEWAY),
        edges=_portal_edges(_GATEWAY, _portal_site("hotspot.example")),
    ),
    WorldSpec(
        "portal-page",
        "A portal that answers in every site's stead",
        "Every request in the clear is answered 200 with the portal's form; HTTPS shows the"
        " portal's certificate.",
        boxes=_portal(_PROVIDER_PORTAL, ports=_WEB),
        edges=_portal_edges(_PROVIDER_PORTAL, _portal_site("portal.hotel.example", status=200)),
    ),
    WorldSpec(
        "portal-511",
        "A portal that says so",
        "Every request in the clear is answered 511, Network Authentication Required; nothing else"
        " passes.",
        boxes=_portal(_PROVIDER_PORTAL, ports=frozenset({80})),
        edges=_portal_edges(_PROVIDER_PORTAL, _portal_site("portal.hotel.example", status=511)),
    ),
    WorldSpec(
        "walled-garden",
        "A plan that has Facebook and nothing else",
        "A used-up prepaid plan: Facebook's addresses are let through, all other web traffic ends"
        " at the operator's page.",
        boxes=_portal(_PROVIDER_PORTAL, "facebook", ports=_WEB),
        edges=_portal_edges(_PROVIDER_PORTAL, _portal_site("plan.operator.example")),
    ),
)

_OFFICE_SITE: Final = Site("proxy.office.example", fallback=Page(body=b"looked at\n"), plain=None)


def _intercepted(kind: Certificate) -> Mapping[str, Edge]:
    return dict.fromkeys(INTERCEPTOR, Edge((_OFFICE_SITE,), takes_every_name=True, forges=kind))


_INTERCEPTION: Final = (
    WorldSpec(
        "antivirus-trusted",
        "An antivirus program whose root the machine trusts",
        "A program on the machine opens every TLS connection and shows a certificate of its own"
        " authority, whose root it has put into the machine's store.",
        boxes=lambda _: {0: [Interceptor(to=INTERCEPTOR)]},
        edges=_intercepted(Certificate.ANTIVIRUS),
        local_roots=(Certificate.ANTIVIRUS,),
    ),
    WorldSpec(
        "antivirus-social",
        "A parental filter that opens some connections",
        "A program on the machine opens connections to social networks only, and shows a"
        " certificate of its own authority, whose root it has put into the machine's store.",
        boxes=lambda ground: {
            0: [Interceptor(to=INTERCEPTOR, names=ground.names_of("instagram", "tiktok"))]
        },
        edges=_intercepted(Certificate.ANTIVIRUS),
        local_roots=(Certificate.ANTIVIRUS,),
    ),
    WorldSpec(
        "state-root",
        "A state's root in the machine's store",
        "Connections that name Instagram are led to a box that shows certificates of the state's"
        " own authority; the machine was told to trust its root, so browsers show no warning"
        " (techniques S11; Kazakhstan 2015 to 2020, Russia's Trusted Root CA).",
        access=RUSSIA,
        boxes=lambda ground: {2: [ground.box("S11", names=_INSTAGRAM, to=_FORGER)]},
        edges=dict.fromkeys(
            _FORGER,
            Edge((_OFFICE_SITE,), takes_every_name=True, forges=Certificate.STATE_CA),
        ),
        local_roots=(Certificate.STATE_CA,),
    ),
    WorldSpec(
        "state-root-idle",
        "A state's root in the machine's store, and nobody uses it",
        "The machine was told to trust a state's root; every connection shows the genuine"
        " certificate.",
        access=RUSSIA,
        local_roots=(Certificate.STATE_CA,),
    ),
)


def _rooted_anew(site: Site) -> Site:
    """Return the site with a certificate of an authority younger than the probe."""
    return replace(site, certificate=Certificate.NEW_ROOT, http3=False)


_STORES: Final = (
    WorldSpec(
        "stale-store",
        "A store of roots that is too old",
        "Instagram, the BBC, and some of the controls have certificates of an authority that is"
        " younger than the probe's store of roots (techniques E09), and do not speak QUIC. Nobody"
        " forged anything.",
        changed=(
            (
                Names(
                    ("*.instagram.com", "*.bbc.com", "www.heise.de", "www.ripe.net", "habr.com",
                     "www.orange.fr", "kaspi.kz", "www.qq.com")
                ),
                _rooted_anew,
            ),
        ),
    ),
    WorldSpec(
        "stale-store-one",
        "A store of roots that is too old for Instagram",
        "Instagram's new certificates are of an authority that is younger than the probe's store;"
        " no control's are.",
        changed=((_INSTAGRAM, _rooted_anew),),
    ),
)  # fmt: skip

_CLOCKS: Final = tuple(
    WorldSpec(
        f"clock-{words}",
        f"The machine's clock is {long}",
        f"The machine's clock is {long}; everything else is in order.",
        skew=skew,
    )
    for words, long, skew in (
        ("year-ahead", "a year ahead", timedelta(days=365)),
        ("year-behind", "a year behind", timedelta(days=-365)),
        ("day-ahead", "a day ahead", timedelta(days=1)),
        ("day-behind", "a day behind", timedelta(days=-1)),
        ("10min-ahead", "ten minutes ahead", timedelta(minutes=10)),
        ("10min-behind", "ten minutes behind", timedelta(minutes=-10)),
    )
)

_TUNNELS: Final = (
    WorldSpec(
        "vpn",
        "A tunnel to Germany",
        "The machine sends everything through a tunnel that ends in Germany: what is measured is"
        " the tunnel's end.",
        access=GERMANY,
        link=Link(rtt_s=0.12, mtu=1420, narrow_link=1),
        tunnel_interfaces=("wg0",),
    ),
    WorldSpec(
        "proxy-in-environment",
        "A proxy in the environment",
        "The machine's environment names a web proxy, which the probe does not use; direct"
        " connections work.",
        environment_proxies=("https_proxy",),
    ),
    WorldSpec(
        "proxy-only",
        "An office whose only way out is a proxy",
        "The office's firewall drops everything but questions to its resolver; programs are to use"
        " the proxy that the environment names.",
        boxes=lambda ground: {1: [Outage(spares=ground.resolvers())]},
        environment_proxies=("http_proxy", "https_proxy"),
    ),
)

SPECS: Final = (*_PORTALS, *_INTERCEPTION, *_STORES, *_CLOCKS, *_TUNNELS)
"""Nobody censors in them, but in `state-root`."""
