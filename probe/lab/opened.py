"""Opens a world on the virtual executor: within the block, trio's sockets are the client's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from probe.lab.virtual.net import VirtualNet, virtual_net
from probe.lab.world import World


@asynccontextmanager
async def virtual_world(world: World) -> AsyncIterator[VirtualNet]:
    """Open a virtual lab for this world, with its servers running.

    The clock must be a mock one (`run_virtual`, or pytest-trio's autojump_clock). A world is for
    one lab: its boxes remember.
    """
    async with (
        virtual_net(
            routers=world.routers,
            boxes=world.boxes,
            link=world.link,
            seed=world.seed,
            client=world.client.addresses,
            nameservers=world.client.resolvers,
            hosts=world.client.hosts,
            utc=world.at,
        ) as net,
        world.open(net),
    ):
        yield net
