"""What the page shows, counted: no more than its pictures need, however many verdicts there are."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from probe.model.words import Category, State
from probe.store import Reader
from probe.store.summary import (
    Coverage,
    Span,
    Tally,
    coverage,
    durations,
    paces,
    service_tallies,
    verdict_tallies,
)

Network = tuple[str | None, int | None]
"""Country and network number; None where unknown."""

BUCKET_S: Final = 0.005
# Kilobits a second are counted to two digits: finer steps are not seen in a picture.
_DIGITS: Final = 2

TOLD: Final = tuple(state for state in State if state is not State.INSUFFICIENT)
"""States that say something."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What was found of one service from one network (or of all services on one day)."""

    findings: Counter[tuple[State, Category]]

    @property
    def n(self) -> int:
        """Verdicts that say something."""
        return sum(c for (state, _), c in self.findings.items() if state is not State.INSUFFICIENT)

    @property
    def unclear(self) -> int:
        """Verdicts that say nothing."""
        return sum(c for (state, _), c in self.findings.items() if state is State.INSUFFICIENT)

    def states(self) -> Counter[State]:
        """Return how often each state was found."""
        states: Counter[State] = Counter()
        for (state, _), count in self.findings.items():
            states[state] += count
        return states

    @property
    def main(self) -> tuple[State, Category, int] | None:
        """The most frequent finding with its count; None where nothing could be said.

        Equally frequent ones: the one that is no `ok`, for it must not be overlooked.
        """
        told = [(s, c, n) for (s, c), n in self.findings.items() if s is not State.INSUFFICIENT]
        return max(told, key=lambda t: (t[2], t[0] is not State.OK, t[1])) if told else None


@dataclass(slots=True)
class Facts:
    """All that the page is made from."""

    services: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    days: tuple[date, ...] = ()
    cells: dict[tuple[str, Network], Cell] = field(default_factory=dict)
    by_day: dict[tuple[Network, date], Cell] = field(default_factory=dict)
    causes: dict[date, Counter[Category]] = field(default_factory=dict)
    """Endpoint verdicts that are neither `ok` nor `insufficient`, by day."""
    verdicts: dict[date, int] = field(default_factory=dict)
    runs: dict[tuple[Network, date], int] = field(default_factory=dict)
    steps: dict[str, Counter[int]] = field(default_factory=dict)
    """{step: {bucket of 5 ms: count}}"""
    paces: dict[Network, Counter[float]] = field(default_factory=dict)

    @property
    def n_runs(self) -> int:
        """Runs that were counted."""
        return sum(self.runs.values())

    @property
    def n_verdicts(self) -> int:
        """Endpoint verdicts that were counted."""
        return sum(self.verdicts.values())


def gather(reader: Reader, span: Span, order: Iterable[str] = ()) -> Facts:
    """Count everything; `order` is the catalogue's order of services."""
    facts = Facts()
    cells: dict[tuple[str, Network], Counter[tuple[State, Category]]] = {}
    by_day: dict[tuple[Network, date], Counter[tuple[State, Category]]] = {}
    for tally in service_tallies(reader, span):
        finding = (State(tally.state), Category(tally.category))
        where = (tally.country, tally.asn)
        cells.setdefault((tally.service, where), Counter())[finding] += tally.count
        by_day.setdefault((where, tally.day), Counter())[finding] += tally.count
    facts.cells = {key: Cell(found) for key, found in cells.items()}
    facts.by_day = {key: Cell(found) for key, found in by_day.items()}
    _count_causes(facts, verdict_tallies(reader, span))
    _count_runs(facts, coverage(reader, span))
    for step, bucket, count in durations(reader, span, BUCKET_S):
        facts.steps.setdefault(step, Counter())[bucket] += count
    for country, asn, kbps in paces(reader, span):
        facts.paces.setdefault((country, asn), Counter())[_rounded(kbps)] += 1
    seen = {service for service, _ in cells}
    known = [service for service in order if service in seen]
    facts.services = (*known, *sorted(seen - set(known)))
    return facts


def _count_causes(facts: Facts, tallies: Iterable[Tally]) -> None:
    for tally in tallies:
        facts.verdicts[tally.day] = facts.verdicts.get(tally.day, 0) + tally.count
        if tally.state not in {State.OK, State.INSUFFICIENT}:
            counter = facts.causes.setdefault(tally.day, Counter())
            counter[Category(tally.category)] += tally.count


def _count_runs(facts: Facts, rows: Iterable[Coverage]) -> None:
    totals: Counter[Network] = Counter()
    for row in rows:
        where = (row.country, row.asn)
        facts.runs[where, row.day] = row.runs
        totals[where] += row.runs
    facts.networks = tuple(sorted(totals, key=lambda n: (n[0] or "~", n[1] or 0)))
    facts.days = tuple(sorted({day for _, day in facts.runs}))


def _rounded(kbps: float) -> float:
    return float(f"{kbps:.{_DIGITS - 1}e}")


def network_name(network: Network) -> str:
    """Return "RU AS12389", or what of it is known."""
    country, asn = network
    return f"{country or '??'} {f'AS{asn}' if asn is not None else 'network unknown'}"


def quantile(counts: Mapping[float, int], share: float) -> float | None:
    """Return the value below which this share of the counted values is."""
    total, seen = sum(counts.values()), 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= share * total:
            return value
    return None
