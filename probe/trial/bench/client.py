"""One side of a benchmark: measure names as fast as they come, then print what it cost.

Run inside the lab's client namespace; prints one JSON object on stdout.
"""

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import trio

from probe.classify.chains import judge_chain
from probe.measure.perform import perform
from probe.measure.tools import NoLimiter, Tools
from probe.model.experiment import Experiment, Kind
from probe.model.observation import HttpObservation, Observation, TlsObservation
from probe.model.run import Machine, Run
from probe.model.words import Transport
from probe.reference import load_roots
from probe.store import Writer, open_writer
from probe.trial.bench import ground
from probe.wire.clock import Clock


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--store", action="store_true")
    parser.add_argument("--ca-file", type=Path, required=True)
    options = parser.parse_args()
    roots = load_roots(options.ca_file)
    started, cpu = time.perf_counter(), _cpu_s()
    walls = trio.run(_measure, options.count, options.at_once, options.store, roots)
    spent = _cpu_s() - cpu
    print(  # noqa: T201 (this module is a program)
        json.dumps(
            {
                "measurements": len(walls),
                "cpu_ms": 1000 * spent / options.count,
                "wall_s": time.perf_counter() - started,
                "median_ms": 1000 * statistics.median(walls),
                "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def _measure(count: int, at_once: int, stores: bool, roots: tuple[bytes, ...]) -> list[float]:
    pacing = ground.free_pacing()
    tools = Tools(
        clock=Clock.start(datetime.now(UTC)),
        machine=Machine(),
        pacing=pacing,
        resolvers={r.id: r for r in ground.catalogue(0, pacing).resolvers},
        screen_resolvers=(("bench", Transport.UDP),),
        limiter=NoLimiter(),
    )
    walls: list[float] = []
    send, receive = trio.open_memory_channel[str](0)
    async with AsyncExitStack() as stack:
        writer = None
        if stores:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            writer = await stack.enter_async_context(open_writer(Path(folder) / "bench.db"))
            run = Run(id="bench", world="lab:bench", started_at=tools.clock.now(), seed=0)
            await writer.begin_run(run)
        async with trio.open_nursery() as nursery:
            for _ in range(at_once):
                nursery.start_soon(_worker, receive.clone(), tools, writer, roots, walls)
            receive.close()
            async with send:
                for host in ground.hosts(count):
                    await send.send(host)
    return walls


async def _worker(
    receive: trio.MemoryReceiveChannel[str],
    tools: Tools,
    writer: Writer | None,
    roots: tuple[bytes, ...],
    walls: list[float],
) -> None:
    async with receive:
        async for host in receive:
            endpoint = ground.endpoint(host)
            look = Experiment(
                kind=Kind.SCREEN,
                endpoint=endpoint.id,
                name=host,
                url=endpoint.url,
                port=0,
                alpn=("http/1.1",),
            )
            started = trio.current_time()
            seen = await perform(look, endpoint, tools)
            walls.append(trio.current_time() - started)
            verified = _checked(seen, host, roots)
            if writer is not None:
                await writer.add(seen, verified=verified)


def _checked(seen: Sequence[Observation], host: str, roots: tuple[bytes, ...]) -> frozenset[str]:
    """Judge the chain and insist on the whole body: a benchmark of failures would be fast."""
    pages = [o for o in seen if isinstance(o, HttpObservation)]
    handshakes = [o for o in seen if isinstance(o, TlsObservation)]
    if not pages or pages[0].body_bytes < ground.BODY_BYTES:
        raise SystemExit(f"{host}: no whole page; {[o.failure for o in seen]}")
    chain = judge_chain(handshakes[0].chain, host, at=handshakes[0].started_at, roots=roots)
    if not chain.verified:
        raise SystemExit(f"{host}: the chain does not verify: {chain.reason}")
    return frozenset(page.id for page in pages)


if __name__ == "__main__":
    main()
