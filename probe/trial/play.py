"""Play one world on the virtual clock: the real gates, experiments and judge, and the truth."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from probe.lab.log import TruthLog
from probe.lab.virtual.net import VirtualNet, run_virtual, virtual_net
from probe.lab.world import World
from probe.model.knowledge import Geo, Knowledge, NoGeo
from probe.model.observation import Observation
from probe.model.target import Endpoint
from probe.run import Event, RunRequest, RunResult, Sink, measure
from probe.run.memory import MemorySink
from probe.run.remote import Remote
from probe.run.setup import make_tools
from probe.store import open_writer


@dataclass(frozen=True, slots=True)
class Played:
    """What the probe said in a world, and what the world's boxes did meanwhile."""

    world: World
    result: RunResult
    log: TruthLog
    sink: "MemorySink | Watched"
    """What the run kept; its observations, at least, are in memory."""


def knowledge_in(world: World, base: Knowledge | None = None, geo: Geo | None = None) -> Knowledge:
    """Return what the judge may know in a world: its catalogue, and its root instead of ours."""
    return Knowledge(
        catalogue=world.catalogue,
        roots=(world.ca_der,),
        local_roots=world.local_roots_der,
        fingerprints=base.fingerprints if base else (),
        fingerprints_sha256=base.fingerprints_sha256 if base else "",
        geo=geo or (base.geo if base else NoGeo()),
    )


def play(
    world: World,
    endpoints: Sequence[Endpoint],
    knowledge: Knowledge,
    *,
    profile: str = "look",
    seed: int = 0,
    quic: bool = True,
    locate: bool = False,
    pace_factor: float = 1.0,
    remotes: tuple[Remote, ...] = (),
    database: Path | None = None,
    on_event: Callable[[Event], None] = lambda _: None,
    on_open: Callable[[VirtualNet], None] = lambda _: None,
) -> Played:
    """Run the probe in a world, virtually; identical arguments give identical results.

    `database` keeps the run's rows as a real run would; without it they stay in memory. `on_open`
    is called with the lab's network before anything is sent: for taps.
    """
    request = RunRequest(
        endpoints=tuple(endpoints),
        services=tuple(dict.fromkeys(endpoint.service for endpoint in endpoints)),
        profile=profile,
        seed=seed,
        world=f"lab:{world.id}",
        again=True,
        quic=quic,
        locate=locate,
        pace_factor=pace_factor,
        govern=False,
    )

    async def inside() -> Played:
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
            rows_in(database) as rows,
        ):
            on_open(net)
            tools = make_tools(
                knowledge,
                world.client.machine,
                utc=net.utc_now(),
                quic=quic,
                pace_factor=pace_factor,
            )
            result = await measure(
                request,
                knowledge,
                tools,
                rows,
                run_id=f"{world.id}-{seed}",
                remotes=remotes,
                on_event=on_event,
            )
        return Played(world, result, net.log, rows)

    return run_virtual(inside, seed=seed)


@asynccontextmanager
async def rows_in(database: Path | None) -> AsyncIterator["MemorySink | Watched"]:
    """Open what takes the run's rows."""
    if database is None:
        yield MemorySink()
        return
    async with open_writer(database, inline=True) as writer:
        yield Watched(writer)


class Watched:
    """Keeps observations in memory on their way into a store."""

    def __init__(self, inner: Sink) -> None:
        self.observations: list[Observation] = []
        self._inner = inner
        self.protect = inner.protect
        self.begin_run = inner.begin_run
        self.add_experiments = inner.add_experiments
        self.add_verdicts = inner.add_verdicts
        self.finish_run = inner.finish_run

    async def add(
        self, observations: Sequence[Observation], *, verified: frozenset[str] = frozenset()
    ) -> None:
        """Keep, and hand on."""
        self.observations.extend(observations)
        await self._inner.add(observations, verified=verified)
