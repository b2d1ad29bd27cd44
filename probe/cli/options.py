"""Options that several verbs share, so that they are called and explained alike."""

import math
from datetime import date, datetime
from pathlib import Path

import click

from probe.config.settings import fingerprints_folder
from probe.report.language import WORDINGS

_LARGEST = 3.2e9


class WordyGroup(click.Group):
    """A group whose help says of each command the whole first sentence, not the half of it."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands below each other; what is long is wrapped."""
        del ctx
        rows = [
            (name, command.get_short_help_str(limit=1000))
            for name, command in sorted(self.commands.items())
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class Finite(click.FloatRange):
    """A number with an end: nan and inf pass for floats, and what is made of them does not."""

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Refuse what is no number, and what is beyond a century of seconds."""
        # click declares the type that it returns; what it is given is text.
        number = float(super().convert(value, param, ctx))  # type: ignore[arg-type]
        # A default of ours may be without an end, and is no text.
        if math.isnan(number) or (isinstance(value, str) and abs(number) >= _LARGEST):
            self.fail(f"{value} is not in the range of numbers that can be meant.", param, ctx)
        return number


class Day(click.DateTime):
    """A day in UTC, with another one after it."""

    def __init__(self) -> None:
        super().__init__(formats=["%Y-%m-%d"])

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Refuse the last day that there is: an end is the day after."""
        day: datetime = super().convert(value, param, ctx)
        if day.date() == date.max:
            self.fail(f"{value} has no day after it.", param, ctx)
        return day


targets_option = click.option(
    "--targets",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="ROADBLOCK_TARGETS",
    metavar="DIR",
    help="Folder of target files to use instead of the shipped ones.",
)
ca_file_option = click.option(
    "--ca-file",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="ROADBLOCK_CA_FILE",
    metavar="FILE",
    help="Certificate authorities (PEM) that verify instead of the shipped public ones.",
)
geo_option = click.option(
    "--geo-db",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="ROADBLOCK_GEO_DB",
    metavar="FILE",
    help="Geo data (MMDB) to use instead of the bundled one.",
)
fingerprints_option = click.option(
    "--fingerprints",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="ROADBLOCK_FINGERPRINTS",
    default=fingerprints_folder,
    show_default="the platform's data folder",
    metavar="DIR",
    help="Folder of added fingerprint lists.",
)
database_option = click.option(
    "--db",
    "database",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="ROADBLOCK_DB",
    metavar="FILE",
    help="Database. Default: results/roadblock.db in a checkout, else the platform's data folder.",
)
language_option = click.option(
    "--language",
    type=click.Choice(sorted(WORDINGS)),
    default="en",
    envvar="ROADBLOCK_LANGUAGE",
    show_default=True,
    help="Language of the sentences.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object instead of text."
)
selection_arguments = (
    click.argument("names", nargs=-1, metavar="[SERVICE]..."),
    click.option("--all", "every", is_flag=True, help="All endpoints, not only the core ones."),
    click.option(
        "--tier",
        type=click.IntRange(0, 3),
        default=1,
        show_default=True,
        help="Include services up to this risk tier; naming a service includes it too. 0: only"
        " those without a warning about any country.",
    ),
)
