"""What servers may ask of a lab's network, whether it is virtual or made of kernel namespaces.

Server code is plain trio over the sockets that it gets here, and runs unmodified on both. Every
address is local on the server side, so any can be bound.
"""

import socket
from datetime import datetime
from typing import Protocol

import trio

from probe.lab.log import TruthLog
from probe.lab.packet import address_version
from probe.lab.path import Path


class Net(Protocol):
    """A path with a client at one end and servers at the other."""

    @property
    def path(self) -> Path:
        """Return the path between the two sides."""

    @property
    def log(self) -> TruthLog:
        """Return what the boxes have done."""

    def server_socket(self, family: int, kind: int) -> trio.socket.SocketType:
        """Return a new socket of the server side, by address family and socket type."""

    def utc_now(self) -> datetime:
        """Return the lab's own date and time; certificates are made and judged at it."""


def _family(address: str) -> int:
    return socket.AF_INET6 if address_version(address) == 6 else socket.AF_INET


async def listen_tcp(
    net: Net, address: str, port: int, *, backlog: int = 128
) -> trio.SocketListener:
    """Return a listener on one address of the server side; `0.0.0.0` and `::` take all of them."""
    sock = net.server_socket(_family(address), socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    await sock.bind((address, port))
    sock.listen(backlog)
    return trio.SocketListener(sock)


async def udp_socket(net: Net, address: str, port: int) -> trio.socket.SocketType:
    """Return a bound UDP socket on one address of the server side."""
    sock = net.server_socket(_family(address), socket.SOCK_DGRAM)
    await sock.bind((address, port))
    return sock
