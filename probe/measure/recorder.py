"""Turns finished steps into observations: ids, UTC times, and `emit` at once."""

from collections.abc import Callable
from typing import Any

from probe.model.experiment import Experiment
from probe.model.observation import Observation
from probe.model.words import Family
from probe.wire import lag
from probe.wire.addresses import family_of
from probe.wire.clock import Clock

Emit = Callable[[Observation], None]


class Recorder:
    """Collects the observations of one attempt at one experiment."""

    def __init__(
        self,
        experiment: Experiment,
        endpoint: str,
        clock: Clock,
        *,
        attempt: int = 0,
        emit: Emit | None = None,
    ) -> None:
        self._experiment_id = experiment.id
        self._arm = experiment.arm
        self._endpoint = endpoint
        self._clock = clock
        self._attempt = attempt
        self._emit = emit
        self._taken: list[Observation] = []
        self._next = 0
        self._lag = lag.watch()

    def base(
        self,
        started: float,
        ended: float,
        *,
        address: str | None = None,
        family: Family | None = None,
        port: int | None = None,
    ) -> dict[str, Any]:
        """Return the fields that every step has, for a step between two moments of trio's clock."""
        number = self._next
        self._next += 1
        if family is None and address is not None:
            family = family_of(address)
        return {
            "id": f"{self._experiment_id}/{self._attempt}/{number}",
            "experiment": self._experiment_id,
            "attempt": self._attempt,
            "endpoint": self._endpoint,
            "arm": self._arm,
            "family": family,
            "address": address,
            "port": port,
            "started_at": self._clock.at(started),
            "duration_s": round(max(0.0, ended - started), 6),
            "loop_lag_s": self._lag.worst_since(started),
        }

    def add(self, observation: Observation) -> None:
        """Keep a finished step and hand it on: a cancelled experiment loses none of these."""
        self._taken.append(observation)
        if self._emit is not None:
            self._emit(observation)

    @property
    def observations(self) -> tuple[Observation, ...]:
        """All finished steps so far, in the order they started.

        A question finishes with its window, long after the connection that its answer led to.
        """
        return tuple(sorted(self._taken, key=lambda observation: observation.started_at))
