"""`roadblock report`: a stored run once more, in words and tables."""

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click

from probe import __version__
from probe.cli.options import Day, database_option, json_option, language_option
from probe.cli.outputs import replacing
from probe.cli.pictures import picture_maker, picture_options
from probe.cli.reading import (
    catalogue_of,
    chosen_run,
    reading,
    run_option,
    stored_findings,
    stored_world,
    world_option,
)
from probe.errors import UsageError
from probe.model.run import Run
from probe.model.words import State
from probe.reference.catalogue import load_catalogue
from probe.reference.events import load_events
from probe.report.document import document_json
from probe.report.grid import Cell, Grid, show
from probe.report.page import PLOTS, Told, gather, page_html
from probe.report.text import report_blocks
from probe.report.words import place, wording
from probe.store import ANY_WORLD, Reader
from probe.store.summary import Span

# As many as fit on a screen; who has measured for a year has thousands.
_LISTED: Final = 50
_DAY: Final = Day()


@click.command()
@run_option
@world_option
@click.option("--set", "set_id", metavar="ID", help="Which set of verdicts. Default: the latest.")
@click.option("--list", "as_list", is_flag=True, help="List the stored runs instead.")
@click.option(
    "--last",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"--list: so many of them, the newest. Default: {_LISTED}; with --json all.",
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write one offline page over all runs: maps, days, causes, timing, coverage.",
)
@picture_options
@click.option(
    "--since",
    type=_DAY,
    metavar="DATE",
    help="Page, pictures and list: only runs from this day (UTC) on.",
)
@click.option(
    "--until",
    type=_DAY,
    metavar="DATE",
    help="Page, pictures and list: only runs up to this day (UTC).",
)
@database_option
@language_option
@json_option
def command(
    run_id: str | None,
    world: str | None,
    set_id: str | None,
    as_list: bool,
    last: int | None,
    html: Path | None,
    png: Path | None,
    svg: Path | None,
    plots: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    database: Path | None,
    language: str,
    as_json: bool,
) -> None:
    """Show a stored run in words and tables, or all runs in one page or picture."""
    files = {form: file for form, file in (("html", html), ("png", png), ("svg", svg)) if file}
    if not files and not as_list and (since or until):
        raise UsageError(
            "--since and --until choose what --html, --png, --svg and --list show; name one"
        )
    if plots and not (png or svg):
        raise UsageError("--plot chooses what --png and --svg show; name one of them")
    if files and (run_id or set_id or as_list or as_json):
        raise UsageError(
            "--html, --png and --svg show all runs: leave --run, --set, --list and --json out"
        )
    with reading(database) as reader:
        if files:
            span = Span(stored_world(world), _start(since), _end(until))
            _write(reader, files, span, language, plots or PLOTS)
            return
        if as_list:
            runs = reader.runs(stored_world(world) if world else ANY_WORLD, _start(since))
            end = _end(until)
            runs = tuple(run for run in runs if end is None or run.started_at < end)
            newest = runs[-(last or (len(runs) if as_json else _LISTED) or 1) :]
            _list(reader, newest, len(runs) - len(newest), language, as_json)
            return
        run = chosen_run(reader, run_id, world)
        found = stored_findings(reader, run, set_id=set_id)
    words = wording(language)
    if as_json:
        click.echo(document_json(found, words))
    else:
        show(report_blocks(found, words), sys.stdout)


def _write(
    reader: Reader, files: Mapping[str, Path], span: Span, language: str, plots: Sequence[str]
) -> None:
    # Before anything is counted: a missing library is said at once.
    make_picture = picture_maker() if files.keys() - {"html"} else None
    run = reader.latest_run(span.world)
    catalogue = catalogue_of(reader, run) if run is not None else load_catalogue()
    facts = gather(reader, span, [service.id for service in catalogue.services])
    world = f"Runs of the lab ({span.world})." if span.world else "Runs of the real internet."
    told = Told(
        names={service.id: service.name for service in catalogue.services},
        events=load_events(),
        source=f"{world} Verdicts: each run's latest set.",
        version=__version__,
    )
    words = wording(language)
    for form, file in files.items():
        if make_picture is None or form == "html":
            content = page_html(facts, words, told).encode()
        else:
            content = make_picture(facts, words, told, form, plots)
        with replacing(file) as temporary:
            temporary.write_bytes(content)
        runs = "1 run" if facts.n_runs == 1 else f"{facts.n_runs} runs"
        click.echo(f"{facts.n_verdicts} verdicts of {runs}: {file}", err=True)


def _start(day: datetime | None) -> datetime | None:
    return day.replace(tzinfo=UTC) if day else None


def _end(day: datetime | None) -> datetime | None:
    return day.replace(tzinfo=UTC) + timedelta(days=1) if day else None


def _list(reader: Reader, runs: Sequence[Run], earlier: int, language: str, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([run.model_dump(mode="json") for run in runs]))
        return
    rows = tuple(_row(reader, run, language) for run in runs)
    headings = ("Run", "Started (UTC)", "World", "Profile", "Status", "Services", "From")
    show([Grid(headings, rows)], sys.stdout)
    if earlier:
        click.echo(f"{earlier} earlier ones are not shown: see --last and --since.")


def _row(reader: Reader, run: Run, language: str) -> tuple[Cell, ...]:
    states = Counter(service.state for service in reader.services(run.id))
    found = ", ".join(f"{states[state]} {state.value}" for state in State if states[state])
    return (
        Cell(run.id),
        Cell(f"{run.started_at:%Y-%m-%d %H:%M}"),
        Cell(run.world),
        Cell(run.profile),
        Cell(run.status),
        Cell(found or "nothing said"),
        Cell(place(run, wording(language))),
    )
