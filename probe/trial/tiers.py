"""The same lines on both executors: does a verdict depend on whose TCP it was?"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import comb
from typing import Any, Final

from probe.model.words import Family, Protocol
from probe.trial.marking import is_right
from probe.trial.playing import LineOutcome, Said, Unit
from probe.trial.scenario import Line
from probe.trial.worlds import kind_of

_PACE: Final = frozenset({"R01", "R02", "R03", "R05", "R06"})
_TURNS: Final = frozenset({"overloaded"})
_LOSING: Final = frozenset({"loss-1", "loss-3", "jitter", "reordering"})
UNEXPLAINED: Final = "unexplained"


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
    is_of_loss: bool = False
    """Whether the line loses, delays or reorders packets: other ones on each executor."""
    is_gone: bool = False
    """Whether a second play of the line on real packets said what the virtual one says."""

    @property
    def is_throughput_only(self) -> bool:
        """Whether it is about a technique that shows in throughput alone, where two TCPs differ."""
        return self.kind in _PACE

    @property
    def key(self) -> tuple[str, str, Protocol, Family | None]:
        """Return which verdict it is about."""
        return (self.run, self.scenario, self.protocol, self.family)

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
        accounts = (
            (self.is_of_chance, "chance"),
            (self.is_of_loss, "loss"),
            (self.is_throughput_only, "throughput"),
            (self.is_gone, "not again"),
        )
        return next((word for holds, word in accounts if holds), UNEXPLAINED)

    @property
    def is_unexplained(self) -> bool:
        """Whether it has to be explained: one of the executors, or the judge, is wrong."""
        return self.because == UNEXPLAINED

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
            "because": self.because,
        }


@dataclass(frozen=True, slots=True)
class Rates:
    """How often either executor's verdicts were right on lines that lose packets."""

    both: int = 0
    virtual_alone: int = 0
    kernel_alone: int = 0
    neither: int = 0

    @property
    def verdicts(self) -> int:
        """Of either play."""
        return self.both + self.virtual_alone + self.kernel_alone + self.neither

    @property
    def p_value(self) -> float:
        """How likely so uneven a split is if neither is right more often (McNemar, exact)."""
        apart = self.virtual_alone + self.kernel_alone
        fewer = min(self.virtual_alone, self.kernel_alone)
        tail = sum(comb(apart, number) for number in range(fewer + 1)) / (1 << apart)
        return min(1.0, 2 * tail)

    def as_json(self) -> dict[str, Any]:
        """Return it for the JSON document."""
        return {
            "verdicts": self.verdicts,
            "right_on_both": self.both,
            "right_on_virtual_alone": self.virtual_alone,
            "right_on_kernel_alone": self.kernel_alone,
            "p_value": self.p_value,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two plays of the same lines."""

    verdicts: int
    """Of either play."""
    differences: tuple[Difference, ...]
    with_loss: Rates = Rates()

    @property
    def unexplained(self) -> tuple[Difference, ...]:
        """Differences that nothing we know of accounts for."""
        return tuple(d for d in self.differences if d.is_unexplained)

    @property
    def counts(self) -> dict[str, int]:
        """Return how many differences each word accounts for."""
        return dict(Counter(d.because for d in self.differences))

    def after_second_look(self, again: "Comparison") -> "Comparison":
        """Return it, with what a second play of some lines did not show once more."""
        seen = {difference.key for difference in again.differences}
        differences = (
            replace(d, is_gone=True) if d.is_unexplained and d.key not in seen else d
            for d in self.differences
        )
        return replace(self, differences=tuple(differences))

    def as_json(self) -> dict[str, Any]:
        """Return it for the JSON document."""
        return {
            "verdicts": self.verdicts,
            "of_chance": self.counts.get("chance", 0),
            "of_loss": self.counts.get("loss", 0),
            "throughput_only": self.counts.get("throughput", 0),
            "not_again": self.counts.get("not again", 0),
            "unexplained": len(self.unexplained),
            "with_loss": self.with_loss.as_json() if self.with_loss.verdicts else None,
            "differences": [d.as_json() for d in self.differences],
        }


def compare(virtual: Iterable[LineOutcome], kernel: Iterable[LineOutcome]) -> Comparison:
    """Put two plays of the same lines beside each other; grades are not compared."""
    pairs = tuple(zip(virtual, kernel, strict=True))
    return Comparison(
        verdicts=sum(len(_units(one) | _units(other)) for one, other in pairs),
        differences=tuple(d for one, other in pairs for d in _differences(one, other)),
        with_loss=_rates(pairs),
    )


_Key = tuple[str, Protocol, Family | None]


def _units(played: LineOutcome) -> dict[_Key, Unit]:
    return {
        (outcome.scenario.id, unit.said.protocol, unit.said.family): unit
        for outcome in played.outcomes
        for unit in outcome.units
    }


def _differences(virtual: LineOutcome, kernel: LineOutcome) -> Iterator[Difference]:
    ours, theirs = _units(virtual), _units(kernel)
    scenarios = {scenario.id: scenario for scenario in virtual.line.scenarios}
    for key in dict.fromkeys((*ours, *theirs)):
        one, other = ours.get(key), theirs.get(key)
        told = [unit.said if unit else None for unit in (one, other)]
        if one is not None and other is not None and one.said.node == other.said.node:
            continue
        scenario = scenarios[key[0]]
        yield Difference(
            run=virtual.line.id,
            scenario=scenario.id,
            kind=scenario.kind,
            endpoint=scenario.endpoint,
            protocol=key[1],
            family=key[2],
            virtual=told[0],
            kernel=told[1],
            true=" or ".join(
                dict.fromkeys("/".join(unit.expected.node) for unit in (one, other) if unit)
            ),
            is_of_chance=kind_of(scenario).chance or scenario.kind in _TURNS,
            is_of_loss=_loses(virtual.line),
        )


def _loses(line: Line) -> bool:
    return line.link.loss > 0 or line.environment in _LOSING


def _rates(pairs: Iterable[tuple[LineOutcome, LineOutcome]]) -> Rates:
    found: Counter[tuple[bool, bool]] = Counter()
    for virtual, kernel in pairs:
        if not _loses(virtual.line):
            continue
        ours, theirs = _units(virtual), _units(kernel)
        found.update(
            (_is_right(ours.get(key)), _is_right(theirs.get(key))) for key in ours | theirs
        )
    return Rates(
        both=found[True, True],
        virtual_alone=found[True, False],
        kernel_alone=found[False, True],
        neither=found[False, False],
    )


def _is_right(unit: Unit | None) -> bool:
    return unit is not None and is_right(unit.said.node, unit.expected)


def _words(said: Said | None) -> str | None:
    """Return a node in words; None where the executor's run had no such verdict."""
    return None if said is None else "/".join(said.node) or "insufficient"
