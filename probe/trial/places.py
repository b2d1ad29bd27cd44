"""The networks that scenarios are measured from, and what each one filters besides the targets."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from probe.lab.box import Box, Names
from probe.lab.path import Router
from probe.lab.worlds.networks import GERMANY, RUSSIA, Access
from probe.lab.worlds.spec import Ground

_CARRIERS: Final = GERMANY.routers[-2:]


def _access(asn: int, country: str, operator: str, ipv4: tuple[str, str, str], ipv6: str) -> Access:
    """Return an access network within prefixes that it announces: client, routers, resolver.

    `ipv4`: the first three numbers of the customers' net, of the routers' and of the resolver's.
    """
    customers, routers, resolver = ipv4
    return Access(
        asn=asn,
        country=country,
        operator=operator,
        ipv4=f"{customers}.23",
        ipv6=f"{ipv6}:10::23",
        resolver=(f"{resolver}.53", f"{ipv6}:53::53"),
        resolver_egress=(f"{resolver}.54", f"{ipv6}:53::54"),
        routers=(
            Router(f"{customers}.1", f"{ipv6}:10::1"),
            Router(f"{routers}.1", f"{ipv6}:1::1"),
            Router(f"{routers}.2", f"{ipv6}:1::2"),
            *_CARRIERS,
        ),
    )


# iptoasn 2026-09-16: the prefixes of lab.worlds.networks' COUNTRIES, of which these are parts.
CHINA: Final = _access(
    4134, "CN", "Chinanet", ("14.118.10", "14.118.88", "14.118.53"), "2400:9380:8001"
)
IRAN: Final = _access(58224, "IR", "TCI", ("2.176.10", "2.176.88", "2.176.53"), "2a04:2680:13")
TURKEY: Final = _access(
    9121, "TR", "Turk Telekom", ("78.189.10", "78.189.88", "78.189.53"), "2a00:1d32:1"
)

# Where helpers stand, in networks that no client is in. iptoasn 2026-09-16: AS24940 Hetzner,
# AS54113 Fastly, AS49505 Selectel, AS4808 China Unicom, AS202468 ArvanCloud, AS34984 Superonline.
HELPERS: Final[Mapping[str, Access]] = MappingProxyType(
    {
        access.country: access
        for access in (
            _access(24940, "DE", "Hetzner", ("88.198.10", "88.198.88", "88.198.53"), "2a01:4f8:1"),
            _access(
                54113,
                "US",
                "Fastly",
                ("151.101.210", "151.101.211", "151.101.212"),
                "2a04:4e42:1",
            ),
            _access(
                49505,
                "RU",
                "Selectel",
                ("95.213.130", "95.213.131", "95.213.132"),
                "2a00:ab00:1",
            ),
            _access(
                4808, "CN", "Unicom", ("123.125.10", "123.125.88", "123.125.53"), "2408:8000:1"
            ),
            _access(
                202468, "IR", "ArvanCloud", ("37.32.10", "37.32.11", "37.32.12"), "2a02:4540:1"
            ),
            _access(
                34984,
                "TR",
                "Superonline",
                ("212.252.10", "212.252.88", "212.252.53"),
                "2a02:e0:1",
            ),
        )
    }
)


RESPONDERS: Final = frozenset(
    address for place in HELPERS.values() for address in (place.ipv4, place.ipv6) if address
)
"""Addresses at which helpers answer under any name."""


@dataclass(frozen=True, slots=True)
class Place:
    """A network, and what else it keeps its customers from."""

    id: str
    access: Access
    words: str
    filters: bool = False
    """Half of the foreign controls are blocked, by several means."""


NETWORKS: Final[Mapping[str, Place]] = MappingProxyType(
    {
        place.id: place
        for place in (
            Place("de", GERMANY, "a German home line"),
            Place("ru", RUSSIA, "a Russian home line"),
            Place("tr", TURKEY, "a Turkish home line"),
            Place(
                "cn", CHINA, "a Chinese home line; half of the foreign controls are blocked", True
            ),
            Place(
                "ir", IRAN, "an Iranian home line; half of the foreign controls are blocked", True
            ),
            Place(
                "ru-half",
                RUSSIA,
                "a Russian home line; half of the foreign controls are blocked",
                True,
            ),
        )
    }
)

# Controls that are blocked in the places that filter.
FILTERED: Final = (
    "www.wikipedia.org",
    "www.google.com",
    "detectportal.firefox.com",
    "www.heise.de",
)


def background(place: Place, ground: Ground) -> dict[int, list[Box]]:
    """Return the boxes that a place has whatever becomes of the targets."""
    if not place.filters:
        return {}
    names = Names(FILTERED)
    if place.access.country == "CN":
        # S01 and D09: what China does to names (RFC 9505).
        return {3: [ground.box("D09", names=names), ground.box("S01", names=names)]}
    if place.access.country == "IR":
        return {2: [ground.box("D10", names=names), ground.box("S04", names=names)]}
    return {2: [ground.box("S02", names=names)]}
