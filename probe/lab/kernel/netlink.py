"""Just enough rtnetlink: links, addresses and routes, without starting a command.

Layouts: linux/netlink.h, rtnetlink.h, if_link.h, if_addr.h; rtnetlink(7).
"""

import os
import socket
import struct
from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self

_NLM_F_REQUEST: Final = 0x1
_NLM_F_ACK: Final = 0x4
_NLM_F_EXCL: Final = 0x200
_NLM_F_CREATE: Final = 0x400

_RTM_NEWLINK: Final = 16
_RTM_NEWADDR: Final = 20
_RTM_NEWROUTE: Final = 24

_IFLA_IFNAME: Final = 3
_IFLA_MTU: Final = 4
_IFLA_LINKINFO: Final = 18
_IFLA_AF_SPEC: Final = 26
_IFLA_NET_NS_FD: Final = 28
_IFLA_INFO_KIND: Final = 1
_IFLA_INFO_DATA: Final = 2
_VETH_INFO_PEER: Final = 1
_IFLA_INET6_ADDR_GEN_MODE: Final = 8
_IN6_ADDR_GEN_MODE_NONE: Final = 1
_NLA_F_NESTED: Final = 0x8000

_IFA_ADDRESS: Final = 1
_IFA_LOCAL: Final = 2
_IFA_F_NODAD: Final = 0x02

_RTA_DST: Final = 1
_RTA_OIF: Final = 4
_RT_TABLE_MAIN: Final = 254
_RT_TABLE_LOCAL: Final = 255
_RTPROT_STATIC: Final = 4
_RTN_UNICAST: Final = 1
_RTN_LOCAL: Final = 2
_RT_SCOPE_UNIVERSE: Final = 0
_RT_SCOPE_LINK: Final = 253
_RT_SCOPE_HOST: Final = 254

_IFF_UP: Final = 0x1
_IFF_NOARP: Final = 0x80


class Netlink:
    """A conversation with the network namespace that the calling thread is in."""

    def __init__(self) -> None:
        self._sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._sequence = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._sock.close()

    def add_veth(self, name: str, peer: str, peer_namespace: int) -> None:
        """Make a pair of links, the peer in another namespace."""
        peer_data = struct.pack("=BxHiII", 0, 0, 0, 0, 0)
        peer_data += _attribute(_IFLA_IFNAME, peer.encode() + b"\0")
        peer_data += _attribute(_IFLA_NET_NS_FD, struct.pack("=I", peer_namespace))
        info = _attribute(_IFLA_INFO_KIND, b"veth\0")
        info += _attribute(_IFLA_INFO_DATA, _attribute(_VETH_INFO_PEER, peer_data))
        body = struct.pack("=BxHiII", 0, 0, 0, 0, 0)
        body += _attribute(_IFLA_IFNAME, name.encode() + b"\0")
        body += _attribute(_IFLA_LINKINFO, info)
        self._ask(_RTM_NEWLINK, body, _NLM_F_CREATE | _NLM_F_EXCL)

    def set_up(self, name: str, *, mtu: int | None = None, without_arp: bool = False) -> None:
        """Bring a link up; no link-local address is made, so nothing waits for one (RFC 4862)."""
        flags = _IFF_UP | (_IFF_NOARP if without_arp else 0)
        index = socket.if_nametoindex(name)
        if name != "lo":
            mode = _attribute(_IFLA_INET6_ADDR_GEN_MODE, bytes([_IN6_ADDR_GEN_MODE_NONE]))
            spec = _attribute(socket.AF_INET6 | _NLA_F_NESTED, mode)
            body = struct.pack("=BxHiII", 0, 0, index, 0, 0)
            self._ask(_RTM_NEWLINK, body + _attribute(_IFLA_AF_SPEC | _NLA_F_NESTED, spec), 0)
        body = struct.pack("=BxHiII", 0, 0, index, flags, flags)
        if mtu is not None:
            body += _attribute(_IFLA_MTU, struct.pack("=I", mtu))
        self._ask(_RTM_NEWLINK, body, 0)

    def add_address(self, name: str, address: str) -> None:
        """Give a link one address, with no network around it."""
        family, packed = _pack(address)
        body = struct.pack(
            "=BBBBI", family, len(packed) * 8, _IFA_F_NODAD, 0, socket.if_nametoindex(name)
        )
        body += _attribute(_IFA_LOCAL, packed) + _attribute(_IFA_ADDRESS, packed)
        self._ask(_RTM_NEWADDR, body, _NLM_F_CREATE | _NLM_F_EXCL)

    def add_default_route(self, family: int, name: str) -> None:
        """Send everything of a family over a link."""
        self._route(family, b"", name, _RT_TABLE_MAIN, _RTN_UNICAST, _RT_SCOPE_LINK)

    def add_route_before_local(self, address: str, name: str) -> None:
        """Send one address over a link, although every address is local (see `own_everything`)."""
        family, packed = _pack(address)
        self._route(family, packed, name, _RT_TABLE_LOCAL, _RTN_UNICAST, _RT_SCOPE_LINK)

    def own_everything(self, family: int) -> None:
        """Make every address of a family local, so that any can be served (AnyIP)."""
        self._route(family, b"", "lo", _RT_TABLE_LOCAL, _RTN_LOCAL, _RT_SCOPE_HOST)

    def _route(
        self, family: int, packed: bytes, name: str, table: int, kind: int, scope: int
    ) -> None:
        if family == socket.AF_INET6:
            scope = _RT_SCOPE_UNIVERSE
        body = struct.pack(
            "=BBBBBBBBI", family, len(packed) * 8, 0, 0, table, _RTPROT_STATIC, scope, kind, 0
        )
        if packed:
            body += _attribute(_RTA_DST, packed)
        body += _attribute(_RTA_OIF, struct.pack("=I", socket.if_nametoindex(name)))
        self._ask(_RTM_NEWROUTE, body, _NLM_F_CREATE)

    def _ask(self, kind: int, body: bytes, flags: int) -> None:
        self._sequence += 1
        length = 16 + len(body)
        flags |= _NLM_F_REQUEST | _NLM_F_ACK
        head = struct.pack("=IHHII", length, kind, flags, self._sequence, 0)
        self._sock.send(head + body)
        answer = self._sock.recv(65_536)
        # nlmsghdr is 16 bytes; the error that follows it is 0 for an acknowledgement.
        (number,) = struct.unpack_from("=i", answer, 16)
        if number:
            raise OSError(-number, f"rtnetlink message {kind}: {os.strerror(-number)}")


def _attribute(kind: int, value: bytes) -> bytes:
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + bytes(-length % 4)


def _pack(address: str) -> tuple[int, bytes]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.inet_pton(family, address)


def families(addresses: Iterable[str]) -> tuple[int, ...]:
    """Return the address families of these addresses, each once, IPv4 first."""
    found = {_pack(address)[0] for address in addresses}
    return tuple(family for family in (socket.AF_INET, socket.AF_INET6) if family in found)
