"""The core catalogue with the profile `quick` and ordinary pacing, on the lab's clock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from probe.lab.box import Where
from probe.lab.boxes.ip import Blackhole
from probe.lab.world import World
from probe.lab.worlds import build_world
from probe.model.target import Endpoint
from probe.trial.play import knowledge_in, play
from probe.trial.playing import base_knowledge

ROUND_TRIP_S = 0.05
DEAD = 10
_DEAD_LINK = 2


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of the core endpoints costs the person."""

    endpoints: int
    seconds: float
    """On the lab's clock."""
    megabytes: float


def cost(dead: int = 0) -> Cost:
    """Run the core endpoints with nothing in the way, but for so many whose addresses are dead."""
    knowledge = base_knowledge()
    world = build_world("open", knowledge.catalogue)
    core = tuple(e for e in world.catalogue.endpoints if e.core)
    world = replace(world, link=replace(world.link, rtt_s=ROUND_TRIP_S))
    if dead:
        world = _with_dead(world, core[:: len(core) // dead][:dead])
    played = play(world, core, knowledge_in(world, knowledge), profile="quick", seed=1)
    run = played.result.run
    ended = run.ended_at or run.started_at
    return Cost(
        endpoints=len(core),
        seconds=(ended - run.started_at).total_seconds(),
        megabytes=(run.bytes_sent + run.bytes_received) / 1e6,
    )


def _with_dead(world: World, endpoints: Sequence[Endpoint]) -> World:
    addresses = {a for endpoint in endpoints for a in world.hosts[endpoint.host]}
    prefixes = tuple(f"{a}/{128 if ':' in a else 32}" for a in sorted(addresses))
    box = Blackhole(where=Where(prefixes=prefixes))
    before = world.boxes.get(_DEAD_LINK, ())
    return replace(world, boxes={**world.boxes, _DEAD_LINK: (*before, box)})
