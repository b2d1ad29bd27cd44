"""What each part of the report says and shows, for the page and for the still pictures alike."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from probe.model.event import Event
from probe.model.words import Category, State
from probe.report.language.wording import Wording
from probe.report.page.facts import BUCKET_S, Cell, Facts, network_name

# As many columns as a person looks through; the data that go with them are complete.
DAYS_MAX: Final = 62
# As many as there are dashes and hatchings that can be told apart.
SERIES_MAX: Final = 8
NO_DATA: Final = "no data"
STATES: Final = {
    State.OK: "works",
    State.RESTRICTED: "reached, gives less",
    State.REFUSED: "the service turns us away",
    State.IMPAIRED: "works badly",
    State.BLOCKED: "looks blocked",
    State.DOWN: "does not work anywhere",
    State.INSUFFICIENT: "measured, and nothing can be said",
}
# One letter beside the colour: no meaning hangs on colour.
LETTERS: Final = {
    State.OK: "✓",
    State.RESTRICTED: "r",
    State.REFUSED: "f",
    State.IMPAIRED: "!",
    State.BLOCKED: "✕",
    State.DOWN: "d",
    State.INSUFFICIENT: "?",
}
_STEPS: Final = {
    "dns": "name lookup",
    "tcp": "connection",
    "tls": "encryption",
    "quic": "HTTP/3",
    "http": "page",
}
# From the worst on: a day is shown by the first of these that was found on it.
_WORST: Final = (
    State.BLOCKED, State.IMPAIRED, State.REFUSED, State.DOWN, State.RESTRICTED, State.OK,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the report: its heading, what it shows, and of how many."""

    id: str
    title: str
    about: str
    caption: str


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve: {value: how often}."""

    name: str
    counts: Mapping[float, int]


@dataclass(frozen=True, slots=True)
class Told:
    """What the report is told besides the counts."""

    names: Mapping[str, str]
    """{service: its name}"""
    events: Sequence[Event]
    source: str
    """Where the results were read from, in words."""
    version: str


PLOTS: Final = ("map", "days", "causes", "timing", "goodput", "coverage")
"""The parts' ids, in the order of the report."""


def part(plot: str, facts: Facts) -> Part:
    """Return the words of one part."""
    title, about = _WORDS[plot]
    return Part(plot, title, about, _caption(plot, facts))


_WORDS: Final = {
    "map": (
        "Services by network",
        "Each cell names the most frequent finding, and in how many of the runs that could tell "
        "it was made; beside it the worst other one.",
    ),
    "days": (
        "Days",
        "For each network and day, how many verdicts say that a service looks blocked; where none "
        "does, the mark of the worst one.",
    ),
    "causes": (
        "Causes",
        "Verdicts on endpoints that are neither ok nor insufficient, by mechanism. More runs on a "
        "day make higher bars: compare with the coverage.",
    ),
    "timing": ("Timing", "Which share of the steps that succeeded took at most so long."),
    "goodput": (
        "Goodput",
        "Which share of the pages of 16 KiB and more came at most so fast. A slow page is no "
        "throttling by itself: that takes a control.",
    ),
    "coverage": (
        "Coverage",
        "How often it was measured. These colours say nothing about what was found.",
    ),
}


def _caption(plot: str, facts: Facts) -> str:
    match plot:
        case "map":
            said = sum(cell.n for cell in facts.cells.values())
            return f"n = {said:,} verdicts on services that say something."
        case "days":
            return f"Days shown: {len(shown_days(facts.days))}, the last; the data have all."
        case "causes":
            found = sum(counter.total() for counter in facts.causes.values())
            return f"n = {found:,} of {facts.n_verdicts:,} verdicts."
        case "timing":
            return "Steps of 5 ms; from the targets' own steps, not the controls'."
        case "goodput":
            return "Bytes received by the whole exchange's duration, to two digits."
        case _:
            return f"n = {facts.n_runs:,} runs."


def period(days: Sequence[date]) -> str:
    """Return "2026-11-01 to 2026-11-30"."""
    if not days:
        return "no runs"
    return f"{days[0]}" if days[0] == days[-1] else f"{days[0]} to {days[-1]}"


def shown_days(days: Sequence[date]) -> list[date]:
    """Return the last days without gaps: a day without a run is a column too."""
    last = days[-1]
    first = max(days[0], last - timedelta(days=DAYS_MAX - 1))
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def event_numbers(events: Sequence[Event], days: Sequence[date]) -> dict[date, int]:
    """Number the shown days on which something is known to have happened: {day: 1}."""
    found = sorted({e.earliest.date() for e in events if days[0] <= e.earliest.date() <= days[-1]})
    return {day: number for number, day in enumerate(found, start=1)}


def how_often(cell: Cell) -> str:
    """Return "11 of 18; blocked 7": how often the main finding was made, and the worst beside it.

    A service that was blocked in the last week of three is not just "ok".
    """
    if cell.main is None:
        return f"0 of {cell.unclear} can tell"
    main, _, count = cell.main
    states = cell.states()
    worst = next(state for state in _WORST if states[state])
    beside = f"; {worst.value} {states[worst]}" if worst is not main else ""
    return f"{count} of {cell.n}{beside}"


def day_mark(cell: Cell) -> tuple[State, str]:
    """Return the worst state of a day and what stands in its cell: a count of blocked, or a letter.

    A letter, because a nought on the colour of `impaired` would tell its meaning by colour alone.
    """
    if not cell.n:
        return State.INSUFFICIENT, LETTERS[State.INSUFFICIENT]
    states = cell.states()
    worst = next(state for state in _WORST if states[state])
    return worst, str(states[worst]) if worst is State.BLOCKED else LETTERS[worst]


def cause_stacks(facts: Facts, words: Wording) -> dict[str, dict[date, int]]:
    """Return {cause: {day: count}}, the most frequent first, the rare ones together as `others`."""
    totals: Counter[Category] = Counter()
    for counter in facts.causes.values():
        totals.update(counter)
    kept = [category for category, _ in totals.most_common(SERIES_MAX)]
    if len(totals) > SERIES_MAX:
        kept = kept[:-1]
    stacks: dict[str, dict[date, int]] = {_cause(c, words): {} for c in kept}
    for day, counter in facts.causes.items():
        for category, count in counter.items():
            name = _cause(category, words) if category in kept else "others"
            stack = stacks.setdefault(name, {})
            stack[day] = stack.get(day, 0) + count
    return stacks


def no_causes(facts: Facts) -> str:
    """Say why there is no cause to show: nothing was found, or nothing was judged."""
    if not facts.n_verdicts:
        return "No data: no run said anything of an endpoint."
    return "Nothing but ok and insufficient was found."


def _cause(category: Category, words: Wording) -> str:
    return f"{category.value}: {words.cells[category]}"


def timing_curves(facts: Facts) -> list[Curve]:
    """Return a curve of milliseconds for each step that was made."""
    return [
        Curve(
            name, {(bucket + 0.5) * BUCKET_S * 1000: n for bucket, n in facts.steps[step].items()}
        )
        for step, name in _STEPS.items()
        if facts.steps.get(step)
    ]


def pace_curves(facts: Facts) -> list[Curve]:
    """Return a curve of kilobits a second for each of the networks that have most pages."""
    largest = sorted(facts.paces, key=lambda n: -facts.paces[n].total())[:SERIES_MAX]
    return [Curve(network_name(n), facts.paces[n]) for n in sorted(largest, key=network_name)]


def has_values(curves: Sequence[Curve]) -> bool:
    """Tell whether there is anything to draw on a logarithmic scale."""
    return any(value > 0 for curve in curves for value in curve.counts)


def share_steps(counts: Mapping[float, int], most: int = 240) -> list[tuple[float, float]]:
    """Return (value, share of the counted that is at most so large), no more than are seen."""
    total, seen, found = sum(counts.values()), 0, []
    for value in sorted(counts):
        seen += counts[value]
        found.append((value, seen / total))
    stride = max(1, len(found) // most)
    return [(found[0][0], 0.0), *found[::stride], found[-1]]
