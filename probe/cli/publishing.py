"""`roadblock publish-kit`: a folder to publish, with all that an archive asks for."""

from datetime import datetime
from pathlib import Path
from typing import Final

import click

from probe import __version__
from probe.cli.export import between, check_services, services_named
from probe.cli.options import Day, database_option
from probe.cli.reading import reading, stored_world, world_option
from probe.errors import UsageError
from probe.exchange.publication import LICENCES, Publication, parse_author, write_publication

_DAY: Final = Day()


@click.command()
@click.option("--title", required=True, help="What the collection is called.")
@click.option(
    "--author",
    "authors",
    required=True,
    multiple=True,
    metavar="NAME",
    help="'Doe, Jane; University of X; 0000-0002-1825-0097': all but the name may be left out, and "
    "a club or a made-up name is one. May be repeated.",
)
@click.option(
    "--licence",
    required=True,
    type=click.Choice(tuple(LICENCES)),
    help="Of the data. It can hardly be changed later, and limits with what they may be mixed.",
)
@click.option("--since", type=_DAY, metavar="DATE", help="Only runs from this day (UTC) on.")
@click.option("--until", type=_DAY, metavar="DATE", help="Only runs up to this day (UTC).")
@click.option(
    "--services", metavar="SERVICE,...", default="", help="Only rows about these services."
)
@click.option(
    "--show-asn",
    "shown_asns",
    type=int,
    multiple=True,
    metavar="ASN",
    help="A network from which so many measure that naming it tells nobody's name.",
)
@world_option
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="A new folder.",
)
@database_option
def command(
    title: str,
    authors: tuple[str, ...],
    licence: str,
    since: datetime | None,
    until: datetime | None,
    services: str,
    shown_asns: tuple[int, ...],
    world: str | None,
    output: Path,
    database: Path | None,
) -> None:
    """Make a folder to publish: data, read-me, citation, and what Zenodo and Datasette read.

    Everything is as `export --privacy publish` has it. Nothing is uploaded: look through it first.
    """
    publication = Publication(title, tuple(map(parse_author, authors)), licence, __version__)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError(f"{output} is there already: name a new folder with --output FOLDER")
    wanted = services_named(services)
    with reading(database) as reader:
        runs = between(reader.runs(stored_world(world)), since, until)
        if not runs:
            raise UsageError("there is no run to publish; `roadblock report --list` shows all")
        check_services(wanted, reader, runs)
        contents = write_publication(
            reader, runs, output, publication, shown_asns=frozenset(shown_asns), services=wanted
        )
    counts = ", ".join(f"{count} {name}" for name, count in contents.rows.items())
    click.echo(f"{output}: {counts}.", err=True)
    click.echo(
        "Nothing was uploaded. Look through it first: days, hours, countries and what answered "
        "stay in it, and where few people measure, those may be enough to find one of them.",
        err=True,
    )
