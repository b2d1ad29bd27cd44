"""What one verdict is worth beside the truth, and what is wrong about it. Knows no rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from probe.model.words import State
from probe.trial.playing import Outcome, Said, Unit
from probe.trial.scenario import EXCUSES, INTERFERED, LOCAL, Expected, Line, Node

_EXCUSES: Final = frozenset(state.value for state in EXCUSES)
_LOCAL: Final = frozenset(category.value for category in LOCAL)


def is_accusation(said: Node) -> bool:
    """Whether a verdict says that somebody interferes."""
    return said[:1] in INTERFERED


def is_excuse(said: Node) -> bool:
    """Whether a verdict puts a failure on the service, or on the person's own line."""
    return said[:1] != () and (said[0] in _EXCUSES or (len(said) > 1 and said[1] in _LOCAL))


def agrees(said: Node, expected: Expected) -> bool:
    """Whether every word said is true; what the truth leaves open may be said either way."""
    return any(
        said[: len(truth)] == truth[: len(said)] for truth in (expected.node, *expected.also_true)
    )


def is_guess(said: Node, expected: Expected) -> bool:
    """Whether a true word was said that the evidence cannot carry."""
    return agrees(said, expected) and len(expected.reachable) < min(len(said), len(expected.node))


def is_right(said: Node, expected: Expected) -> bool:
    """Whether something was said, all of it true, and no deeper than evidence goes."""
    return bool(said) and agrees(said, expected) and not is_guess(said, expected)


def has_reached(said: Node, expected: Expected) -> bool:
    """Whether the deepest node was reached that the evidence can identify."""
    return is_right(said, expected) and len(said) >= len(expected.reachable)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One verdict that is not right, or one scenario that is an error."""

    line: str
    scenario: str
    endpoint: str
    why: str
    """accusation, excuse, missed, guess, wrong, service, vantage or error."""
    said: Said | None
    expected: Expected | None
    words: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it for the JSON document."""
        return {
            "run": self.line,
            "scenario": self.scenario,
            "endpoint": self.endpoint,
            "why": self.why,
            "protocol": self.said.protocol.value if self.said else None,
            "family": self.said.family.value if self.said and self.said.family else None,
            "said": "/".join(self.said.node) if self.said else None,
            "grade": self.said.grade.value if self.said and self.said.grade else None,
            "rule": self.said.rule if self.said else None,
            "detail": self.said.detail if self.said else None,
            "true": "/".join(self.expected.node) if self.expected else None,
            "technique": self.expected.technique if self.expected else None,
            "words": self.words,
        }


def wrong_in(line: Line, outcome: Outcome) -> list[Wrong]:
    """Return what is wrong about one scenario."""
    scenario = outcome.scenario
    if outcome.disagreement:
        words = outcome.disagreement
        return [Wrong(line.id, scenario.id, scenario.endpoint, "error", None, None, words)]
    found = []
    for unit in outcome.units:
        why = fault(unit)
        if why:
            found.append(
                Wrong(line.id, scenario.id, scenario.endpoint, why, unit.said, unit.expected)
            )
    return found


def fault(unit: Unit) -> str:
    """Say what is wrong about a verdict; empty: nothing. Silence is counted, not listed."""
    said, expected = unit.said.node, unit.expected
    if not said:
        return ""
    if not expected.is_interfered:
        if is_accusation(said):
            return "accusation"
        if expected.node and not agrees(said, expected):
            return "wrong"
        return ""
    if said[:1] == (State.OK.value,):
        return "missed"
    if is_excuse(said):
        return "excuse"
    if not agrees(said, expected):
        return "wrong"
    return "guess" if is_guess(said, expected) else ""


def grouped(wrong: Sequence[Wrong]) -> list[tuple[str, str, str, str, int, Wrong]]:
    """Group what is wrong: (why, kind, said, rule, how often, an example), most often first."""
    groups: dict[tuple[str, str, str, str], list[Wrong]] = {}
    for one in wrong:
        kind = one.scenario.partition(".")[0]
        said = "/".join(one.said.node) if one.said else one.words
        rule = one.said.rule if one.said else ""
        groups.setdefault((one.why, kind, said, rule), []).append(one)
    rows = [(*key, len(found), found[0]) for key, found in groups.items()]
    return sorted(rows, key=lambda row: (row[0], -row[4], row[1]))
