"""Where things are: prefixes that are really announced, so that geo data says the right network.

Source of every prefix: iptoasn.com, build 2026-09-16 (PDDL-1.0). They are facts about who announces
what; no packet of the lab leaves the machine.
"""

import ipaddress
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from probe.lab.path import Router


@dataclass(frozen=True, slots=True)
class Prefixes:
    """A prefix of each family, in one network."""

    ipv4: str
    ipv6: str | None = None


# iptoasn 2026-09-16: one announced prefix per family of each network that the catalogue names.
NETWORKS: Final[Mapping[int, Prefixes]] = MappingProxyType(
    {
        32934: Prefixes("157.240.0.0/17", "2a03:2880:f100::/40"),  # FACEBOOK
        13414: Prefixes("104.244.42.0/24", "2606:1f80:5000::/36"),  # TWITTER
        13335: Prefixes("104.16.0.0/14", "2a0a:6c80::/29"),  # CLOUDFLARENET
        54113: Prefixes("151.101.0.0/16", "2a04:4e42::/32"),  # FASTLY
        15169: Prefixes("142.250.0.0/15", "2404:6800::/32"),  # GOOGLE
        20940: Prefixes("23.72.0.0/16", "2600:1440::/26"),  # AKAMAI-ASN1
        57724: Prefixes("185.129.100.0/22", "2a0a:4180::/48"),  # DDOS-GUARD
        44479: Prefixes("195.93.246.0/23"),  # ROSSIYA-SEGODNYA
        2818: Prefixes("132.185.0.0/17", "2001:41c0::/32"),  # BBC
        14907: Prefixes("208.80.152.0/22", "2620:0:860::/47"),  # WIKIMEDIA
        8518: Prefixes("91.102.96.0/21", "2a01:538:2::/48"),  # RFERL
        138699: Prefixes("71.18.248.0/22", "2404:9dc0:cd04::/46"),  # TIKTOK
        62041: Prefixes("149.154.160.0/22", "2001:67c:4e8::/48"),  # TELEGRAM
    }
)

# iptoasn 2026-09-16: a network at home in each country, for hosts of which nothing else is known.
COUNTRIES: Final[Mapping[str, Prefixes]] = MappingProxyType(
    {
        "EU": Prefixes("88.198.0.0/16", "2a01:4f8::/32"),  # AS24940 Hetzner, DE
        "RU": Prefixes("95.213.128.0/17", "2a00:ab00::/36"),  # AS49505 Selectel
        "US": Prefixes("151.101.0.0/16", "2a04:4e42::/32"),  # AS54113 Fastly
        "AU": Prefixes("203.119.101.0/24", "2001:dd8:9::/48"),  # AS4608 APNIC
        "CN": Prefixes("14.118.0.0/17", "2400:9380:8001::/48"),  # AS4134 Chinanet
        "IR": Prefixes("2.176.0.0/15", "2a04:2680:13::/48"),  # AS58224 TCI
        "TR": Prefixes("78.189.0.0/16", "2a00:1d32::/38"),  # AS9121 Turk Telekom
        "KZ": Prefixes("95.56.0.0/16", "2a00:12f8::/32"),  # AS9198 Kazakhtelecom
        "BY": Prefixes("178.124.128.0/17", "2a0a:7d80::/47"),  # AS6697 Belpak
    }
)


@dataclass(frozen=True, slots=True)
class Access:
    """The client's network: who it is, its resolver, and the way out."""

    asn: int
    country: str
    operator: str
    ipv4: str | None
    ipv6: str | None
    resolver: tuple[str, ...]
    resolver_egress: tuple[str, ...]
    routers: tuple[Router, ...]
    """Router 1 is the home's, 2 and 3 the access network's, 4 and 5 carriers beyond the border."""


# iptoasn 2026-09-16: AS1299 Arelion and AS3356 Level 3 carry everything in this lab.
_CARRIERS: Final = (
    Router("62.115.120.1", "2001:2000:3019::1"),
    Router("4.68.1.1", "2001:1900:4:1::1"),
)

# iptoasn 2026-09-16: AS3320 announces all of these. 217.237.148.70 and 2003:180:2::53 are such
# resolvers' addresses as its customers are given.
GERMANY: Final = Access(
    asn=3320,
    country="DE",
    operator="Deutsche Telekom",
    ipv4="87.152.10.23",
    ipv6="2003:c0:8f10:4a00::23",
    resolver=("217.237.148.70", "2003:180:2::53"),
    resolver_egress=("217.237.148.102", "2003:180:2::102"),
    routers=(
        Router("87.152.10.1", "2003:c0:8f10:4a00::1"),
        Router("87.190.160.1", "2003:0:1304::1"),
        Router("217.5.87.1", "2003:0:1304::2"),
        *_CARRIERS,
    ),
)

# iptoasn 2026-09-16: AS12389 announces all of these.
RUSSIA: Final = Access(
    asn=12389,
    country="RU",
    operator="Rostelecom",
    ipv4="95.167.10.23",
    ipv6="2a01:620:1::23",
    resolver=("212.48.193.36", "2a01:540:1::53"),
    resolver_egress=("212.48.193.37", "2a01:540:1::54"),
    routers=(
        Router("95.167.10.1", "2a01:620:1::1"),
        Router("95.167.88.1", "2a01:620:1:1::1"),
        Router("188.254.2.1", "2a01:620:1:2::1"),
        *_CARRIERS,
    ),
)

BLOCKPAGE_HOST: Final = ("188.186.146.208", "2a01:540:1::66")
"""Where a provider's block page lives: techniques D06 names AS31483's; the IPv6 one is made up."""

PORTAL_HOST: Final = ("95.167.10.2", "2a01:620:1::2")
"""A captive portal's web server, next to the home's router."""


INTERCEPTOR: Final = ("87.152.10.2", "2003:c0:8f10:4a00::2")
"""Where an office's interceptor lives, next to its router in GERMANY."""


class AddressBook:
    """Gives out addresses that are repeatable and never given twice."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def reserve(self, address: str) -> None:
        """Take an address that a source names."""
        self._taken.add(address)

    def pick(self, host: str, prefix: str) -> str:
        """Return an address for the host within the prefix."""
        network = ipaddress.ip_network(prefix)
        # Only the low 16 bits (and never the ends) vary: enough for a catalogue, in any prefix.
        room = min(network.num_addresses, 1 << 16) - 2
        number = zlib.crc32(host.encode()) % room
        while True:
            address = str(network[number + 1])
            if address not in self._taken:
                self._taken.add(address)
                return address
            number = (number + 1) % room


def prefixes_of(networks: tuple[int, ...], country: str) -> Prefixes:
    """Return prefixes for a host that is known to be in one of these networks, or in a country."""
    for asn in networks:
        if asn in NETWORKS:
            return NETWORKS[asn]
    return COUNTRIES.get(country, COUNTRIES["EU"])
