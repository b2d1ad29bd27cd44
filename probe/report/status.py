"""How the probe is doing: last run, next run, traffic, disk; for people and for monitoring."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from probe.model.run import Run
from probe.model.target import Pacing
from probe.model.verdict import VantageVerdict
from probe.report.grid import Cell, Grid, Tone
from probe.report.language.wording import Wording
from probe.report.words import place
from probe.store import CLOCK_SLACK, Reader
from probe.store.summary import latest_complete
from probe.store.watching import Watching

_MB: Final = 1_000_000
_GB: Final = 1000 * _MB
# A machine that slept wakes up late; an hour is no sleep.
_LATE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of the probe now."""

    now: datetime
    last: Run | None
    last_good: Run | None
    """The last run that came to its end."""
    vantage: VantageVerdict | None
    """What the last run's gates said."""
    next_at: datetime | None
    """From when on everything may be measured again."""
    day_bytes: int
    month_bytes: int
    database_bytes: int
    free_bytes: int
    pacing: Pacing
    watching: Watching | None = None
    """What a watch over the database said last; None: there never was one."""

    @property
    def good_age(self) -> timedelta | None:
        """How long ago the last good run ended."""
        if self.last_good is None:
            return None
        return self.now - (self.last_good.ended_at or self.last_good.started_at)

    def is_healthy(self, max_age: timedelta) -> bool:
        """Whether the last good run is recent enough."""
        return self.good_age is not None and self.good_age <= max_age


def read_status(
    reader: Reader,
    pacing: Pacing,
    *,
    now: datetime,
    database_bytes: int,
    free_bytes: int,
    watching: Watching | None = None,
) -> Status:
    """Return the status as the database tells it; lab runs do not count."""
    last = reader.latest_run()
    pause = timedelta(hours=pacing.session_hours)
    until = now + CLOCK_SLACK
    measured = reader.measured_since(now - pause, until)
    return Status(
        now=now,
        last=last,
        last_good=latest_complete(reader),
        vantage=reader.vantage(last.id) if last is not None else None,
        next_at=max(measured.values()) + pause if measured else None,
        day_bytes=reader.traffic_since(now - timedelta(days=1), until),
        month_bytes=reader.traffic_since(now - timedelta(days=30), until),
        database_bytes=database_bytes,
        free_bytes=free_bytes,
        pacing=pacing,
        watching=watching,
    )


def status_grid(status: Status, words: Wording, max_age: timedelta) -> Grid:
    """Return the status as a table of two columns."""
    rows = [
        ("Last run", _run_told(status, words), _tone(status, max_age)),
        ("Last good run", _age_told(status), _tone(status, max_age)),
        ("Next run", _next_told(status), Tone.PLAIN),
        *([("Watch", *_watch_told(status))] if status.watching is not None else []),
        ("Network then", _network_told(status, words), Tone.PLAIN),
        ("Traffic, 24 hours", _of(status.day_bytes, status.pacing.bytes_per_day), Tone.PLAIN),
        ("Traffic, 30 days", _of(status.month_bytes, status.pacing.bytes_per_month), Tone.PLAIN),
        (
            "Disk",
            f"database {_megabytes(status.database_bytes)}, {_megabytes(status.free_bytes)} free",
            Tone.PLAIN,
        ),
    ]
    cells = tuple((Cell(name), Cell(told, tone)) for name, told, tone in rows)
    return Grid(("", ""), cells)


def status_json(status: Status, max_age: timedelta) -> dict[str, object]:
    """Return the status for `--json`."""
    last, good = status.last, status.last_good
    age = status.good_age
    return {
        "now": status.now.isoformat(),
        "healthy": status.is_healthy(max_age),
        "max_age_s": max_age.total_seconds(),
        "last_run": last.id if last else None,
        "last_run_status": last.status if last else None,
        "last_run_started_at": last.started_at.isoformat() if last else None,
        "last_good_run": good.id if good else None,
        "last_good_age_s": age.total_seconds() if age is not None else None,
        "vantage": status.vantage.state.value if status.vantage else None,
        "next_at": status.next_at.isoformat() if status.next_at else None,
        "watch": status.watching.state if status.watching else None,
        "watch_since": status.watching.since.isoformat() if status.watching else None,
        "watch_reason": status.watching.reason if status.watching else None,
        "watch_next_at": (
            status.watching.next_at.isoformat()
            if status.watching and status.watching.next_at
            else None
        ),
        "bytes_day": status.day_bytes,
        "bytes_day_max": status.pacing.bytes_per_day,
        "bytes_month": status.month_bytes,
        "bytes_month_max": status.pacing.bytes_per_month,
        "database_bytes": status.database_bytes,
        "free_bytes": status.free_bytes,
    }


def _run_told(status: Status, words: Wording) -> str:
    run = status.last
    if run is None:
        return "none yet; `roadblock run` makes one"
    took = f", {(run.ended_at - run.started_at).total_seconds():.0f} s" if run.ended_at else ""
    moved = _megabytes(run.bytes_sent + run.bytes_received)
    return f"{run.started_at:%Y-%m-%d %H:%M} UTC: {run.status}{took}, {moved}, {place(run, words)}"


def _age_told(status: Status) -> str:
    age = status.good_age
    return "none" if age is None else f"{_duration(age)} ago"


def _next_told(status: Status) -> str:
    if status.next_at is None or status.next_at <= status.now:
        return "any time"
    return f"whole again from {status.next_at:%Y-%m-%d %H:%M} UTC on"


def _watch_told(status: Status) -> tuple[str, Tone]:
    said = status.watching
    assert said is not None
    because = f": {said.reason}" if said.reason else ""
    if said.next_at is None:
        tone = Tone.WARN if said.state == "stopped" else Tone.PLAIN
        return f"{said.state} since {said.since:%Y-%m-%d %H:%M} UTC{because}", tone
    if status.now - said.next_at > _LATE:
        told = f"late: a run was to begin at {said.next_at:%Y-%m-%d %H:%M} UTC; is it still there?"
        return told, Tone.WARN
    told = (
        f"next run at {said.next_at:%Y-%m-%d %H:%M} UTC, in {_duration(said.next_at - status.now)}"
    )
    return told + because, Tone.PLAIN


def _network_told(status: Status, words: Wording) -> str:
    known = status.vantage is not None and not status.vantage.is_unasked
    return words.vantage[status.vantage.state] if status.vantage and known else "not known"


def _tone(status: Status, max_age: timedelta) -> Tone:
    return Tone.GOOD if status.is_healthy(max_age) else Tone.WARN


def _of(used: int, most: int) -> str:
    return f"{_megabytes(used)} of {_megabytes(most)}"


def _megabytes(size: int) -> str:
    return f"{size / _MB:.1f} MB" if size < _GB else f"{size / _GB:,.1f} GB"


def _duration(age: timedelta) -> str:
    hours, rest = divmod(int(age.total_seconds()), 3600)
    return f"{hours} h {rest // 60} min" if hours < 72 else f"{age.days} days"
