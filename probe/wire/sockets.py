"""What the kernel knows of a socket: TCP_INFO, arrival times, TTLs, ports.

Each of them is None where the system has none; virtual sockets of the lab answer like Linux.
"""

import contextlib
import socket
import struct
import sys
import time
from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

import trio

from probe.model.observation import TcpInfo
from probe.model.words import Family

_LINUX: Final = sys.platform == "linux"

# linux/tcp.h struct tcp_info, Linux 6.1: offsets are ABI and never move, later kernels append.
_TCP_INFO_SIZE: Final = 256
_RETRANSMITS: Final = 2
_UNACKED: Final = 24
_LAST_DATA_RECV: Final = 52
_LAST_ACK_RECV: Final = 56
_RTT: Final = 68
_TOTAL_RETRANS: Final = 100
_BYTES_ACKED: Final = 120
_BYTES_RECEIVED: Final = 128
_MIN_RTT: Final = 148
_RCV_OOOPACK: Final = 224
# The kernel's "no measurement yet" in tcpi_min_rtt (~0U).
_NO_MIN_RTT: Final = 0xFFFFFFFF

_U32: Final = struct.Struct("=I")
_U64: Final = struct.Struct("=Q")

# asm-generic/socket.h SO_TIMESTAMPNS_OLD; Python has no name for it.
_SO_TIMESTAMPNS: Final = 35
_TIMESPEC: Final = struct.Struct("@ll")
# linux/in.h and linux/in6.h; Python names only some of them.
_IP_TTL: Final = 2
_IP_RECVTTL: Final = 12
_IPV6_RECVHOPLIMIT: Final = 51
_IPV6_HOPLIMIT: Final = 52
_INT: Final = struct.Struct("@i")
_ANCILLARY_BYTES: Final = 128

Ancillary = Iterable[tuple[int, int, bytes]]


def parse_tcp_info(raw: bytes) -> TcpInfo:
    """Read Linux's struct tcp_info; a field that an old kernel does not have is None."""

    def u32(offset: int) -> int | None:
        return _U32.unpack_from(raw, offset)[0] if len(raw) >= offset + 4 else None

    def u64(offset: int) -> int | None:
        return _U64.unpack_from(raw, offset)[0] if len(raw) >= offset + 8 else None

    min_rtt = u32(_MIN_RTT)
    return TcpInfo(
        rtt_us=u32(_RTT) or None,
        min_rtt_us=None if min_rtt == _NO_MIN_RTT else min_rtt or None,
        bytes_acked=u64(_BYTES_ACKED),
        bytes_received=u64(_BYTES_RECEIVED),
        unacked=u32(_UNACKED),
        retransmits=raw[_RETRANSMITS] if len(raw) > _RETRANSMITS else None,
        total_retrans=u32(_TOTAL_RETRANS),
        rcv_ooopack=u32(_RCV_OOOPACK),
        last_ack_recv_ms=u32(_LAST_ACK_RECV),
        last_data_recv_ms=u32(_LAST_DATA_RECV),
    )


def tcp_info(sock: trio.socket.SocketType) -> TcpInfo | None:
    """Ask the kernel for TCP_INFO; works after a reset too. None where there is none."""
    if not _LINUX:
        return None
    try:
        raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE)
    except OSError:
        return None
    return parse_tcp_info(raw)


def source_port(sock: trio.socket.SocketType) -> int | None:
    """Return our port, None before there is one."""
    try:
        name = sock.getsockname()
    except OSError:
        return None
    return int(name[1]) or None


def want_arrival_facts(sock: trio.socket.SocketType, family: int) -> None:
    """Ask the kernel to hand arrival time and TTL with each datagram; silently less elsewhere."""
    if not _LINUX:
        return
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    with contextlib.suppress(OSError):
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVHOPLIMIT, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)


async def receive_datagram(sock: trio.socket.SocketType) -> tuple[bytes, float, int | None]:
    """Return the next datagram, its time of arrival on trio's clock, and its TTL.

    The kernel's stamp is on the machine's clock: what counts is how long ago it was made.
    """
    if not hasattr(sock, "recvmsg"):
        data = await sock.recv(65535)
        return data, trio.current_time(), None
    data, ancillary, _, _ = await sock.recvmsg(65535, _ANCILLARY_BYTES)
    now = trio.current_time()
    return data, now - _age_of(ancillary), ip_ttl(ancillary)


def _age_of(ancillary: Ancillary) -> float:
    stamp_ns = arrival_ns(ancillary)
    if stamp_ns is None:
        return 0.0
    age = (time.clock_gettime_ns(time.CLOCK_REALTIME) - stamp_ns) / 1e9
    # Only a small age is believable: the machine's clock may have been set in between.
    return age if 0.0 <= age < 1.0 else 0.0


def arrival_ns(ancillary: Ancillary) -> int | None:
    """Return the kernel's receive time in ns of the machine's clock, from SO_TIMESTAMPNS."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return None


def ip_ttl(ancillary: Ancillary) -> int | None:
    """Return the TTL or hop limit that the datagram arrived with."""
    for level, kind, data in ancillary:
        is_ttl = (level == socket.IPPROTO_IP and kind == _IP_TTL) or (
            level == socket.IPPROTO_IPV6 and kind == _IPV6_HOPLIMIT
        )
        if is_ttl and len(data) >= _INT.size:
            return int(_INT.unpack_from(data)[0])
    return None


# Addresses to look up a route to: the root servers a and l (IANA root hints). Nothing is sent:
# connect() on a UDP socket only asks the routing table.
_ROUTES: Final = MappingProxyType(
    {
        Family.IPV4: (socket.AF_INET, "198.41.0.4"),
        Family.IPV6: (socket.AF_INET6, "2001:500:9f::42"),
    }
)


async def has_route(family: Family) -> bool:
    """Return whether the routing table knows a way out in this family; sends nothing."""
    number, address = _ROUTES[family]
    try:
        sock = trio.socket.socket(number, socket.SOCK_DGRAM)
    except OSError:
        return False
    with sock:
        try:
            await sock.connect((address, 53))
        except OSError:
            return False
        return True
