"""`roadblock report`: a stored run once more, in words and tables."""

import json
import sys
from pathlib import Path

import click

from probe.cli.options import database_option, json_option, language_option
from probe.cli.reading import (
    chosen_run,
    reading,
    run_option,
    stored_findings,
    stored_world,
    world_option,
)
from probe.model.run import Run
from probe.report.document import document_json
from probe.report.grid import Cell, Grid, show
from probe.report.text import report_blocks
from probe.report.words import place, wording
from probe.store import ANY_WORLD, Reader


@click.command()
@run_option
@world_option
@click.option("--set", "set_id", metavar="ID", help="Which set of verdicts. Default: the latest.")
@click.option("--list", "as_list", is_flag=True, help="List the stored runs instead.")
@database_option
@language_option
@json_option
def command(
    run_id: str | None,
    world: str | None,
    set_id: str | None,
    as_list: bool,
    database: Path | None,
    language: str,
    as_json: bool,
) -> None:
    """Show a stored run in words and tables."""
    with reading(database) as reader:
        if as_list:
            _list(reader, world, language, as_json)
            return
        run = chosen_run(reader, run_id, world)
        found = stored_findings(reader, run, set_id=set_id)
    words = wording(language)
    if as_json:
        click.echo(document_json(found, words))
    else:
        show(report_blocks(found, words), sys.stdout)


def _list(reader: Reader, world: str | None, language: str, as_json: bool) -> None:
    runs = reader.runs(stored_world(world) if world else ANY_WORLD)
    if as_json:
        click.echo(json.dumps([run.model_dump(mode="json") for run in runs]))
        return
    rows = tuple(_row(run, language) for run in runs)
    show([Grid(("Run", "Started (UTC)", "World", "Profile", "Status", "From"), rows)], sys.stdout)


def _row(run: Run, language: str) -> tuple[Cell, ...]:
    return (
        Cell(run.id),
        Cell(f"{run.started_at:%Y-%m-%d %H:%M}"),
        Cell(run.world),
        Cell(run.profile),
        Cell(run.status),
        Cell(place(run, wording(language))),
    )
