"""The run: gates, the loop of perform, judge and ask over all endpoints, politeness, budgets."""

from probe.run.request import (
    Asked,
    EndpointDone,
    EndpointStarted,
    Event,
    GatesDone,
    RunRequest,
    RunResult,
    Sink,
    Stopped,
)
from probe.run.session import measure

__all__ = [
    "Asked",
    "EndpointDone",
    "EndpointStarted",
    "Event",
    "GatesDone",
    "RunRequest",
    "RunResult",
    "Sink",
    "Stopped",
    "measure",
]
