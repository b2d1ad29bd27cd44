"""One download as rules see it: its pace, how evenly it came, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean, median, pstdev

from probe.classify import constants as k
from probe.classify.outcomes import Ending, ending_of
from probe.model.observation import HttpObservation, QuicObservation


@dataclass(frozen=True, slots=True)
class Flow:
    """One download: its pace, and how it ended."""

    seen: HttpObservation | QuicObservation
    bytes: int
    """On the wire."""
    rate_bps: float | None
    """After the first 32 KB where there is more, else over the whole; None if too short to say."""
    has_stalled: bool
    """Bytes came, then none until our patience ended."""
    unevenness: float | None
    """Coefficient of variation of the second half's pace, in quarters."""
    longest_gap_s: float
    burstiness: float | None
    """Mean over median gap between reads, after the first 32 KB: 1 where each packet waits."""
    trickles: bool = False
    """Bytes came until our patience ended, too few to be a page."""

    @property
    def host(self) -> str:
        """The name that was asked for."""
        seen = self.seen
        return seen.host.partition(":")[0].lower() if isinstance(seen, HttpObservation) else ""

    @property
    def is_long(self) -> bool:
        """Whether it says anything about a rate (techniques 4.3: 64 KB or more)."""
        return self.bytes >= k.TRANSFER_MIN_BYTES

    @property
    def is_telling(self) -> bool:
        """Whether it may be paired: long, or so slow that it was not long when patience ended."""
        return self.rate_bps is not None and (self.is_long or self.trickles)


def flow_of(seen: HttpObservation | QuicObservation) -> Flow:
    """Measure one download."""
    points = list(seen.progress)
    count = points[-1][1] if points else seen.bytes_received
    given_up = ending_of(seen.failure) is Ending.SILENT and count > 0
    waited_s = seen.duration_s - points[-1][0] if points else seen.duration_s
    stalled = given_up and waited_s >= k.STALL_S
    return Flow(
        seen=seen,
        bytes=count,
        rate_bps=_rate(points),
        has_stalled=stalled,
        unevenness=_unevenness(points),
        longest_gap_s=max((b[0] - a[0] for a, b in pairwise(points)), default=0.0),
        burstiness=_burstiness(points),
        trickles=given_up and not stalled,
    )


def _rate(points: Sequence[tuple[float, int]]) -> float | None:
    """Return bits a second; the bucket's share is left out where the download outlasts it."""
    if len(points) < 2:
        return None
    start = points[0]
    if points[-1][1] >= k.TRANSFER_MIN_BYTES:
        start = next((p for p in points if p[1] >= k.BUCKET_BYTES), start)
    span_s, count = points[-1][0] - start[0], points[-1][1] - start[1]
    if count <= 0:
        return None
    # Bytes that come in one burst say "at least this fast": a millisecond bounds it.
    return count * 8 / max(span_s, 0.001)


def _burstiness(points: Sequence[tuple[float, int]]) -> float | None:
    late = [b[0] - a[0] for a, b in pairwise(points) if a[1] >= k.BUCKET_BYTES]
    if len(late) < k.BURSTS_MIN or median(late) <= 0:
        return None
    return mean(late) / median(late)


def _unevenness(points: Sequence[tuple[float, int]]) -> float | None:
    if len(points) < 8:
        return None
    half = points[len(points) // 2 :]
    start_s, end_s = half[0][0], half[-1][0]
    if end_s <= start_s:
        return None
    paces = []
    for quarter in range(4):
        low = start_s + (end_s - start_s) * quarter / 4
        high = start_s + (end_s - start_s) * (quarter + 1) / 4
        inside = [p for p in half if low <= p[0] <= high]
        if len(inside) < 2 or inside[-1][0] <= inside[0][0]:
            return None
        paces.append((inside[-1][1] - inside[0][1]) / (inside[-1][0] - inside[0][0]))
    return pstdev(paces) / mean(paces) if mean(paces) > 0 else None
