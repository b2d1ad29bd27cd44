"""Tells a run's events to the person who waits."""

from typing import assert_never

from probe.model.experiment import Experiment, Kind
from probe.model.target import Endpoint
from probe.model.verdict import Verdict
from probe.model.words import State
from probe.report.language.wording import Wording
from probe.report.progress import Progress
from probe.report.table import WORST_FIRST, category
from probe.report.words import finding_sentence
from probe.run import Asked, EndpointDone, EndpointStarted, Event, GatesDone, Stopped


class Teller:
    """Turns events into lines of progress."""

    def __init__(self, progress: Progress, words: Wording) -> None:
        self._progress, self._words = progress, words
        self._done = 0
        self._total = 0

    def __call__(self, event: Event) -> None:
        """Tell one event."""
        match event:
            case GatesDone(vantage=vantage):
                self._progress.say(self._words.vantage[vantage.state])
            case EndpointStarted(endpoint=endpoint, done=done, total=total):
                self._done, self._total = done, total
                self._work(endpoint, "first look")
            case Asked(endpoint=endpoint, experiment=experiment):
                self._work(endpoint, doing(experiment))
            case EndpointDone(endpoint=endpoint, verdicts=verdicts, done=done, total=total):
                self._done, self._total = done, total
                line = f"{endpoint.id}: {outcome(verdicts, self._words)}"
                self._progress.done(line, done=done, total=total)
            case Stopped(reason=reason):
                self._progress.say(f"Stopping: {reason}")
            case _:
                assert_never(event)

    def _work(self, endpoint: Endpoint, text: str) -> None:
        self._progress.work(endpoint.id, text, done=self._done, total=self._total)


def doing(experiment: Experiment) -> str:
    """Return what an experiment does, in a few words."""
    why = f" ({experiment.rival.replace('_', ' ')}?)" if experiment.rival else ""
    if experiment.kind is Kind.WAIT:
        return f"waiting{why}"
    return f"{experiment.kind.value}, {experiment.arm.value}{why}"


def outcome(verdicts: tuple[Verdict, ...], words: Wording) -> str:
    """Return the worst of an endpoint's verdicts as one line."""
    if not verdicts:
        return words.states[State.INSUFFICIENT]
    worst = min(verdicts, key=lambda verdict: WORST_FIRST.index(verdict.state))
    if worst.state is State.OK:
        return words.states[State.OK]
    return f"{finding_sentence(worst, words)} [{category(worst)}]"
