"""Inside the lab: a whole run over a crowd of endpoints, for its memory and its rows.

Run inside the lab's client namespace; prints one JSON object on stdout.
"""

import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import overload

import trio

from probe.measure.tools import Tools
from probe.model.knowledge import Knowledge
from probe.model.run import Machine
from probe.model.target import Endpoint, Pacing
from probe.reference import load_roots
from probe.run import EndpointDone, Event, RunRequest, measure
from probe.run.setup import make_tools
from probe.store import open_writer
from probe.trial.bench import ground


class Crowd(Sequence[Endpoint]):
    """Endpoints that are made when they are asked for."""

    def __init__(self, count: int, kind: str) -> None:
        self._count, self._kind = count, kind

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Endpoint: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Endpoint]: ...

    def __getitem__(self, index: int | slice) -> Endpoint | Sequence[Endpoint]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._count))]
        if self._kind == "hang":
            return ground.endpoint(f"h{index}.bench.example")
        # One name, a path each: the lab need not serve a hundred thousand names.
        one = ground.endpoint("h0.bench.example")
        return one.model_copy(update={"id": f"bench.{index}", "url": f"{one.url}?{index}"})


def main() -> None:
    """Run the crowd."""
    count, kind, workers = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "crowd.db"
        verdicts, early = trio.run(_measure, count, kind, workers, database)
        rows = _rows(database)
    peak = peak_rss_mb()
    print(  # noqa: T201 (this module is a program)
        json.dumps(
            {
                "peak_rss_mb": peak,
                "early_rss_mb": early,
                "verdicts": verdicts,
                "rows": rows,
                "wall_s": time.perf_counter() - started,
            }
        )
    )


def peak_rss_mb() -> float:
    """Return this program's own peak.

    Not getrusage's: that begins with the peak of whoever forked before it started this program.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(
        int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")
    )


def _rows(database: Path) -> int:
    with sqlite3.connect(database) as connection:
        count: int = connection.execute("SELECT count(*) FROM observation").fetchone()[0]
    return count


async def _measure(count: int, kind: str, workers: int, database: Path) -> tuple[int, float]:
    pacing: Pacing = ground.free_pacing(handshake_idle_s=30.0, workers=workers)
    catalogue = ground.catalogue(1, pacing)
    knowledge = Knowledge(catalogue=catalogue, roots=load_roots(Path(os.environ["LAB_CA_FILE"])))
    tools: Tools = make_tools(knowledge, Machine(), utc=datetime.now(UTC), quic=False)
    done = 0
    early = 0.0

    def on_event(event: Event) -> None:
        nonlocal done, early
        if isinstance(event, EndpointDone):
            done += len(event.verdicts)
            if event.done == count // 10:
                early = peak_rss_mb()

    request = RunRequest(
        endpoints=Crowd(count, kind),
        world="lab:bench",
        again=True,
        quic=False,
        collect=False,
        # Times are not what counts here.
        govern=False,
    )
    async with open_writer(database) as writer:
        await measure(request, knowledge, tools, writer, run_id="bench", on_event=on_event)
    return done, early


if __name__ == "__main__":
    main()
