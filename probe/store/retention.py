# ruff: noqa: S608 - only names and conditions written in this room are put into SQL
"""Drop what is old, or too much: evidence of what worked first, verdicts never."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from probe.errors import StoreError
from probe.store.connect import connect_writer, explained
from probe.store.rows import stamp


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What a trim did."""

    observations: int
    """Rows dropped."""
    bytes_before: int
    bytes_after: int
    is_over_cap: bool
    """Nothing is left that may be dropped, and the file is still larger than the cap."""


# An endpoint whose latest verdicts are all `ok` has evidence of the cheap kind, and so have the
# controls; but not an observation that a verdict about a failure names.
_OF_OK = """
    run = :run
    AND EXISTS (SELECT 1 FROM verdict_set WHERE run = :run)
    AND endpoint NOT IN (
        SELECT v.endpoint FROM verdict AS v
        WHERE v.verdict_set = (SELECT max(seq) FROM verdict_set WHERE run = :run)
        AND v.state <> 'ok')
    AND id NOT IN (
        SELECT e.observation FROM verdict_set AS s
        JOIN verdict AS v ON v.verdict_set = s.seq AND v.state <> 'ok'
        JOIN verdict_evidence AS e ON e.verdict = v.seq
        WHERE s.run = :run)
"""
_OF_RUN = "run = :run"


def trim(
    path: Path,
    *,
    now: datetime,
    max_bytes: int | None = None,
    ok_days: float | None = None,
    raw_days: float | None = None,
) -> Trimmed:
    """Drop evidence by age, then by size; verdicts stay, whatever their age.

    `ok_days`: evidence of endpoints that worked, and of controls; `raw_days`: all evidence. Over
    `max_bytes`, oldest first within each: what lab runs left, what worked, what did not.
    """
    with _opened(path) as db:
        before = _size(db)
        dropped = 0
        for days, condition in ((ok_days, _OF_OK), (raw_days, _OF_RUN)):
            if days is not None:
                for run in _runs(db, "started_at < :limit", now - timedelta(days=days)):
                    dropped += _drop(db, run, condition)
        if max_bytes is not None:
            dropped += _shrink(db, max_bytes)
        _release(db)
        after = _size(db)
    return Trimmed(dropped, before, after, max_bytes is not None and after > max_bytes)


def forget(path: Path, *, before: datetime | None = None) -> int:
    """Delete runs that started before the moment, or all, with their verdicts; return how many.

    The freed pages are overwritten and the file is rebuilt: nothing stays in it.
    """
    with _opened(path) as db:
        db.execute("PRAGMA secure_delete = ON")
        if before is None:
            deleted = db.execute("DELETE FROM run").rowcount
        else:
            deleted = db.execute(
                "DELETE FROM run WHERE started_at < :before", {"before": stamp(before)}
            ).rowcount
        _drop_loose_blobs(db)
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return deleted


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.exists():
        raise StoreError(f"{path}: there is no such file, so there is nothing to drop")
    with closing(connect_writer(path, synchronous="FULL")) as db, explained(path):
        yield db


def _shrink(db: sqlite3.Connection, max_bytes: int) -> int:
    dropped = 0
    order = (("world <> 'internet'", _OF_RUN), ("1", _OF_OK), ("1", _OF_RUN))
    for runs, condition in order:
        for run in _runs(db, runs):
            if _used(db) <= max_bytes:
                return dropped
            dropped += _drop(db, run, condition)
    return dropped


def _runs(db: sqlite3.Connection, condition: str, limit: datetime | None = None) -> list[int]:
    rows = db.execute(
        f"SELECT seq FROM run WHERE {condition} "
        "AND EXISTS (SELECT 1 FROM observation WHERE run = run.seq) ORDER BY started_at, seq",
        {"limit": stamp(limit) if limit is not None else None},
    )
    return [seq for (seq,) in rows]


def _drop(db: sqlite3.Connection, run: int, condition: str) -> int:
    """Drop the run's observations for which the condition holds, and blobs that nobody else has."""
    values = {"run": run}
    db.execute("BEGIN IMMEDIATE")
    try:
        db.execute("CREATE TEMP TABLE IF NOT EXISTS loose (blob INTEGER PRIMARY KEY)")
        db.execute(
            "INSERT OR IGNORE INTO loose SELECT blob FROM observation_blob WHERE observation IN "
            f"(SELECT seq FROM observation WHERE {condition})",
            values,
        )
        count = db.execute(f"DELETE FROM observation WHERE {condition}", values).rowcount
        db.execute(
            "DELETE FROM blob WHERE id IN (SELECT blob FROM loose) AND NOT EXISTS "
            "(SELECT 1 FROM observation_blob AS o WHERE o.blob = blob.id)"
        )
        db.execute("DELETE FROM loose")
        db.execute("COMMIT")
    except sqlite3.Error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return count


def _drop_loose_blobs(db: sqlite3.Connection) -> None:
    db.execute(
        "DELETE FROM blob WHERE NOT EXISTS (SELECT 1 FROM observation_blob AS o "
        "WHERE o.blob = blob.id) AND id NOT IN (SELECT catalogue FROM run "
        "WHERE catalogue IS NOT NULL)"
    )


def _release(db: sqlite3.Connection) -> None:
    """Give free pages back to the file system."""
    # One step frees one page; only fetching all of them does the whole work.
    db.execute("PRAGMA incremental_vacuum").fetchall()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _pages(db: sqlite3.Connection, name: str) -> int:
    (value,) = db.execute(f"PRAGMA {name}").fetchone()
    return int(value)


def _size(db: sqlite3.Connection) -> int:
    return _pages(db, "page_count") * _pages(db, "page_size")


def _used(db: sqlite3.Connection) -> int:
    return (_pages(db, "page_count") - _pages(db, "freelist_count")) * _pages(db, "page_size")
