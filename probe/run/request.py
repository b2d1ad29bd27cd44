"""What a run is asked to do, what it tells while it works, and what it ends with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from probe.model.experiment import Experiment
from probe.model.observation import Observation
from probe.model.run import Run
from probe.model.target import Catalogue, Endpoint
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One run: which endpoints, how thoroughly, and under whose consent."""

    endpoints: Sequence[Endpoint]
    """Read one by one, in a drawn order: a sequence that makes its items when asked stays small."""
    services: tuple[str, ...] = ()
    profile: str = "look"
    seed: int = 0
    world: str = "internet"
    vantage_label: str = ""
    again: bool = False
    """Measure although the last session with an endpoint is less than `session_hours` old."""
    consent_sha256: str | None = None
    locate: bool = False
    """Walk towards what is accused, with packets of ever longer lives."""
    quic: bool = True
    pace_factor: float = 1.0
    controls: tuple[str, ...] = ()
    """URLs of control vantages."""
    recent: Mapping[str, datetime] = field(default_factory=dict)
    """When each endpoint was last measured from here; those within `session_hours` are left out."""
    bytes_left: int | None = None
    """What the day's and month's budgets still allow; None: only the run's own budget counts."""
    govern: bool = True
    """Hold back starts while this process uses too much CPU; off under a virtual clock."""
    collect: bool = True
    """Return all verdicts in the result; off for runs too long to hold in memory."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """How the run ended, and what it says."""

    run: Run
    vantage: VantageVerdict
    verdicts: tuple[Verdict, ...]
    services: tuple[ServiceVerdict, ...]


@dataclass(frozen=True, slots=True)
class GatesDone:
    """The gates were judged."""

    vantage: VantageVerdict
    when: str
    """`start`, `middle` or `end`."""


@dataclass(frozen=True, slots=True)
class EndpointStarted:
    """A worker took up an endpoint."""

    endpoint: Endpoint
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class EndpointDone:
    """An endpoint has its verdicts."""

    endpoint: Endpoint
    verdicts: tuple[Verdict, ...]
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Asked:
    """The judge asked for an experiment, and the run performs it."""

    endpoint: Endpoint
    experiment: Experiment


@dataclass(frozen=True, slots=True)
class Stopped:
    """The run ends before its plan: a budget is used or the vantage point is lost."""

    reason: str


Event = GatesDone | EndpointStarted | EndpointDone | Asked | Stopped


class Sink(Protocol):
    """Where a run's rows go: the store's writer, or a list in the lab."""

    def protect(self, addresses: Iterable[str]) -> None:
        """Keep these addresses out of all that follows, in every spelling."""

    async def begin_run(self, run: Run, catalogue: Catalogue | None = None) -> None:
        """Record that the run began, and what its evidence is to be judged by."""

    async def add(
        self, observations: Sequence[Observation], *, verified: frozenset[str] = frozenset()
    ) -> None:
        """Keep observations; `verified`: ids of pages that came over TLS which verifies."""

    async def add_experiments(
        self, run_id: str, performed: Mapping[str, Experiment], refused: frozenset[str]
    ) -> None:
        """Keep which experiments were performed, and which were refused."""

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

    async def finish_run(self, run: Run) -> None:
        """Record how the run ended."""
