"""Plots with axes: causes over days, and the share of values below each value."""

import math
from collections.abc import Sequence
from datetime import date
from functools import partial

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from probe.report.page.facts import Facts
from probe.report.page.parts import (
    NO_DATA,
    Curve,
    cause_stacks,
    has_values,
    no_causes,
    pace_curves,
    share_steps,
    timing_curves,
)
from probe.report.picture.ink import COLOURS, DASHES, HATCHES, SERIES, SMALL
from probe.report.picture.panel import Panel, Source, nothing

# Inches.
_WIDTH, _HEIGHT, _ABOVE = 9.0, 3.4, 0.1
_KEY_LINE = 0.21


def causes(source: Source) -> Panel:
    """Return stacked bars over days, each part with a hatching of its own."""
    stacks = cause_stacks(source.facts, source.words)
    if not stacks:
        return nothing(no_causes(source.facts))
    return _plot(partial(_draw_bars, facts=source.facts, stacks=stacks), len(stacks))


def timing(source: Source) -> Panel:
    """Return how long the steps took."""
    return _shares(timing_curves(source.facts), "ms")


def goodput(source: Source) -> Panel:
    """Return how fast pages came."""
    return _shares(pace_curves(source.facts), "kbit/s")


def _shares(curves: Sequence[Curve], unit: str) -> Panel:
    if not has_values(curves):
        return nothing(f"{NO_DATA.capitalize()}: no such step was measured.")
    return _plot(partial(_draw_shares, curves=curves, unit=unit), len(curves))


def _plot(draw: partial[None], entries: int) -> Panel:
    below = 0.5 + _KEY_LINE * ((entries + 1) // 2) + 0.15
    return Panel(
        draw,
        width=_WIDTH,
        height=_HEIGHT + below,
        left=0.55,
        above=_ABOVE,
        below=below,
        stretches=True,
    )


def _draw_bars(axes: Axes, *, facts: Facts, stacks: dict[str, dict[date, int]]) -> None:
    first, last = facts.days[0], facts.days[-1]
    below: dict[date, int] = {}
    for number, (name, stack) in enumerate(stacks.items()):
        shown = sorted(stack)
        axes.bar(
            [(day - first).days for day in shown],
            [stack[day] for day in shown],
            bottom=[below.get(day, 0) for day in shown],
            width=0.9,
            color=SERIES[number],
            hatch=HATCHES[number],
            edgecolor=COLOURS["bg"],
            linewidth=0.4,
            label=name,
        )
        for day in shown:
            below[day] = below.get(day, 0) + stack[day]
    axes.set_xlim(-0.6, (last - first).days + 0.6)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda at, _: f"{date.fromordinal(first.toordinal() + int(at))}")
    )
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_ylabel("verdicts", size=SMALL, color=COLOURS["dim"])
    _finish(axes)


def _draw_shares(axes: Axes, *, curves: Sequence[Curve], unit: str) -> None:
    for number, curve in enumerate(curves):
        points = [(value, share) for value, share in share_steps(curve.counts) if value > 0]
        if not points:
            continue
        axes.plot(
            [value for value, _ in points],
            [100 * share for _, share in points],
            color=SERIES[number],
            linestyle=DASHES[number],
            linewidth=1.6,
            # A step of one value is a point, not a line.
            marker="o" if len({value for value, _ in points}) == 1 else None,
            markersize=4,
            label=f"{curve.name} (n = {sum(curve.counts.values()):,})",
        )
    # Whole decades, so that there are two numbers at least to read it by.
    values = [value for curve in curves for value in curve.counts if value > 0]
    low = math.floor(math.log10(min(values)))
    axes.set_xscale("log")
    axes.set_xlim(10.0**low, 10.0 ** max(math.ceil(math.log10(max(values))), low + 1))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(unit, size=SMALL, color=COLOURS["dim"], labelpad=1)
    axes.set_ylim(0, 102)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:g} %"))
    _finish(axes)


def _finish(axes: Axes) -> None:
    axes.tick_params(labelsize=SMALL)
    axes.grid(axis="y", color=COLOURS["line"], linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(0, -0.42 / (_HEIGHT - _ABOVE)),
        ncols=2,
        fontsize=SMALL,
        frameon=False,
        handlelength=4,
        borderaxespad=0,
        labelcolor=COLOURS["fg"],
    )
