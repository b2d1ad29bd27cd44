"""The report's plots for a notebook: `probe.plot.picture(results, "map")`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from probe import __version__
from probe.errors import UsageError
from probe.reference.catalogue import load_catalogue
from probe.reference.events import load_events
from probe.report.page import PLOTS, Told, gather
from probe.report.words import wording
from probe.results import Results, library
from probe.store.summary import Span


@dataclass(frozen=True, slots=True)
class Picture:
    """A still picture, which a notebook shows by itself."""

    draw: Callable[[str], bytes] = field(repr=False)
    """Given "svg" or "png"."""

    def save(self, file: str | Path) -> None:
        """Write it; the ending, .png or .svg, says how."""
        path = Path(file)
        form = path.suffix.removeprefix(".").lower()
        if form not in {"png", "svg"}:
            raise UsageError(f"{path}: end its name with .png or .svg")
        path.write_bytes(self.draw(form))

    def _repr_png_(self) -> bytes:
        return self.draw("png")


def picture(
    results: Results,
    *plots: str,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Picture:
    """Draw the named plots below each other; all of them where none is named.

    There are map, days, causes, timing, goodput and coverage. UsageError where matplotlib is not
    installed.
    """
    library("matplotlib")
    from probe.report.picture import picture as drawn

    unknown = [plot for plot in plots if plot not in PLOTS]
    if unknown:
        raise UsageError(f"there is no plot {unknown[0]!r}; there are: {', '.join(PLOTS)}")
    reader, world = results.reader, results.world
    run = reader.latest_run(world)
    catalogue = (reader.catalogue(run.id) if run else None) or load_catalogue()
    told = Told(
        names={service.id: service.name for service in catalogue.services},
        events=load_events(),
        source=f"Runs of the lab ({world})." if world else "Runs of the real internet.",
        version=__version__,
    )
    span = Span(world, since, until)
    facts = gather(reader, span, [service.id for service in catalogue.services])
    return Picture(lambda form: drawn(facts, wording("en"), told, form, plots or PLOTS))
