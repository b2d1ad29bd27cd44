"""The virtual lab's own speed, in CPU time of one core: single steps, screens, investigations."""

import time
from collections.abc import Sequence
from itertools import cycle, islice

from probe.lab.opened import virtual_world
from probe.lab.virtual.net import run_virtual
from probe.lab.world import World
from probe.lab.worlds import build_world
from probe.measure.perform import perform
from probe.model.experiment import Experiment, Kind
from probe.model.observation import Observation
from probe.model.target import Endpoint
from probe.model.words import Arm, Transport
from probe.run.investigate import screen
from probe.run.setup import make_tools
from probe.trial.campaign import collect_rarely, play_one
from probe.trial.grid import Plan, lines
from probe.trial.playing import base_knowledge, knowledge_of

# Cut, dropped and changed by name; lied about; refused at the address; and nobody in the way.
STEP_WORLDS = ("s01", "s02", "s04", "d01", "d05", "d09", "t03", "open")
ENDPOINT = "instagram.web"
SEED = 20220304


def steps_per_second(count: int = 240) -> float:
    """Play scenarios of a single step, each in a world of its own: a question or a handshake."""
    began = time.process_time()
    for seed, world_id in enumerate(islice(cycle(STEP_WORLDS), count)):
        world, endpoint = _world(world_id, seed)
        address = world.hosts[endpoint.host][0]
        is_dns = world_id.startswith("d")
        step = Experiment(
            kind=Kind.RESOLVE if is_dns else Kind.HANDSHAKE,
            endpoint=endpoint.id,
            arm=Arm.TARGET,
            name=endpoint.host,
            address=None if is_dns else address,
            resolver="google" if is_dns else None,
            transport=Transport.UDP if is_dns else None,
            port=53 if is_dns else 443,
        )
        assert run_virtual(_perform, world, endpoint, step)
    return count / (time.process_time() - began)


def screens_per_second(count: int = 20) -> float:
    """Look at an endpoint as a run does first, each in a world of its own."""
    began = time.process_time()
    for seed in range(count):
        world, endpoint = _world("open", seed)
        assert run_virtual(_perform, world, endpoint, screen(endpoint))
    return count / (time.process_time() - began)


def investigations_per_second(profile: str) -> float:
    """Investigate the endpoints of a campaign's first lines, their gates and helpers included."""
    drawn = lines(Plan(blocking=16, benign=32, seed=SEED))
    began = time.process_time()
    for line in drawn:
        play_one(line, profile=profile)
    spent = time.process_time() - began
    return sum(len(line.endpoints) for line in drawn) / spent


def warm_up() -> None:
    """Load what a process loads once."""
    collect_rarely()
    screens_per_second(1)
    steps_per_second(len(STEP_WORLDS))


def _world(world_id: str, seed: int) -> tuple[World, Endpoint]:
    catalogue = base_knowledge().catalogue
    endpoint = next(e for e in catalogue.endpoints if e.id == ENDPOINT)
    return build_world(world_id, catalogue, seed=seed), endpoint


async def _perform(
    world: World, endpoint: Endpoint, experiment: Experiment
) -> Sequence[Observation]:
    async with virtual_world(world) as net:
        tools = make_tools(knowledge_of(world), world.client.machine, utc=net.utc_now())
        return await perform(experiment, endpoint, tools)
