"""Control vantages in the lab's worlds, on the virtual clock."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import trio

from probe.lab.opened import virtual_world
from probe.lab.worlds import build_world
from probe.model.knowledge import Knowledge
from probe.model.target import Endpoint
from probe.reference import load_knowledge
from probe.run.setup import make_tools
from probe.serve.vantage import ControlVantage
from probe.trial.play import knowledge_in


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.fixture
def endpoint(knowledge: Knowledge) -> Callable[[str], Endpoint]:
    return {e.id: e for e in knowledge.catalogue.endpoints}.__getitem__


@pytest.fixture
def stationed(knowledge):
    """Station a control vantage in a world: `async with stationed("open") as vantage`."""

    @asynccontextmanager
    async def opened(world_id: str, *, boxes=(), **options) -> AsyncIterator[ControlVantage]:
        world = build_world(world_id, knowledge.catalogue)
        world = replace(world, boxes={**world.boxes, 1: (*boxes, *world.boxes.get(1, ()))})
        async with virtual_world(world) as net, trio.open_nursery() as nursery:
            known = knowledge_in(world, knowledge)
            tools = make_tools(known, world.client.machine, utc=net.utc_now())
            vantage = ControlVantage(known, tools, **options)
            await nursery.start(vantage.run)
            yield vantage
            nursery.cancel_scope.cancel()

    return opened
