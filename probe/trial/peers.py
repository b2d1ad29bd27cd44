"""What ordinary tools say of the same targets, beside what is true and what we say (`make peers`).

curl and Prometheus' blackbox exporter, as the package registry has them, as the client of the same
lines on real packets. They were made to say whether something can be reached, and do; who is to
blame is no question of theirs. The table shows what that leaves open, and where they see more.
"""

import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Final

import click

from probe.lab.kernel import call_in_world
from probe.report.grid import Block, Cell, Grid, show
from probe.trial.campaign import side_by_side
from probe.trial.kernel import LIMIT_S, QUICKENED
from probe.trial.kernel_campaign import need_kernel, play_lines_on_kernel
from probe.trial.marking import agrees, is_accusation
from probe.trial.playing import LineOutcome, Unit
from probe.trial.roll import roll
from probe.trial.scenario import Line
from probe.trial.worlds import line_world

TIMEOUT_S: Final = 20
"""Of either tool; blackbox exporter's own default is what its caller gives it."""
# curl(1), EXIT CODES.
_CURL: Final[Mapping[int, str]] = {
    6: "no address", 7: "no connection", 18: "cut short", 28: "timeout", 35: "no handshake",
    52: "empty answer", 56: "cut while reading", 60: "bad certificate", 92: "HTTP/2 error",
}  # fmt: skip
_EXPORTER: Final = "prometheus-blackbox-exporter"
_PORT: Final = 9115
_FINE: Final = frozenset({"ok"})


@dataclass(frozen=True, slots=True)
class Peer:
    """What a tool said of one target."""

    tool: str
    endpoint: str
    is_reached: bool
    words: str


def missing() -> tuple[str, ...]:
    """Return the tools that are not installed."""
    return tuple(tool for tool in ("curl", _EXPORTER) if shutil.which(tool) is None)


def ask_peers(line: Line, tools: Sequence[str]) -> tuple[Peer, ...]:
    """Let the tools look at a line's targets; this process leaves its network for good."""
    world = line_world(line, tempo=QUICKENED).dated(datetime.now(UTC))
    urls = {e.id: e.url for e in world.catalogue.endpoints if e.id in line.endpoints}
    told, _ = call_in_world(world, partial(_ask, urls, world.ca_pem, tools), limit_s=LIMIT_S)
    return told


def _ask(urls: Mapping[str, str], ca_pem: bytes, tools: Sequence[str]) -> tuple[Peer, ...]:
    with TemporaryDirectory(prefix="roadblock-peers-") as folder, ThreadPoolExecutor(16) as pool:
        root = Path(folder) / "ca.pem"
        root.write_bytes(ca_pem)
        found: list[Peer] = []
        if "curl" in tools:
            found += pool.map(partial(_curl, root), urls.items())
        if _EXPORTER in tools:
            with _exporter(Path(folder), root):
                found += pool.map(_blackbox, urls.items())
    return tuple(found)


def _curl(root: Path, target: tuple[str, str]) -> Peer:
    endpoint, url = target
    ended = subprocess.run(  # noqa: S603 (a tool that was found by name)
        [
            *("curl", "--silent", "--max-time", str(TIMEOUT_S), "--cacert", str(root)),
            *("--output", "/dev/null", "--write-out", "%{http_code}", url),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return read_curl(endpoint, ended.returncode, ended.stdout)


def read_curl(endpoint: str, code: int, status: str) -> Peer:
    """Return what curl's exit code and HTTP status say; 400 and above is no success to anybody."""
    if code:
        return Peer("curl", endpoint, is_reached=False, words=_CURL.get(code, f"exit {code}"))
    is_reached = status.isdigit() and int(status) < 400
    return Peer("curl", endpoint, is_reached, f"HTTP {status}")


@contextmanager
def _exporter(folder: Path, root: Path) -> Iterator[None]:
    config = folder / "blackbox.yml"
    config.write_text(
        "modules:\n  page:\n    prober: http\n"
        f"    timeout: {TIMEOUT_S}s\n"
        "    http:\n      follow_redirects: false\n"
        "      valid_status_codes: [200, 204, 301, 302, 303, 307, 308]\n"
        f"      tls_config:\n        ca_file: {root}\n"
    )
    running = subprocess.Popen(  # noqa: S603 (a tool that was found by name)
        [_EXPORTER, f"--config.file={config}", f"--web.listen-address=127.0.0.1:{_PORT}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for_exporter()
        yield
    finally:
        running.terminate()
        running.wait()


def _wait_for_exporter() -> None:
    for _ in range(50):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{_PORT}/-/healthy", timeout=1):
                return
        except OSError:
            Event().wait(0.1)


def _blackbox(target: tuple[str, str]) -> Peer:
    endpoint, url = target
    asked = urllib.parse.urlencode({"module": "page", "target": url})
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{_PORT}/probe?{asked}", timeout=TIMEOUT_S + 10
        ) as answer:
            return read_blackbox(endpoint, answer.read().decode())
    except OSError as error:
        return Peer(_EXPORTER, endpoint, is_reached=False, words=type(error).__name__)


def read_blackbox(endpoint: str, metrics: str) -> Peer:
    """Return what the exporter's metrics say: success, and the last phase that took any time."""
    values = dict(
        line.rsplit(" ", 1)
        for line in metrics.splitlines()
        if line and not line.startswith("#") and " " in line
    )
    is_reached = values.get("probe_success") == "1"
    status = values.get("probe_http_status_code", "0")
    if status != "0":
        return Peer(_EXPORTER, endpoint, is_reached, f"HTTP {status}")
    phases = ("resolve", "connect", "tls", "processing", "transfer")
    reached = [
        phase
        for phase in phases
        if float(values.get(f'probe_http_duration_seconds{{phase="{phase}"}}', "0")) > 0
    ]
    return Peer(
        _EXPORTER, endpoint, is_reached, f"fails after {reached[-1] if reached else 'nothing'}"
    )


# --- beside the truth -----------------------------------------------------------------------------


def main_unit(outcome_units: Sequence[Unit]) -> Unit | None:
    """Return the verdict that the tools' question is nearest to: over TCP, IPv4 or both."""
    over_tcp = [u for u in outcome_units if u.said.protocol.value != "quic"]
    return next(iter(over_tcp), None)


def compared(
    ours: Iterable[LineOutcome], peers: Iterable[Sequence[Peer]]
) -> tuple[dict[str, Counter[str]], list[tuple[str, ...]]]:
    """Count each tool's words by what is true; and return a row for each target."""
    counts: dict[str, Counter[str]] = {}
    rows = []
    for played, told in zip(ours, peers, strict=True):
        by_tool = {(peer.tool, peer.endpoint): peer for peer in told}
        tools = sorted({peer.tool for peer in told})
        for outcome in played.outcomes:
            unit = main_unit(outcome.units)
            if unit is None or outcome.disagreement or not unit.expected.node:
                continue
            sort = sort_of(unit)
            endpoint = outcome.scenario.endpoint
            said = [by_tool[tool, endpoint] for tool in tools]
            for peer in said:
                counts.setdefault(peer.tool, Counter()).update(
                    [(f"{sort}"), f"{sort}: {'reached' if peer.is_reached else 'failed'}"]
                )
            own = counts.setdefault("roadblock", Counter())
            own.update([sort, f"{sort}: {_our_word(unit)}"])
            rows.append(
                (
                    outcome.scenario.kind,
                    "/".join(unit.expected.node),
                    *(peer.words for peer in said),
                    "/".join(unit.said.node) or "insufficient",
                )
            )
    return counts, rows


def sort_of(unit: Unit) -> str:
    """Return what is true of a target, in one of three words."""
    if unit.expected.is_interfered:
        return "blocked"
    return "fine" if set(unit.expected.node) <= _FINE else "its own trouble"


def _our_word(unit: Unit) -> str:
    said = unit.said.node
    if is_accusation(said):
        return "blocked, and rightly so" if agrees(said, unit.expected) else "blocked, wrongly"
    if not said:
        return "insufficient"
    return "reached" if said[0] == "ok" else "its own trouble"


def blocks(counts: Mapping[str, Counter[str]], rows: Sequence[tuple[str, ...]]) -> list[Block]:
    """Return the tables: by tool and truth, then every target."""
    words = sorted({key for one in counts.values() for key in one if ": " in key})
    summary = tuple(
        (Cell(tool), Cell(key), Cell(f"{one[key]} of {one[key.partition(':')[0]]}"))
        for tool, one in sorted(counts.items())
        for key in words
        if one[key]
    )
    tools = sorted(tool for tool in counts if tool != "roadblock")
    every = tuple(tuple(map(Cell, row)) for row in sorted(rows))
    return [
        Grid(("Tool", "True, and what it says", "Targets"), summary),
        "",
        Grid(("Kind", "True", *tools, "roadblock"), every),
    ]


@click.command()
@click.option("--seed", default=1, show_default=True, help="Which lines.")
def main(seed: int) -> None:
    """Play every kind on real packets and print what each tool says beside the truth."""
    need_kernel()
    absent = missing()
    tools = [tool for tool in ("curl", _EXPORTER) if tool not in absent]
    for tool in absent:
        click.echo(f"NOT RUN: {tool} is not installed (apt-get install {tool})", err=True)
    drawn = roll(seed)
    # Processes that leave the network are the pool's; the tools need their ports to themselves.
    peers = list(side_by_side(partial(ask_peers, tools=tools), drawn, processes=8))
    ours = list(play_lines_on_kernel(drawn))
    show(blocks(*compared(ours, peers)), sys.stdout)


if __name__ == "__main__":
    main()
