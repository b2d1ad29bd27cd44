"""The same lines on both executors: does a verdict depend on whose TCP it was?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import tee
from typing import Any, Final

from probe.model.words import Family, Protocol
from probe.trial.playing import LineOutcome, Said
from probe.trial.worlds import kind_of

_PACE: Final = frozenset({"R01", "R02", "R03", "R05", "R06"})
_TURNS: Final = frozenset({"overloaded"})


@dataclass(frozen=True, slots=True)
class Difference:
    """A verdict that was another one on the other executor."""

    run: str
    scenario: str
    kind: str
    endpoint: str
    protocol: Protocol
    family: Family | None
    virtual: Said | None
    kernel: Said | None
    true: str
    is_of_chance: bool
    """Whether the kind strikes by chance, or by whose turn it is: the next run differs as well."""

    @property
    def is_throughput_only(self) -> bool:
        """Whether it is about a technique that shows in throughput alone, where two TCPs differ."""
        return self.kind in _PACE

    @property
    def over(self) -> str:
        """Return protocol and family in words."""
        return f"{self.protocol.value}/{self.family.value if self.family else 'both'}"

    @property
    def said(self) -> tuple[str, str]:
        """Return what was said on the virtual clock, and on real packets."""
        return _words(self.virtual) or "no verdict", _words(self.kernel) or "no verdict"

    @property
    def because(self) -> str:
        """Return what accounts for it, in a word."""
        if self.is_of_chance:
            return "chance"
        return "throughput" if self.is_throughput_only else "unexplained"

    @property
    def is_unexplained(self) -> bool:
        """Whether it has to be explained: one of the executors, or the judge, is wrong."""
        return not (self.is_of_chance or self.is_throughput_only)

    def as_json(self) -> dict[str, Any]:
        """Return it for the JSON document."""
        return {
            "run": self.run,
            "scenario": self.scenario,
            "endpoint": self.endpoint,
            "protocol": self.protocol.value,
            "family": self.family.value if self.family else None,
            "virtual": _words(self.virtual),
            "kernel": _words(self.kernel),
            "true": self.true,
            "of_chance": self.is_of_chance,
            "throughput_only": self.is_throughput_only,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two plays of the same lines."""

    verdicts: int
    """Of either play."""
    differences: tuple[Difference, ...]

    @property
    def unexplained(self) -> tuple[Difference, ...]:
        """Differences that neither chance nor throughput accounts for."""
        return tuple(d for d in self.differences if d.is_unexplained)

    def as_json(self) -> dict[str, Any]:
        """Return it for the JSON document."""
        return {
            "verdicts": self.verdicts,
            "of_chance": sum(d.is_of_chance for d in self.differences),
            "throughput_only": sum(d.is_throughput_only for d in self.differences),
            "unexplained": len(self.unexplained),
            "differences": [d.as_json() for d in self.differences],
        }


def compare(virtual: Iterable[LineOutcome], kernel: Iterable[LineOutcome]) -> Comparison:
    """Put two plays of the same lines beside each other; grades are not compared."""
    first, again = tee(zip(virtual, kernel, strict=True))
    found = tuple(d for one, other in first for d in _differences(one, other))
    return Comparison(
        verdicts=sum(len(_units(one) | _units(other)) for one, other in again), differences=found
    )


_Key = tuple[str, Protocol, Family | None]


def _units(played: LineOutcome) -> dict[_Key, Said]:
    return {
        (outcome.scenario.id, unit.said.protocol, unit.said.family): unit.said
        for outcome in played.outcomes
        for unit in outcome.units
    }


def _differences(virtual: LineOutcome, kernel: LineOutcome) -> Iterator[Difference]:
    ours, theirs = _units(virtual), _units(kernel)
    true = {
        outcome.scenario.id: "/".join(unit.expected.node)
        for outcome in (*virtual.outcomes, *kernel.outcomes)
        for unit in outcome.units
    }
    scenarios = {scenario.id: scenario for scenario in virtual.line.scenarios}
    for key in dict.fromkeys((*ours, *theirs)):
        one, other = ours.get(key), theirs.get(key)
        if one is not None and other is not None and one.node == other.node:
            continue
        scenario = scenarios[key[0]]
        yield Difference(
            run=virtual.line.id,
            scenario=scenario.id,
            kind=scenario.kind,
            endpoint=scenario.endpoint,
            protocol=key[1],
            family=key[2],
            virtual=one,
            kernel=other,
            true=true[scenario.id],
            is_of_chance=kind_of(scenario).chance or scenario.kind in _TURNS,
        )


def _words(said: Said | None) -> str | None:
    """Return a node in words; None where the executor's run had no such verdict."""
    return None if said is None else "/".join(said.node) or "insufficient"
