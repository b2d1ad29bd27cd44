"""`roadblock export`: stored measurements in formats that other programs read."""

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from probe.cli.options import database_option
from probe.cli.outputs import replacing
from probe.cli.reading import chosen_run, reading, run_option, stored_world, world_option
from probe.errors import UsageError
from probe.exchange.columns import Table
from probe.exchange.csv import csv_lines
from probe.exchange.jsonl import jsonl_lines
from probe.exchange.parquet import write_parquet
from probe.exchange.privacy import Privacy
from probe.report.escape import escape_json


@click.command()
@click.option(
    "--to",
    "form",
    type=click.Choice(("jsonl", "csv", "parquet")),
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
    default=Privacy.OWN.value,
    show_default=True,
    help="For whose eyes: own (everything), share (to the hour, nothing about this machine), "
    "publish (no own endpoints, no networks but those of --show-asn).",
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
@run_option
@world_option
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="File to write instead of stdout; replaced only when complete.",
)
@database_option
def command(
    form: str,
    tables: tuple[str, ...],
    privacy: str,
    shown_asns: tuple[int, ...],
    every: bool,
    run_id: str | None,
    world: str | None,
    output: Path | None,
    database: Path | None,
) -> None:
    """Write stored measurements as JSON Lines, CSV or Parquet, row by row."""
    if form != "jsonl" and len(tables) > 1:
        raise UsageError(f"a {form} file holds one table: name one, or use --to jsonl")
    if form == "parquet" and output is None:
        raise UsageError("Parquet is no text: name a file with --output FILE")
    chosen = tuple(Table(name) for name in tables)
    table = chosen[0] if chosen else Table.VERDICTS
    eyes = Privacy(privacy)
    asns = frozenset(shown_asns)
    with reading(database) as reader:
        one = () if every else (chosen_run(reader, run_id, world),)
        runs = one or reader.runs(stored_world(world))
        if form == "parquet" and output is not None:
            with replacing(output) as temporary:
                write_parquet(reader, runs, table, temporary, privacy=eyes, shown_asns=asns)
        elif form == "csv":
            _write(csv_lines(reader, runs, table, privacy=eyes, shown_asns=asns), output)
        else:
            lines = jsonl_lines(reader, runs, chosen or tuple(Table), privacy=eyes, shown_asns=asns)
            _write(map(escape_json, lines), output)


def _write(lines: Iterable[str], output: Path | None) -> None:
    if output is None:
        for line in lines:
            sys.stdout.write(f"{line}\n")
        return
    with replacing(output) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"{line}\n" for line in lines)
