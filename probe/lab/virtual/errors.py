"""What Linux makes of an ICMP error: errno, whether it is fatal, and the error queue's bytes."""

import errno
import socket
import struct
from dataclasses import dataclass
from typing import Final

from probe.lab.packet import ICMP, ICMPV6, Packet, pack_address

# Linux net/ipv4/icmp.c, icmp_err_convert: ICMP destination unreachable code -> errno, fatal.
_UNREACHABLE_V4: Final = {
    0: (errno.ENETUNREACH, False),
    1: (errno.EHOSTUNREACH, False),
    2: (errno.ENOPROTOOPT, True),
    3: (errno.ECONNREFUSED, True),
    4: (errno.EMSGSIZE, False),
    5: (errno.EOPNOTSUPP, False),
    6: (errno.ENETUNREACH, True),
    7: (errno.EHOSTDOWN, True),
    8: (errno.ENONET, True),
    9: (errno.ENETUNREACH, True),
    10: (errno.EHOSTUNREACH, True),
    11: (errno.ENETUNREACH, False),
    12: (errno.EHOSTUNREACH, False),
    13: (errno.EHOSTUNREACH, True),
    14: (errno.EHOSTUNREACH, True),
    15: (errno.EHOSTUNREACH, True),
}
# Linux net/ipv6/icmp.c, tab_unreach.
_UNREACHABLE_V6: Final = {
    0: (errno.ENETUNREACH, False),
    1: (errno.EACCES, True),
    2: (errno.EHOSTUNREACH, False),
    3: (errno.EHOSTUNREACH, False),
    4: (errno.ECONNREFUSED, True),
    5: (errno.EACCES, True),
    6: (errno.EACCES, True),
}

# linux/errqueue.h
_ORIGIN_ICMP: Final = 2
_ORIGIN_ICMP6: Final = 3

IP_RECVERR: Final = 11
IPV6_RECVERR: Final = 25


@dataclass(frozen=True, slots=True)
class IcmpError:
    """An ICMP error as a socket sees it."""

    errno: int
    is_fatal: bool
    version: int
    kind: int
    code: int
    info: int
    offender: str
    payload: bytes
    """What the quoted packet carried."""
    destination: tuple[str, int]
    """Where the packet that failed was going."""

    def ancillary(self) -> tuple[int, int, bytes]:
        """Return the control message of recvmsg(MSG_ERRQUEUE): sock_extended_err and offender."""
        origin = _ORIGIN_ICMP if self.version == 4 else _ORIGIN_ICMP6
        head = struct.pack("=IBBBBII", self.errno, origin, self.kind, self.code, 0, self.info, 0)
        if self.version == 4:
            offender = struct.pack("=HH4s8x", socket.AF_INET, 0, pack_address(self.offender))
            return (socket.IPPROTO_IP, IP_RECVERR, head + offender)
        offender = struct.pack("=HHI16sI", socket.AF_INET6, 0, 0, pack_address(self.offender), 0)
        return (socket.IPPROTO_IPV6, IPV6_RECVERR, head + offender)


def is_too_big(packet: Packet) -> bool:
    """Say whether an ICMP packet asks for smaller ones."""
    assert packet.icmp is not None
    kind, code, _ = packet.icmp
    return (kind == 2) if packet.protocol == ICMPV6 else (kind == 3 and code == 4)


def read_error(packet: Packet, quoted: Packet) -> IcmpError | None:
    """Return what an ICMP error means for the socket that sent the quoted packet."""
    assert packet.icmp is not None
    kind, code, info = packet.icmp
    meaning: tuple[int, bool] | None = None
    if packet.protocol == ICMP:
        if kind == 3:
            meaning = _UNREACHABLE_V4.get(code)
        elif kind == 11:
            meaning = (errno.EHOSTUNREACH, False)
    elif kind == 1:
        meaning = _UNREACHABLE_V6.get(code)
    elif kind == 2:
        meaning = (errno.EMSGSIZE, False)
    elif kind == 3:
        meaning = (errno.EHOSTUNREACH, False)
    if meaning is None:
        return None
    return IcmpError(
        meaning[0],
        meaning[1],
        packet.version,
        kind,
        code,
        info if is_too_big(packet) else 0,
        packet.source,
        quoted.payload,
        (quoted.destination, quoted.destination_port),
    )
