"""`roadblock watch`: the same run again and again, for containers and terminals that stay."""

import contextlib
import random
import secrets
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, Literal

import click
import trio

from probe.cli.choice import Choice, Prepared, choice_options, prepare, request_of
from probe.cli.consent import agreed
from probe.cli.measuring import INTERRUPTED, cancel_on_signal, measure_and_store, past_of
from probe.cli.notifying import Notifier, notify_option
from probe.cli.options import Finite
from probe.cli.selection import country_notes
from probe.cli.telling import Teller
from probe.config.consent import stored_consent
from probe.config.settings import data_folder
from probe.errors import (
    ConsentError,
    ProbeError,
    SchemaTooNewError,
    StoreError,
    UsageError,
)
from probe.report.escape import escape
from probe.report.findings import Findings
from probe.report.progress import LogProgress, SilentProgress
from probe.report.words import service_sentence, wording
from probe.run import RunRequest
from probe.run.watch import Rhythm, Turn, watch
from probe.store import trim
from probe.store.watching import Watching, write_watching

NOTHING_SELECTED = 5
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Keeping:
    """How much of what was measured stays."""

    ok_days: float
    raw_days: float
    max_bytes: int


class Interval(Finite):
    """Hours, no less than a minute, and told so: a sixtieth is no number to read."""

    def _describe_range(self) -> str:
        return "at least a minute"


@click.command()
@choice_options
@click.option(
    "--interval",
    type=Interval(min=1 / 60),
    metavar="HOURS",
    help="From the end of one run to the next. Default: the pause between sessions, 6 hours.",
)
@click.option("--runs", type=click.IntRange(min=1), metavar="N", help="End after so many runs.")
@click.option(
    "--keep-ok-days",
    type=Finite(min=0),
    default=30.0,
    show_default=True,
    help="Drop evidence of what worked after so many days; verdicts stay.",
)
@click.option(
    "--keep-days",
    type=Finite(min=0),
    default=365.0,
    show_default=True,
    help="Drop all evidence after so many days; verdicts stay.",
)
@click.option(
    "--keep-mb",
    type=Finite(min=1),
    default=500.0,
    show_default=True,
    help="Hold the database to this size: what worked is dropped first, oldest first.",
)
@notify_option
@click.option("--quiet", is_flag=True, help="Print only the services' sentences.")
def command(
    choice: Choice,
    interval: float | None,
    runs: int | None,
    keep_ok_days: float,
    keep_days: float,
    keep_mb: float,
    notify: tuple[str, ...],
    quiet: bool,
) -> int:
    """Measure again and again, politely, until stopped.

    Waits are drawn anew each time. An ended consent ends the watch. SIGTERM ends it at once, and
    keeps every finished measurement.
    """
    notifier = Notifier(notify)
    prepared = prepare(choice)
    if not prepared.endpoints:
        click.echo("Nothing is selected.", err=True)
        return NOTHING_SELECTED
    if choice.again and prepared.lab_world is None:
        raise UsageError(
            "watch keeps the pause between sessions, so it takes no --again; your own endpoints are"
            " free of the pause anyway"
        )
    if prepared.lab_world is None:
        for note in country_notes(prepared.services):
            click.echo(f"Note. {note}", err=True)
        names = [service.name for service in prepared.services]
        agreed(choice.consent, language=choice.language, services=names)
    hours = interval or prepared.knowledge.catalogue.pacing.session_hours
    keeping = Keeping(keep_ok_days, keep_days, int(keep_mb * _MB))
    watcher = Watcher(choice, prepared.database, keeping, notifier, runs=runs, quiet=quiet)
    return trio.run(watcher.watch, Rhythm(interval_s=hours * 3600))


class Watcher:
    """Takes the turns of one watch, and tells of them."""

    def __init__(
        self,
        choice: Choice,
        database: Path,
        keeping: Keeping,
        notifier: Notifier,
        *,
        runs: int | None,
        quiet: bool,
    ) -> None:
        self.choice, self.database, self.keeping = choice, database, keeping
        self.notifier = notifier
        self.runs_left, self.quiet = runs, quiet
        self.words = wording(choice.language)
        self.has_stored = False

    async def watch(self, rhythm: Rhythm) -> int:
        """Watch to the end; return the command's exit code."""
        reason, code = "stopped by a signal", INTERRUPTED
        try:
            async with trio.open_nursery() as nursery:
                work = await nursery.start(cancel_on_signal)
                with work:
                    last = await watch(
                        self._turn,
                        rhythm,
                        rng=random.Random(),
                        on_wait=self._wait,
                    )
                    if last.is_last:
                        reason, code = "all its runs are made", 0
                nursery.cancel_scope.cancel()
        except* ProbeError as errors:
            first = _first(errors)
            reason = str(first)
            raise first from None
        finally:
            with contextlib.suppress(StoreError):
                self._say("stopped", reason=reason)
        return code

    async def _turn(self) -> Turn:
        """Take a turn; once one has gone well, a full disk is waited out like a dead line."""
        problem: ProbeError | None = None
        turn = Turn("store")
        try:
            turn = await self._take()
        except* StoreError as errors:
            problem = _first(errors)
        if problem is None:
            self.has_stored = True
        elif not self.has_stored or isinstance(problem, SchemaTooNewError):
            raise problem
        else:
            click.echo(f"roadblock: {escape(str(problem))}", err=True)
        return turn

    async def _take(self) -> Turn:
        # Files, resolvers and addresses may have changed since the last turn.
        prepared = prepare(self.choice)
        request = request_of(
            self.choice,
            prepared,
            seed=secrets.randbelow(2**31),
            consent_sha256=_consent() if prepared.lab_world is None else None,
        )
        if request is None:
            return Turn("nothing_due", wait_s=_until_due_s(prepared))
        if request.bytes_left == 0:
            return Turn("budget")
        self._say("measuring")
        found = await self._measure(request, prepared)
        for service in found.services:
            name = found.name(service.service)
            told = service_sentence(service, found.of(service.service), name, self.words)
            click.echo(escape(f"{found.run.started_at:%Y-%m-%d %H:%M}Z {told}"))
        # A server that does not answer must not outlast a signal.
        tell = partial(self.notifier.tell, found, self.database, self.words)
        await trio.to_thread.run_sync(tell, abandon_on_cancel=True)
        # What is dropped stays dropped: not to be cut off half-way by a signal.
        await trio.to_thread.run_sync(self._trim)
        if self.runs_left is not None:
            self.runs_left -= 1
        status = found.run.status
        return Turn(status, is_last=self.runs_left == 0 and status != "interrupted")

    async def _measure(self, request: RunRequest, prepared: Prepared) -> Findings:
        # A log rather than a bar: what a watch says is read later.
        shown = SilentProgress(sys.stderr) if self.quiet else LogProgress(sys.stderr)
        return await measure_and_store(
            request,
            prepared.knowledge,
            prepared.machine,
            prepared.database,
            Teller(shown, self.words),
            elsewhere=prepared.elsewhere,
        )

    def _trim(self) -> None:
        trim(
            self.database,
            now=datetime.now(UTC),
            max_bytes=self.keeping.max_bytes,
            ok_days=self.keeping.ok_days,
            raw_days=self.keeping.raw_days,
        )

    def _wait(self, turn: Turn, wait_s: float) -> None:
        next_at = datetime.now(UTC) + timedelta(seconds=wait_s)
        reason = _REASONS.get(turn.status, "")
        with contextlib.suppress(StoreError):
            self._say("waiting", next_at=next_at, reason=reason)
        if not self.quiet:
            because = f" ({reason})" if reason else ""
            click.echo(f"Next run at {next_at:%Y-%m-%d %H:%M} UTC{because}.", err=True)

    def _say(
        self,
        state: Literal["measuring", "waiting", "stopped"],
        *,
        next_at: datetime | None = None,
        reason: str = "",
    ) -> None:
        said = Watching(state, datetime.now(UTC), next_at, reason)
        self.database.parent.mkdir(parents=True, exist_ok=True)
        write_watching(self.database, said)


_REASONS: Final = {
    "offline": "the line was down; tried again sooner",
    "nothing_due": "the pause between sessions is not over",
    "budget": "a budget of bytes or seconds is used",
    "invalid": "the network changed during the run",
    "store": "the results could not be stored; tried again sooner",
}


def _consent() -> str:
    """Return the hash of the stored consent; without one the watch must not go on."""
    record = stored_consent(data_folder())
    if record is None:
        raise ConsentError(
            "The consent was withdrawn, or its text has changed, so the watch stops here. "
            "Read it: roadblock consent show. Agree: roadblock consent accept."
        )
    return record.sha256


def _until_due_s(prepared: Prepared) -> float:
    """Return the seconds until the first of the endpoints may be measured again."""
    pause = timedelta(hours=prepared.knowledge.catalogue.pacing.session_hours)
    recent = past_of(prepared.database, prepared.knowledge.catalogue.pacing).recent
    first = min(recent[endpoint.id] for endpoint in prepared.endpoints if endpoint.id in recent)
    return max(0.0, (first + pause - datetime.now(UTC)).total_seconds())


def _first(errors: BaseExceptionGroup[ProbeError]) -> ProbeError:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, ProbeError)
    return error
