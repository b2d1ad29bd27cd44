"""Roadblock: an internet censorship probe that shows its evidence."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probe.results import Results

__version__ = "0.1.0"


def open(database: str | Path, *, world: str | None = None) -> "Results":  # noqa: A001
    """Open stored results for reading: `probe.open("roadblock.db").verdicts(service="rt")`.

    Lab runs are left out; `world` asks for them: "lab" for all, or a world's id.
    """
    # Only here: the command line imports this package before anything else.
    from probe.results import open_results

    return open_results(database, world=world)
