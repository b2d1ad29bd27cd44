"""A sink that keeps a run's rows in memory: for the lab, and for checks that store nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from probe.model.experiment import Experiment
from probe.model.observation import Observation
from probe.model.run import Run
from probe.model.target import Catalogue
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict


@dataclass(slots=True)
class MemorySink:
    """What a run said, as lists. Nothing is scrubbed, so nothing of it may be stored."""

    runs: list[Run] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    performed: dict[str, Experiment] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)

    def protect(self, addresses: Iterable[str]) -> None:
        """Do nothing: what is not stored need not be scrubbed."""

    async def begin_run(self, run: Run, catalogue: Catalogue | None = None) -> None:
        """Keep the run's row."""
        del catalogue
        self.runs.append(run)

    async def add(
        self, observations: Sequence[Observation], *, verified: frozenset[str] = frozenset()
    ) -> None:
        """Keep observations whole."""
        del verified
        self.observations.extend(observations)

    async def add_experiments(
        self, run_id: str, performed: Mapping[str, Experiment], refused: frozenset[str]
    ) -> None:
        """Keep what was performed."""
        del run_id, refused
        self.performed.update(performed)

    async def add_verdicts(
        self,
        run_id: str,
        verdicts: Sequence[Verdict],
        services: Sequence[ServiceVerdict],
        vantage: VantageVerdict | None,
        *,
        set_id: str,
    ) -> None:
        """Keep verdicts."""
        del run_id, services, vantage, set_id
        self.verdicts.extend(verdicts)

    async def finish_run(self, run: Run) -> None:
        """Keep the run's last row."""
        self.runs.append(run)
