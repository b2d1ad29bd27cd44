"""The virtual TCP socket: the calls of trio's sockets over a Connection."""

# ruff: noqa: ANN401, D102  (the calls are those of socket.socket, and are documented there)

from __future__ import annotations

import errno
import socket as constants
import struct
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import trio

from probe.lab.packet import TCP, Packet
from probe.lab.virtual.connection import Connection, Key, State
from probe.lab.virtual.host import Host, os_error
from probe.lab.virtual.sockets import IPV6_HOPLIMIT, VirtualSocket
from probe.lab.virtual.tcp_info import pack_tcp_info

if TYPE_CHECKING:
    from typing_extensions import Buffer

# linux/in6.h: the ancillary data of what came last, as one option.
_IPV6_2292PKTOPTIONS: Final = 6
# Ethernet's 1500 bytes without the headers.
_MSS: Final = {4: 1460, 6: 1440}


class TcpSocket(VirtualSocket):
    """A stream socket, connected, connecting, listening, or none of these yet."""

    def __init__(self, host: Host, family: int, connection: Connection | None = None) -> None:
        super().__init__(host, family, constants.SOCK_STREAM)
        self.connection = connection
        if connection is not None:
            self.local, self.remote = connection.key[:2], connection.key[2:]
        self._backlog: int | None = None
        self._accepted: deque[Connection] = deque()
        self._half_open = 0
        self._acceptors = trio.lowlevel.ParkingLot()

    # Being bound, listening.

    async def bind(self, address: Any) -> None:
        await trio.lowlevel.checkpoint()
        self.check_open()
        name, port = await self.resolve(address)
        self.host.check_local(name)
        if port == 0:
            port = self.host.pick_port(TCP, name, "", 0)
        self.local = (name, port)

    def listen(self, backlog: int = 128) -> None:
        self.check_open()
        if self.local is None:
            raise os_error(errno.EDESTADDRREQ)
        where = (self.version, *self.local)
        if self.host.listeners.get(where, self) is not self:
            raise os_error(errno.EADDRINUSE)
        self.host.listeners[where] = self
        self._backlog = backlog

    def on_syn(self, packet: Packet, key: Key) -> None:
        """Take a SYN; where the queue is full, drop it as Linux does."""
        assert self._backlog is not None
        if len(self._accepted) > self._backlog:
            return
        connection = Connection(self.host, key, mss=self._mss())
        connection.ttl = self.ttl
        connection.on_established = self._on_established
        self.host.connections[key] = connection
        connection.answer(packet)

    def _on_established(self, connection: Connection) -> None:
        connection.on_established = None
        if self._fd == -1:
            connection.reset()
            return
        self._accepted.append(connection)
        self._acceptors.unpark()

    async def accept(self) -> tuple[trio.socket.SocketType, Any]:
        await trio.lowlevel.checkpoint()
        self.check_open()
        if self._backlog is None:
            raise os_error(errno.EINVAL)
        while not self._accepted:
            await self._acceptors.park()
            self._check_still_open()
        sock = TcpSocket(self.host, self._family, self._accepted.popleft())
        return sock, sock.getpeername()

    # Connecting.

    async def connect(self, address: Any) -> None:
        try:
            await trio.lowlevel.checkpoint_if_cancelled()
            self.check_open()
            if self.connection is not None:
                raise os_error(errno.EISCONN)
            self._start(*await self.resolve(address))
            connection = self.connection
            assert connection is not None
            while connection.state is State.SYN_SENT:
                await connection.writers.park()
        except trio.Cancelled:
            # trio's own sockets do this, for their state would be unknown.
            self.close()
            raise
        if connection.error:
            raise os_error(connection.take_error())

    def _start(self, name: str, port: int) -> None:
        if name in ("0.0.0.0", "::"):  # noqa: S104
            name = "::1" if self.version == 6 else "127.0.0.1"
        local, local_port = self.local or ("", 0)
        if local in ("", "0.0.0.0", "::"):  # noqa: S104
            local = self.host.source_for(name)
        if local_port == 0:
            local_port = self.host.pick_port(TCP, local, name, port)
        key = (local, local_port, name, port)
        if key in self.host.connections:
            raise os_error(errno.EADDRNOTAVAIL)
        self.local, self.remote = key[:2], key[2:]
        self.connection = Connection(self.host, key, mss=self._mss())
        self.host.connections[key] = self.connection
        self.on_option()
        self.connection.open()

    def _mss(self) -> int:
        wanted = self.options.get((constants.IPPROTO_TCP, constants.TCP_MAXSEG))
        return min(_MSS[self.version], wanted or _MSS[self.version])

    def _connected(self) -> Connection:
        self.check_open()
        if self.connection is None:
            raise os_error(errno.ENOTCONN)
        return self.connection

    def _check_still_open(self) -> None:
        if self._fd == -1:
            # What trio raises in a task that waits on a socket which another task closes.
            raise trio.ClosedResourceError("another task closed this socket")

    # Data.

    async def recv(self, buflen: int, flags: int = 0, /) -> bytes:
        connection = self._connected()
        receiver = connection.receiver
        if receiver.ready:
            await trio.lowlevel.checkpoint()
        else:
            await trio.lowlevel.checkpoint_if_cancelled()
        while True:
            if receiver.ready:
                if flags & constants.MSG_PEEK:
                    return bytes(receiver.ready[:buflen])
                data = receiver.take(buflen)
                connection.after_read()
                return data
            if connection.error:
                raise os_error(connection.take_error())
            if receiver.has_fin or connection.has_closed_reading:
                return b""
            if connection.state is State.CLOSE:
                return b""
            if connection.state is State.SYN_SENT:
                raise os_error(errno.ENOTCONN)
            await connection.readers.park()
            self._check_still_open()

    async def send(self, data: Buffer, flags: int = 0, /) -> int:
        del flags
        await trio.lowlevel.checkpoint()
        connection = self._connected()
        sender = connection.sender
        while True:
            if connection.error:
                raise os_error(connection.take_error())
            if not connection.can_send:
                raise os_error(errno.EPIPE)
            room = sender.room_bytes
            if room > 0:
                piece = bytes(memoryview(data)[:room])
                sender.write(piece)
                return len(piece)
            await connection.writers.park()
            self._check_still_open()

    async def sendto(self, *args: Any) -> int:
        return await self.send(args[0])

    async def recvmsg(self, bufsize: int, ancbufsize: int = 0, flags: int = 0, /) -> Any:
        del ancbufsize
        connection = self._connected()
        if flags & constants.MSG_ERRQUEUE:
            return await self.read_error_queue(
                connection.error_queue, connection.readers, bufsize, self._set_error
            )
        return await self.recv(bufsize, flags), [], 0, None

    def _set_error(self, number: int) -> None:
        assert self.connection is not None
        self.connection.error = number

    async def wait_writable(self) -> None:
        await trio.lowlevel.checkpoint()
        connection = self._connected()
        while (
            connection.can_send and connection.sender.room_bytes <= 0 and not connection.error
        ) or connection.state is State.SYN_SENT:
            await connection.writers.park()
            self._check_still_open()

    def is_readable(self) -> bool:
        if self._backlog is not None:
            return bool(self._accepted)
        connection = self.connection
        return connection is not None and bool(
            connection.receiver.ready
            or connection.receiver.has_fin
            or connection.error
            or connection.state is State.CLOSE
        )

    # Ending.

    def shutdown(self, how: int) -> None:
        connection = self._connected()
        if connection.state is State.CLOSE:
            raise os_error(errno.ENOTCONN)
        if how in (constants.SHUT_WR, constants.SHUT_RDWR):
            self._has_shut_writing = True
            connection.shut_down()
        if how in (constants.SHUT_RD, constants.SHUT_RDWR):
            connection.has_closed_reading = True
            connection.readers.unpark_all()

    def on_close(self) -> None:
        if self._backlog is not None and self.local is not None:
            self.host.listeners.pop((self.version, *self.local), None)
            for waiting in self._accepted:
                waiting.reset()
            self._acceptors.unpark_all()
        if self.connection is not None:
            self.connection.close(linger_zero=self.linger == (1, 0))
            self.connection.wake()

    # Options.

    def on_option(self) -> None:
        if self.connection is not None:
            self.connection.ttl = self.ttl
            self.connection.recverr = self.recverr
            self.connection.sender.nodelay = bool(
                self.options.get((constants.IPPROTO_TCP, constants.TCP_NODELAY))
            )

    def read_option(self, level: int, optname: int) -> int | bytes:
        connection = self.connection
        if level == constants.SOL_SOCKET and optname == constants.SO_ACCEPTCONN:
            return int(self._backlog is not None)
        if level == constants.SOL_SOCKET and optname == constants.SO_ERROR:
            if connection is None:
                return 0
            soft, connection.soft_error = connection.soft_error, 0
            return connection.take_error() or soft
        if level == constants.IPPROTO_TCP and optname == constants.TCP_MAXSEG and connection:
            return connection.sender.mss
        if level == constants.IPPROTO_TCP and optname == constants.TCP_INFO:
            if connection is None:
                return bytes((int(State.CLOSE),)).ljust(232, b"\0")
            return pack_tcp_info(connection, self.host.now())
        if (level, optname) == (constants.IPPROTO_IPV6, _IPV6_2292PKTOPTIONS):
            # One cmsghdr with the hop limit of the last segment that carried data.
            hop_limit = connection.last_hop_limit if connection is not None else 0
            return struct.pack("@Qiii4x", 20, constants.IPPROTO_IPV6, IPV6_HOPLIMIT, hop_limit)
        return super().read_option(level, optname)
