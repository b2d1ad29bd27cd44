"""`roadblock export`: stored measurements in formats that other programs read."""

import difflib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Final, TextIO, TypedDict

import click

from probe.cli.options import Day, database_option
from probe.cli.outputs import replacing
from probe.cli.reading import (
    catalogue_of,
    chosen_run,
    reading,
    run_option,
    stored_world,
    world_option,
)
from probe.errors import UsageError
from probe.exchange.columns import Table
from probe.exchange.csv import csv_lines
from probe.exchange.datapackage import write_package
from probe.exchange.jsonl import jsonl_lines
from probe.exchange.ooni.export import ooni_lines
from probe.exchange.parquet import write_parquet
from probe.exchange.privacy import Privacy
from probe.exchange.rows import Export
from probe.model.run import Run
from probe.report.escape import escape_json
from probe.store import Reader

_DAY: Final = Day()
_FOR_OTHERS: Final = frozenset({"ooni", "datapackage"})


class _Shown(TypedDict):
    """What every writer is told of what may leave."""

    privacy: Privacy
    shown_asns: frozenset[int]
    services: frozenset[str]


@click.command()
@click.option(
    "--to",
    "form",
    type=click.Choice(("jsonl", "csv", "parquet", "ooni", "datapackage")),
    default="jsonl",
    show_default=True,
    help="Format.",
)
@click.option(
    "--table",
    "tables",
    type=click.Choice([table.value for table in Table]),
    multiple=True,
    help="Which table; JSON Lines takes any (default: all), the others one (default: verdicts).",
)
@click.option(
    "--privacy",
    type=click.Choice([privacy.value for privacy in Privacy]),
    help="For whose eyes: own (everything), share (to the hour, nothing about this machine), "
    "publish (no own endpoints, no networks but those of --show-asn). Default: own; publish for "
    "ooni and datapackage, which are made for others.",
)
@click.option(
    "--show-asn",
    "shown_asns",
    type=int,
    multiple=True,
    metavar="ASN",
    help="publish: a network from which so many measure that naming it tells nobody's name.",
)
@click.option("--all", "every", is_flag=True, help="All runs, not only the last.")
@click.option("--since", type=_DAY, metavar="DATE", help="All runs from this day (UTC) on.")
@click.option("--until", type=_DAY, metavar="DATE", help="All runs up to this day (UTC).")
@click.option(
    "--services",
    metavar="SERVICE,...",
    default="",
    help="Only rows about these services; the gates' rows are left out then.",
)
@click.option("--licence", metavar="NAME", help="datapackage: the data's licence, as in CC-BY-4.0.")
@run_option
@world_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File to write instead of stdout, replaced only when complete; for datapackage a folder.",
)
@database_option
def command(
    form: str,
    tables: tuple[str, ...],
    privacy: str | None,
    shown_asns: tuple[int, ...],
    every: bool,
    since: datetime | None,
    until: datetime | None,
    services: str,
    licence: str | None,
    run_id: str | None,
    world: str | None,
    output: Path | None,
    database: Path | None,
) -> None:
    """Write stored measurements as JSON Lines, CSV, Parquet, OONI's documents or a data package.

    Row by row: memory does not grow with the database, and the same database gives the same bytes.
    """
    wanted = _Wanted(
        form,
        tuple(Table(name) for name in tables),
        Privacy(privacy or (Privacy.PUBLISH if form in _FOR_OTHERS else Privacy.OWN)),
        frozenset(shown_asns),
        services_named(services),
    )
    _check(wanted, output, run_id, is_dated=every or since is not None or until is not None)
    with reading(database) as reader:
        if every or since or until:
            runs = between(reader.runs(stored_world(world)), since, until)
        else:
            runs = (chosen_run(reader, run_id, world),)
        check_services(wanted.services, reader, runs)
        if form == "datapackage" and output is not None:
            _write_package(reader, runs, wanted, output, licence)
        elif form == "parquet" and output is not None:
            with replacing(output) as temporary:
                write_parquet(reader, runs, wanted.table, temporary, **wanted.shown)
        else:
            written = _write(_lines(reader, runs, wanted), output)
            if written <= (form == "csv"):
                click.echo(_why_nothing(wanted, runs), err=True)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the person asked for."""

    form: str
    tables: tuple[Table, ...]
    privacy: Privacy
    shown_asns: frozenset[int]
    services: frozenset[str]

    @property
    def table(self) -> Table:
        return self.tables[0] if self.tables else Table.VERDICTS

    @property
    def shown(self) -> _Shown:
        return {
            "privacy": self.privacy,
            "shown_asns": self.shown_asns,
            "services": self.services,
        }


def _check(wanted: _Wanted, output: Path | None, run_id: str | None, *, is_dated: bool) -> None:
    form, tables = wanted.form, wanted.tables
    if form in {"csv", "parquet"} and len(tables) > 1:
        raise UsageError(f"a {form} file holds one table: name one, or use --to jsonl")
    if form in _FOR_OTHERS and tables:
        raise UsageError(f"--to {form} has no single tables: leave --table out")
    if form == "parquet" and output is None:
        raise UsageError("Parquet is no text: name a file with --output FILE")
    if form == "datapackage" and output is None:
        raise UsageError("a data package is a folder: name it with --output FOLDER")
    if form != "datapackage" and output is not None and output.is_dir():
        raise UsageError(f"{output} is a folder: name a file with --output FILE")
    if run_id is not None and is_dated:
        raise UsageError("--run names one run: leave --all, --since and --until out")


def services_named(text: str) -> frozenset[str]:
    """Read "instagram, rt"."""
    return frozenset(filter(None, (name.strip() for name in text.split(","))))


def check_services(services: frozenset[str], reader: Reader, runs: Sequence[Run]) -> None:
    """Refuse a name that no run knows: an empty file would look like nothing measured."""
    if not services or not runs:
        return
    catalogue = catalogue_of(reader, runs[-1])
    known = {s.id for s in catalogue.services} | {s for run in runs for s in run.services}
    for name in sorted(services - known):
        near = difflib.get_close_matches(name, sorted(known), n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
        raise UsageError(f"--services: there is no service {name!r}; {hint}")


def between(runs: Sequence[Run], since: datetime | None, until: datetime | None) -> tuple[Run, ...]:
    """Return the runs from one day to another, both included."""
    first = since.replace(tzinfo=UTC) if since else None
    end = until.replace(tzinfo=UTC) + timedelta(days=1) if until else None
    return tuple(
        run
        for run in runs
        if (first is None or run.started_at >= first) and (end is None or run.started_at < end)
    )


def _lines(reader: Reader, runs: Sequence[Run], wanted: _Wanted) -> Iterable[str]:
    if wanted.form == "csv":
        return csv_lines(reader, runs, wanted.table, **wanted.shown)
    if wanted.form == "ooni":
        export = Export(reader, wanted.privacy, wanted.shown_asns, wanted.services)
        made = (ooni_lines(export, (run,), catalogue_of(reader, run)) for run in runs)
        return map(escape_json, chain.from_iterable(made))
    lines = jsonl_lines(reader, runs, wanted.tables or tuple(Table), **wanted.shown)
    return map(escape_json, lines)


def _write_package(
    reader: Reader, runs: Sequence[Run], wanted: _Wanted, folder: Path, licence: str | None
) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already: name a new folder with --output FOLDER")
    # The package's date is the data's: the same database gives the same package.
    newest = max((run.ended_at or run.started_at for run in runs), default=None)
    write_package(
        reader,
        runs,
        folder,
        created_at=newest or datetime(1970, 1, 1, tzinfo=UTC),
        licence=licence,
        **wanted.shown,
    )


def _write(lines: Iterable[str], output: Path | None) -> int:
    """Write the lines; return how many there were."""
    if output is None:
        return _written(lines, sys.stdout)
    with replacing(output) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        return _written(lines, file)


def _written(lines: Iterable[str], file: TextIO) -> int:
    count = 0
    for line in lines:
        file.write(f"{line}\n")
        count += 1
    return count


def _why_nothing(wanted: _Wanted, runs: Sequence[Run]) -> str:
    """Say why there is no row: an empty file looks like a fault."""
    if not runs:
        return "No row was written: no run is stored of these days."
    if wanted.privacy is not Privacy.OWN:
        return (
            "No row was written: these runs have none but, perhaps, of your own endpoints, which"
            f" the level {wanted.privacy} leaves out (--privacy own keeps them)."
        )
    return "No row was written: these runs have none."
