"""What an address alone says: whether a public name can have it, and which family it is of."""

import ipaddress
from functools import lru_cache

from probe.model.words import Family

# RFC 6052: addresses that a NAT64 network makes of IPv4 ones are as good as those.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

# IANA's IPv6 address space registry: all that was ever given out for hosts is within 2000::/3.
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


@lru_cache(maxsize=4096)
def family_of(address: str) -> Family | None:
    """Return the family of a literal address, None if it is none."""
    try:
        return Family.IPV6 if ipaddress.ip_address(address).version == 6 else Family.IPV4
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def is_bogon(address: str) -> bool:
    """Whether no public host can have this address (loopback, private, reserved, multicast)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return True
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped
        if inner is None and parsed in _NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return not inner.is_global
        if parsed not in _GLOBAL_UNICAST:
            return True
    return not parsed.is_global or parsed.is_multicast


def is_nobodys(address: str) -> bool:
    """Whether it is the null address or a loopback one: what ad blockers answer with."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return parsed.is_unspecified or parsed.is_loopback


@lru_cache(maxsize=4096)
def is_nat64(address: str) -> bool:
    """Whether a NAT64 network made this address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return parsed.version == 6 and parsed in _NAT64


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Return the IPv4 /24 or IPv6 /48 around an address: the unit in which hosts share fate."""
    bits = 48 if ":" in address else 24
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))


_WORDS = ("neutralcontrolname", "controlnameneutral")


def neutral_name(host: str, which: int = 0) -> str:
    """Return a reserved name with as many bytes as `host` (RFC 2606, RFC 6761); there are two.

    "www.instagram.com" -> "neutr.example.com"; a hello with it has the same length.
    """
    length = len(host)
    for suffix in (".example.com", ".example", ".test"):
        room = length - len(suffix)
        if room >= 1:
            return _labels(room, _WORDS[which]) + suffix
    return ("test", "tset")[which].ljust(length, "s")[:length]


def _labels(length: int, word: str) -> str:
    """Return harmless labels of this many characters in all, none longer than DNS allows."""
    text = (word * (length // len(word) + 1))[:length]
    if length <= 63:  # RFC 1035 section 2.3.4
        return text
    # Two labels can hold whatever is left of the 253 characters of a name, four at most are needed.
    head, tail = text[:60], _labels(length - 61, word)
    return f"{head}.{tail}"
