"""The kernel's queue of errors that routers sent: who gave a packet up, and why (Linux, ip(7)).

No privilege is needed: a socket that asks for it gets the ICMP message's type, code and sender.
"""

import errno
import socket
import struct
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

import trio

# linux/in.h, linux/in6.h; Python has no names for them.
_IP_RECVERR: Final = 11
_IPV6_RECVERR: Final = 25
# linux/errqueue.h sock_extended_err: errno, origin, type, code, pad, info, data.
_EXTENDED_ERROR: Final = struct.Struct("=IBBBBII")
# SO_EE_ORIGIN_ICMP and SO_EE_ORIGIN_ICMP6.
_ORIGINS: Final = frozenset({2, 3})
_WAIT_S: Final = 0.01
BY_ROUTERS: Final = frozenset(
    {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EHOSTDOWN, errno.ENOPROTOOPT}
)
"""Errors of a connect that an ICMP message means, unless this machine has no route itself."""


@dataclass(frozen=True, slots=True)
class Icmp:
    """An ICMP error: its type, its code, and who sent it."""

    type: int
    code: int
    sender: str | None


def want_errors(sock: trio.socket.SocketType, address: str, *, wanted: bool = True) -> None:
    """Let the socket keep errors with their details, or no longer.

    A connection that keeps them is ended by messages that it would else outlive (tcp(7)): whoever
    asks while connecting stops asking once connected. Does nothing where the system has no queue.
    """
    if not hasattr(socket, "MSG_ERRQUEUE"):
        return
    if ":" in address:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, int(wanted))
    else:
        sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, int(wanted))


async def first_error(sock: trio.socket.SocketType) -> Icmp | None:
    """Return the first ICMP error in the socket's queue; None where there is none."""
    if not hasattr(socket, "MSG_ERRQUEUE"):
        return None
    with trio.move_on_after(_WAIT_S):
        try:
            _, ancillary, _, _ = await sock.recvmsg(512, 512, int(socket.MSG_ERRQUEUE))
        except (OSError, AttributeError):
            return None
        for level, kind, data in ancillary:
            is_error = (level, kind) in {
                (socket.IPPROTO_IP, _IP_RECVERR),
                (socket.IPPROTO_IPV6, _IPV6_RECVERR),
            }
            if is_error and len(data) >= _EXTENDED_ERROR.size:
                _, origin, type_, code, *_ = _EXTENDED_ERROR.unpack_from(data)
                if origin in _ORIGINS:
                    return Icmp(type_, code, _sender(data[_EXTENDED_ERROR.size :]))
    return None


def _sender(raw: bytes) -> str | None:
    """Read a struct sockaddr_in or sockaddr_in6."""
    if len(raw) < 8:
        return None
    (family,) = struct.unpack_from("=H", raw)
    if family == socket.AF_INET:
        return str(ip_address(raw[4:8]))
    if family == socket.AF_INET6 and len(raw) >= 24:
        return str(ip_address(raw[8:24]))
    return None
