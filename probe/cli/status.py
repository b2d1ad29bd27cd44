"""`roadblock status`: how the probe is doing, for people and for a container's health check."""

import json
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click

from probe.cli.options import Finite, database_option, json_option, language_option, targets_option
from probe.cli.reading import reading, stored_world, world_option
from probe.config.settings import default_database
from probe.errors import UsageError
from probe.reference.catalogue import load_catalogue, load_pacing
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
    type=Finite(min=0, min_open=True),
    default=26.0,
    show_default=True,
    metavar="HOURS",
    help="How old the last good run may be: one a day, and two hours of grace.",
)
@click.option(
    "--web", is_flag=True, help="Serve it as a page to this machine's own browser, until stopped."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="PORT",
    help="For --web. Default: a free one.",
)
@world_option
@targets_option
@database_option
@language_option
@json_option
def command(
    healthy: bool,
    max_age: float,
    web: bool,
    port: int,
    world: str | None,
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
    if web:
        with reading(path):
            pass
        _serve(path, targets, language, world, port, limit)
        return 0
    with reading(database) as reader:
        status = read_status(
            reader,
            load_pacing(targets),
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


def _serve(
    path: Path, targets: Path | None, language: str, world: str | None, port: int, limit: timedelta
) -> None:
    # What serves and stops is imported here: without it the command starts three times as fast.
    import trio

    from probe.cli.measuring import cancel_on_signal

    try:
        from probe.serve.board import Board, serve_board
    except ImportError as error:
        raise UsageError(
            f"--web needs an extra: pip install 'roadblock[serve]' ({error.name} is not here)"
        ) from error
    board = Board(path, load_catalogue(targets), wording(language), stored_world(world), limit)

    def ready(address: str) -> None:
        click.echo(address)
        click.echo("Only this machine can open it. Ctrl-C ends it.", err=True)

    async def until_stopped() -> None:
        async with trio.open_nursery() as nursery:
            work = await nursery.start(cancel_on_signal)
            with work:
                await serve_board(board, port=port, on_ready=ready)
            nursery.cancel_scope.cancel()

    trio.run(until_stopped)


def _size(path: Path) -> int:
    try:
        files = [path.with_name(path.name + ending) for ending in _FILES]
        return sum(file.stat().st_size for file in files if file.exists())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; is it yours to read?") from error
