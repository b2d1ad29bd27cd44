"""ICMP errors: what a router or a host says about a packet that it could not pass on."""

from typing import Final

from probe.lab.packet import DEFAULT_TTL, ICMPV6, Packet

# RFC 1812 section 4.3.2.3: an ICMP error quotes as much as fits into 576 bytes.
_QUOTE_BYTES_V4: Final = 576 - 28
# RFC 4443 section 2.4 (c): as much as fits into the minimum IPv6 MTU.
_QUOTE_BYTES_V6: Final = 1280 - 48


def is_icmp_error(packet: Packet) -> bool:
    """Say whether an ICMP packet is an error, about which no error is sent (RFC 1122 3.2.2)."""
    assert packet.icmp is not None
    kind = packet.icmp[0]
    return kind < 128 if packet.protocol == ICMPV6 else kind in (3, 4, 5, 11, 12)


def icmp_error(sender: str, about: Packet, kind: tuple[int, int, int, int]) -> Packet:
    """Return an ICMP error about a packet: kind is (protocol, type, code, info)."""
    protocol, icmp_type, code, info = kind
    quote = about.to_bytes()[: _QUOTE_BYTES_V4 if about.version == 4 else _QUOTE_BYTES_V6]
    return Packet(
        about.version,
        sender,
        about.source,
        DEFAULT_TTL,
        protocol,
        payload=quote,
        icmp=(icmp_type, code, info),
    )
