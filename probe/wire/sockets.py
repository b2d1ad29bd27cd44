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

# linux/tcp.h struct tcp_info: offsets are ABI and never move, later kernels append. Which fields,
# where, and how wide; in the order of _TCP_INFO.
_TCP_INFO_FIELDS: Final = (
    ("retransmits", 2, "B"),
    ("unacked", 24, "I"),
    ("last_data_recv_ms", 52, "I"),
    ("last_ack_recv_ms", 56, "I"),
    ("rtt_us", 68, "I"),
    ("total_retrans", 100, "I"),
    ("bytes_acked", 120, "Q"),
    ("bytes_received", 128, "Q"),
    ("min_rtt_us", 148, "I"),
    ("rcv_ooopack", 224, "I"),
)
_TCP_INFO_NAMES: Final = tuple(name for name, _, _ in _TCP_INFO_FIELDS)
# All fields in one step: the gaps between them are padding ("x").
_TCP_INFO: Final = struct.Struct("=2xB21xI24xII8xI28xI16xQQ12xI72xI")
_TCP_INFO_SIZE: Final = 256
# The kernel's "no measurement yet" in tcpi_min_rtt (~0U).
_NO_MIN_RTT: Final = 0xFFFFFFFF

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
    if len(raw) >= _TCP_INFO.size:
        fields = dict(zip(_TCP_INFO_NAMES, _TCP_INFO.unpack_from(raw), strict=True))
    else:
        fields = {
            name: struct.unpack_from("=" + width, raw, offset)[0]
            for name, offset, width in _TCP_INFO_FIELDS
            if len(raw) >= offset + struct.calcsize("=" + width)
        }
    if fields.get("min_rtt_us") in (0, _NO_MIN_RTT):
        del fields["min_rtt_us"]
    if fields.get("rtt_us") == 0:
        del fields["rtt_us"]
    return TcpInfo(**fields)


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
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVHOPLIMIT, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


async def receive_datagram(sock: trio.socket.SocketType) -> tuple[bytes, float, int | None]:
    """Return the next datagram, its time of arrival on trio's clock, and its TTL.

    The kernel's stamp is on the machine's clock: what counts is how long ago it was made.
    """
    if not hasattr(sock, "recvmsg"):
        data = await sock.recv(65535)
        return data, trio.current_time(), None
    data, ancillary, _, _ = await sock.recvmsg(65535, _ANCILLARY_BYTES)
    # In this order: what delays us between the two clocks makes an answer later, never sooner.
    age = _age_of(ancillary)
    return data, trio.current_time() - age, ip_ttl(ancillary)


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
    return await own_address(family) is not None


async def own_address(family: Family) -> str | None:
    """Return the address that this machine sends from in this family, None without a way out.

    Behind a translating router it is not the public one. Sends nothing.
    """
    number, address = _ROUTES[family]
    try:
        sock = trio.socket.socket(number, socket.SOCK_DGRAM)
    except OSError:
        return None
    with sock:
        try:
            await sock.connect((address, 53))
            return str(sock.getsockname()[0])
        except OSError:
            return None
