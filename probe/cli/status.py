"""`roadblock status`: how the probe is doing, for people and for a container's health check."""

import json
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click

from probe.cli.options import database_option, json_option, language_option, targets_option
from probe.cli.reading import reading
from probe.config.settings import default_database
from probe.errors import UsageError
from probe.reference.catalogue import load_catalogue
from probe.report.grid import show
from probe.report.status import read_status, status_grid, status_json
from probe.report.words import wording
from probe.store.watching import read_watching

# What a HEALTHCHECK's command says of a container; Docker reserves 2.
UNHEALTHY: Final = 1
_FILES: Final = ("", "-wal", "-shm")


@click.command()
@click.option(
    "--healthy",
    is_flag=True,
    help="Say it by the exit code: 1 when the last good run is older than --max-age, else 0.",
)
@click.option(
    "--max-age",
    type=click.FloatRange(min=0, min_open=True),
    default=26.0,
    show_default=True,
    metavar="HOURS",
    help="How old the last good run may be: one a day, and two hours of grace.",
)
@targets_option
@database_option
@language_option
@json_option
def command(
    healthy: bool,
    max_age: float,
    targets: Path | None,
    database: Path | None,
    language: str,
    as_json: bool,
) -> int:
    """Show the last run, the next one, traffic, disk and network. Sends nothing."""
    path = database or default_database()
    if healthy and not path.exists():
        click.echo("unhealthy: nothing was measured yet")
        return UNHEALTHY
    limit = timedelta(hours=max_age)
    with reading(database) as reader:
        status = read_status(
            reader,
            load_catalogue(targets).pacing,
            now=datetime.now(UTC),
            database_bytes=_size(path),
            free_bytes=shutil.disk_usage(path.parent).free,
            watching=read_watching(path),
        )
    if as_json:
        click.echo(json.dumps(status_json(status, limit)))
    elif healthy:
        age = status.good_age
        told = "no good run yet" if age is None else f"last good run {age} ago"
        click.echo(f"{'healthy' if status.is_healthy(limit) else 'unhealthy'}: {told}")
    else:
        show([status_grid(status, wording(language), limit)], sys.stdout)
    return UNHEALTHY if healthy and not status.is_healthy(limit) else 0


def _size(path: Path) -> int:
    try:
        files = [path.with_name(path.name + ending) for ending in _FILES]
        return sum(file.stat().st_size for file in files if file.exists())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; is it yours to read?") from error
