"""Open the virtual lab: within the block, trio's sockets and names are the lab's."""

import socket as constants
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import trio
import trio.testing

from probe.errors import LabError
from probe.lab.box import Box
from probe.lab.log import TruthLog
from probe.lab.packet import Packet, Side
from probe.lab.path import Link, Path, Router
from probe.lab.virtual.host import Host
from probe.lab.virtual.resolver import VirtualResolver
from probe.lab.virtual.sockets import VirtualSocket
from probe.lab.virtual.tcp_socket import TcpSocket
from probe.lab.virtual.timeline import LabClock, Timeline
from probe.lab.virtual.udp_socket import UdpSocket

T = TypeVar("T")

DEFAULT_UTC: Final = datetime(2026, 11, 1, 12, tzinfo=UTC)

# RFC 5737 and RFC 3849: addresses for documentation. The client's own address is told apart from
# nothing else, so that worlds may give it one of a real network instead.
DEFAULT_CLIENT: Final = {4: "192.0.2.2", 6: "2001:db8::2"}


@dataclass(slots=True)
class VirtualNet:
    """The lab while it is open."""

    path: Path
    log: TruthLog
    client: Host
    server: Host
    timeline: Timeline
    resolver: VirtualResolver
    utc: datetime
    """The date and time at which the lab was opened."""
    sockets: list[VirtualSocket] = field(default_factory=list)

    def server_socket(self, family: int, kind: int) -> trio.socket.SocketType:
        """Return a new socket of the server side, by address family and socket type."""
        return self.new_socket(self.server, family, kind)

    def client_socket(self, family: int, kind: int) -> trio.socket.SocketType:
        """Return a new socket of the client side, as trio.socket.socket() does in the block."""
        return self.new_socket(self.client, family, kind)

    def new_socket(self, host: Host, family: int, kind: int) -> VirtualSocket:
        """Return a new socket of either side."""
        if family not in (constants.AF_INET, constants.AF_INET6):
            raise LabError(f"the lab has no sockets of family {family}")
        if kind == constants.SOCK_STREAM:
            return TcpSocket(host, family)
        if kind == constants.SOCK_DGRAM:
            return UdpSocket(host, family, epoch_s=self.utc.timestamp())
        raise LabError(f"the lab has no sockets of type {kind}")

    def utc_now(self) -> datetime:
        """Return the lab's own date and time."""
        return self.utc + timedelta(seconds=self.timeline.now())


class _Factory(trio.abc.SocketFactory):
    def __init__(self, net: VirtualNet) -> None:
        self._net = net

    def socket(
        self,
        family: int = constants.AF_INET,
        type: int = constants.SOCK_STREAM,  # noqa: A002  (trio's name)
        proto: int = 0,
    ) -> trio.socket.SocketType:
        del proto
        return self._net.new_socket(self._net.client, family, type)


@asynccontextmanager
async def virtual_net(
    *,
    routers: Sequence[Router] = (),
    boxes: Mapping[int, Sequence[Box]] | None = None,
    link: Link | None = None,
    seed: int = 0,
    client: Mapping[int, str] | None = None,
    nameservers: Sequence[str] = (),
    hosts: Mapping[str, Sequence[str]] | None = None,
    utc: datetime = DEFAULT_UTC,
) -> AsyncIterator[VirtualNet]:
    """Open a virtual lab; the task's trio sockets and getaddrinfo() are the client's until it ends.

    `client` gives the client's address per family ({4: ..., 6: ...}); a family left out has no
    route. `nameservers` and `hosts` are its resolv.conf and hosts file.
    """
    timeline = Timeline()
    log = TruthLog()
    own = dict(DEFAULT_CLIENT if client is None else client)
    ends: dict[Side, Host] = {}

    def transmit_from(side: Side) -> Callable[[Packet], None]:
        return lambda packet: path.send(packet, side)

    for side in Side:
        ends[side] = Host(
            addresses=own if side is Side.CLIENT else None,
            peers=own.values(),
            transmit=transmit_from(side),
            now=timeline.now,
            call_at=timeline.call_at,
            seed=seed,
        )
    path = Path(
        routers=routers,
        boxes=boxes or {},
        link=link or Link(),
        seed=seed,
        call_at=timeline.call_at,
        now=timeline.now,
        to_client=ends[Side.CLIENT].receive,
        to_server=ends[Side.SERVER].receive,
        log=log,
    )
    resolver = VirtualResolver(nameservers=nameservers, hosts=hosts or {}, has_ipv6=6 in own)
    net = VirtualNet(
        path=path,
        log=log,
        client=ends[Side.CLIENT],
        server=ends[Side.SERVER],
        timeline=timeline,
        resolver=resolver,
        utc=utc,
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(timeline.run)
        old_factory = trio.socket.set_custom_socket_factory(_Factory(net))
        old_resolver = trio.socket.set_custom_hostname_resolver(resolver)
        try:
            yield net
        finally:
            trio.socket.set_custom_socket_factory(old_factory)
            trio.socket.set_custom_hostname_resolver(old_resolver)
            nursery.cancel_scope.cancel()


_DETERMINISTIC: Final = "_ALLOW_DETERMINISTIC_SCHEDULING"


def run_virtual(async_fn: Callable[..., Awaitable[T]], *args: object, seed: int = 0) -> T:
    """Run an async callable on a clock that jumps over every wait; return what it returns."""
    from trio._core import _run

    # trio shuffles the tasks that are ready together. With the two switches that it keeps for
    # hypothesis (trio._core._run, 0.35) the shuffling depends on the seed alone.
    was_deterministic = getattr(_run, _DETERMINISTIC)
    setattr(_run, _DETERMINISTIC, True)
    state = _run._r.getstate()
    _run._r.seed(seed)
    try:
        return trio.run(async_fn, *args, clock=LabClock())
    finally:
        _run._r.setstate(state)
        setattr(_run, _DETERMINISTIC, was_deterministic)
