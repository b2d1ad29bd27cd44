"""Puts still pictures together: each with what it shows, of when, of how many and from where."""

import io
import textwrap
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from probe.report.escape import escape
from probe.report.language.wording import Wording
from probe.report.page.facts import Facts
from probe.report.page.parts import PLOTS, Part, Told, part, period
from probe.report.picture.cells import coverage, days, services_by_network
from probe.report.picture.curves import causes, goodput, timing
from probe.report.picture.ink import COLOURS, DOTS_PER_INCH, LARGE, NORMAL, SMALL
from probe.report.picture.panel import Panel, Source

FORMS: Final = ("png", "svg")
# Inches.
_EDGE, _LINE, _LEAST_WIDTH = 0.25, 0.17, 9.0
# What a line of NORMAL letters holds in an inch, with room to spare.
_LETTERS_AN_INCH = 13.5
# Keyed by literal names, which mypy cannot see in a dictionary.
_STYLE: Final[dict[Any, Any]] = {
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": NORMAL,
    # A service called "$x$" is no formula.
    "text.parse_math": False,
    # Words stay words: found by a search, read by a screen reader, and a fifth of the size.
    "svg.fonttype": "none",
    # The same facts give the same bytes.
    "svg.hashsalt": "roadblock",
    "hatch.linewidth": 0.6,
    "hatch.color": COLOURS["hatch"],
    "axes.edgecolor": COLOURS["line"],
    "xtick.color": COLOURS["line"],
    "ytick.color": COLOURS["line"],
    "xtick.labelcolor": COLOURS["dim"],
    "ytick.labelcolor": COLOURS["dim"],
}
_DRAWN: Final = {
    "map": services_by_network,
    "days": days,
    "causes": causes,
    "timing": timing,
    "goodput": goodput,
    "coverage": coverage,
}


@dataclass(frozen=True, slots=True)
class _Placed:
    said: Part
    panel: Panel
    about: str
    caption: str

    @property
    def head(self) -> float:
        return 0.42 + _LINE * (self.about.count("\n") + 1)

    @property
    def foot(self) -> float:
        return 0.45 + _LINE * (self.caption.count("\n") + 1)


def picture(
    facts: Facts, words: Wording, told: Told, form: str, plots: Sequence[str] = PLOTS
) -> bytes:
    """Return the plots below each other as one PNG or SVG file."""
    source, version = told.source, told.version
    note = f"{period(facts.days)}, UTC. {source} Roadblock {version}."
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # A name in a script that the font lacks becomes boxes; that is no reason to fail.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        if facts.days:
            known = Source(facts, words, told.names, told.events)
            panels = [(part(plot, facts), _DRAWN[plot](known)) for plot in plots]
            figure = _figure(panels, escape(note))
        else:
            figure = _empty(escape(source))
        return _bytes(figure, form, f"Roadblock: {period(facts.days)}", version)


def _figure(panels: Sequence[tuple[Part, Panel]], note: str) -> Figure:
    inner = max(_LEAST_WIDTH, *(panel.width for _, panel in panels))
    letters = int(inner * _LETTERS_AN_INCH)
    placed = [
        _Placed(
            said,
            panel,
            textwrap.fill(said.about, letters),
            # Small letters: a fifth more of them in a line.
            textwrap.fill(f"{said.caption} {note}", int(letters * 1.2)),
        )
        for said, panel in panels
    ]
    width = inner + 2 * _EDGE
    height = sum(each.head + each.panel.height + each.foot for each in placed) + _EDGE
    figure = Figure(figsize=(width, height), facecolor=COLOURS["bg"])
    top = height - _EDGE
    for each in placed:
        panel = each.panel
        bottom = top - each.head - panel.height
        _write(figure, top, each.said.title, LARGE, COLOURS["fg"], weight="bold")
        _write(figure, top - 0.26, each.about, NORMAL, COLOURS["fg"])
        across = (inner if panel.stretches else panel.width) - panel.left - panel.right
        axes = figure.add_axes(
            (
                (_EDGE + panel.left) / width,
                (bottom + panel.below) / height,
                across / width,
                (panel.height - panel.above - panel.below) / height,
            )
        )
        panel.draw(axes)
        _write(figure, bottom - 0.08, each.caption, SMALL, COLOURS["dim"])
        top = bottom - each.foot
    return figure


def _write(
    figure: Figure, at: float, words: str, size: float, colour: str, weight: str = "normal"
) -> None:
    width, height = figure.get_size_inches()
    figure.text(_EDGE / width, at / height, words, size=size, color=colour, weight=weight, va="top")


def _empty(source: str) -> Figure:
    figure = Figure(figsize=(_LEAST_WIDTH, 1.5), facecolor=COLOURS["bg"])
    _write(figure, 1.2, "Nothing was measured", LARGE, COLOURS["fg"], weight="bold")
    _write(figure, 0.8, source, NORMAL, COLOURS["fg"])
    return figure


def _bytes(figure: Figure, form: str, title: str, version: str) -> bytes:
    file, maker = io.BytesIO(), f"Roadblock {version}"
    if form == "svg":
        figure.savefig(
            file, format="svg", metadata={"Title": title, "Creator": maker, "Date": None}
        )
        return file.getvalue()
    figure.savefig(file, format="png", dpi=DOTS_PER_INCH)
    # Flat colours and letters: a palette holds them in a third of the bytes.
    small, notes = io.BytesIO(), PngInfo()
    notes.add_itxt("Title", title)
    notes.add_itxt("Software", maker)
    with Image.open(file) as image:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
            small, "PNG", optimize=True, pnginfo=notes, dpi=(DOTS_PER_INCH, DOTS_PER_INCH)
        )
    return small.getvalue()
