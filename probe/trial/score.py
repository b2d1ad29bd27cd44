"""Counts what a campaign said against what was true. Nothing here knows a rule of the judge.

All shares are counts "in the lab's worlds": how often this happens in life depends on how often
life looks like these worlds, which nobody knows.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from probe.model.words import Grade, State
from probe.trial.bounds import upper_bound
from probe.trial.environments import ENVIRONMENTS
from probe.trial.marking import (
    Wrong,
    agrees,
    has_reached,
    is_accusation,
    is_excuse,
    is_guess,
    is_right,
    wrong_in,
)
from probe.trial.playing import STUCK, LineOutcome, Outcome, ServiceSaid, Unit
from probe.trial.scenario import Expected, Line, Node
from probe.trial.tiers import Comparison

SCHEMA_VERSION: Final = 1


@dataclass(slots=True)
class Tally:
    """Counts over some stratum: verdicts (units), scenarios and runs."""

    units: int = 0
    interfered: int = 0
    """Verdicts on what a box stood in the way of."""
    claims: int = 0
    """Interfered ones of which something was said."""
    right: int = 0
    guesses: int = 0
    reachable: int = 0
    """Interfered ones of which the evidence can identify something."""
    reached: int = 0
    at_depth: Counter[int] = field(default_factory=Counter)
    """Interfered: claims as deep as state (1), category (2), subtype (3), where reachable."""
    right_at: Counter[int] = field(default_factory=Counter)
    missed: int = 0
    excused: int = 0
    insufficient: int = 0
    """Of both sorts."""
    insufficient_interfered: int = 0
    benign_units: int = 0
    benign_right: int = 0
    benign_wrong: int = 0
    """Wrong about what it is, and yet nobody was accused."""
    accused_units: int = 0
    accused_by_grade: Counter[str] = field(default_factory=Counter)
    benign: int = 0
    """Scenarios (investigations) in which nobody interfered."""
    accused: int = 0
    """Of them, those with an accusation in any verdict."""
    benign_failed: int = 0
    """Of the benign ones, those in which the target failed at least once."""
    accused_failed: int = 0
    scenarios: int = 0
    errors: int = 0
    silent: int = 0
    """Scenarios without a verdict: the run judged nothing."""
    grades: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """Graded claims: (grade, whether it was right)."""

    def add(self, outcome: Outcome) -> None:
        """Count one scenario."""
        self.scenarios += 1
        if outcome.disagreement:
            self.errors += 1
            return
        if not outcome.units:
            self.silent += 1
        for unit in outcome.units:
            self._add_unit(unit)
        if is_benign(outcome):
            was_accused = any(is_accusation(unit.said.node) for unit in outcome.units)
            self.benign += 1
            self.accused += was_accused
            if outcome.target_failed:
                self.benign_failed += 1
                self.accused_failed += was_accused
            strongest = _strongest(outcome)
            if strongest is not None:
                self.accused_by_grade[strongest] += 1

    def _add_unit(self, unit: Unit) -> None:
        said, expected = unit.said.node, unit.expected
        self.units += 1
        self.insufficient += not said
        if unit.said.grade is not None:
            self.grades[unit.said.grade.value, is_right(said, expected)] += 1
        if expected.is_interfered:
            self._add_interfered(said, expected)
            return
        self.benign_units += 1
        if is_accusation(said):
            self.accused_units += 1
        elif said and expected.node:
            self.benign_right += is_right(said, expected)
            self.benign_wrong += not agrees(said, expected)

    def _add_interfered(self, said: Node, expected: Expected) -> None:
        self.interfered += 1
        self.reachable += bool(expected.reachable)
        self.insufficient_interfered += not said
        self.missed += said[:1] == (State.OK.value,)
        self.excused += is_excuse(said)
        if said:
            self.claims += 1
            self.right += is_right(said, expected)
            self.guesses += is_guess(said, expected)
        if expected.reachable:
            self.reached += has_reached(said, expected)
        for depth in range(1, min(len(said), len(expected.reachable)) + 1):
            self.at_depth[depth] += 1
            self.right_at[depth] += agrees(said[:depth], expected)

    def share_at(self, depth: int) -> float | None:
        """Return the share of claims of that depth that are right."""
        return _share(self.right_at[depth], self.at_depth[depth])

    @property
    def precision(self) -> float | None:
        """Share of claims that are true and no guess."""
        return _share(self.right, self.claims)

    @property
    def upper95(self) -> float:
        """Bound of the share of benign scenarios with an accusation."""
        return upper_bound(self.accused, self.benign)

    def as_json(self) -> dict[str, Any]:
        """Return the stratum for the JSON document."""
        return {
            "scenarios": self.scenarios,
            "verdicts": self.units,
            "errors": self.errors,
            "without_verdict": self.silent,
            "interfered": self.interfered,
            "precision": self.precision,
            "right_state": self.share_at(1),
            "right_category": self.share_at(2),
            "right_subtype": self.share_at(3),
            "reached": _share(self.reached, self.reachable),
            "guesses": self.guesses,
            "missed": self.missed,
            "false_excuses": self.excused,
            "insufficient": self.insufficient,
            "insufficient_interfered": self.insufficient_interfered,
            "benign_runs": self.benign,
            "false_accusations": self.accused,
            "false_accusation_upper95": self.upper95,
            "false_accusations_by_grade": {
                grade.value: {
                    "count": self.accused_by_grade[grade.value],
                    "upper95": upper_bound(self.accused_by_grade[grade.value], self.benign),
                }
                for grade in Grade
            },
            "accused_verdicts": self.accused_units,
            "benign_runs_with_a_failure": self.benign_failed,
            "false_accusations_with_a_failure": self.accused_failed,
            "false_accusation_with_a_failure_upper95": upper_bound(
                self.accused_failed, self.benign_failed
            ),
            "benign_right": _share(self.benign_right, self.benign_units),
            "benign_wrong": self.benign_wrong,
            "grades": {
                grade.value: {
                    "claims": self._graded(grade),
                    "right": _share(self.grades[grade.value, True], self._graded(grade)),
                }
                for grade in Grade
            },
        }

    def _graded(self, grade: Grade) -> int:
        return self.grades[grade.value, True] + self.grades[grade.value, False]


def is_benign(outcome: Outcome) -> bool:
    """Whether nobody stood in the way of any of a scenario's verdicts."""
    return not any(unit.expected.is_interfered for unit in outcome.units)


def _strongest(outcome: Outcome) -> str | None:
    """Return the strongest grade of a scenario's accusations."""
    grades = [u.said.grade for u in outcome.units if is_accusation(u.said.node)]
    order = list(Grade)
    known = [grade for grade in grades if grade is not None]
    return min(known, key=order.index).value if known else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(slots=True)
class Score:
    """A campaign, counted."""

    all: Tally = field(default_factory=Tally)
    by_technique: dict[str, Tally] = field(default_factory=dict)
    by_environment: dict[str, Tally] = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Verdicts by what is true and what was said."""
    services: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    tiers: Comparison | None = None
    """The same lines on the lab's two executors; None where only one has played."""
    seconds: float = 0.0
    lab_seconds: float = 0.0

    def add(self, played: LineOutcome) -> None:
        """Count one run."""
        self.lab_seconds += played.lab_s
        self._add_run(played)
        for outcome in played.outcomes:
            self.all.add(outcome)
            kind = outcome.scenario.kind
            benign = is_benign(outcome)
            strata = [self.by_environment] if benign else [self.by_technique]
            for stratum in strata:
                stratum.setdefault(kind, Tally()).add(outcome)
            for name in strata_of(played.line):
                self.by_environment.setdefault(name, Tally()).add(outcome)
            self.wrong += wrong_in(played.line, outcome)
            if not outcome.disagreement:
                self.confusion.update(_confused(unit) for unit in outcome.units)

    def _add_run(self, played: LineOutcome) -> None:
        self.runs["all"] += 1
        self.runs[played.status] += 1
        line = played.line
        if played.status == STUCK:
            self.wrong.append(
                Wrong(line.id, "", "", "stuck", None, None, f"{line.environment}: no end")
            )
            return
        if not played.is_vantage_right:
            self.runs["wrong vantage"] += 1
            self.wrong.append(
                Wrong(
                    line.id, "", "", "vantage", None, None, f"{line.environment}: {played.vantage}"
                )
            )
        benign = all(is_benign(outcome) for outcome in played.outcomes)
        accused = any(is_accusation(unit.said.node) for o in played.outcomes for unit in o.units)
        self.runs["benign"] += benign
        self.runs["benign accused"] += benign and accused
        truths = {o.scenario.endpoint: o for o in played.outcomes}
        for service in played.services:
            self._add_service(line, service, truths)

    def _add_service(self, line: Line, service: ServiceSaid, truths: Mapping[str, Outcome]) -> None:
        own = [truths[endpoint] for endpoint in service.endpoints if endpoint in truths]
        if not own or any(outcome.disagreement for outcome in own):
            return
        self.services["all"] += 1
        benign = all(is_benign(outcome) for outcome in own)
        self.services["benign"] += benign
        if benign and is_accusation(service.node):
            self.services["accused"] += 1
            words = f"service {service.service}: {'/'.join(service.node)}"
            self.wrong.append(
                Wrong(line.id, "", own[0].scenario.endpoint, "service", None, None, words)
            )
        if not benign:
            self.services["interfered"] += 1
            self.services["said so"] += is_accusation(service.node)
            self.services["missed"] += service.node == (State.OK.value,)
            self.services["excused"] += is_excuse(service.node)

    def as_json(self) -> dict[str, Any]:
        """Return the whole document; its keys are a contract."""
        total = self.all
        whole = total.as_json() | {
            "seconds": round(self.seconds, 1),
            "lab_seconds": round(self.lab_seconds, 1),
            "services": dict(self.services),
            "runs": dict(self.runs),
        }
        return {
            "schema_version": SCHEMA_VERSION,
            "scenarios": total.scenarios,
            "right_state": total.share_at(1),
            "right_category": total.share_at(2),
            "right_subtype": total.share_at(3),
            "reached": _share(total.reached, total.reachable),
            "benign_runs": total.benign,
            "false_accusations": total.accused,
            "false_accusation_upper95": total.upper95,
            "false_excuses": total.excused,
            "insufficient": total.insufficient,
            "missed": total.missed,
            "tier_disagreements": len(self.tiers.unexplained) if self.tiers else None,
            "by_technique": {name: t.as_json() for name, t in sorted(self.by_technique.items())},
            "by_environment": {"all": whole}
            | {name: t.as_json() for name, t in sorted(self.by_environment.items())},
            "wrong": [wrong.as_json() for wrong in self.wrong],
            "tiers": self.tiers.as_json() if self.tiers else None,
        }


def _confused(unit: Unit) -> tuple[str, str]:
    """Return a verdict's row and column in the confusion matrix."""
    expected, said = unit.expected, unit.said.node
    true = _word(expected.node) if expected.node else "cannot be judged"
    return true, "insufficient" if not said else _word(said)


def _word(said: Node) -> str:
    """Return a category where somebody interferes, else the state."""
    return said[1] if is_accusation(said) and len(said) > 1 else said[0]


def strata_of(line: Line) -> tuple[str, ...]:
    """Return the strata that a line's scenarios are counted in besides their kind."""
    rtt_ms = round(line.link.rtt_s * 1000)
    loss = round((ENVIRONMENTS[line.environment].link.get("loss", line.link.loss)) * 100, 1)
    return (
        f"environment {line.environment}",
        f"network {line.network}",
        f"setting {line.setting.value}",
        f"round trip {rtt_ms} ms",
        f"loss {loss:g} %",
    )


def count(played: Iterable[LineOutcome]) -> Score:
    """Count a campaign."""
    score = Score()
    for one in played:
        score.add(one)
    return score
