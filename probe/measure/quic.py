"""QUIC over one address: version negotiation, Initial with the name, handshake, GET."""

from probe.measure.recorder import Recorder
from probe.measure.tools import Tools
from probe.model.experiment import Experiment
from probe.model.target import Control, Endpoint


def unavailable(tools: Tools) -> str | None:
    """Say why QUIC is not measured here; None when it is."""
    del tools
    return "not measured here"


def wanted(endpoint: Endpoint | Control, tools: Tools) -> bool:
    """Whether a screen asks this endpoint over QUIC."""
    del endpoint
    return unavailable(tools) is None


async def measure_quic(
    recorder: Recorder, experiment: Experiment, endpoint: Endpoint | Control, tools: Tools
) -> None:
    """Ask one address over QUIC."""


async def screen_quic(
    recorder: Recorder,
    experiment: Experiment,
    endpoint: Endpoint | Control,
    tools: Tools,
    address: str,
) -> None:
    """Ask one address of a screen over QUIC."""
