"""`roadblock forget`: delete stored measurements for good."""

from datetime import UTC, datetime
from pathlib import Path

import click

from probe.cli.options import Day, database_option
from probe.config.settings import default_database
from probe.errors import UsageError


@click.command()
@click.option("--all", "every", is_flag=True, help="Delete all runs.")
@click.option(
    "--before",
    type=Day(),
    metavar="DATE",
    help="Delete runs that started before this day (UTC).",
)
@database_option
def command(every: bool, before: datetime | None, database: Path | None) -> None:
    """Delete stored runs, with all their evidence. Cannot be undone."""
    from probe.store import forget

    if every == (before is not None):
        raise UsageError("say either --all or --before DATE")
    limit = before.replace(tzinfo=UTC) if before else None
    path = database or default_database()
    if not path.exists():
        raise UsageError(f"{path}: there is no such file, so there is nothing to delete")
    count = forget(path, before=limit)
    click.echo(f"Deleted {count} {'run' if count == 1 else 'runs'}.")
