"""Series whose changes are known, and how well they are found: `python -m tests.analyse.truth`.

Onsets and ends of a block, readings once or four times a day, days without any, a gap of twelve
days in every third series, and one-off readings that say something else.
"""

import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from probe.analyse.changes import changes
from probe.analyse.series import REACHED, Label, Reading
from probe.model.words import Category, State

START = datetime(2022, 1, 1, tzinfo=UTC)
BLOCKED = Label(State.BLOCKED, Category.TLS_SNI_RESET)
DOWN = Label(State.DOWN, Category.DOWN)
NEAR = timedelta(days=20)


@dataclass(frozen=True)
class World:
    """How a series is read."""

    per_day: int
    one_offs: float
    missing_days: float = 0.15
    gap: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Score:
    """How well true changes were found."""

    true: int
    found: int
    invented: int
    covered: int
    day_errors: tuple[int, ...]
    """Days between a change's date and the first reading behind the truth; negative: early."""

    @property
    def recall(self) -> float:
        return self.found / self.true

    @property
    def coverage(self) -> float:
        return self.covered / self.found

    def within(self, days: int) -> float:
        return sum(abs(error) <= days for error in self.day_errors) / self.found

    @property
    def mean_error(self) -> float:
        return sum(self.day_errors) / self.found


def read(
    draw: random.Random, days: int, truth: Sequence[tuple[datetime, Label]], world: World
) -> list[Reading]:
    """Read a truth: (since when, what) in order of time."""
    readings = []
    for day in range(days):
        if world.gap[0] <= day < world.gap[1] or draw.random() < world.missing_days:
            continue
        for slot in range(world.per_day):
            hours = 24 * day + 24 * (slot + draw.random()) / world.per_day
            at = START + timedelta(hours=hours)
            label = [what for since, what in truth if since <= at][-1]
            if draw.random() < world.one_offs:
                label = draw.choice([one for one in (REACHED, BLOCKED, DOWN) if one != label])
            readings.append(Reading(at, label))
    return sorted(readings, key=lambda reading: reading.at)


def invented_in_constant_series(world: World, number: int) -> int:
    """Return how many changes are found where there is none."""
    draw = random.Random(f"constant/{world}")
    return sum(
        len(
            changes(
                read(draw, draw.randint(30, 300), [(START, draw.choice([REACHED, BLOCKED]))], world)
            )
        )
        for _ in range(number)
    )


def score(per_day: int, one_offs: float, number: int) -> Score:
    """Return how well a block of nine to forty days is found in 120 days."""
    draw = random.Random(f"blocks/{per_day}/{one_offs}")
    found = invented = covered = 0
    errors: list[int] = []
    for count in range(number):
        onset = START + timedelta(days=draw.uniform(8, 60))
        end = onset + timedelta(days=draw.uniform(9, 40))
        gap = (50, 62) if count % 3 == 0 else (0, 0)
        truth = [(START, REACHED), (onset, BLOCKED), (end, REACHED)]
        readings = read(draw, 120, truth, World(per_day, one_offs, gap=gap))
        left = list(changes(readings))
        for when, label in truth[1:]:
            near = [c for c in left if c.after.label == label and abs(c.at - when) < NEAR]
            if not near:
                continue
            change = min(near, key=lambda c: abs(c.at - when))
            left.remove(change)
            found += 1
            covered += change.earliest < when <= change.latest
            first = next(reading.at for reading in readings if reading.at >= when)
            errors.append((change.day - first.date()).days)
        invented += len(left)
    return Score(2 * number, found, invented, covered, tuple(errors))


def table() -> Iterator[str]:
    """Yield the lines of the whole table."""
    yield ("readings  one-off  found        same day  within 1  mean error  in interval  invented")
    for per_day in (1, 4):
        for one_offs in (0.0, 0.01, 0.05, 0.10):
            told = score(per_day, one_offs, 300)
            false = invented_in_constant_series(World(per_day, one_offs), 400)
            yield (
                f"{per_day} a day   {one_offs:5.0%}    {told.found}/{told.true}"
                f" ({told.recall:.1%})  {told.within(0):.1%}    {told.within(1):.1%}"
                f"   {told.mean_error:+.2f} d      {told.coverage:.1%}"
                f"        {told.invented}, and {false} in 400 constant series"
            )


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in table())
