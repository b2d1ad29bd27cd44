"""Pictures drawn by hand as SVG: bars over days, and the share of values below each value."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from probe.report.page.html import text
from probe.report.page.parts import Curve, share_steps

# Of the drawing and its margins, in its own units.
_WIDTH, _HEIGHT = 900, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 14, 36
_DASHES: Final = ("", "7 4", "2 4", "10 3 2 3", "1 3", "12 6", "4 2", "8 2 2 2")


def bars(days: Sequence[date], stacks: Mapping[str, Mapping[date, int]], what: str) -> str:
    """Return stacked bars over days, with a key that names each part."""
    first, last = days[0], days[-1]
    span = (last - first).days + 1
    highest = max((sum(stack.get(day, 0) for stack in stacks.values()) for day in days), default=0)
    top = _nice(max(highest, 1))
    width = (_WIDTH - _LEFT - _RIGHT) / span
    parts = [_y_axis([(top * part / 4, f"{top * part / 4:g}") for part in range(5)], top)]
    sums: dict[date, int] = {}
    for number, (name, stack) in enumerate(stacks.items()):
        for day, count in sorted(stack.items()):
            below = sums.get(day, 0)
            sums[day] = below + count
            x = _LEFT + (day - first).days * width
            high = _y(below + count, top)
            parts.append(
                f'<rect class="bar s{number}" x="{x:.1f}" y="{high:.1f}" '
                f'width="{max(width, 1):.1f}" height="{_y(below, top) - high:.1f}">'
                f"<title>{day}: {text(name)} {count}</title></rect>"
            )
    parts += _day_axis(first, span, width)
    return _svg(what, "".join(parts)) + _key(list(stacks), is_filled=True)


def shares(curves: Sequence[Curve], unit: str, what: str) -> str:
    """Return, for each curve, which share of its values is at most so large; a log scale."""
    values = [value for curve in curves for value in curve.counts if value > 0]
    low = math.floor(math.log10(min(values)))
    high = max(math.ceil(math.log10(max(values))), low + 1)
    scale = (_WIDTH - _LEFT - _RIGHT) / (high - low)
    parts = [_y_axis([(part / 4, f"{25 * part} %") for part in range(5)], 1.0)]
    for power in range(low, high + 1):
        x = _LEFT + (power - low) * scale
        parts.append(f'<line class="axis" x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{_base()}"/>')
        anchor = "end" if power == high else "middle"
        label = f"{10.0**power:g} {unit}"
        parts.append(
            f'<text class="dimtext" x="{x:.1f}" y="{_base() + 18}" text-anchor="{anchor}">'
            f"{label}</text>"
        )
    for number, curve in enumerate(curves):
        points = " ".join(
            f"{_LEFT + (math.log10(max(value, 10.0**low)) - low) * scale:.1f},{_y(share, 1.0):.1f}"
            for value, share in share_steps(curve.counts)
        )
        parts.append(
            f'<polyline class="curve s{number}" fill="none" stroke-dasharray="{_DASHES[number]}" '
            f'points="{points}"><title>{text(curve.name)}</title></polyline>'
        )
    names = [f"{curve.name} (n = {sum(curve.counts.values()):,})" for curve in curves]
    return _svg(what, "".join(parts)) + _key(names, is_filled=False)


def _svg(what: str, inside: str) -> str:
    return (
        f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{text(what)}">'
        f"{inside}</svg>"
    )


def _key(names: Sequence[str], *, is_filled: bool) -> str:
    items = []
    for number, name in enumerate(names):
        sign = (
            f'<rect class="s{number}" width="14" height="12"/>'
            if is_filled
            else f'<line class="curve s{number}" stroke-dasharray="{_DASHES[number]}" '
            'x1="0" y1="6" x2="40" y2="6"/>'
        )
        width = 14 if is_filled else 40
        items.append(
            f'<li><svg aria-hidden="true" width="{width}" height="12">{sign}</svg>{text(name)}</li>'
        )
    return f'<ul class="key">{"".join(items)}</ul>'


def _y_axis(marks: Sequence[tuple[float, str]], top: float) -> str:
    parts = []
    for value, label in marks:
        y = _y(value, top)
        parts.append(
            f'<line class="axis" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>'
            f'<text class="dimtext" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
            f"{label}</text>"
        )
    return "".join(parts)


def _day_axis(first: date, span: int, width: float) -> list[str]:
    step = max(1, math.ceil(span / 8))
    parts = []
    for offset in range(0, span, step):
        day = date.fromordinal(first.toordinal() + offset)
        x = _LEFT + (offset + 0.5) * width
        parts.append(
            f'<text class="dimtext" x="{x:.1f}" y="{_base() + 18}" text-anchor="middle">'
            f"{day:%Y-%m-%d}</text>"
        )
    return parts


def _y(value: float, top: float) -> float:
    return _base() - value / top * (_base() - _TOP)


def _base() -> int:
    return _HEIGHT - _BOTTOM


def _nice(value: float) -> float:
    """Return the next of 4, 8, 20, 40, 80, 200 ...: its quarters are whole."""
    power = 10.0 ** math.floor(math.log10(value))
    return max(next(power * m for m in (1, 2, 4, 8, 10) if power * m >= value), 4.0)
