"""Inside the lab: our client and curl in turn, A B A B, and the ratio of each pair.

Run inside the lab's client namespace; prints one JSON object on stdout.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from probe.trial.bench import ground

ROUNDS = 5


def main() -> None:
    """Run the pairs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--one-by-one", action="store_true")
    options = parser.parse_args()
    ca_file = Path(os.environ["LAB_CA_FILE"])
    if options.one_by_one:
        flags = ("--at-once", "1")
        alone = [
            {"unstored": _ours(options.count, ca_file, *flags), "curl": _curl_alone(ca_file)}
            for _ in range(ROUNDS)
        ]
        print(json.dumps(alone))  # noqa: T201
        return
    rounds = [
        {
            "unstored": _ours(options.count, ca_file),
            "curl": _curl(options.count, ca_file),
            "stored": _ours(options.count, ca_file, "--store"),
        }
        for _ in range(ROUNDS)
    ]
    print(json.dumps(rounds))  # noqa: T201 (this module is a program)


def _ours(count: int, ca_file: Path, *flags: str) -> dict[str, float]:
    argv = [sys.executable, "-m", "probe.trial.bench.client", str(count)]
    done = subprocess.run(  # noqa: S603 (our own module)
        [*argv, "--ca-file", str(ca_file), *flags], check=True, capture_output=True, text=True
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _curl(count: int, ca_file: Path) -> dict[str, float]:
    """Fetch the same pages with `curl --parallel`, which trusts one root."""
    with tempfile.NamedTemporaryFile("w", suffix=".curlrc") as config:
        for host in ground.hosts(count):
            config.write(f'url = "https://{host}/"\noutput = "/dev/null"\n')
        config.flush()
        argv = ["curl", "--silent", "--fail", "--http1.1", "--parallel", "--parallel-immediate"]
        argv += ["--no-progress-meter"]
        argv += ["--parallel-max", "50", "--cacert", str(ca_file), "--config", config.name]
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(argv, check=True)  # noqa: S603 (curl, found on the path)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_ms": 1000 * spent / count, "wall_s": time.perf_counter() - started}


def _curl_alone(ca_file: Path, times: int = 10) -> dict[str, float]:
    """Fetch one page after the other, each by a curl of its own; totals as curl counts them."""
    argv = ["curl", "--silent", "--fail", "--http1.1", "--cacert", str(ca_file)]
    argv += ["--output", "/dev/null", "--write-out", "%{time_total}", "--ipv4"]
    totals = [
        float(subprocess.run([*argv, f"https://{host}/"], check=True, capture_output=True).stdout)  # noqa: S603
        for host in ground.hosts(times)
    ]
    return {"median_ms": 1000 * statistics.median(totals)}


if __name__ == "__main__":
    main()
