"""Which addresses the probe may contact: global unicast ones and no others.

The tables are our own and not `ipaddress.is_global`, whose answers differ between Python versions.
"""

import functools
import ipaddress
from typing import Final

from probe.model.words import Family

# IANA "IPv4 Special-Purpose Address Registry" (as of 2025-10): everything not globally reachable,
# and the deprecated 6to4 relay prefix; then multicast (RFC 5771) and the reserved class E.
_DENIED_IPV4: Final = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# RFC 4291 section 2.4 as allocated by IANA: the only global unicast space so far.
_GLOBAL_IPV6: Final = ipaddress.IPv6Network("2000::/3")
# IANA "IPv6 Special-Purpose Address Registry" (as of 2025-10), within 2000::/3: protocol
# assignments with Teredo and ORCHID, documentation (two), 6to4.
_DENIED_IPV6: Final = tuple(
    ipaddress.IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
# RFC 6052: the well-known NAT64 prefix; what counts is the IPv4 address within.
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


@functools.lru_cache(maxsize=4096)
def is_global(address: str) -> bool:
    """Return whether this is the plain text of a global unicast address.

    Everything else is refused: private, loopback, link-local, documentation, multicast, scoped
    (`fe80::1%eth0`), IPv4 hidden in IPv6 (mapped, 6to4, Teredo, NAT64 of a private address).
    """
    if "%" in address:
        return False
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return _is_global_ipv4(parsed)
    if parsed in _NAT64:
        return _is_global_ipv4(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF))
    return parsed in _GLOBAL_IPV6 and not any(parsed in network for network in _DENIED_IPV6)


def _is_global_ipv4(address: ipaddress.IPv4Address) -> bool:
    return not any(address in network for network in _DENIED_IPV4)


def family_of(address: str) -> Family:
    """Return the family of a literal address."""
    return Family.IPV6 if ":" in address else Family.IPV4


@functools.lru_cache(maxsize=4096)
def canonical(address: str) -> str | None:
    """Return the one spelling of a literal address, None when it is none."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None
