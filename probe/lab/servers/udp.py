"""UDP on every address at once: which address a datagram came to, and answering from there."""

import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import trio

from probe.lab.net import Net

# linux/in.h and linux/in6.h; Python's socket module names only some of them everywhere.
_IP_PKTINFO = 8
_IPV6_RECVPKTINFO = 49
_IPV6_PKTINFO = 50

EVERYWHERE: Final[Mapping[int, str]] = MappingProxyType(
    # The server side holds no address of this machine: every address of the lab is meant.
    {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}  # noqa: S104
)
"""The wildcard address of each family."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """One datagram as a server received it."""

    data: bytes
    client: str
    client_port: int
    local: str
    """The address that it was sent to."""


class AnyAddressUdp:
    """A socket on one port of every address of a family."""

    def __init__(self, sock: trio.socket.SocketType, family: int) -> None:
        self._sock = sock
        self._family = family

    async def receive(self) -> Datagram:
        """Return the next datagram."""
        while True:
            # typeshed calls the peer an object: for these families it is (address, port, …).
            peer: Any
            data, ancillary, _, peer = await self._sock.recvmsg(65_535, socket.CMSG_SPACE(20))
            local = _local_address(ancillary)
            if local is not None:
                return Datagram(data, peer[0], peer[1], local)

    async def answer(self, datagram: Datagram, data: bytes) -> None:
        """Send from the address that was asked."""
        if self._family == socket.AF_INET:
            packed = struct.pack("=I4s4s", 0, socket.inet_aton(datagram.local), bytes(4))
            ancillary = [(socket.IPPROTO_IP, _IP_PKTINFO, packed)]
        else:
            packed = socket.inet_pton(socket.AF_INET6, datagram.local) + struct.pack("=I", 0)
            ancillary = [(socket.IPPROTO_IPV6, _IPV6_PKTINFO, packed)]
        await self._sock.sendmsg([data], ancillary, 0, (datagram.client, datagram.client_port))


async def any_address_udp(net: Net, family: int, port: int) -> AnyAddressUdp:
    """Return a UDP socket on all addresses of the server side."""
    sock = net.server_socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVPKTINFO, 1)
    await sock.bind((EVERYWHERE[family], port))
    return AnyAddressUdp(sock, family)


def _local_address(ancillary: list[tuple[int, int, bytes]]) -> str | None:
    for level, kind, data in ancillary:
        if level == socket.IPPROTO_IP and kind == _IP_PKTINFO:
            return socket.inet_ntoa(data[8:12])
        if level == socket.IPPROTO_IPV6 and kind == _IPV6_PKTINFO:
            return socket.inet_ntop(socket.AF_INET6, data[:16])
    return None
