"""Plants faults in the judge and asks whether the scoreboard notices (`make mutants`).

Every row of every table is deleted, turned into its contrary and swapped with the next one; every
threshold is doubled and halved. A stored campaign is judged anew with each of these mutants. One is
*killed* when verdicts that were right become wrong or somebody is accused in vain, *seen* when any
verdict changes at all, and *survives* otherwise: then no scenario of this campaign depends on it.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import click

from probe.classify import constants, judge_vantage, vantage
from probe.classify.facts import derive
from probe.classify.rules import Rule
from probe.classify.scene import Scene
from probe.lab.pki import authority
from probe.model.evidence import Evidence
from probe.model.knowledge import Knowledge
from probe.model.observation import Observation
from probe.model.run import Vantage
from probe.model.verdict import VantageVerdict
from probe.model.words import Arm
from probe.report.grid import Cell, Grid, show
from probe.run.vantage import placed
from probe.store import Reader, open_reader
from probe.trial.campaign import side_by_side
from probe.trial.environments import ENVIRONMENTS
from probe.trial.marking import agrees, has_reached, is_accusation, is_right
from probe.trial.notes import Truths, truths_in
from probe.trial.playing import base_knowledge, said_of
from probe.trial.scenario import Expected
from probe.trial.stored import campaign_runs

# By name: in its package the function of this name stands in front of the module.
_judge: Final = import_module("probe.classify.judge")
TABLES: Final = {
    "dns": (_judge, "RULES_DNS"),
    "tcp": (_judge, "RULES_TCP"),
    "tls": (_judge, "RULES_TLS"),
    "http": (_judge, "RULES_HTTP"),
    "pace": (_judge, "RULES_PACE"),
    "quic": (_judge, "RULES_QUIC"),
    "gates": (vantage, "RULES_GATES"),
}
CHANGES: Final = ("delete", "invert", "swap")
FACTORS: Final = (0.5, 2.0)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: where, and what."""

    place: str
    """A table, or `constants`."""
    name: str
    """A rule's id, or a constant's name."""
    change: str
    """`delete`, `invert`, `swap`, or by what it is multiplied."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mutant."""

    mutant: Mutant
    spoilt: int
    """Verdicts that were right, or silent of a benign target, and are not any more."""
    mended: int
    """Verdicts that became right: the fault would be an improvement in this campaign."""
    changed: int
    """Verdicts that differ in any word or grade."""
    crashed: str = ""

    @property
    def word(self) -> str:
        """How it ended."""
        if self.crashed or self.spoilt:
            return "killed"
        return "seen" if self.changed else "survived"


@dataclass(frozen=True, slots=True)
class _Stored:
    """One stored run, in memory."""

    truths: Truths
    knowledge: Knowledge
    gates: tuple[Observation, ...]
    where: Vantage
    evidence: tuple[Evidence, ...]


Unit = tuple[str, str, str, str | None]
Said = dict[Unit, tuple[Any, Any, bool, bool]]
"""{(run, endpoint, protocol, family): (node, grade, right, accused in vain)}"""


def mutants(kinds: Sequence[str]) -> Iterator[Mutant]:
    """Yield every mutant of `rules` and `constants`."""
    if "rules" in kinds:
        for place, (module, attribute) in TABLES.items():
            rules = getattr(module, attribute)
            # The last row holds for everything: without it the judge has no word at all.
            for rule in rules[:-1]:
                yield from (Mutant(place, rule.id, change) for change in CHANGES)
    if "constants" in kinds:
        for name, value in vars(constants).items():
            if name.isupper() and isinstance(value, int | float) and not isinstance(value, bool):
                yield from (Mutant("constants", name, f"{factor:g}") for factor in FACTORS)


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """Put the fault in, and take it out again."""
    if mutant.place == "constants":
        module, attribute = constants, mutant.name
        value = getattr(constants, attribute)
        changed: Any = value * float(mutant.change)
        changed = max(1, round(changed)) if isinstance(value, int) else changed
    else:
        module, attribute = TABLES[mutant.place]
        value = getattr(module, attribute)
        changed = _mutated(value, mutant)
    setattr(module, attribute, changed)
    try:
        yield
    finally:
        setattr(module, attribute, value)


def _mutated(rules: Sequence[Rule[Any]], mutant: Mutant) -> tuple[Rule[Any], ...]:
    found = list(rules)
    at = next(number for number, rule in enumerate(found) if rule.id == mutant.name)
    match mutant.change:
        case "delete":
            del found[at]
        case "invert":
            found[at] = replace(found[at], when=_contrary(found[at].when))
        case _:
            found[at], found[at + 1] = found[at + 1], found[at]
    return tuple(found)


def _contrary(when: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda look: not when(look)


class Bench:
    """A stored campaign, ready to be judged again and again."""

    def __init__(self, database: Path) -> None:
        with open_reader(database) as reader:
            self._runs = [_load(reader, run_id) for run_id in campaign_runs(database)]
        # Rules of endpoints read scenes and nothing else: these are made once.
        self._scenes = [self._derived(run) for run in self._runs]
        self._before = self._say(afresh=False)

    def fate(self, mutant: Mutant) -> Fate:
        """Judge everything with one fault."""
        try:
            with planted(mutant):
                said = self._say(afresh=mutant.place in {"constants", "gates"})
        except Exception as error:  # noqa: BLE001 (a judge that falls over is noticed)
            return Fate(mutant, 0, 0, 0, crashed=f"{type(error).__name__}: {error}")
        keys = {*self._before, *said}
        nothing = ((), None, False, False)
        pairs = [(self._before.get(key, nothing), said.get(key, nothing)) for key in keys]
        return Fate(
            mutant,
            spoilt=sum((b[2] and not a[2]) or (a[3] and not b[3]) for b, a in pairs),
            mended=sum((a[2] and not b[2]) or (b[3] and not a[3]) for b, a in pairs),
            changed=sum(b[:2] != a[:2] for b, a in pairs),
        )

    def _say(self, *, afresh: bool) -> Said:
        said: Said = {}
        for run, kept in zip(self._runs, self._scenes, strict=True):
            line = run.truths.line
            gates = self._gates(run)
            is_known = gates.state in ENVIRONMENTS[line.environment].vantage
            outcomes = tuple((gate.rule_id, gate.outcome) for gate in gates.gates)
            said[line.id, "", "vantage", None] = ((gates.state, outcomes), None, is_known, False)
            known = {(e, p, f): expected for e, p, f, expected in run.truths.units}
            for scene in self._derived(run) if afresh else kept:
                verdict = _judge.judged(scene)
                expected = known.get((verdict.endpoint, verdict.protocol, verdict.family))
                if expected is not None:
                    said[
                        line.id,
                        verdict.endpoint,
                        verdict.protocol.value,
                        verdict.family.value if verdict.family else None,
                    ] = _weighed(said_of(verdict).node, verdict.grade, expected)
        return said

    def _gates(self, run: _Stored) -> VantageVerdict:
        return placed(judge_vantage(run.gates, run.knowledge), run.where)

    def _derived(self, run: _Stored) -> list[Scene]:
        found = self._gates(run)
        if not found.may_judge:
            return []
        return [
            scene
            for evidence in run.evidence
            for scene in _judge.scenes(
                derive(evidence.model_copy(update={"vantage": found}), run.knowledge)
            )
        ]


def _weighed(node: Any, grade: Any, expected: Expected) -> tuple[Any, Any, bool, bool]:  # noqa: ANN401
    in_vain = is_accusation(node) and not expected.is_interfered and not agrees(node, expected)
    # As deep as the evidence tells: a word less is a loss, too.
    good = has_reached(node, expected) if expected.reachable else is_right(node, expected)
    return node, grade, good, in_vain


def _load(reader: Reader, run_id: str) -> _Stored:
    run, catalogue = reader.run(run_id), reader.catalogue(run_id)
    truths = truths_in(run)
    assert truths is not None
    assert catalogue is not None
    knowledge = replace(
        base_knowledge(), catalogue=catalogue, roots=(authority(run.started_at).root_der,)
    )
    gates = tuple(o for o in reader.observations(run_id) if o.arm is Arm.GATE and o.attempt == 0)
    found = placed(judge_vantage(gates, knowledge), run.vantage)
    evidence = tuple(reader.evidence(run_id, catalogue, vantage=found))
    return _Stored(truths, knowledge, gates, run.vantage, evidence)


@lru_cache(maxsize=1)
def _bench(database: Path) -> Bench:
    return Bench(database)


def _fate(work: tuple[Path, Mutant]) -> Fate:
    database, mutant = work
    return _bench(database).fate(mutant)


def fates(database: Path, kinds: Sequence[str], *, processes: int = 2) -> Iterator[Fate]:
    """Judge a stored campaign with every mutant, side by side; in the mutants' order."""
    yield from side_by_side(_fate, [(database, mutant) for mutant in mutants(kinds)], processes)


@click.command()
@click.option(
    "--db",
    "database",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A campaign that `roadblock lab score --db FILE` has stored.",
)
@click.option(
    "--of",
    "kinds",
    multiple=True,
    type=click.Choice(["rules", "constants"]),
    default=("rules", "constants"),
    show_default=True,
    help="Which faults are planted.",
)
@click.option("--processes", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a mutant.")
def main(database: Path, kinds: tuple[str, ...], processes: int, as_json: bool) -> None:
    """Plant faults in the judge, and list those that no scenario of the campaign notices."""
    ended = Counter[tuple[str, str]]()
    rows = []
    for fate in fates(database, kinds, processes=processes):
        mutant = fate.mutant
        ended[mutant.place, fate.word] += 1
        if as_json:
            told = {"place": mutant.place, "name": mutant.name, "change": mutant.change}
            counts = {"spoilt": fate.spoilt, "mended": fate.mended, "changed": fate.changed}
            click.echo(json.dumps({**told, "fate": fate.word, **counts, "crashed": fate.crashed}))
        elif fate.word != "killed" or fate.mended > fate.spoilt:
            words = (mutant.place, mutant.name, mutant.change, fate.word)
            numbers = (str(fate.changed), str(fate.spoilt), str(fate.mended))
            rows.append(tuple(Cell(text) for text in (*words, *numbers)))
    if as_json:
        return
    heads = ("Where", "What", "Change", "Fate", "Changed", "Spoilt", "Mended")
    places = sorted({place for place, _ in ended})
    counted = [
        tuple(Cell(str(t)) for t in (p, *(ended[p, w] for w in ("killed", "seen", "survived"))))
        for p in places
    ]
    show(
        [
            "Not killed: no right verdict of this campaign depends on these.",
            Grid(heads, tuple(rows)),
            "",
            Grid(("Where", "Killed", "Seen", "Survived"), tuple(counted)),
        ],
        sys.stdout,
    )


if __name__ == "__main__":
    main()
