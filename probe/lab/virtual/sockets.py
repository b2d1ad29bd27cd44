"""What virtual TCP and UDP sockets share: options, names, error queue, and the calls' shapes."""

# ruff: noqa: ANN401, D102  (the calls are those of socket.socket, and are documented there)

from __future__ import annotations

import errno
import socket as constants
import struct
from collections import deque
from collections.abc import Callable, Iterable
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Self

import trio

from probe.lab.virtual.errors import IP_RECVERR, IPV6_RECVERR, IcmpError
from probe.lab.virtual.host import Host, os_error

if TYPE_CHECKING:
    from typing_extensions import Buffer  # collections.abc has it from Python 3.12 on

# linux/in.h and linux/in6.h, not all of which Python's socket module names.
IP_TTL: Final = 2
IP_RECVTTL: Final = 12
IPV6_UNICAST_HOPS: Final = 16
IPV6_RECVHOPLIMIT: Final = 51
IPV6_HOPLIMIT: Final = 52
IP_MTU: Final = 14
IPV6_MTU: Final = 24
# asm-generic/socket.h
SO_TIMESTAMPNS: Final = 35

# Numbers that no real descriptor of this process can have.
_descriptors = count(1_000_000)
_LINGER: Final = struct.Struct("@ii")


class VirtualSocket(trio.socket.SocketType):
    """The part of a socket that is the same for streams and datagrams."""

    def __init__(self, host: Host, family: int, kind: int) -> None:
        super().__init__()
        self.host = host
        self._family = constants.AddressFamily(family)
        self._kind = constants.SocketKind(kind)
        self._fd = next(_descriptors)
        self.version = 6 if family == constants.AF_INET6 else 4
        self.local: tuple[str, int] | None = None
        self.remote: tuple[str, int] | None = None
        self.options: dict[tuple[int, int], int] = {}
        self.linger: tuple[int, int] = (0, 0)
        self._has_shut_writing = False

    # Facts.

    @property
    def family(self) -> constants.AddressFamily:
        return self._family

    @property
    def type(self) -> constants.SocketKind:
        return self._kind

    @property
    def proto(self) -> int:
        return constants.IPPROTO_TCP if self._kind == constants.SOCK_STREAM else 17

    @property
    def did_shutdown_SHUT_WR(self) -> bool:  # noqa: N802  (trio's name)
        return self._has_shut_writing

    def __repr__(self) -> str:
        return f"<virtual socket {self._kind.name} {self.local} -> {self.remote}>"

    def fileno(self) -> int:
        return self._fd

    def getsockname(self) -> Any:
        self.check_open()
        return self.as_address(self.local or (("::" if self.version == 6 else "0.0.0.0"), 0))  # noqa: S104

    def getpeername(self) -> Any:
        self.check_open()
        if self.remote is None:
            raise os_error(errno.ENOTCONN)
        return self.as_address(self.remote)

    def as_address(self, address: tuple[str, int]) -> tuple[Any, ...]:
        """Return an address as this family's sockets write it."""
        return (*address, 0, 0) if self.version == 6 else address

    def check_open(self) -> None:
        """Raise EBADF where the socket has been closed."""
        if self._fd == -1:
            raise os_error(errno.EBADF)

    # Lifetime.

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._fd != -1:
            self._fd = -1
            self.on_close()

    def on_close(self) -> None:
        """Leave the host's tables."""
        raise NotImplementedError

    def detach(self) -> int:
        raise os_error(errno.EOPNOTSUPP)

    # Options.

    @property
    def ttl(self) -> int:
        """Return the TTL or hop limit to send with."""
        if self.version == 6:
            return self.options.get((constants.IPPROTO_IPV6, IPV6_UNICAST_HOPS), 64)
        return self.options.get((constants.IPPROTO_IP, IP_TTL), 64)

    @property
    def recverr(self) -> bool:
        """Say whether ICMP errors go to the error queue."""
        if self.version == 6:
            return bool(self.options.get((constants.IPPROTO_IPV6, IPV6_RECVERR)))
        return bool(self.options.get((constants.IPPROTO_IP, IP_RECVERR)))

    def setsockopt(
        self, level: int, optname: int, value: int | Buffer | None, optlen: int | None = None
    ) -> None:
        del optlen
        self.check_open()
        if (level, optname) == (constants.SOL_SOCKET, constants.SO_LINGER):
            assert not isinstance(value, int)
            assert value is not None
            self.linger = _LINGER.unpack(bytes(value))
            return
        if not isinstance(value, int):
            raw = b"" if value is None else bytes(value)
            value = int.from_bytes(raw[:4], "little")
        self.options[level, optname] = int(value)
        self.on_option()

    def on_option(self) -> None:
        """Take over what an option changes at once."""

    def getsockopt(self, level: int, optname: int, buflen: int | None = None) -> Any:
        self.check_open()
        value = self.read_option(level, optname)
        if isinstance(value, bytes):
            return value if buflen is None else value[:buflen]
        return value if not buflen else struct.pack("@i", value)[:buflen]

    def read_option(self, level: int, optname: int) -> int | bytes:
        """Return an option's value."""
        if level == constants.SOL_SOCKET:
            if optname == constants.SO_TYPE:
                return int(self._kind)
            if optname == constants.SO_DOMAIN:
                return int(self._family)
            if optname == constants.SO_PROTOCOL:
                return self.proto
            if optname == constants.SO_LINGER:
                return _LINGER.pack(*self.linger)
        if (level, optname) in (
            (constants.IPPROTO_IP, IP_TTL),
            (constants.IPPROTO_IPV6, IPV6_UNICAST_HOPS),
        ):
            return self.ttl
        if (level, optname) in ((constants.IPPROTO_IP, IP_MTU), (constants.IPPROTO_IPV6, IPV6_MTU)):
            if self.remote is None:
                raise os_error(errno.ENOTCONN)
            return self.host.mtu_towards(self.remote[0])
        return self.options.get((level, optname), 0)

    # Names.

    async def resolve(self, address: Any) -> tuple[str, int]:
        """Return an address given to bind, connect or sendto as (literal, port)."""
        name, port = address[0], address[1]
        if name in ("", b""):
            name = "::" if self.version == 6 else "0.0.0.0"  # noqa: S104
        found = await trio.socket.getaddrinfo(name, port, self._family, self._kind)
        literal = found[0][4]
        return (str(literal[0]), int(literal[1]))

    # Calls that others are made of.

    async def recv_into(self, buffer: Buffer, nbytes: int = 0, flags: int = 0) -> int:
        view = memoryview(buffer).cast("B")
        data = await self.recv(nbytes or len(view), flags)
        view[: len(data)] = data
        return len(data)

    async def recvfrom(self, bufsize: int, flags: int = 0, /) -> Any:
        data, _, _, address = await self.recvmsg(bufsize, 0, flags)
        return data, address

    async def recvfrom_into(self, buffer: Buffer, nbytes: int = 0, flags: int = 0) -> Any:
        view = memoryview(buffer).cast("B")
        data, address = await self.recvfrom(nbytes or len(view), flags)
        view[: len(data)] = data
        return len(data), address

    async def recvmsg(self, bufsize: int, ancbufsize: int = 0, flags: int = 0, /) -> Any:
        raise NotImplementedError

    async def sendmsg(
        self,
        buffers: Iterable[Buffer],
        ancdata: Iterable[tuple[int, int, Buffer]] = (),
        flags: int = 0,
        address: Any = None,
        /,
    ) -> int:
        del ancdata
        data = b"".join(bytes(piece) for piece in buffers)
        if address is not None:
            return await self.sendto(data, address)
        return await self.send(data, flags)

    async def read_error_queue(
        self,
        queue: deque[IcmpError],
        readers: trio.lowlevel.ParkingLot,
        bufsize: int,
        on_taken: Callable[[int], None],
    ) -> Any:
        """Play recvmsg(MSG_ERRQUEUE), which waits like trio's sockets do."""
        while not queue:
            self.check_open()
            await readers.park()
        problem = queue.popleft()
        on_taken(queue[0].errno if queue else 0)
        return (
            problem.payload[:bufsize],
            [problem.ancillary()],
            int(constants.MSG_ERRQUEUE),
            self.as_address(problem.destination),
        )
