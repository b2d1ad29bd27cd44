"""A wire: the file descriptor by which one side's packets come to us and go back to its kernel."""

import fcntl
import os
import socket
import struct
from typing import Final, Protocol

from probe.lab.kernel import syscalls
from probe.lab.kernel.netlink import Netlink

LINK: Final = "lab0"
"""The name of the link inside the client's and the servers' namespaces."""

# linux/if_tun.h
_TUNSETIFF: Final = 0x400454CA
_IFF_TUN: Final = 0x0001
_IFF_NO_PI: Final = 0x1000
# linux/if_packet.h, if_ether.h
_PACKET_OUTGOING: Final = 4
_ETH_P_ALL: Final = 0x0003
_ETH_P_IP: Final = 0x0800
_ETH_P_IPV6: Final = 0x86DD
# linux/sockios.h, ethtool.h: switch off what leaves checksums and segments to hardware.
_SIOCETHTOOL: Final = 0x8946
_SIOCGIFHWADDR: Final = 0x8927
_OFFLOADS: Final = (0x17, 0x1F, 0x21, 0x23, 0x2C, 0x26)
"""STXCSUM, STSO, SUFO, SGSO, SGRO, and SSG (scatter-gather)."""

_MAX_BYTES: Final = 65_536


class Wire(Protocol):
    """Where one side's packets come from and go to."""

    @property
    def fd(self) -> int:
        """Return what becomes readable when there is a packet."""

    def read(self) -> bytes | None:
        """Return the next packet; None where there is none now."""

    def write(self, packet: bytes) -> None:
        """Give a packet to the side's kernel."""

    def close(self) -> None:
        """Let go of it."""


class Tun:
    """A TUN device in the namespace that the calling thread is in."""

    def __init__(self) -> None:
        self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            request = struct.pack("16sH22x", LINK.encode(), _IFF_TUN | _IFF_NO_PI)
            fcntl.ioctl(self.fd, _TUNSETIFF, request)
        except OSError:
            os.close(self.fd)
            raise

    def read(self) -> bytes | None:
        """Return the next packet; None where there is none now."""
        try:
            return os.read(self.fd, _MAX_BYTES)
        except BlockingIOError:
            return None

    def write(self, packet: bytes) -> None:
        """Give a packet to the kernel of this side."""
        try:
            os.write(self.fd, packet)
        except BlockingIOError:
            return  # a full queue loses packets, as everywhere

    def close(self) -> None:
        """Close the device, which removes it."""
        os.close(self.fd)


class VethEnd:
    """Our end of a veth pair, read and written as raw frames: needs no TUN device."""

    def __init__(self, name: str, frame_to: bytes) -> None:
        # The protocol is given with bind(), so that frames of other links are never seen.
        self._sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._sock.bind((name, _ETH_P_ALL))
        self._sock.setblocking(False)
        self._frame_to = frame_to
        self.fd = self._sock.fileno()

    def read(self) -> bytes | None:
        """Return the next packet; None where there is none now."""
        while True:
            try:
                frame, origin = self._sock.recvfrom(_MAX_BYTES)
            except BlockingIOError:
                return None
            if origin[2] != _PACKET_OUTGOING and origin[1] in {_ETH_P_IP, _ETH_P_IPV6}:
                return frame[14:]

    def write(self, packet: bytes) -> None:
        """Give a packet to the kernel at the other end."""
        kind = _ETH_P_IP if packet[0] >> 4 == 4 else _ETH_P_IPV6
        frame = self._frame_to + self._frame_to + struct.pack("!H", kind) + packet
        try:
            self._sock.send(frame)
        except BlockingIOError:
            return  # a full queue loses packets, as everywhere

    def close(self) -> None:
        """Close the socket; the pair goes with its namespaces."""
        self._sock.close()


def add_veth_pair(far_name: str, far_namespace: int) -> bytes:
    """Make LINK here and its other end elsewhere; return LINK's hardware address."""
    with Netlink() as netlink:
        netlink.add_veth(LINK, far_name, far_namespace)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for command in _OFFLOADS:
            _ethtool(sock, command)
        request = fcntl.ioctl(sock, _SIOCGIFHWADDR, struct.pack("16s24x", LINK.encode()))
    return request[18:24]


def _ethtool(sock: socket.socket, command: int) -> None:
    import ctypes

    value = (ctypes.c_uint32 * 2)(command, 0)
    request = struct.pack("16sP16x", LINK.encode(), ctypes.addressof(value))
    try:
        fcntl.ioctl(sock, _SIOCETHTOOL, request)
    except OSError:
        return  # not every kernel knows every offload; what it does not know it does not do


def can_use_tun() -> bool:
    """Say whether this user may open the TUN device."""
    return os.access("/dev/net/tun", os.R_OK | os.W_OK)


def in_namespace_of(fd: int) -> None:
    """Take the calling thread into a network namespace."""
    syscalls.enter(fd, syscalls.CLONE_NEWNET)
