"""`roadblock export`: stored measurements in formats that other programs read."""

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from probe.cli.options import database_option
from probe.cli.reading import chosen_run, reading, run_option, stored_world, world_option
from probe.errors import UsageError
from probe.exchange.columns import Table
from probe.exchange.csv import csv_lines
from probe.exchange.jsonl import jsonl_lines
from probe.exchange.privacy import Privacy
from probe.report.escape import escape_json


@click.command()
@click.option(
    "--to",
    "form",
    type=click.Choice(("jsonl", "csv")),
    default="jsonl",
    show_default=True,
    help="Format.",
)
@click.option(
    "--table",
    "tables",
    type=click.Choice(Table),
    multiple=True,
    help="Which table; CSV takes one (default: verdicts), JSON Lines any (default: all).",
)
@click.option(
    "--privacy",
    type=click.Choice(Privacy),
    default=Privacy.OWN,
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
    tables: tuple[Table, ...],
    privacy: Privacy,
    shown_asns: tuple[int, ...],
    every: bool,
    run_id: str | None,
    world: str | None,
    output: Path | None,
    database: Path | None,
) -> None:
    """Write stored measurements as JSON Lines or CSV, row by row."""
    if form == "csv" and len(tables) > 1:
        raise UsageError("a CSV file holds one table: name one, or use --to jsonl")
    with reading(database) as reader:
        one = () if every else (chosen_run(reader, run_id, world),)
        runs = one or reader.runs(stored_world(world))
        asns = frozenset(shown_asns)
        lines: Iterable[str]
        if form == "csv":
            table = tables[0] if tables else Table.VERDICTS
            lines = csv_lines(reader, runs, table, privacy=privacy, shown_asns=asns)
        else:
            lines = map(
                escape_json,
                jsonl_lines(reader, runs, tables or tuple(Table), privacy=privacy, shown_asns=asns),
            )
        _write(lines, output)


def _write(lines: Iterable[str], output: Path | None) -> None:
    if output is None:
        for line in lines:
            sys.stdout.write(f"{line}\n")
        return
    temporary = output.with_name(f".{output.name}.new")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"{line}\n" for line in lines)
    temporary.replace(output)
