"""Plays a line: the real run in its world, and beside each verdict what the boxes' log says."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from probe.lab.log import TruthLog
from probe.lab.virtual.net import VirtualNet
from probe.lab.world import World
from probe.model.knowledge import Knowledge
from probe.model.observation import Observation
from probe.model.target import Endpoint
from probe.model.verdict import ServiceVerdict, Verdict
from probe.model.words import Arm, Family, Grade, Protocol, VantageState
from probe.reference import load_knowledge
from probe.run import RunResult
from probe.run.remote import Remote
from probe.trial.environments import ENVIRONMENTS
from probe.trial.notes import Truths, add_note
from probe.trial.play import knowledge_in, play
from probe.trial.scenario import Expected, Line, Node, Scenario, node
from probe.trial.truths import Records, expected_of, records_of
from probe.trial.worlds import ORDINARY, Tempo, line_world

STUCK = "stuck"
"""The status of a run that did not end: an error of the lab or of the probe."""


@dataclass(frozen=True, slots=True)
class Said:
    """One verdict, as far as the score reads it."""

    node: Node
    protocol: Protocol
    family: Family | None = None
    grade: Grade | None = None
    rule: str = ""
    detail: str = ""
    also: tuple[Node, ...] = ()
    """What was said of other layers besides."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One verdict beside the truth."""

    said: Said
    expected: Expected


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one scenario."""

    scenario: Scenario
    units: tuple[Unit, ...]
    target_failed: bool
    """Whether an attempt at the target failed at least once."""
    disagreement: str = ""
    """Where the log does not bear the author out: then the scenario is an error."""


@dataclass(frozen=True, slots=True)
class ServiceSaid:
    """What was said of a service."""

    service: str
    node: Node
    grade: Grade | None
    endpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """What became of a whole run."""

    line: Line
    vantage: VantageState
    status: str
    outcomes: tuple[Outcome, ...]
    services: tuple[ServiceSaid, ...]
    lab_s: float
    """How long the run took on the lab's clock."""
    cpu_s: float
    """How long it took to play."""
    observations: int

    @property
    def is_vantage_right(self) -> bool:
        """Whether the gates said what may be said of such a line."""
        return self.vantage in ENVIRONMENTS[self.line.environment].vantage


@lru_cache(maxsize=1)
def base_knowledge() -> Knowledge:
    """Return fingerprints and geo data, loaded once a process."""
    return load_knowledge()


def knowledge_of(world: World) -> Knowledge:
    """Return what the judge may know in a world."""
    return knowledge_in(world, base_knowledge())


def play_line(
    line: Line,
    *,
    profile: str = "quick",
    remotes: tuple[Remote, ...] = (),
    database: Path | None = None,
    tempo: Tempo = ORDINARY,
    on_open: Callable[[VirtualNet], None] = lambda _: None,
) -> LineOutcome:
    """Play a line's run and compare; the same line gives the same outcome.

    With a database the run is stored there, with the truth as a note of it.
    """
    began = time.process_time()
    world = line_world(line, tempo=tempo)
    targets = tuple(e for e in world.catalogue.endpoints if e.id in line.endpoints)
    with tempo.judged():
        played = play(
            world,
            targets,
            knowledge_of(world),
            profile=profile,
            seed=line.seed,
            pace_factor=tempo.pace,
            remotes=remotes,
            database=database,
            on_open=on_open,
        )
    seen = played.sink.observations
    told = Told(played.result, failed_endpoints(seen), len(seen))
    return compared(line, world, told, played.log, began=began, database=database)


@dataclass(frozen=True, slots=True)
class Told:
    """What a run says, and as much of what it saw as the score needs."""

    result: RunResult
    failed: frozenset[str]
    observations: int


def compared(
    line: Line, world: World, told: Told, log: TruthLog, *, began: float, database: Path | None
) -> LineOutcome:
    """Put what a run says beside the log of its world; `began`: this process's time at the start.

    With a database the truth becomes a note of the stored run.
    """
    targets = [e for e in world.catalogue.endpoints if e.id in line.endpoints]
    records = records_of(world, log, targets)
    run, result = told.result.run, told.result
    outcome = LineOutcome(
        line=line,
        vantage=result.vantage.state,
        status=run.status,
        outcomes=outcomes_of(line, world, result, records, told.failed),
        services=services_said(targets, result.services),
        lab_s=((run.ended_at or run.started_at) - run.started_at).total_seconds(),
        cpu_s=time.process_time() - began,
        observations=told.observations,
    )
    if database is not None:
        add_note(database, run, _truths(outcome, world, records, told.failed))
    return outcome


def _truths(outcome: LineOutcome, world: World, records: Records, failed: frozenset[str]) -> Truths:
    """Return what is true of every verdict that may be given about the line's targets."""
    line = outcome.line
    known = {endpoint.id: endpoint for endpoint in world.catalogue.endpoints}
    units = [
        (
            endpoint.id,
            protocol,
            family,
            expected_of(line, s, records, endpoint, protocol, family)[0],
        )
        for s in line.scenarios
        for endpoint in [known[s.endpoint]]
        for protocol in (Protocol.HTTPS, Protocol.HTTP, Protocol.QUIC)
        for family in (Family.IPV4, Family.IPV6, None)
    ]
    return Truths(
        line=line,
        units=tuple(units),
        failed=tuple(sorted(failed)),
        disagreements=tuple(
            (o.scenario.id, o.disagreement) for o in outcome.outcomes if o.disagreement
        ),
        vantage=outcome.vantage,
        lab_s=outcome.lab_s,
        cpu_s=outcome.cpu_s,
        observations=outcome.observations,
    )


def outcomes_of(
    line: Line, world: World, result: RunResult, records: Records, failed: frozenset[str]
) -> tuple[Outcome, ...]:
    """Put each scenario's verdicts beside the truth."""
    known = {endpoint.id: endpoint for endpoint in world.catalogue.endpoints}
    by_endpoint: dict[str, list[Verdict]] = {}
    for verdict in result.verdicts:
        by_endpoint.setdefault(verdict.endpoint, []).append(verdict)
    return tuple(
        _outcome(
            line,
            scenario,
            known[scenario.endpoint],
            by_endpoint.get(scenario.endpoint, ()),
            records,
            target_failed=scenario.endpoint in failed,
        )
        for scenario in line.scenarios
    )


def _outcome(
    line: Line,
    scenario: Scenario,
    endpoint: Endpoint,
    verdicts: Sequence[Verdict],
    records: Records,
    *,
    target_failed: bool,
) -> Outcome:
    units = []
    complaints = []
    for verdict in verdicts:
        expected, complaint = expected_of(
            line, scenario, records, endpoint, verdict.protocol, verdict.family
        )
        units.append(Unit(said_of(verdict), expected))
        complaints += [complaint] if complaint else []
    return Outcome(scenario, tuple(units), target_failed, "; ".join(complaints))


def said_of(verdict: Verdict) -> Said:
    """Return what the score reads of a verdict."""
    return Said(
        node=node(verdict.state, verdict.category, verdict.subtype),
        protocol=verdict.protocol,
        family=verdict.family,
        grade=verdict.grade,
        rule=verdict.rule_id,
        detail=verdict.detail,
        also=tuple(node(f.state, f.category, f.subtype) for f in verdict.also),
    )


def services_said(
    targets: Iterable[Endpoint], services: Iterable[ServiceVerdict]
) -> tuple[ServiceSaid, ...]:
    """Return what was said of each service."""
    endpoints: dict[str, list[str]] = {}
    for endpoint in targets:
        endpoints.setdefault(endpoint.service, []).append(endpoint.id)
    return tuple(
        ServiceSaid(
            said.service,
            node(said.state, said.category, said.subtype),
            said.grade,
            tuple(endpoints.get(said.service, ())),
        )
        for said in services
    )


def failed_endpoints(observations: Iterable[Observation]) -> frozenset[str]:
    """Return the endpoints at which an attempt of ours failed."""
    return frozenset(
        o.endpoint
        for o in observations
        if o.arm is Arm.TARGET and o.failure is not None and o.vantage is None
    )
