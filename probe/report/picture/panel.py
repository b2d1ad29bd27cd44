"""What a plot tells the figure: how much room it takes, and how to fill it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from probe.model.event import Event
from probe.report.escape import escape
from probe.report.language.wording import Wording
from probe.report.page.facts import Facts
from probe.report.picture.ink import COLOURS, NORMAL


@dataclass(frozen=True, slots=True)
class Source:
    """What plots are drawn from."""

    facts: Facts
    words: Wording
    names: Mapping[str, str]
    """{service: its name}"""
    events: Sequence[Event]

    def name(self, service: str) -> str:
        """Return a service's name as it may stand in a picture."""
        return escape(self.names.get(service, service))


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot; all sizes in inches, margins within them."""

    draw: Callable[[Axes], None]
    width: float
    height: float
    left: float
    right: float = 0.1
    above: float = 0.1
    below: float = 0.1
    stretches: bool = False
    """As wide as the picture, however wide that becomes."""


def letters_wide(words: Sequence[str], size: float) -> float:
    """Return how many inches the longest of these takes."""
    # DejaVu Sans: its letters are 0.62 as wide as high, on average of English text.
    return max((len(word) for word in words), default=0) * size * 0.62 / 72


def nothing(words: str) -> Panel:
    """Say in a plot's place why there is none."""

    def draw(axes: Axes) -> None:
        axes.set_axis_off()
        axes.text(0, 0.5, words, va="center", size=NORMAL, color=COLOURS["dim"])

    return Panel(draw, width=9.0, height=0.5, left=0.0)
