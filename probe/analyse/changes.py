"""When a verdict changed: prevailing verdicts, dated with an interval.

Days, not rows, carry the evidence: fifty failures within an hour are one bad hour. A series is cut
into regimes in which one verdict prevails, so that wrong readings and switches together cost least;
a switch costs a little more than three days against what prevails. Hence a bad day now and then
makes no change, and a new verdict is believed after four days of one reading, or three of several.

Each switch is dated at the argmax of the contrast: the split with the most readings of the old
verdict before it and of the new one behind it. Its interval goes from the last reading before to
the first one behind every split that is nearly as likely; a gap without readings lies inside. How
well that dates known truth: `python -m tests.analyse.truth`.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from probe.analyse.series import Label, Reading

# One-off failures: researchers met 1 to 10 in a hundred; ten is what we must bear.
ONE_OFF_SHARE: Final = 0.1
# What one day of readings that disagree costs: the odds of a one-off failure.
DAY_COST: Final = math.log((1 - ONE_OFF_SHARE) / ONE_OFF_SHARE)
# Readings of one day are not independent: a service's own bad day spoils them all. Measured on
# 2,000 constant series with four readings a day, of which 10 % of the days were wholly wrong: a
# weight of 2 makes 114 false changes, 1.4 makes 4.
DAY_WEIGHT_MAX: Final = 1.4
# A little more than three days: four wrong days in a row at a series' end are a change. With single
# readings and ten one-offs in a hundred that is one series of ten thousand.
SWITCH_COST: Final = 3.1 * DAY_COST
# Splits that are at most this many times less likely than the best one stay in the interval.
LIKELIHOOD_RATIO: Final = math.log(20)
SHARE_MIN: Final = 0.005


@dataclass(frozen=True, slots=True)
class Regime:
    """A stretch of time in which one verdict prevails."""

    label: Label
    first: datetime
    last: datetime
    """Of its first and last reading, whatever those say."""
    days: int
    """Calendar days (UTC) with a reading."""
    readings: int
    agreeing: int
    """Readings that say what prevails."""


@dataclass(frozen=True, slots=True)
class Change:
    """A switch from one prevailing verdict to another."""

    before: Regime
    after: Regime
    at: datetime
    """The first reading of the new verdict."""
    earliest: datetime
    latest: datetime
    """The change happened after the one and not after the other."""

    @property
    def day(self) -> date:
        """Return the calendar day (UTC) it is dated to."""
        return self.at.date()


def changes(readings: Sequence[Reading]) -> tuple[Change, ...]:
    """Return the changes of one series, oldest first; readings in order of time."""
    if not readings:
        return ()
    cuts = _cut(readings)
    starts = [start for start, _ in cuts]
    splits: list[tuple[int, int, int]] = []
    for position in range(1, len(cuts)):
        begin = starts[position - 1]
        end = starts[position + 1] if position + 1 < len(cuts) else len(readings)
        old, new = cuts[position - 1][1], cuts[position][1]
        best, first, last = _dated(readings[begin:end], old, new)
        starts[position] = begin + best
        splits.append((begin + best, begin + first, begin + last))
    stretches = _regimes(readings, [(s, label) for s, (_, label) in zip(starts, cuts, strict=True)])
    return tuple(
        Change(
            before=stretches[position],
            after=stretches[position + 1],
            at=readings[best].at,
            earliest=readings[first - 1].at,
            latest=readings[last].at,
        )
        for position, (best, first, last) in enumerate(splits)
    )


def regimes(readings: Sequence[Reading]) -> tuple[Regime, ...]:
    """Return the stretches in which one verdict prevails; a single one where nothing changed."""
    if not readings:
        return ()
    found = changes(readings)
    if found:
        return (found[0].before, *(change.after for change in found))
    return tuple(_regimes(readings, _cut(readings)))


def _cut(readings: Sequence[Reading]) -> list[tuple[int, Label]]:
    """Cut a series into regimes: (index of the first reading, label). The cheapest way wins."""
    days = _days(readings)
    labels = sorted({reading.label for reading in readings})
    # cost[label] of the cheapest way to be in that regime after a day, and how one got there.
    cost = dict.fromkeys(labels, 0.0)
    came: list[dict[Label, Label]] = []
    for day in days:
        cheapest = min(labels, key=lambda label: cost[label])
        step: dict[Label, Label] = {}
        paid: dict[Label, float] = {}
        for label in labels:
            stays = cost[label] <= cost[cheapest] + SWITCH_COST
            step[label] = label if stays else cheapest
            paid[label] = min(cost[label], cost[cheapest] + SWITCH_COST) + day.cost(label)
        came.append(step)
        cost = paid
    label = min(labels, key=lambda label: cost[label])
    path = [label]
    for step in reversed(came[1:]):
        label = step[label]
        path.append(label)
    path.reverse()
    return [
        (day.start, path[position])
        for position, day in enumerate(days)
        if position == 0 or path[position] is not path[position - 1]
    ]


@dataclass(frozen=True, slots=True)
class _Day:
    """The readings of one calendar day."""

    start: int
    counts: Mapping[Label, int]
    total: int

    def cost(self, label: Label) -> float:
        """Return what it costs to believe that this label prevails on that day."""
        wrong = 1 - self.counts.get(label, 0) / self.total
        return min(self.total, DAY_WEIGHT_MAX) * wrong * DAY_COST


def _days(readings: Sequence[Reading]) -> list[_Day]:
    days: list[_Day] = []
    counts: dict[Label, int] = {}
    start = 0
    for index, reading in enumerate(readings):
        if index and reading.at.date() != readings[index - 1].at.date():
            days.append(_Day(start, counts, index - start))
            counts, start = {}, index
        counts[reading.label] = counts.get(reading.label, 0) + 1
    return [*days, _Day(start, counts, len(readings) - start)]


def _dated(part: Sequence[Reading], old: Label, new: Label) -> tuple[int, int, int]:
    """Return the best split of two regimes, and the first and last one nearly as likely.

    A split is the index of the first reading behind it.
    """
    weights = _weights(part)
    scores = list(_contrasts(part, weights, old, new))
    best_score = max(scores)
    best = [index for index, score in enumerate(scores, start=1) if score >= best_score - 1e-9]
    # Among equals the middle one, of two the later: measured, that is nearer to the truth.
    chosen = best[len(best) // 2]
    total = sum(weights)
    wrong = total - best_score
    share = min(max((wrong + 0.5) / (total + 1), SHARE_MIN), 0.4)
    tolerance = LIKELIHOOD_RATIO / math.log((1 - share) / share)
    near = [index for index, s in enumerate(scores, start=1) if s >= best_score - tolerance]
    return chosen, near[0], near[-1]


def _weights(part: Sequence[Reading]) -> list[float]:
    """Weigh each reading so that no day counts more than its due."""
    per_day: dict[date, int] = {}
    for reading in part:
        day = reading.at.date()
        per_day[day] = per_day.get(day, 0) + 1
    return [min(per_day[r.at.date()], DAY_WEIGHT_MAX) / per_day[r.at.date()] for r in part]


def _contrasts(
    part: Sequence[Reading], weights: Sequence[float], old: Label, new: Label
) -> Iterator[float]:
    """Yield for each split the weight of readings on their side: old before it, new behind it."""
    score = sum(w for reading, w in zip(part, weights, strict=True) if reading.label == new)
    for reading, weight in zip(part[:-1], weights, strict=False):
        if reading.label == old:
            score += weight
        elif reading.label == new:
            score -= weight
        yield score


def _regimes(readings: Sequence[Reading], cuts: Sequence[tuple[int, Label]]) -> list[Regime]:
    ends = [start for start, _ in cuts[1:]] + [len(readings)]
    return [
        Regime(
            label=label,
            first=readings[start].at,
            last=readings[end - 1].at,
            days=len({reading.at.date() for reading in readings[start:end]}),
            readings=end - start,
            agreeing=sum(reading.label == label for reading in readings[start:end]),
        )
        for (start, label), end in zip(cuts, ends, strict=True)
    ]
