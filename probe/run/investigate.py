"""The only loop: perform, judge, ask, until nothing is asked or the budget ends."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import trio

from probe.classify import ask, ask_where, judge
from probe.measure.perform import perform, refusal
from probe.measure.tools import Tools
from probe.measure.trace import names_at_most
from probe.model.evidence import Evidence
from probe.model.experiment import Experiment, Kind
from probe.model.knowledge import Knowledge
from probe.model.observation import (
    HttpObservation,
    Observation,
    QuicObservation,
    TlsObservation,
    TraceObservation,
)
from probe.model.target import Endpoint
from probe.model.verdict import VantageVerdict, Verdict
from probe.model.words import Arm, Flag
from probe.run.far_end import with_far_end
from probe.run.kept import marked, verified_pages
from probe.run.limiter import PacedLimiter
from probe.run.remote import Remote, as_remote
from probe.run.request import Asked, Event, Sink

# A verdict that still asks after this many rounds would ask for ever; `ask` is proved to end
# (tests/classify), this bound only turns a bug into a shorter run.
ROUNDS_MAX = 40
NAMED_KINDS = frozenset({Kind.HANDSHAKE, Kind.FETCH, Kind.QUIC, Kind.TRANSFER, Kind.FREEZE})
NAMED_ARMS = frozenset({Arm.TARGET, Arm.C2, Arm.C3})
"""Arms that may send the target's own name; what sends another name counts as a control."""


@dataclass(slots=True)
class Context:
    """What all investigations of a run share."""

    knowledge: Knowledge
    tools: Tools
    limiter: PacedLimiter
    sink: Sink
    profile: str
    seed: int
    vantage: VantageVerdict
    on_event: Callable[[Event], None]
    locate: bool = False
    remotes: tuple[Remote, ...] = ()
    without_own: Callable[[Observation], Observation] = lambda observation: observation
    """Takes this machine's own addresses out of what a resolver answered."""
    bytes_used: int = 0
    failures_in_a_row: int = 0


@dataclass(slots=True)
class Case:
    """One endpoint under investigation: what is known so far."""

    endpoint: Endpoint
    observations: list[Observation] = field(default_factory=list)
    performed: dict[str, Experiment] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    target_names: int = 0
    control_names: int = 0

    @property
    def names_walked(self) -> int:
        """How many packets with a short life have carried the target's name."""
        walks = [o for o in self.observations if isinstance(o, TraceObservation)]
        return sum(len(o.hops) for o in walks if o.name == self.endpoint.host)

    def evidence(self, vantage: VantageVerdict) -> Evidence:
        """Freeze what is known, for the judge."""
        return Evidence(
            endpoint=self.endpoint,
            vantage=vantage,
            observations=tuple(self.observations),
            performed=frozenset(self.performed) | frozenset(self.refused),
            refused=frozenset(self.refused),
        )


async def investigate(case: Case, context: Context) -> tuple[Verdict, ...]:
    """Look once, then ask and perform until the judge asks no more; return its last word."""
    await _perform(screen(case.endpoint), case, context)
    for _ in range(ROUNDS_MAX):
        evidence = case.evidence(context.vantage)
        verdicts = judge(evidence, context.knowledge)
        asked = ask(evidence, verdicts, context.knowledge, context.profile)
        granted: tuple[Experiment, ...] = ()
        if context.locate and _is_time_to_walk(asked, verdicts):
            granted = _grant(ask_where(evidence, verdicts, context.knowledge), case, context)
        granted = granted or _grant(asked, case, context)
        if not granted:
            break
        await _perform_all(granted, case, context)
    return judge(case.evidence(context.vantage), context.knowledge)


def _is_time_to_walk(asked: Sequence[Experiment], verdicts: Sequence[Verdict]) -> bool:
    """Last of all; but before repeats that a filter's memory spreads over half an hour."""
    is_residual = any(Flag.RESIDUAL_SEEN in verdict.flags for verdict in verdicts)
    return not asked or (is_residual and all(experiment.round for experiment in asked))


def screen(endpoint: Endpoint) -> Experiment:
    """Return the first look at an endpoint."""
    return Experiment(
        kind=Kind.SCREEN, endpoint=endpoint.id, name=endpoint.host, url=endpoint.url, port=0
    )


def _grant(asked: Sequence[Experiment], case: Case, context: Context) -> tuple[Experiment, ...]:
    """Leave out what was done, and refuse what the endpoint's budget of names does not allow."""
    granted = []
    limit = context.tools.pacing.names_per_endpoint
    walked = case.names_walked
    for experiment in asked:
        if experiment.id in case.performed or experiment.id in case.refused:
            continue
        if not _can(experiment, context):
            case.refused.add(experiment.id)
            continue
        if experiment.kind is Kind.TRACE and experiment.name == case.endpoint.host:
            walked += names_at_most(experiment)
            if walked > context.tools.pacing.names_per_walk:
                case.refused.add(experiment.id)
                continue
        if experiment.kind in NAMED_KINDS:
            if experiment.arm in NAMED_ARMS and experiment.name == case.endpoint.host:
                if case.target_names >= limit:
                    case.refused.add(experiment.id)
                    continue
                case.target_names += 1
            else:
                if case.control_names >= limit:
                    case.refused.add(experiment.id)
                    continue
                case.control_names += 1
        granted.append(experiment)
    return tuple(granted)


def _can(experiment: Experiment, context: Context) -> bool:
    if experiment.kind is Kind.REMOTE:
        return any(experiment.vantage in (None, remote.id) for remote in context.remotes)
    return refusal(experiment, context.tools) is None


async def _perform_all(experiments: Sequence[Experiment], case: Case, context: Context) -> None:
    """Perform strata side by side, and the experiments of one stratum one after the other.

    A stratum is what shares an address (or resolver). Within a confirmation round its order is
    drawn from the run's seed: that draw is what the exact test's reference set consists of.
    """
    draw = random.Random(f"{context.seed}/{case.endpoint.id}/{len(case.performed)}")
    strata: dict[tuple[object, ...], list[Experiment]] = {}
    for experiment in experiments:
        key = (experiment.kind, experiment.family, experiment.address, experiment.resolver)
        strata.setdefault(key, []).append(experiment)
    async with trio.open_nursery() as nursery:
        for stratum in strata.values():
            rounds = [experiment for experiment in stratum if experiment.round]
            first = [experiment for experiment in stratum if not experiment.round]
            draw.shuffle(rounds)
            nursery.start_soon(_perform_stratum, (*first, *rounds), case, context)


async def _perform_stratum(experiments: Sequence[Experiment], case: Case, context: Context) -> None:
    for experiment in experiments:
        context.on_event(Asked(case.endpoint, experiment))
        await _perform(experiment, case, context)


async def _perform(experiment: Experiment, case: Case, context: Context) -> None:
    """Perform one experiment; whatever was finished is kept, also when we are cancelled."""
    if experiment.kind is Kind.REMOTE:
        await _ask_remotes(experiment, case, context)
        return
    tools = context.tools
    if experiment.wait_s is not None:
        await trio.sleep(_rest_s(experiment, case, tools))
    if experiment.round:
        tools = replace(tools, limiter=context.limiter.confirming())
    if tools.kept is not None:
        tools.kept.tidy()
    seen: list[Observation] = []
    try:
        await perform(experiment, case.endpoint, tools, attempt=experiment.round, emit=seen.append)
        seen = await with_far_end(seen, context.remotes)
    finally:
        case.performed[experiment.id] = experiment
        case.observations.extend(await keep(seen, context))


def _rest_s(experiment: Experiment, case: Case, tools: Tools) -> float:
    """Return how long to wait before it.

    A filter's memory runs out by its own clock; the pace factor scales both (design, Pacing). It
    begins when the name was sent there last: after a neutral one there is nothing to forget. What
    sends no name is not about memory: it waits all the time.
    """
    whole_s = (experiment.wait_s or 0.0) * tools.pacing.pace_factor
    if experiment.kind in {Kind.WAIT, Kind.CONNECT}:
        return whole_s
    sent = [
        o.started_at + timedelta(seconds=o.duration_s)
        for o in case.observations
        if o.address == experiment.address and _name_in(o) == case.endpoint.host
    ]
    if not sent:
        return 0.0
    return max(0.0, whole_s - (tools.clock.now() - max(sent)).total_seconds())


def _name_in(seen: Observation) -> str | None:
    """Return the name that a step sent in the open; none for one that sends no name."""
    if isinstance(seen, TlsObservation | QuicObservation):
        return seen.server_name
    return seen.host if isinstance(seen, HttpObservation) else None


async def _ask_remotes(experiment: Experiment, case: Case, context: Context) -> None:
    """Ask the other vantage points side by side; when none says anything, nobody was asked."""
    answered: list[str] = []

    async def ask_one(remote: Remote) -> None:
        seen = as_remote(await remote.look(case.endpoint), experiment, remote.id)
        if seen:
            answered.append(remote.id)
            case.observations.extend(await keep(seen, context))

    try:
        async with trio.open_nursery() as nursery:
            for remote in context.remotes:
                if experiment.vantage in (None, remote.id):
                    nursery.start_soon(ask_one, remote)
    finally:
        if answered:
            case.performed[experiment.id] = experiment
        else:
            case.refused.add(experiment.id)


async def keep(observations: Sequence[Observation], context: Context) -> list[Observation]:
    """Mark observations and hand them to the store, come what may; return them as marked."""
    kept = [
        marked(context.without_own(observation), context.knowledge) for observation in observations
    ]
    # What another vantage sent and received is not this line's traffic.
    context.bytes_used += sum(o.bytes_sent + o.bytes_received for o in kept if o.vantage is None)
    with trio.CancelScope(shield=True):
        await context.sink.add(kept, verified=verified_pages(kept, context.knowledge))
    return kept


__all__ = ["Case", "Context", "investigate", "keep", "screen"]
