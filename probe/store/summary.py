# ruff: noqa: S608 - only conditions written in this room are put into SQL
"""Counts over many runs, added up by SQLite: what a report over 100,000 verdicts needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from probe.model.run import Run
from probe.store.reader import Reader, world_clause
from probe.store.rows import stamp

# Runs whose network changed half-way belong to neither network.
_VALID: Final = "run.status <> 'invalid'"
_LATEST: Final = (
    "s.seq = (SELECT max(l.seq) FROM verdict_set AS l JOIN {table} AS m "
    "ON m.verdict_set = l.seq WHERE l.run = run.seq)"
)
_WHERE_FROM: Final = (
    "substr(run.started_at, 1, 10), run.country, ifnull(run.asn_ipv4, run.asn_ipv6)"
)
# Smaller bodies tell the latency, not the pace: 16 KiB is one initial window (RFC 6928) and more.
GOODPUT_MIN_BYTES: Final = 16_384


@dataclass(frozen=True, slots=True)
class Span:
    """Which runs are counted."""

    world: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Exclusive."""

    def clause(self) -> tuple[str, dict[str, Any]]:
        """Return the condition on the table `run`, and its values."""
        text, values = world_clause(self.world)
        text = text.replace("world", "run.world", 1) + f" AND {_VALID}"
        if self.since is not None:
            text += " AND run.started_at >= :since"
            values["since"] = stamp(self.since)
        if self.until is not None:
            text += " AND run.started_at < :until"
            values["until"] = stamp(self.until)
        return text, values


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a finding was made on one day from one network."""

    day: date
    country: str | None
    asn: int | None
    service: str
    state: str
    category: str
    count: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many runs one network had on one day."""

    day: date
    country: str | None
    asn: int | None
    runs: int


def service_tallies(reader: Reader, span: Span) -> Iterator[Tally]:
    """Count services' verdicts, each run's latest set, by day, network and finding."""
    return _tallies(reader, span, "service_verdict")


def verdict_tallies(reader: Reader, span: Span) -> Iterator[Tally]:
    """Count endpoints' verdicts in the same way."""
    return _tallies(reader, span, "verdict")


def coverage(reader: Reader, span: Span) -> Iterator[Coverage]:
    """Count runs by day and network, judged or not."""
    clause, values = span.clause()
    rows = reader.rows(
        f"SELECT {_WHERE_FROM}, count(*) FROM run WHERE {clause} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        values,
    )
    return (Coverage(date.fromisoformat(day), *rest) for day, *rest in rows)


def durations(reader: Reader, span: Span, bucket_s: float) -> Iterator[tuple[str, int, int]]:
    """Yield (step, bucket, count) of the target's steps that succeeded from here."""
    clause, values = span.clause()
    return reader.rows(
        "SELECT o.step, CAST(o.duration_s / :bucket AS INTEGER), count(*) "
        "FROM observation AS o JOIN run ON run.seq = o.run "
        f"WHERE {clause} AND o.arm = 'target' AND o.failure IS NULL AND o.vantage IS NULL "
        "GROUP BY 1, 2 ORDER BY 1, 2",
        values | {"bucket": bucket_s},
    )


def paces(reader: Reader, span: Span) -> Iterator[tuple[str | None, int | None, float]]:
    """Yield (country, ASN, kilobits a second) of each body of 16 KiB and more."""
    clause, values = span.clause()
    return reader.rows(
        "SELECT run.country, ifnull(run.asn_ipv4, run.asn_ipv6), "
        "o.bytes_received * 0.008 / o.duration_s "
        "FROM observation AS o JOIN run ON run.seq = o.run "
        f"WHERE {clause} AND o.arm = 'target' AND o.step = 'http' AND o.failure IS NULL "
        "AND o.vantage IS NULL AND o.duration_s > 0 AND o.bytes_received >= :least",
        values | {"least": GOODPUT_MIN_BYTES},
    )


def _tallies(reader: Reader, span: Span, table: str) -> Iterator[Tally]:
    clause, values = span.clause()
    rows = reader.rows(
        f"SELECT {_WHERE_FROM}, t.service, t.state, t.category, count(*) "
        f"FROM run JOIN verdict_set AS s ON s.run = run.seq "
        f"JOIN {table} AS t ON t.verdict_set = s.seq "
        f"WHERE {clause} AND {_LATEST.format(table=table)} "
        "GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6",
        values,
    )
    return (Tally(date.fromisoformat(day), *rest) for day, *rest in rows)


def latest_complete(reader: Reader) -> Run | None:
    """Return the last run of the internet that came to its end."""
    rows = reader.rows(
        "SELECT details FROM run WHERE world = 'internet' AND status = 'complete' "
        "ORDER BY seq DESC LIMIT 1",
        {},
    )
    return next((Run.model_validate_json(details) for (details,) in rows), None)
