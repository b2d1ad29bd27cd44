"""Censored Planet's reduced scans as daily counts: a second pair of eyes on the same services.

Their table `merged_reduced_scans` as CSV (plain or gzip), columns `date, source, domain, category,
country_name, network, subnetwork, outcome, count, unexpected_count` and others, which are not read.
Their probes measure from outside (Hyperquack, Satellite): a count says how often an answer was not
the expected one, and is no verdict of ours.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from probe.errors import UsageError
from probe.model.target import Catalogue
from probe.model.words import Role

_NEEDED: Final = ("date", "source", "domain", "country_name", "outcome", "count")
# Their control domain, by which they exclude failing vantage points.
_CONTROL: Final = "CONTROL"
# `\u2757\ufe0fread/tcp.reset`: a mark, the stage, what happened there. No stage has what was as
# expected, nor what Satellite found: `\u2705match`, `\u2757\ufe0fdns.error:NXDomain`.
_OUTCOME: Final = re.compile(r"^[^\w]*(?:([a-z_]+)/)?(.*)$", re.DOTALL)
# table/queries/merged_reduced_scans.sql: the mark says whether it was expected; of others no count.
_EXPECTED: Final = ("\u2705", "expected/")
_UNEXPECTED: Final = "\u2757"


@dataclass(frozen=True, slots=True)
class DailyCount:
    """How often one outcome was seen on one day, over all of a country's networks named alike."""

    day: date
    source: str
    """Their protocol: DNS, HTTP, HTTPS, DISCARD, ECHO."""
    domain: str
    service: str | None
    """Catalogue id of the service that has this host."""
    is_control: bool
    country: str
    """As they write it: a name, not a code."""
    network: str
    stage: str
    """setup, dial, tls, write, read, http, content; empty where none is named."""
    outcome: str
    count: int
    unexpected: int | None
    """None: theirs is a test that failed by itself, or an outcome that they do not know."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be read."""

    line: int
    why: str


def import_censored_planet(
    path: Path, catalogue: Catalogue | None = None
) -> Iterator[DailyCount | BadRow]:
    """Yield the file's rows; one that cannot be read is yielded as such and stops nothing."""
    services = _services(catalogue)
    try:
        with path.open("rb") as head:
            is_packed = head.read(2) == b"\x1f\x8b"
        with (gzip.open if is_packed else open)(path, "rb") as file:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
            rows = csv.DictReader(text)
            missing = [name for name in _NEEDED if name not in (rows.fieldnames or ())]
            if missing:
                raise UsageError(
                    f"{path}: has no column {', '.join(missing)}; export merged_reduced_scans"
                )
            for row in rows:
                yield _count(row, rows.line_num, services)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}; name a CSV file") from error
    except (EOFError, zlib.error, csv.Error) as error:
        yield BadRow(0, f"the file ends early or is damaged: {error}")


def daily(counts: Iterator[DailyCount | BadRow]) -> dict[tuple[date, str, str, str], DailyCount]:
    """Add up counts by day, country, domain and source: {(day, country, domain, source): total}.

    In a total, `stage`, `outcome` and `network` are empty. What tells nothing is not in it: neither
    as measured nor as expected.
    """
    totals: dict[tuple[date, str, str, str], DailyCount] = {}
    for row in counts:
        if isinstance(row, DailyCount) and row.unexpected is not None:
            key = (row.day, row.country, row.domain, row.source)
            before = totals.get(key)
            total = replace(row, stage="", outcome="", network="")
            if before is not None and before.unexpected is not None:
                total = replace(
                    total,
                    count=before.count + row.count,
                    unexpected=before.unexpected + row.unexpected,
                )
            totals[key] = total
    return dict(sorted(totals.items()))


def _count(
    row: Mapping[str, str | None], line: int, services: Mapping[str, str]
) -> DailyCount | BadRow:
    try:
        day = date.fromisoformat((row["date"] or "")[:10])
        count = int(row["count"] or "")
        unexpected = _unexpected(row, count)
    except ValueError as error:
        return BadRow(line, str(error))
    if count < 0 or not 0 <= (unexpected or 0) <= count:
        return BadRow(line, f"{unexpected} of {count} is no count")
    domain = row["domain"] or ""
    told = _OUTCOME.match(row["outcome"] or "")
    stage, outcome = (told[1] or "", told[2]) if told is not None else ("", "")
    return DailyCount(
        day=day,
        source=row["source"] or "",
        domain=domain,
        service=services.get(domain.removeprefix("www.")),
        is_control=domain == _CONTROL,
        country=row["country_name"] or "",
        network=row.get("network") or "",
        stage=stage,
        outcome=outcome,
        count=count,
        unexpected=unexpected,
    )


def _unexpected(row: Mapping[str, str | None], count: int) -> int | None:
    """Return their number; by the outcome's mark where a table has no such column."""
    if "unexpected_count" in row:
        told = row["unexpected_count"] or ""
        return int(told) if told and told.lower() != "null" else None
    outcome = row["outcome"] or ""
    if outcome.startswith(_EXPECTED):
        return 0
    return count if outcome.startswith(_UNEXPECTED) else None


def _services(catalogue: Catalogue | None) -> dict[str, str]:
    """Return services by host; a platform's host is the platform's, not that of who posts there."""
    services: dict[str, str] = {}
    for endpoint in catalogue.endpoints if catalogue is not None else ():
        if endpoint.role is not Role.CONTENT:
            services.setdefault(endpoint.host.removeprefix("www."), endpoint.service)
    return services
