"""Asks the gates: what the vantage point itself is worth, before, during and after a run."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import trio

from probe.classify import ask_vantage, ask_vantage_again, is_as_before, judge_vantage
from probe.measure.perform import perform
from probe.measure.tools import Tools
from probe.model.experiment import Experiment
from probe.model.knowledge import Knowledge
from probe.model.observation import Observation
from probe.model.target import Control, Endpoint
from probe.model.verdict import VantageVerdict
from probe.model.words import VantageState

GATE_ROUNDS_MAX = 5
STAND_INS_MAX = 6
"""Targets that are tried when no control works: as many as a quorum of controls would be."""

Keep = Callable[[Sequence[Observation]], Awaitable[Sequence[Observation]]]
"""Takes the finished steps of an experiment, also of a cancelled one; returns them as kept."""


async def ask_gates(
    knowledge: Knowledge, tools: Tools, *, attempt: int, keep: Keep
) -> VantageVerdict:
    """Perform what the gates ask for until they ask no more; return what they say."""
    performed: set[str] = set()
    observations: list[Observation] = []
    for _ in range(GATE_ROUNDS_MAX):
        asked = [
            experiment
            for experiment in ask_vantage(knowledge, tuple(observations))
            if experiment.id not in performed
        ]
        if not asked:
            break
        performed.update(experiment.id for experiment in asked)
        observations += await _perform(asked, knowledge, tools, attempt=attempt, keep=keep)
    return judge_vantage(tuple(observations), knowledge)


async def ask_gates_again(
    before: VantageVerdict, knowledge: Knowledge, tools: Tools, *, attempt: int, keep: Keep
) -> VantageVerdict:
    """Look again at a few controls that passed; only where one does not, ask all gates anew.

    What a run needs to know at its end is whether the line still is what it was: a few witnesses
    can say that it is, and more than a few must say that it is not.
    """
    asked = ask_vantage_again(before, knowledge)
    observations = await _perform(asked, knowledge, tools, attempt=attempt, keep=keep)
    if asked and is_as_before(before, observations, knowledge):
        return before
    return await ask_gates(knowledge, tools, attempt=attempt + 1, keep=keep)


async def _perform(
    experiments: Sequence[Experiment],
    knowledge: Knowledge,
    tools: Tools,
    *,
    attempt: int,
    keep: Keep,
) -> list[Observation]:
    """Perform experiments side by side; return their steps, experiment by experiment, as kept."""
    controls = {control.id: control for control in knowledge.catalogue.controls}
    observations: list[Observation] = []

    async def one(experiment: Experiment) -> None:
        seen: list[Observation] = []
        contact: Control | Endpoint = controls.get(experiment.endpoint) or _nobody(experiment)
        try:
            await perform(experiment, contact, tools, attempt=attempt, emit=seen.append)
        finally:
            observations.extend(await keep(seen))

    async with trio.open_nursery() as nursery:
        for experiment in experiments:
            nursery.start_soon(one, experiment)
    return observations


async def ask_targets_instead(
    offline: VantageVerdict,
    knowledge: Knowledge,
    tools: Tools,
    endpoints: Sequence[Endpoint],
    *,
    keep: Keep,
) -> VantageVerdict:
    """Doubt an offline verdict: only where nothing passes, a few targets among it, is it so.

    In a network that blocks every control (or a lab that has none of them) the targets that work
    show that the line does. Returns the offline verdict, or a degraded one.
    """
    stand_ins = []
    for endpoint in endpoints[:STAND_INS_MAX]:
        if not endpoint.url.startswith("https://"):
            continue
        stand_ins.append(
            Control(
                id=endpoint.id,
                host=endpoint.host,
                url=endpoint.url,
                operator=endpoint.service,
                country="ZZ",
                last_known=endpoint.last_known,
            )
        )
    if not stand_ins:
        return offline
    catalogue = knowledge.catalogue.model_copy(update={"controls": tuple(stand_ins)})
    doubt = await ask_gates(replace(knowledge, catalogue=catalogue), tools, attempt=0, keep=keep)
    if not doubt.may_judge:
        return offline
    return doubt.model_copy(
        update={
            "state": VantageState.DEGRADED,
            "failing_controls": offline.failing_controls,
            "gates": tuple(gate for gate in offline.gates if gate.gate != "offline"),
        }
    )


def _nobody(experiment: Experiment) -> Control:
    """Stand in for a gate experiment that contacts no catalogue host."""
    return Control(
        id=experiment.endpoint,
        host=experiment.name or "localhost",
        url=experiment.url or "https://localhost/",
        operator="",
        country="ZZ",
    )
