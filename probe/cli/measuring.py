"""What `run` and `check` share: a measurement from here, stored, with its budgets and its end."""

import contextlib
import math
import os
import secrets
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import trio

from probe.cli.elsewhere import Elsewhere, elsewhere_of
from probe.cli.reading import stored_findings
from probe.config.settings import fingerprints_folder
from probe.errors import NothingStoredError
from probe.model.knowledge import Knowledge
from probe.model.run import Machine
from probe.model.target import Pacing
from probe.reference import load_knowledge, without_local_roots
from probe.report.findings import Findings, findings
from probe.run import Event, RunRequest, measure
from probe.run.setup import make_tools
from probe.store import CLOCK_SLACK, open_reader, open_writer

INTERNET = "internet"
INTERRUPTED = 130


def lab_ca_file() -> Path | None:
    """Return the root of the lab's own authority, which the lab names to its commands."""
    named = os.environ.get("LAB_CA_FILE")
    return Path(named) if named else None


def knowledge_here(
    lab_world: str | None,
    targets: Path | None,
    ca_file: Path | None,
    geo_db: Path | None,
    fingerprints: Path | None = None,
) -> Knowledge:
    """Return what may be known here; inside the lab its own authority verifies, and no other.

    Added fingerprints are taken from the person's folder unless another one is named.
    """
    if lab_world is None:
        added = fingerprints or fingerprints_folder()
        return load_knowledge(targets, ca_file, geo_db, added)
    return without_local_roots(load_knowledge(targets, ca_file or lab_ca_file(), geo_db))


async def measure_and_store(
    request: RunRequest,
    knowledge: Knowledge,
    machine: Machine,
    database: Path,
    tell: Callable[[Event], None],
    deadline_s: float = math.inf,
    elsewhere: Elsewhere | None = None,
) -> Findings:
    """Run to the end, the deadline or the first signal; what was finished is stored in any case.

    `elsewhere`: other vantage points; else the helpers that the request names.
    """
    if elsewhere is None:
        elsewhere = elsewhere_of(knowledge.catalogue, request.controls)
    utc = datetime.now(UTC)
    run_id = f"{utc:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    tools = make_tools(
        knowledge, machine, utc=utc, quic=request.quic, pace_factor=request.pace_factor
    )
    result = None
    async with open_writer(database) as writer, trio.open_nursery() as nursery:
        work = await nursery.start(cancel_on_signal)
        work.deadline = trio.current_time() + deadline_s
        with work:
            result = await measure(
                request,
                knowledge,
                tools,
                writer,
                run_id=run_id,
                remotes=elsewhere.snapshots,
                helpers=elsewhere.helpers,
                on_event=tell,
            )
        nursery.cancel_scope.cancel()
    if result is None:
        # Interrupted: the result is what the store has of it.
        with open_reader(database) as reader:
            return stored_findings(reader, reader.run(run_id))
    return findings(
        result.run, result.vantage, result.services, result.verdicts, knowledge.catalogue
    )


async def cancel_on_signal(
    task_status: trio.TaskStatus[trio.CancelScope] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Cancel the work at the first signal that asks for it; leave at once at the second."""
    work = trio.CancelScope()
    with trio.open_signal_receiver(*_endings()) as signals:
        task_status.started(work)
        async for _ in signals:
            if work.cancel_called:
                os._exit(INTERRUPTED)
            # The terminal may be what went away.
            with contextlib.suppress(OSError):
                click.echo("Stopping; once more stops at once.", err=True)
            work.cancel()


def _endings() -> Iterator[signal.Signals]:
    """Yield what asks us to end: Ctrl-C, `kill`, a terminal that is closed (not under nohup)."""
    yield signal.SIGINT
    yield signal.SIGTERM
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
        yield hang_up


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier runs from here leave to this one."""

    recent: dict[str, datetime]
    bytes_left: int | None


def past_of(database: Path, pacing: Pacing) -> Past:
    """Read when endpoints were last measured, and what budgets of bytes are left."""
    if not database.exists():
        return Past({}, None)
    now = datetime.now(UTC)
    until = now + CLOCK_SLACK
    try:
        with open_reader(database) as reader:
            day = pacing.bytes_per_day - reader.traffic_since(now - timedelta(days=1), until)
            month = pacing.bytes_per_month - reader.traffic_since(now - timedelta(days=30), until)
            recent = reader.measured_since(now - timedelta(hours=pacing.session_hours), until)
    except NothingStoredError:
        # Another run is making the file this very moment.
        return Past({}, None)
    return Past(recent, max(0, min(day, month)))
