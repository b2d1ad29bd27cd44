"""Other vantage points (control C6): what they see of an endpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from probe.model.experiment import Experiment
from probe.model.observation import Observation
from probe.model.target import Endpoint
from probe.model.words import Arm


class Remote(Protocol):
    """A control vantage: a helper that answers now, or a snapshot of what one saw earlier."""

    @property
    def id(self) -> str:
        """Shown in the evidence, e.g. `helper:de.example.net` or `snapshot:2026-11-20/DE`."""

    @property
    def notes(self) -> Sequence[str]:
        """What a reader of the run must know of it: that it fell silent, how old it is."""

    @property
    def responders(self) -> Sequence[str]:
        """Addresses at which it answers under any name itself, with objects of any size."""

    async def look(self, endpoint: Endpoint) -> Sequence[Observation]:
        """Return what the vantage sees of the endpoint; empty when it cannot be reached."""


@dataclass(frozen=True, slots=True)
class SeenElsewhere:
    """A remote whose answers are known already: a snapshot, or the lab's helper."""

    id: str
    observations: Mapping[str, tuple[Observation, ...]] = field(default_factory=dict)
    """{endpoint id: what was seen of it}"""
    notes: tuple[str, ...] = ()
    responders: tuple[str, ...] = ()

    async def look(self, endpoint: Endpoint) -> Sequence[Observation]:
        """Return what was seen of the endpoint."""
        return self.observations.get(endpoint.id, ())


def as_remote(
    observations: Sequence[Observation], experiment: Experiment, remote_id: str
) -> list[Observation]:
    """Mark observations as another vantage point's answer to `experiment`.

    Their ids are made anew: a vantage that answers twice from its cache repeats its own.
    """
    return [
        observation.model_copy(
            update={
                "arm": Arm.C6,
                "vantage": remote_id,
                "experiment": experiment.id,
                "id": f"{remote_id}/{experiment.id}/{experiment.round}/{number}",
                "attempt": experiment.round,
            }
        )
        for number, observation in enumerate(observations)
    ]
