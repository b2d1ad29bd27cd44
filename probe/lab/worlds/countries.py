"""China, Iran and Russia, where half of the controls are blocked: with a target open, or blocked.

The controls that are blocked, and how, follow what the sources of each box say of the country; the
rest of the world works, at home and abroad. Instagram is what is blocked or not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from probe.lab.box import Box, Key, Names, Where
from probe.lab.path import Router
from probe.lab.reading.dns import Forgery
from probe.lab.worlds.networks import RUSSIA, Access
from probe.lab.worlds.spec import Ground, WorldSpec

_INSTAGRAM: Final = Names(("*.instagram.com", "*.cdninstagram.com", "ig.me"))

# iptoasn 2026-09-16: AS4134 announces the IPv4 prefixes, AS4134's 2400:9380::/32 the IPv6 one.
CHINA: Final = Access(
    asn=4134,
    country="CN",
    operator="Chinanet",
    ipv4="14.118.10.23",
    ipv6="2400:9380:8001:10::23",
    resolver=("14.118.53.53", "2400:9380:8001:53::53"),
    resolver_egress=("14.118.53.54", "2400:9380:8001:53::54"),
    routers=(
        Router("14.118.10.1", "2400:9380:8001:10::1"),
        Router("14.118.88.1", "2400:9380:8001:1::1"),
        Router("14.118.88.2", "2400:9380:8001:1::2"),
        *RUSSIA.routers[3:],
    ),
)

# iptoasn 2026-09-16: AS58224 announces all of these.
IRAN: Final = Access(
    asn=58224,
    country="IR",
    operator="TCI",
    ipv4="2.176.10.23",
    ipv6="2a04:2680:13:10::23",
    resolver=("2.176.53.53", "2a04:2680:13:53::53"),
    resolver_egress=("2.176.53.54", "2a04:2680:13:53::54"),
    routers=(
        Router("2.176.10.1", "2a04:2680:13:10::1"),
        Router("2.176.88.1", "2a04:2680:13:1::1"),
        Router("2.176.88.2", "2a04:2680:13:1::2"),
        *RUSSIA.routers[3:],
    ),
)

# Of the catalogue's foreign controls, those that GFWatch, GreatFire and OONI have seen blocked, or
# share a rule with one that was: names that end in google.com, gstatic, Wikipedia, speed tests.
_CHINA_NAMES: Final = Names(
    (
        "*.google.com", "*.gstatic.com", "*.wikipedia.org", "detectportal.firefox.com",
        "*.cloudflare.com", "one.one.one.one", "cloudflare-quic.com", "www.heise.de",
        "european-union.europa.eu", "dns.google", "cloudflare-dns.com", "dns.quad9.net",
        "*.youtube.com", "*.facebook.com", "x.com", "*.twitter.com", "*.bbc.co.uk",
    )
)  # fmt: skip
_IRAN_NAMES: Final = Names(
    (
        "*.wikipedia.org", "*.cloudflare.com", "one.one.one.one", "cloudflare-quic.com",
        "detectportal.firefox.com", "www.microsoft.com", "www.heise.de", "www.orange.fr",
        "cloudflare-dns.com", "dns.google", "*.youtube.com", "*.facebook.com", "x.com",
        "*.twitter.com", "*.bbc.co.uk",
    )
)  # fmt: skip
_RUSSIA_NAMES: Final = Names(
    (
        "*.google.com", "*.gstatic.com", "*.cloudflare.com", "one.one.one.one",
        "cloudflare-quic.com", "www.heise.de", "european-union.europa.eu", "www.wikipedia.org",
        "detectportal.firefox.com", "*.facebook.com", "x.com", "*.twitter.com", "*.bbc.co.uk",
    )
)  # fmt: skip

# Of addresses that China's injectors draw from (techniques D09, from memory): Facebook's, Dropbox's
# and others' that have nothing to do with the name.
_CHINA_FORGERIES: Final = (
    Forgery(("31.13.94.37", "2001::1f0d:5e25")),
    Forgery(("162.125.32.9", "2001::a27d:2009")),
)


def _resolver_addresses(ground: Ground, *ids: str) -> tuple[str, ...]:
    return tuple(
        address
        for resolver in ground.catalogue.resolvers
        if resolver.id in ids
        for address in resolver.addresses
    )


def _addresses(ground: Ground, *hosts: str) -> tuple[str, ...]:
    return tuple(a for host in hosts for a in ground.layout.hosts.get(host, ()))


def _only(addresses: tuple[str, ...], *ports: int) -> Where:
    """Return where these addresses are; nowhere (RFC 5737), not everywhere, if there are none."""
    return Where(prefixes=addresses or ("192.0.2.0/24",), ports=frozenset(ports))


def _with(names: Names, *, blocked: bool) -> Names:
    return Names((*names.patterns, *_INSTAGRAM.patterns)) if blocked else names


def _china(ground: Ground, *, blocked: bool) -> Mapping[int, Sequence[Box]]:
    names = _with(_CHINA_NAMES, blocked=blocked)
    # RFC 9505 section 5: injected answers and resets at the border; 90 s for the pair (1.9).
    return {
        3: [
            ground.box("D09", names=names, forgeries=_CHINA_FORGERIES),
            ground.box("S01", names=names),
            ground.box("H05", names=names),
            ground.box("T01", where=_only(_addresses(ground, "www.google.com"))),
            # DNS over TLS and HTTPS of the big ones is dead; port 53 is left to the injectors.
            ground.box(
                "T02",
                where=_only(_resolver_addresses(ground, "google", "cloudflare", "quad9"), 443, 853),
            ),
        ]
    }


def _iran(ground: Ground, *, blocked: bool) -> Mapping[int, Sequence[Box]]:
    names = _with(_IRAN_NAMES, blocked=blocked)
    foreign_quic = Where(ports=frozenset({443}), spared=ground.domestic())
    return {
        2: [
            # One forged answer 10.10.34.36, hellos dropped, a frame over port 80 (D10, S04, H11).
            ground.box("D10", names=names, forgery=Forgery(("10.10.34.36", "d0::11"), ttl=418)),
            ground.box("S04", names=names),
            ground.box("H11", names=names),
            # OONI on Iran 2022: QUIC to the outside is shut, DNS over TLS too.
            ground.box("Q01", where=foreign_quic),
            ground.box("D15"),
        ]
    }


def _russia(ground: Ground, *, blocked: bool) -> Mapping[int, Sequence[Box]]:
    names = _with(_RUSSIA_NAMES, blocked=blocked)
    more: dict[str, Any] = {"residual_key": Key.FLOW}
    return {
        2: [
            ground.box("S02", names=names, **more),
            ground.box("Q03", names=names),
            # N4P-490: since June 2025 Cloudflare's and others' connections freeze after 16 KB.
            ground.box("T09", where=_only(_addresses(ground, "speed.cloudflare.com"))),
            # N4P-516: 1.1.1.1 and 9.9.9.9 died, 8.8.8.8 lived.
            ground.box(
                "D13",
                where=_only(_resolver_addresses(ground, "cloudflare", "quad9"), 53, 443, 853),
            ),
        ]
    }


_Plan = Callable[..., Mapping[int, Sequence[Box]]]

_COUNTRIES: Final[tuple[tuple[str, str, Access, _Plan, str], ...]] = (
    (
        "china",
        "China",
        CHINA,
        _china,
        "Names are answered by forgers and reset at the border, Google's addresses are dead, and so"
        " are the big encrypted resolvers",
    ),
    (
        "iran",
        "Iran",
        IRAN,
        _iran,
        "Names are answered with 10.10.34.36 and their hellos dropped; QUIC to the outside and DNS"
        " over TLS are shut",
    ),
    (
        "russia",
        "Russia",
        RUSSIA,
        _russia,
        "Names are reset by the TSPU, over QUIC dropped; Cloudflare's transfers freeze after 16 KB,"
        " and its resolver is dead",
    ),
)


def _plan(plan: _Plan, *, blocked: bool) -> Callable[[Ground], Mapping[int, Sequence[Box]]]:
    return lambda ground: plan(ground, blocked=blocked)


SPECS: Final = tuple(
    replace(
        WorldSpec(
            f"{word}-{'blocked' if blocked else 'open'}",
            f"{name}, where half of the controls are blocked: Instagram is"
            f" {'too' if blocked else 'not'}",
            f"A home line in {name}. {does}: half of the foreign controls fail, and the domestic"
            f" ones work. Instagram is {'blocked like them' if blocked else 'left alone'}; the"
            " BBC's www.bbc.com is left alone.",
        ),
        access=access,
        boxes=_plan(plan, blocked=blocked),
    )
    for word, name, access, plan, does in _COUNTRIES
    for blocked in (True, False)
)
"""Two worlds for each country."""
