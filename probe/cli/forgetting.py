"""A sink that keeps nothing: for runs whose result is all that is wanted."""

from collections.abc import Iterable, Mapping, Sequence

from probe.model.experiment import Experiment
from probe.model.observation import Observation
from probe.model.run import Run
from probe.model.target import Catalogue
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict


class ForgettingSink:
    """Takes a run's rows and forgets them."""

    def protect(self, addresses: Iterable[str]) -> None:
        """Keep nothing, these least of all."""

    async def begin_run(self, run: Run, catalogue: Catalogue | None = None) -> None:
        """Forget that the run began."""

    async def add(
        self, observations: Sequence[Observation], *, verified: frozenset[str] = frozenset()
    ) -> None:
        """Forget observations."""

    async def add_experiments(
        self, run_id: str, performed: Mapping[str, Experiment], refused: frozenset[str]
    ) -> None:
        """Forget experiments."""

    async def add_verdicts(
        self,
        run_id: str,
        verdicts: Sequence[Verdict],
        services: Sequence[ServiceVerdict],
        vantage: VantageVerdict | None,
        *,
        set_id: str,
    ) -> None:
        """Forget verdicts."""

    async def finish_run(self, run: Run) -> None:
        """Forget how the run ended."""
