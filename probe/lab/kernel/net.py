"""The kernel executor: real stacks at both ends, the same path between, the real clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from socket import AF_INET6, IPPROTO_IP, IPPROTO_IPV6, IPV6_V6ONLY
from typing import Final

import trio

from probe.lab.kernel.namespaces import Sides, isolate, make_sides
from probe.lab.kernel.wire import Wire
from probe.lab.log import TruthLog
from probe.lab.packet import MalformedPacketError, Packet, Side, parse
from probe.lab.path import Path
from probe.lab.virtual.timeline import Timeline
from probe.lab.world import World

# linux/in.h and linux/in6.h: sockets may use addresses that no interface has.
_IP_FREEBIND: Final = 15
_IPV6_FREEBIND: Final = 78

_PACKETS_PER_TURN: Final = 64
"""After so many packets other tasks (servers, the other side) get their turn."""


@dataclass(slots=True)
class KernelNet:
    """The lab while it is open."""

    path: Path
    log: TruthLog
    sides: Sides

    @property
    def client_namespace(self) -> int:
        """Return a file descriptor of the client's network namespace."""
        return self.sides.client_namespace

    def server_socket(self, family: int, kind: int) -> trio.socket.SocketType:
        """Return a new socket of the server side, to which every address is local."""
        sock = trio.socket.socket(family, kind)
        if family == AF_INET6:
            sock.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 1)
            sock.setsockopt(IPPROTO_IPV6, _IPV6_FREEBIND, 1)
        else:
            sock.setsockopt(IPPROTO_IP, _IP_FREEBIND, 1)
        return sock

    def utc_now(self) -> datetime:
        """Return the date and time, which is the machine's."""
        return datetime.now(UTC)


@asynccontextmanager
async def kernel_net(world: World) -> AsyncIterator[KernelNet]:
    """Open a world between two real network stacks, with its servers running.

    The process leaves the machine's network for good (see `isolate`). The world should be dated
    today: the kernel's lab has no clock but the machine's.
    """
    isolate()
    routers = tuple(a for router in world.routers for a in (router.ipv4, router.ipv6))
    sides = make_sides(tuple(world.client.addresses.values()), routers)
    try:
        timeline = Timeline()
        log = TruthLog()
        path = Path(
            routers=world.routers,
            boxes=world.boxes,
            link=world.link,
            seed=world.seed,
            call_at=timeline.call_at,
            now=timeline.now,
            to_client=partial(_deliver, sides.client),
            to_server=partial(_deliver, sides.server),
            log=log,
        )
        net = KernelNet(path, log, sides)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(timeline.run)
            nursery.start_soon(_carry, sides.client, path, Side.CLIENT)
            nursery.start_soon(_carry, sides.server, path, Side.SERVER)
            async with world.open(net):
                yield net
            nursery.cancel_scope.cancel()
    finally:
        sides.close()


def _deliver(wire: Wire, packet: Packet) -> None:
    wire.write(packet.to_bytes())


async def _carry(wire: Wire, path: Path, side: Side) -> None:
    """Hand one side's packets to the path, for ever."""
    while True:
        await trio.lowlevel.wait_readable(wire.fd)
        for _ in range(_PACKETS_PER_TURN):
            raw = wire.read()
            if raw is None:
                break
            packet = _readable(raw)
            if packet is not None:
                path.send(packet, side)


def _readable(raw: bytes) -> Packet | None:
    """Return the packet; None for what the lab does not carry: multicast, and no IP."""
    try:
        packet = parse(raw)
    except MalformedPacketError:
        return None
    is_multicast = packet.destination.startswith(("ff", "224.", "239.", "255."))
    return None if is_multicast else packet
