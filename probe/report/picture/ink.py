"""Colours, hatchings and sizes of the still pictures; the colours are the page's own."""

import re
from typing import Final

from probe.model.words import State
from probe.report.page.style import CSS

# Points: at 150 dots an inch the smallest is 15 pixels high.
SMALL: Final = 7.5
NORMAL: Final = 9.0
LARGE: Final = 12.0
DOTS_PER_INCH: Final = 150
# No pattern of a state: hatching belongs to what says nothing.
HATCH: Final = "////"
HATCHES: Final = ("", "//", "..", "xx", "--", "\\\\", "++", "oo")
DASHES: Final = (
    "-", (0, (7, 4)), (0, (2, 3)), (0, (10, 3, 2, 3)),
    (0, (1, 2)), (0, (12, 6)), (0, (4, 2)), (0, (8, 2, 2, 2)),
)  # fmt: skip


def _light(css: str) -> dict[str, str]:
    """Return the style sheet's light colours: {"ok": "#d7ecf7", ...}."""
    rule = css[css.index(":root{") : css.index("}", css.index(":root{"))]
    found: dict[str, str] = {}
    for name, value in re.findall(r"--([\w-]+):(#\w+)", rule):
        # As CSS has it: #fff is #ffffff.
        found[name] = value if len(value) == 7 else "#" + "".join(c * 2 for c in value[1:])
    return found


COLOURS: Final = _light(CSS)
SERIES: Final = tuple(COLOURS[f"c{number}"] for number in range(8))


def face_of(state: State) -> str:
    """Return what a cell of this state is filled with."""
    return COLOURS["grey" if state is State.INSUFFICIENT else state.value]


def text_of(state: State) -> str:
    """Return the colour of what is written on it."""
    return COLOURS["grey-fg" if state is State.INSUFFICIENT else f"{state.value}-fg"]
