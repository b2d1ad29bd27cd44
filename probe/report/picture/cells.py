"""Plots made of cells with words in them: services by network, days, coverage."""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from probe.model.words import State
from probe.report.escape import escape
from probe.report.language.wording import Wording
from probe.report.page.facts import Cell, Network, network_name
from probe.report.page.parts import (
    LETTERS,
    NO_DATA,
    STATES,
    day_mark,
    event_numbers,
    how_often,
    shown_days,
)
from probe.report.picture.ink import COLOURS, HATCH, NORMAL, SMALL, face_of, text_of
from probe.report.picture.panel import Panel, Source, letters_wide, nothing

# Inches.
_COLUMN, _ROW = 1.35, 0.42
_DAY_COLUMN, _DAY_ROW = 0.29, 0.28
_KEY_LINE = 0.24
_NETWORKS_MAX: Final = 60
"""As many as one looks through; those with most runs."""


@dataclass(frozen=True, slots=True)
class _Look:
    """How one cell looks: no fill at all is no data."""

    words: str
    face: str | None = None
    ink: str = COLOURS["dim"]
    is_hatched: bool = False


_NOTHING: Final = _Look(NO_DATA)
_NO_DAY: Final = _Look("–")


def _of(state: State, words: str) -> _Look:
    return _Look(words, face_of(state), text_of(state), state is State.INSUFFICIENT)


# --- service by network ---------------------------------------------------------------------------


def services_by_network(source: Source) -> Panel:
    """Return the map: the longer side goes down, for a picture is no wider than a page."""
    facts = source.facts
    if not facts.services:
        return nothing("No data: no run said anything of a service.")
    services = [(service, source.name(service)) for service in facts.services]
    networks = [(network, network_name(network)) for network in _networks(source)]
    looks = {
        (service, network): _map_cell(facts.cells.get((service, network)), source.words)
        for service, _ in services
        for network, _ in networks
    }
    if len(networks) > len(services):
        rows, columns = [n for _, n in networks], [n for _, n in services]
        cells = [[looks[s, n] for s, _ in services] for n, _ in networks]
    else:
        rows, columns = [n for _, n in services], [n for _, n in networks]
        cells = [[looks[s, n] for n, _ in networks] for s, _ in services]
    key = [_of(state, f"{state.value}: {said}") for state, said in STATES.items()]
    return _grid(
        cells, rows, [textwrap.fill(c, 15) for c in columns],
        key=[*key, _Look(f"{NO_DATA}: not measured")], size=(_COLUMN, _ROW), note=_left_out(source),
    )  # fmt: skip


def _map_cell(cell: Cell | None, words: Wording) -> _Look:
    if cell is None:
        return _NOTHING
    often = how_often(cell)
    if cell.main is None:
        return _of(State.INSUFFICIENT, f"insufficient\n{often}")
    state, category, _ = cell.main
    head = state.value if state is State.OK else f"{state.value}: {words.cells[category]}"
    return _of(state, "\n".join((*textwrap.wrap(head, 19)[:2], often)))


# --- days -----------------------------------------------------------------------------------------


def days(source: Source) -> Panel:
    """Return a row for each network and a column for each day, those without a run too."""
    facts, shown = source.facts, shown_days(source.facts.days)
    marked = event_numbers(source.events, shown)
    networks = _networks(source)
    cells = [[_day_cell(facts.by_day.get((network, day))) for day in shown] for network in networks]
    key = [
        _of(state, f"{'3' if state is State.BLOCKED else LETTERS[state]} {_in_key(state)}")
        for state in State
    ]
    told = [
        f"▼{marked[day]} {day}: {escape(event.title)}"
        for day in marked
        for event in source.events
        if event.earliest.date() == day
    ]
    if told:
        told.append("That an event fits in time does not make it the cause.")
    return _grid(
        cells, [network_name(n) for n in networks],
        [_day_label(day, number, marked.get(day)) for number, day in enumerate(shown)],
        key=[*key, _Look(f"– {NO_DATA}")], size=(_DAY_COLUMN, _DAY_ROW),
        note=[*told, *_left_out(source)],
    )  # fmt: skip


def _in_key(state: State) -> str:
    match state:
        case State.BLOCKED:
            return "say blocked"
        case State.INSUFFICIENT:
            return "nothing can be said"
        case _:
            return state.value


def _day_cell(cell: Cell | None) -> _Look:
    return _NO_DAY if cell is None else _of(*day_mark(cell))


def _day_label(day: date, number: int, mark: int | None) -> str:
    month = f"{day:%b}\n" if number == 0 or day.day == 1 else ""
    return f"{month}{day.day}" + (f"\n▼{mark}" if mark else "")


def coverage(source: Source) -> Panel:
    """Return how many runs each network had on each day, in greys that mean nothing else."""
    facts, shown = source.facts, shown_days(source.facts.days)
    most = max(facts.runs.values())
    networks = _networks(source)
    cells = [[_runs_cell(facts.runs.get((n, day), 0), most) for day in shown] for n in networks]
    return _grid(
        cells, [network_name(n) for n in networks],
        [_day_label(day, number, None) for number, day in enumerate(shown)],
        key=[_runs_cell(1, most), _Look("– no run")], size=(_DAY_COLUMN, _DAY_ROW),
        note=_left_out(source), key_words={0: "runs; the darker, the more"},
    )  # fmt: skip


def _runs_cell(count: int, most: int) -> _Look:
    if not count:
        return _NO_DAY
    shade = min(3, 4 * count // (most + 1))
    return _Look(str(count), COLOURS[f"n{shade}"], COLOURS["n3-fg" if shade == 3 else "fg"])


def _networks(source: Source) -> list[Network]:
    facts = source.facts
    runs = dict.fromkeys(facts.networks, 0)
    for (network, _), count in facts.runs.items():
        runs[network] += count
    kept = set(sorted(facts.networks, key=lambda n: -runs[n])[:_NETWORKS_MAX])
    return [network for network in facts.networks if network in kept]


def _left_out(source: Source) -> list[str]:
    more = len(source.facts.networks) - _NETWORKS_MAX
    return [f"The {_NETWORKS_MAX} networks with most runs; {more} more."] if more > 0 else []


# --- drawing --------------------------------------------------------------------------------------


def _grid(
    cells: Sequence[Sequence[_Look]],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    key: Sequence[_Look],
    size: tuple[float, float],
    note: Sequence[str],
    key_words: dict[int, str] | None = None,
) -> Panel:
    column, row = size
    left = letters_wide(rows, NORMAL) + 0.15
    above = 0.17 * max(label.count("\n") + 1 for label in columns) + 0.1
    key = [_worded(look, (key_words or {}).get(number)) for number, look in enumerate(key)]
    width = max(left + len(columns) * column + 0.1, 9.0)
    lines = _key_lines(key, width)
    below = _KEY_LINE * (len(lines) + len(note)) + 0.2
    draw: Callable[[Axes], None] = partial(
        _draw, cells=cells, rows=rows, columns=columns, size=size, left=left, lines=lines, note=note
    )
    return Panel(
        draw,
        width=left + len(columns) * column + 0.1,
        height=above + len(rows) * row + below,
        left=left,
        above=above,
        below=below,
    )


def _worded(look: _Look, words: str | None) -> _Look:
    return look if words is None else _Look(words, look.face, look.ink, look.is_hatched)


def _key_lines(key: Sequence[_Look], width: float) -> list[list[tuple[float, float, _Look]]]:
    """Return the key in lines: (where, how wide, look)."""
    lines: list[list[tuple[float, float, _Look]]] = [[]]
    at = 0.0
    for look in key:
        wide = letters_wide([look.words], SMALL) + 0.2
        if at + wide > width and lines[-1]:
            lines.append([])
            at = 0.0
        lines[-1].append((at, wide, look))
        at += wide + 0.08
    return lines


def _draw(
    axes: Axes,
    *,
    cells: Sequence[Sequence[_Look]],
    rows: Sequence[str],
    columns: Sequence[str],
    size: tuple[float, float],
    left: float,
    lines: Sequence[Sequence[tuple[float, float, _Look]]],
    note: Sequence[str],
) -> None:
    """Draw in inches, the first row on top at nought."""
    column, row = size
    wide, high = len(columns) * column, len(rows) * row
    axes.set_xlim(0, wide)
    axes.set_ylim(high, 0)
    axes.set_axis_off()
    for number, label in enumerate(columns):
        axes.text((number + 0.5) * column, -0.06, label, ha="center", va="bottom", size=SMALL,
                  color=COLOURS["fg"], linespacing=1.1)  # fmt: skip
    for number, label in enumerate(rows):
        axes.text(-0.1, (number + 0.5) * row, label, ha="right", va="center", size=NORMAL,
                  color=COLOURS["fg"])  # fmt: skip
        for place, look in enumerate(cells[number]):
            _cell(axes, place * column, number * row, column, row, look)
    at = high + 0.14
    for line in lines:
        for start, width, look in line:
            _cell(axes, start - left, at, width, _KEY_LINE, look)
        at += _KEY_LINE
    for text in note:
        axes.text(-left, at + _KEY_LINE / 2, text, va="center", size=SMALL, color=COLOURS["dim"])
        at += _KEY_LINE


def _cell(axes: Axes, x: float, y: float, wide: float, high: float, look: _Look) -> None:
    gap = 0.02
    box = Rectangle(
        (x + gap, y + gap), wide - 2 * gap, high - 2 * gap,
        facecolor=look.face or "none",
        edgecolor=COLOURS["hatch"] if look.face is None or look.is_hatched else "none",
        linestyle=(0, (3, 2)) if look.face is None else "solid",
        linewidth=0.7,
        hatch=HATCH if look.is_hatched else None,
        clip_on=False,
    )  # fmt: skip
    axes.add_patch(box)
    # On hatching, words need a ground of their own to be read.
    ground = {"facecolor": look.face, "edgecolor": "none", "pad": 0.6} if look.is_hatched else None
    axes.text(x + wide / 2, y + high / 2, look.words, ha="center", va="center", size=SMALL,
              color=look.ink, bbox=ground, linespacing=1.05)  # fmt: skip
