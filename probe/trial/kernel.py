"""Plays a line on real packets: the same world, the same run, real stacks and the real clock."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import trio

from probe.lab.kernel import KernelNet, call_in_world
from probe.lab.world import World
from probe.model.target import Endpoint
from probe.run import RunRequest, measure
from probe.run.setup import make_tools
from probe.trial.play import rows_in
from probe.trial.playing import LineOutcome, Told, compared, failed_endpoints, knowledge_of
from probe.trial.scenario import Line
from probe.trial.worlds import Tempo, line_world

QUICKENED: Final = Tempo(pace=0.03, patience=0.35, download=0.2)
"""A minute's memory of a box lasts 1.8 s, and so do the run's waits for it; where nothing comes, a
third of the ordinary time is waited. A busy machine delays a run by a second or two, so shorter
memories would lapse in mid-run; 650 bytes a second come in pieces 4.4 s apart (R02)."""
LIMIT_S: Final = 600.0


def play_on_kernel(
    line: Line,
    *,
    profile: str = "quick",
    database: Path | None = None,
    on_open: Callable[[KernelNet], None] = lambda _: None,
) -> LineOutcome:
    """Play a line's run in namespaces, as `play_line` does on the virtual clock.

    This process leaves the machine's network for good. Helpers are not played: what is learnt from
    elsewhere is virtual, and of another day.
    """
    began = time.process_time()
    world = line_world(line, tempo=QUICKENED).dated(datetime.now(UTC))
    targets = tuple(e for e in world.catalogue.endpoints if e.id in line.endpoints)
    work = partial(_measure, world, targets, line.seed, profile, database)
    told, log = call_in_world(world, work, limit_s=LIMIT_S, on_open=on_open)
    return compared(line, world, told, log, began=began, database=database)


def _measure(
    world: World, targets: Sequence[Endpoint], seed: int, profile: str, database: Path | None
) -> Told:
    """Run the probe; in the client's network already."""
    knowledge = knowledge_of(world)
    request = RunRequest(
        endpoints=tuple(targets),
        services=tuple(dict.fromkeys(endpoint.service for endpoint in targets)),
        profile=profile,
        seed=seed,
        world=f"lab:{world.id}",
        again=True,
        pace_factor=QUICKENED.pace,
        govern=False,
    )

    async def inside() -> Told:
        utc = datetime.now(UTC)
        tools = make_tools(knowledge, world.client.machine, utc=utc, pace_factor=QUICKENED.pace)
        async with rows_in(database) as rows:
            run_id = f"{world.id}-{utc:%Y%m%dT%H%M%S}"
            with QUICKENED.judged():
                result = await measure(request, knowledge, tools, rows, run_id=run_id)
        return Told(result, failed_endpoints(rows.observations), len(rows.observations))

    return trio.run(inside)
