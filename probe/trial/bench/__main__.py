"""`python -m probe.trial.bench [PART …]`: print the figures that the README quotes."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from probe.lab.kernel import kernel_available, play_command
from probe.lab.world import World
from probe.model.target import Pacing
from probe.trial.bench import archive, ground, virtual
from probe.trial.bench import core as core_run

COUNT = 600
ROUND_TRIP_S = 0.05
# DNS 1, TCP 1, TLS 1, HTTP 1, and 50 KB at an initial window of ten segments: 2 more.
ROUND_TRIPS = 6
HANGING = 1000
LONG = 100_000


def cpu() -> None:
    """CPU of one measurement against `curl --parallel` with one root."""
    if shutil.which("curl") is None:
        _say("cpu", "not measured: curl is not installed")
        return
    rounds = json.loads(_inside(ground.open_world(COUNT), "pairs", str(COUNT)))
    for side, bar in (("unstored", 1.2), ("stored", 1.4)):
        ratios = [pair[side]["cpu_ms"] / pair["curl"]["cpu_ms"] for pair in rounds]
        ours = statistics.median(pair[side]["cpu_ms"] for pair in rounds)
        curl = statistics.median(pair["curl"]["cpu_ms"] for pair in rounds)
        _say(
            f"CPU of one measurement, {side}",
            f"{statistics.median(ratios):.2f} x curl --parallel ({min(ratios):.2f} to"
            f" {max(ratios):.2f}; {ours:.2f} ms against {curl:.2f} ms); aim {bar}",
        )


def wall() -> None:
    """Wall time at a round trip of 50 ms, one measurement at a time, ours and curl's."""
    if shutil.which("curl") is None:
        _say("wall", "not measured: curl is not installed")
        return
    world = ground.open_world(40, rtt_s=ROUND_TRIP_S)
    rounds = json.loads(_inside(world, "pairs", "40", "--one-by-one"))
    ours, curl = (
        statistics.median(pair[side]["median_ms"] for pair in rounds)
        for side in ("unstored", "curl")
    )
    bound_ms = 1000 * ROUND_TRIPS * ROUND_TRIP_S
    _say(
        "Wall time at 50 ms",
        f"{ours / bound_ms:.3f} x the bound of 6 round trips ({ours:.0f} ms), {ours / curl:.3f} x"
        f" curl on the same path ({curl:.0f} ms); aim 1.03",
    )


def hang() -> None:
    """Peak memory of 1,000 endpoints that hang for 30 s, all at once and as many as workers."""
    for workers in (HANGING, Pacing().workers):
        count = HANGING if workers == HANGING else 4 * workers
        argv = (str(count), "hang", str(workers))
        result = json.loads(_inside(ground.hanging_world(count), "crowd", *argv))
        _say(
            f"{count} endpoints that hang for 30 s, {workers} at once",
            f"peak RSS {result['peak_rss_mb']:.0f} MB, {result['verdicts']} judged; aim 90 MB",
        )


def long() -> None:
    """Memory and rows of 100,000 endpoints (a quarter of an hour)."""
    world = ground.open_world(1, body_bytes=ground.SMALL_BYTES)
    result = json.loads(_inside(world, "crowd", str(LONG), "long", "50"))
    _say(
        f"{LONG:,} endpoints",
        f"peak RSS {result['peak_rss_mb']:.0f} MB ({result['early_rss_mb']:.0f} MB after a tenth),"
        f" {result['verdicts']:,} judged, {result['rows']:,} rows stored,"
        f" {result['wall_s']:.0f} s; aim 90 MB",
    )


def start() -> None:
    """How long the command takes to start."""
    argv = [sys.executable, "-m", "probe", "--help"]
    _say("roadblock --help", f"{_median_ms(argv):.0f} ms; aim 120 ms")
    # The probe first, as in the command itself: it imports httpx without httpx's own command line.
    hot = "import probe.run, probe.store, trio, httpx, httpcore, h2, dns.message, pydantic, sqlite3"
    bare = _median_ms([sys.executable, "-c", "pass"])
    _say(
        "Imports of the hot path",
        f"{_median_ms([sys.executable, '-c', hot]) - bare:.0f} ms beyond Python's own; aim 250 ms",
    )


def lab() -> None:
    """Speed of the virtual lab, in CPU time of one core."""
    virtual.warm_up()
    _say("Virtual lab, single steps", f"{virtual.steps_per_second():.0f} a second; aim 200")
    _say("Virtual lab, whole screens", f"{virtual.screens_per_second():.1f} a second; aim 20")
    for profile in ("quick", "standard"):
        rate = virtual.investigations_per_second(profile)
        _say(f"Virtual lab, {profile} investigations", f"{rate:.1f} a second; aim 8")


def core() -> None:
    """What a run of the core endpoints costs a person, on the lab's clock."""
    for dead, aim_s in ((0, 60), (core_run.DEAD, 150)):
        run = core_run.cost(dead)
        _say(
            f"{run.endpoints} core endpoints, quick, {dead} dead, 50 ms",
            f"{run.seconds:.0f} s; aim {aim_s} s; {run.megabytes:.1f} MB; aim 8 MB",
        )


def stored() -> None:
    """Reading and exporting a gigabyte of results (three minutes, 4 GB of disk)."""
    for what, figure in archive.stored_figures():
        _say(what, figure)


def ooni() -> None:
    """How fast OONI's documents are judged."""
    for what, figure in archive.ooni_figures():
        _say(what, figure)


PARTS: dict[str, Callable[[], None]] = {
    "cpu": cpu,
    "wall": wall,
    "hang": hang,
    "long": long,
    "start": start,
    "lab": lab,
    "core": core,
    "stored": stored,
    "ooni": ooni,
}
USUAL = ("cpu", "wall", "hang", "start", "lab", "core")


def main(parts: Sequence[str]) -> int:
    """Run the parts named, or the usual ones."""
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        _say("usage", f"no part {unknown[0]!r}; there are: {', '.join(PARTS)}")
        return 2
    reason = kernel_available()
    for part in parts or USUAL:
        if reason is not None and part in {"cpu", "wall", "hang", "long"}:
            _say(part, f"not measured: {reason}")
        else:
            PARTS[part]()
    return 0


def _inside(world: World, module: str, *arguments: str) -> str:
    """Run a module of this package as the client of a world; return what it printed.

    In a process of its own: whoever plays a world leaves the machine's network for good.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        with os.fdopen(write, "wb") as out, tempfile.TemporaryDirectory() as folder:
            ca_file = Path(folder) / "ca.pem"
            argv = [sys.executable, "-m", f"probe.trial.bench.{module}", *arguments]
            finished = play_command(world, argv, stdout=out, ca_file=ca_file)
            out.flush()
        os._exit(finished.exit_code)
    os.close(write)
    with os.fdopen(read, "r") as output:
        text = output.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise SystemExit(f"the benchmark's {module} failed: {text}")
    return text


def _median_ms(argv: Sequence[str]) -> float:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    times = []
    for _ in range(9):
        started = time.perf_counter()
        subprocess.run(argv, check=True, capture_output=True, env=environment)  # noqa: S603
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times[1:])


def _say(what: str, figure: str) -> None:
    print(f"{what}: {figure}", flush=True)  # noqa: T201 (this module is a program)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
