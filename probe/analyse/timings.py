"""How long steps took and how fast bodies came, from the target's steps that succeeded."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from probe.model.observation import HttpObservation, Observation
from probe.model.words import Arm, Family, Layer, Step

PHASES: Final = {
    Step.DNS: Layer.DNS,
    Step.TCP: Layer.TCP,
    Step.TLS: Layer.TLS,
    Step.HTTP: Layer.HTTP,
    Step.QUIC: Layer.QUIC,
}
# Smaller bodies tell the latency, not the pace: 16 KiB is one initial window (RFC 6928) and more.
GOODPUT_MIN_BYTES: Final = 16_384


TimingKey = tuple[str, Family | None]
"""Endpoint and family; None where a step has none, as a question to a resolver."""


@dataclass(slots=True)
class Timing:
    """One endpoint's seconds per phase, and its goodput, over one address family."""

    seconds: dict[Layer, list[float]] = field(default_factory=dict)
    goodput_kbps: list[float] = field(default_factory=list)


def timings(observations: Iterable[Observation]) -> Mapping[TimingKey, Timing]:
    """Group the durations of the target's successful steps by endpoint and family."""
    found: dict[TimingKey, Timing] = {}
    for observation in observations:
        phase = PHASES.get(observation.step)
        if phase is None or observation.arm is not Arm.TARGET or observation.failure is not None:
            continue
        if observation.vantage is not None:
            continue
        timing = found.setdefault((observation.endpoint, observation.family), Timing())
        timing.seconds.setdefault(phase, []).append(_seconds(observation))
        goodput = _goodput_kbps(observation)
        if goodput is not None:
            timing.goodput_kbps.append(goodput)
    return found


def merged(parts: Iterable[Timing]) -> Timing:
    """Put several timings into one."""
    whole = Timing()
    for part in parts:
        for layer, seconds in part.seconds.items():
            whole.seconds.setdefault(layer, []).extend(seconds)
        whole.goodput_kbps.extend(part.goodput_kbps)
    return whole


def percentile(values: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile: a value that was measured, never one between two."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _seconds(observation: Observation) -> float:
    """Return a step's time; of HTTP the time to the first byte, as the body's length varies."""
    if isinstance(observation, HttpObservation) and observation.first_byte_s is not None:
        return observation.first_byte_s
    return observation.duration_s


def _goodput_kbps(observation: Observation) -> float | None:
    """Return kilobits per second of the body, from its first byte to its last."""
    if not isinstance(observation, HttpObservation) or len(observation.progress) < 2:
        return None
    (first_s, first_bytes), (last_s, last_bytes) = observation.progress[0], observation.progress[-1]
    if last_bytes - first_bytes < GOODPUT_MIN_BYTES or last_s <= first_s:
        return None
    return (last_bytes - first_bytes) * 8 / 1000 / (last_s - first_s)
