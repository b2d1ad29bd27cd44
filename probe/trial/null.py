"""Counts how often the exact test claims a difference that is not there (`make null`).

The decision procedure alone, as the judge and the run carry it out: a first block of rounds, the
rule for going on, a second block, orders drawn within each block, the p-value over both. The
outcomes come from processes that know nothing of names but are anything but independent: bursts of
loss, servers that admit every second connection or a few a minute, faults that begin and end in the
middle. The procedure is honest when P(p <= x) <= x for every of them (techniques 0.1 and 4.2).
"""

import math
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from types import MappingProxyType
from typing import Final

import click

from probe.classify import constants as k
from probe.classify.statistics import (
    Stratum,
    discordance_p,
    fully_discordant,
    often_discordant,
)
from probe.report.grid import Cell, Grid, show

BOUNDS: Final = (0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 5e-4, 2e-4, 1e-4)
_SIGMAS: Final = 4.0
"""A share is above its bound when so many standard deviations of the bound lie between them."""
_FIRST: Final = k.FIRST_BLOCK_ROUNDS
_SECOND: Final = k.LAST_ROUND - k.FIRST_BLOCK_ROUNDS
_SLOTS: Final = 2 * (_FIRST + _SECOND)

Process = Callable[[random.Random], Iterator[bool]]
"""An endless sequence of attempts, True for those that fail; the name is no argument."""
GoesOn = Callable[[Stratum], bool]


def _chance(share: float) -> Process:
    def attempts(rng: random.Random) -> Iterator[bool]:
        while True:
            yield rng.random() < share

    return attempts


def _bursts(begins: float, ends: float) -> Process:
    """Gilbert's line: good and bad spells; in a bad one nine of ten fail."""

    def attempts(rng: random.Random) -> Iterator[bool]:
        is_bad = False
        while True:
            is_bad = rng.random() >= ends if is_bad else rng.random() < begins
            yield is_bad and rng.random() < 0.9

    return attempts


def _every_second(rng: random.Random) -> Iterator[bool]:
    """A server that admits every second connection; others' come in between now and then."""
    turn = False
    while True:
        turn = turn if rng.random() < 0.1 else not turn
        yield turn


def _limiter(allowed: int, of: int) -> Process:
    """So many connections of a window pass, and the rest of it fail; it begins anywhere."""

    def attempts(rng: random.Random) -> Iterator[bool]:
        at = rng.randrange(of)
        while True:
            yield at >= allowed
            at = (at + 1) % of
            if not at and rng.random() < 0.3:
                at = rng.randrange(of)

    return attempts


def _spell(rng: random.Random) -> Iterator[bool]:
    """Faults that begin and end: long spells in which all or nothing fails."""
    while True:
        fails = rng.random() < 0.3
        for _ in range(rng.randint(1, 30)):
            yield fails


PROCESSES: Final[Mapping[str, Process]] = MappingProxyType(
    {
        "chance, 5 %": _chance(0.05),
        "chance, 20 %": _chance(0.2),
        "chance, 50 %": _chance(0.5),
        "short bursts of loss": _bursts(0.1, 0.4),
        "long bursts of loss": _bursts(0.03, 0.1),
        "every second connection": _every_second,
        "three of six connections": _limiter(3, 6),
        "twelve of twenty connections": _limiter(12, 20),
        "faults that begin and end": _spell,
    }
)
RULES: Final[Mapping[str, GoesOn]] = MappingProxyType(
    {
        "fully": lambda first: fully_discordant((first,)),
        "often": lambda first: often_discordant((first,)),
        # More than any rule of the judge: whatever a failure was taken for.
        "ever": lambda first: first.target_failed > 0,
    }
)


@dataclass(frozen=True, slots=True)
class Share:
    """How often p was at most `bound`."""

    process: str
    rule: str
    bound: float
    hits: int
    of: int

    @property
    def is_too_often(self) -> bool:
        """Whether chance does not explain it."""
        allowed = self.bound * self.of
        return self.hits > allowed + _SIGMAS * math.sqrt(allowed * (1 - self.bound))


@lru_cache(maxsize=1)
def _orders() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return every order of each block as bits: set where the attempt carries the name."""
    first = [
        sum(1 << slot for slot in chosen) for chosen in combinations(range(2 * _FIRST), _FIRST)
    ]
    second = [
        sum(1 << slot for slot in chosen) << (2 * _FIRST)
        for chosen in combinations(range(2 * _SECOND), _SECOND)
    ]
    return tuple(first), tuple(second)


def _windows(process: Process, rng: random.Random, count: int) -> list[int]:
    """Return the outcomes of so many investigations, each beginning one attempt later."""
    attempts = process(rng)
    mask, bits, found = (1 << _SLOTS) - 1, 0, []
    for number in range(count + _SLOTS):
        bits = ((bits << 1) | next(attempts)) & mask
        if number >= _SLOTS:
            found.append(bits)
    return found


def _table(goes_on: GoesOn) -> dict[tuple[int, int, int, int], float]:
    """Return the p-value for each count of failures: name, other; of the second block again."""
    found = {}
    for a in range(_FIRST + 1):
        for b in range(_FIRST + 1):
            first = Stratum(_FIRST, _FIRST, a, b)
            for c in range(_SECOND + 1):
                for d in range(_SECOND + 1):
                    strata = (first, Stratum(_SECOND, _SECOND, c, d))
                    used = strata if goes_on(first) else (first,)
                    found[a, b, c, d] = discordance_p(used) or 1.0
    return found


def count(
    sequences: int, seed: int, *, processes: Mapping[str, Process] = PROCESSES
) -> list[Share]:
    """Count over so many sequences, shared among the processes; each is judged by every rule."""
    tables = {name: _table(rule) for name, rule in RULES.items()}
    firsts, seconds = _orders()
    low = (1 << (2 * _FIRST)) - 1
    shares = []
    for name, process in processes.items():
        rng = random.Random(f"{seed}/{name}")
        each = sequences // len(processes)
        counts: Counter[tuple[int, int, int, int]] = Counter()
        for bits in _windows(process, rng, each):
            one, two = rng.choice(firsts), rng.choice(seconds)
            a, c = (bits & one).bit_count(), (bits & two).bit_count()
            failed = (bits & low).bit_count()
            counts[a, failed - a, c, (bits.bit_count() - failed) - c] += 1
        for rule, table in tables.items():
            for bound in BOUNDS:
                hits = sum(n for key, n in counts.items() if table[key] <= bound)
                shares.append(Share(name, rule, bound, hits, each))
    return shares


@click.command()
@click.option("--sequences", default=10_000_000, show_default=True, help="How many, in all.")
@click.option("--seed", default=1, show_default=True)
def main(sequences: int, seed: int) -> None:
    """Print P(p <= x) for every process and rule; end with 1 where it is above x."""
    shares = count(sequences, seed)
    rows = []
    for process in PROCESSES:
        for rule in RULES:
            own = [s for s in shares if (s.process, s.rule) == (process, rule)]
            texts = (process, rule, *(f"{s.hits / s.of:.1g}{'!' * s.is_too_often}" for s in own))
            rows.append(tuple(map(Cell, texts)))
    headings = ("The attempts", "Goes on", *(f"p <= {bound:g}" for bound in BOUNDS))
    show([Grid(headings, tuple(rows))], sys.stdout)
    wrong = [s for s in shares if s.is_too_often]
    click.echo(
        f"{sequences:,} sequences, each with orders drawn anew; goes on after the first block where"
        f" the name failed fully, often, or ever. Above its bound: {len(wrong)} of {len(shares)}."
    )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
