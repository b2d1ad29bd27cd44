"""The virtual UDP socket: datagrams, their ancillary data, and the error queue."""

# ruff: noqa: ANN401, D102  (the calls are those of socket.socket, and are documented there)

from __future__ import annotations

import errno
import socket as constants
import struct
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import trio

from probe.lab.packet import UDP, Packet
from probe.lab.virtual.errors import IcmpError
from probe.lab.virtual.host import Host, os_error
from probe.lab.virtual.sockets import (
    IP_RECVTTL,
    IP_TTL,
    IPV6_HOPLIMIT,
    IPV6_RECVHOPLIMIT,
    SO_TIMESTAMPNS,
    VirtualSocket,
)

if TYPE_CHECKING:
    from typing_extensions import Buffer

# linux/in.h and linux/in6.h; Python names only some of them.
IP_PKTINFO: Final = 8
IPV6_RECVPKTINFO: Final = 49
IPV6_PKTINFO: Final = 50
# About what Linux's default receive buffer of 212,992 bytes holds of small datagrams.
_QUEUE: Final = 256


class UdpSocket(VirtualSocket):
    """A datagram socket, connected or not."""

    def __init__(self, host: Host, family: int, *, epoch_s: float) -> None:
        super().__init__(host, family, constants.SOCK_DGRAM)
        self.epoch_s = epoch_s
        """Unix time at which the host's clock was 0."""
        self.error = 0
        self.error_queue: deque[IcmpError] = deque()
        self._arrived: deque[tuple[Packet, float]] = deque()
        self._readers = trio.lowlevel.ParkingLot()
        self._bound_at: tuple[int, str, int] | None = None

    async def bind(self, address: Any) -> None:
        await trio.lowlevel.checkpoint()
        self.check_open()
        name, port = await self.resolve(address)
        self.host.check_local(name)
        self._bind(name, port or self.host.pick_port(UDP, name, "", 0))

    def _bind(self, name: str, port: int) -> None:
        where = (self.version, name, port)
        if self.host.datagrams.get(where, self) is not self:
            raise os_error(errno.EADDRINUSE)
        self.host.datagrams[where] = self
        if self._bound_at not in (None, where):
            assert self._bound_at is not None
            del self.host.datagrams[self._bound_at]
        self._bound_at = where
        self.local = (name, port)

    async def connect(self, address: Any) -> None:
        await trio.lowlevel.checkpoint()
        self.check_open()
        name, port = await self.resolve(address)
        if name in ("0.0.0.0", "::"):  # noqa: S104
            name = "::1" if self.version == 6 else "127.0.0.1"
        self._source_for(name, port)
        self.remote = (name, port)

    def _source_for(self, name: str, port: int) -> tuple[str, int]:
        """Return where to send from, binding the socket at its first use."""
        if self.local is None:
            source = self.host.source_for(name)
            self._bind(source, self.host.pick_port(UDP, source, name, port))
        assert self.local is not None
        source, local_port = self.local
        if source in ("0.0.0.0", "::"):  # noqa: S104
            source = self.host.source_for(name)
        return source, local_port

    # Sending.

    async def send(self, data: Buffer, flags: int = 0, /) -> int:
        del flags
        await trio.lowlevel.checkpoint()
        self.check_open()
        if self.remote is None:
            raise os_error(errno.EDESTADDRREQ)
        return self._send(bytes(data), *self.remote)

    async def sendto(self, *args: Any) -> int:
        await trio.lowlevel.checkpoint()
        self.check_open()
        address = args[-1]
        name, port = str(address[0]), int(address[1])
        if not _is_literal(name):
            name, port = await self.resolve(address)
        return self._send(bytes(args[0]), name, port)

    def _send(self, data: bytes, name: str, port: int, chosen: str | None = None) -> int:
        if self.error:
            error, self.error = self.error, 0
            raise os_error(error)
        source, local_port = self._source_for(name, port)
        source = chosen or source
        headers = 28 if self.version == 4 else 48
        if len(data) + headers > self.host.mtu_towards(name):
            # Fragments are not played: what does not fit is refused as with path-MTU discovery on.
            raise os_error(errno.EMSGSIZE)
        self.host.send(
            Packet(self.version, source, name, self.ttl, UDP, local_port, port, payload=data)
        )
        return len(data)

    # Receiving.

    def on_datagram(self, packet: Packet) -> None:
        """Take an arriving datagram."""
        if self.remote not in (None, (packet.source, packet.source_port)):
            return
        if len(self._arrived) < _QUEUE:
            self._arrived.append((packet, self.host.now()))
            self._readers.unpark()

    def on_icmp(self, problem: IcmpError) -> None:
        """Take an ICMP error (Linux __udp4_lib_err, __udp6_lib_err)."""
        if self.recverr:
            self.error_queue.append(problem)
        elif not problem.is_fatal or self.remote is None:
            return
        self.error = problem.errno
        self._readers.unpark_all()

    async def recv(self, buflen: int, flags: int = 0, /) -> bytes:
        data, _, _, _ = await self.recvmsg(buflen, 0, flags)
        return bytes(data)

    async def recvmsg(self, bufsize: int, ancbufsize: int = 0, flags: int = 0, /) -> Any:
        self.check_open()
        if flags & constants.MSG_ERRQUEUE:
            await trio.lowlevel.checkpoint_if_cancelled()
            return await self.read_error_queue(
                self.error_queue, self._readers, bufsize, self._set_error
            )
        if self._arrived:
            await trio.lowlevel.checkpoint()
        else:
            await trio.lowlevel.checkpoint_if_cancelled()
        while not self._arrived:
            if self.error:
                error, self.error = self.error, 0
                raise os_error(error)
            await self._readers.park()
            if self._fd == -1:
                raise trio.ClosedResourceError("another task closed this socket")
        if flags & constants.MSG_PEEK:
            packet, at = self._arrived[0]
        else:
            packet, at = self._arrived.popleft()
        ancillary = self._ancillary(packet, at) if ancbufsize else []
        cut = int(constants.MSG_TRUNC) if len(packet.payload) > bufsize else 0
        address = self.as_address((packet.source, packet.source_port))
        return packet.payload[:bufsize], ancillary, cut, address

    def _set_error(self, number: int) -> None:
        self.error = number

    def _ancillary(self, packet: Packet, at: float) -> list[tuple[int, int, bytes]]:
        found = []
        if self.options.get((constants.SOL_SOCKET, SO_TIMESTAMPNS)):
            nanoseconds = round((self.epoch_s + at) * 1e9)
            stamp = struct.pack("@qq", nanoseconds // 10**9, nanoseconds % 10**9)
            found.append((constants.SOL_SOCKET, SO_TIMESTAMPNS, stamp))
        if self.options.get((constants.IPPROTO_IP, IP_RECVTTL)) and self.version == 4:
            found.append((constants.IPPROTO_IP, IP_TTL, struct.pack("@i", packet.ttl)))
        if self.options.get((constants.IPPROTO_IPV6, IPV6_RECVHOPLIMIT)) and self.version == 6:
            value = struct.pack("@i", packet.ttl)
            found.append((constants.IPPROTO_IPV6, IPV6_HOPLIMIT, value))
        if self.options.get((constants.IPPROTO_IP, IP_PKTINFO)) and self.version == 4:
            here = constants.inet_aton(packet.destination)
            found.append((constants.IPPROTO_IP, IP_PKTINFO, struct.pack("@i", 1) + here + here))
        if self.options.get((constants.IPPROTO_IPV6, IPV6_RECVPKTINFO)) and self.version == 6:
            here = constants.inet_pton(constants.AF_INET6, packet.destination)
            found.append((constants.IPPROTO_IPV6, IPV6_PKTINFO, here + struct.pack("@i", 1)))
        return found

    async def sendmsg(
        self,
        buffers: Iterable[Buffer],
        ancdata: Iterable[tuple[int, int, Buffer]] = (),
        flags: int = 0,
        address: Any = None,
        /,
    ) -> int:
        """Send a datagram, from the address that IP_PKTINFO or IPV6_PKTINFO names if one does."""
        source = _chosen_source(ancdata)
        if source is None or address is None or self.local is None:
            return await super().sendmsg(buffers, ancdata, flags, address)
        await trio.lowlevel.checkpoint()
        self.check_open()
        self.host.check_local(source)
        data = b"".join(bytes(piece) for piece in buffers)
        return self._send(data, str(address[0]), int(address[1]), source)

    async def wait_writable(self) -> None:
        await trio.lowlevel.checkpoint()

    def is_readable(self) -> bool:
        return bool(self._arrived or self.error)

    def shutdown(self, how: int) -> None:
        del how
        if self.remote is None:
            raise os_error(errno.ENOTCONN)

    def on_close(self) -> None:
        if self._bound_at is not None:
            self.host.datagrams.pop(self._bound_at, None)
        self._readers.unpark_all()

    def read_option(self, level: int, optname: int) -> int | bytes:
        if level == constants.SOL_SOCKET and optname == constants.SO_ERROR:
            error, self.error = self.error, 0
            return error
        return super().read_option(level, optname)


def _chosen_source(ancdata: Iterable[tuple[int, int, Buffer]]) -> str | None:
    for level, kind, data in ancdata:
        if level == constants.IPPROTO_IP and kind == IP_PKTINFO:
            return constants.inet_ntop(constants.AF_INET, bytes(data)[4:8])
        if level == constants.IPPROTO_IPV6 and kind == IPV6_PKTINFO:
            return constants.inet_ntop(constants.AF_INET6, bytes(data)[:16])
    return None


def _is_literal(name: str) -> bool:
    return ":" in name or name.replace(".", "").isdigit()
