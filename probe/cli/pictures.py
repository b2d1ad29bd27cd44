"""Options of the report's still pictures, whose library is an extra."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from probe.errors import UsageError
from probe.report.language.wording import Wording
from probe.report.page import PLOTS, Facts, Told

PictureMaker = Callable[[Facts, Wording, Told, str, Sequence[str]], bytes]
MISSING = (
    "pictures are drawn by matplotlib, which is not installed here: "
    "pip install 'roadblock[pictures]'; --html needs nothing"
)


def _file(form: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        f"--{form}",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help=f"Write the plots of that page as one {form.upper()} picture (extra: pictures).",
    )


def picture_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --png, --svg and --plot to a command."""
    chosen = click.option(
        "--plot",
        "plots",
        multiple=True,
        type=click.Choice(PLOTS),
        help="Only this plot in the picture; may be given again. Default: all of them.",
    )
    return _file("png")(_file("svg")(chosen(command)))


def picture_maker() -> PictureMaker:
    """Return what draws; UsageError with the command to type where its library is missing."""
    if find_spec("matplotlib") is None:
        raise UsageError(MISSING)
    from probe.report.picture import picture

    return picture
