"""Verdicts over time: one series per endpoint, protocol, family and network."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from probe.model.run import Run, Vantage
from probe.model.verdict import Verdict
from probe.model.words import Category, Family, Protocol, State

# Runs whose verdicts say nothing of the place they name.
UNUSABLE: Final = frozenset({"offline", "invalid", "failed"})


@dataclass(frozen=True, slots=True, order=True)
class Network:
    """Where a series was measured: `DE/AS3320`, `DE`, or unknown."""

    country: str = ""
    asn: int = 0

    def __str__(self) -> str:
        """Return it as `--vantage` takes it."""
        parts = [self.country, f"AS{self.asn}" if self.asn else ""]
        return "/".join(part for part in parts if part) or "unknown"


@dataclass(frozen=True, slots=True, order=True)
class SeriesKey:
    """What a series is about."""

    service: str
    endpoint: str
    protocol: Protocol
    family: str
    """`ipv4`, `ipv6`, or `-` where no family was learnt."""
    network: Network


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """What a reading says; two readings agree when these do."""

    state: State
    category: Category

    def __str__(self) -> str:
        """Return `blocked (tls_sni_reset)`, or `ok`."""
        same = self.state.value == self.category.value
        return str(self.state) if same else f"{self.state} ({self.category})"


REACHED: Final = Label(State.OK, Category.OK)


@dataclass(frozen=True, slots=True)
class Reading:
    """One verdict at one time."""

    at: datetime
    label: Label


def label_of(verdict: Verdict) -> Label | None:
    """Return what a verdict counts as; None when it concludes nothing.

    A bot wall counts as reached: it comes and goes with how often one asks, not with a decision.
    """
    if verdict.state is State.INSUFFICIENT:
        return None
    if verdict.category in {Category.OK, Category.REACHABLE_BOTWALL}:
        return REACHED
    return Label(verdict.state, verdict.category)


def series(
    history: Iterable[tuple[Run, Sequence[Verdict]]],
) -> Mapping[SeriesKey, tuple[Reading, ...]]:
    """Group the verdicts of many runs into series, each in order of time."""
    found: dict[SeriesKey, list[Reading]] = {}
    for run, verdicts in history:
        if run.status in UNUSABLE:
            continue
        for verdict in verdicts:
            label = label_of(verdict)
            if label is None:
                continue
            key = series_of(run, verdict)
            found.setdefault(key, []).append(Reading(run.started_at, label))
    return {
        key: tuple(sorted(readings, key=lambda reading: reading.at))
        for key, readings in sorted(found.items())
    }


def series_of(run: Run, verdict: Verdict) -> SeriesKey:
    """Return which series a verdict belongs to."""
    return SeriesKey(
        service=verdict.service,
        endpoint=verdict.endpoint,
        protocol=verdict.protocol,
        family=verdict.family or "-",
        network=network_of(run.vantage, verdict.family),
    )


def network_of(vantage: Vantage, family: Family | None) -> Network:
    """Return the network that a family comes out of; the first one known where it is not."""
    known = [f for f in vantage.families if f.asn is not None]
    of_family = [f for f in known if f.family is family] or known
    country = vantage.country or (of_family[0].country if of_family else None)
    return Network(country or "", (of_family[0].asn or 0) if of_family else 0)
