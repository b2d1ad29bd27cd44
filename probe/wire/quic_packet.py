"""QUIC's version-independent packets (RFC 8999): ask for the server's versions, read the list."""

import random
import struct
from typing import Final

# RFC 9000 section 15: versions of the form 0x?a?a?a?a force version negotiation.
RESERVED_VERSION: Final = 0x1A2A3A4A
# RFC 9000 section 14.1: a server drops what is shorter.
_PROBE_BYTES: Final = 1200
_LONG_HEADER: Final = 0x80
_FIXED_BIT: Final = 0x40
_CONNECTION_ID_BYTES: Final = 8
_CONNECTION_ID_MAX: Final = 255

VERSION_1: Final = 0x00000001
# RFC 9369 section 3.1.
VERSION_2: Final = 0x6B3343CF
_NAMES: Final = {VERSION_1: "1", VERSION_2: "2"}


def probe() -> tuple[bytes, bytes]:
    """Build a packet of a version that nobody speaks; return it and its source connection id.

    No name is in it, and nothing to decrypt: what a filter does to it, it does to UDP or to QUIC.
    """
    destination = random.randbytes(_CONNECTION_ID_BYTES)
    source = random.randbytes(_CONNECTION_ID_BYTES)
    head = struct.pack(">BI", _LONG_HEADER | _FIXED_BIT, RESERVED_VERSION)
    head += bytes([len(destination)]) + destination + bytes([len(source)]) + source
    return head + bytes(_PROBE_BYTES - len(head)), source


def versions_in(datagram: bytes, source: bytes) -> tuple[str, ...] | None:
    """Return the versions of a Version Negotiation packet for this connection id; None else.

    {"1", "2"} are named so, others by their number: "ff00001d"; reserved ones are left out.
    """
    if len(datagram) < 7 or not datagram[0] & _LONG_HEADER:
        return None
    if datagram[1:5] != bytes(4):
        return None
    at = 5
    ids = []
    for _ in range(2):
        if at >= len(datagram):
            return None
        size = datagram[at]
        ids.append(datagram[at + 1 : at + 1 + size])
        at += 1 + size
    if ids[0] != source or at > len(datagram):
        return None
    rest = datagram[at : at + 4 * 64]
    numbers = [int.from_bytes(rest[i : i + 4], "big") for i in range(0, len(rest) - 3, 4)]
    return tuple(name_of(number) for number in numbers if number & 0x0F0F0F0F != 0x0A0A0A0A)


def name_of(version: int) -> str:
    """Name a version: `1`, `2`, else eight hexadecimal digits."""
    return _NAMES.get(version, f"{version:08x}")
