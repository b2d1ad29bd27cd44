"""One TLS handshake as rules see it: how it ended, what it proved, how its timing compares."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from probe.classify import constants as k
from probe.classify.chains import Chain
from probe.classify.outcomes import Ending, tls_ending
from probe.model.observation import TlsObservation

# RFC 8446 section 5.1: record types alert and handshake.
_TLS_RECORDS = (0x15, 0x16)

FarEnd = Literal["nothing", "unanswered", "partly"]
"""What the other end saw: not even the hello (S04); the hello, and no acknowledgement of its answer
(S05); an acknowledgement of some of it (S03)."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """A handshake, its chain judged, its timing in round trips."""

    seen: TlsObservation
    ending: Ending
    chain: Chain | None
    rtt_s: float | None
    rtt_samples: int

    @property
    def is_verified(self) -> bool:
        """Completed, and the chain proves the name."""
        return self.ending is Ending.DONE and self.chain is not None and self.chain.verified

    @property
    def is_alive(self) -> bool:
        """Whether the peer answered in TLS at all: for a control, path and server are alive."""
        if self.ending in {Ending.DONE, Ending.ALERT}:
            return True
        if self.seen.bytes_received <= 0:
            return False
        head = self.seen.received_head
        return not head or head[0] in _TLS_RECORDS

    @property
    def is_large(self) -> bool:
        """Whether more than one packet came back: small answers say nothing about an MTU.

        One short chain on an elliptic curve fits into a packet; where nobody counted the bytes, a
        handshake that completed is taken for as long as most are.
        """
        if self.ending is Ending.DONE and not self.seen.bytes_received:
            return True
        return self.seen.bytes_received > k.ONE_PACKET_BYTES

    @property
    def ratio(self) -> float | None:
        """When it failed, in round trips after the hello."""
        if self.seen.failed_after_s is None or not self.rtt_s:
            return None
        return self.seen.failed_after_s / self.rtt_s

    @property
    def earliest_ratio(self) -> float | None:
        """The same if we were as late to read of it as our loop was late at its worst."""
        if self.ratio is None or not self.rtt_s:
            return None
        return self.ratio - (self.seen.loop_lag_s or 0.0) / self.rtt_s

    @property
    def is_too_soon(self) -> bool:
        """Whether the end came before anything of the server's could have."""
        return (
            self.ratio is not None
            and self.ratio < k.INJECTED_RATIO_MAX
            and self.rtt_samples >= k.RTT_SAMPLES_MIN
            and not (self.rtt_s and (self.seen.loop_lag_s or 0.0) > self.rtt_s / 2)
        )

    @property
    def is_acked(self) -> bool | None:
        """Whether anybody acknowledged the hello; None where the system does not tell."""
        info = self.seen.tcp_info
        if info is None or info.bytes_acked is None:
            return None
        return info.bytes_acked > k.BYTES_ACKED_SYN_ONLY

    @property
    def far_end(self) -> FarEnd | None:
        """What the other end saw of a handshake that failed; None where nobody could be asked."""
        if self.seen.failure is None or self.seen.far_received_bytes is None:
            return None
        if not self.seen.far_received_bytes:
            return "nothing"
        return "partly" if self.seen.far_acked_bytes else "unanswered"


def handshake(
    seen: TlsObservation, chain: Chain | None, rtt_s: float | None, rtt_samples: int
) -> Handshake:
    """Return the handshake as rules see it.

    The kernel's minimum is one more sample of the round trip where the handshake completed; where
    it did not, a forged acknowledgement may have set it (a FIN injected after 18 ms made it 18 ms).
    """
    info = seen.tcp_info
    is_done = seen.failure is None
    if is_done and info is not None and info.min_rtt_us and 0 < info.min_rtt_us < 60_000_000:
        own = info.min_rtt_us / 1e6
        rtt_s, rtt_samples = (own if rtt_s is None else min(rtt_s, own)), rtt_samples + 1
    return Handshake(
        seen=seen,
        ending=tls_ending(seen, trickles=trickles(seen.progress)),
        chain=chain,
        rtt_s=rtt_s,
        rtt_samples=rtt_samples,
    )


def trickles(progress: Sequence[tuple[float, int]]) -> bool:
    """Whether bytes kept coming, but at less than 2 kB/s, over several seconds."""
    if len({round(at, 2) for at, _ in progress}) < k.TRICKLE_TIMES_MIN:
        return False
    first, last = progress[0], progress[-1]
    span_s = last[0] - first[0]
    if span_s < k.TRICKLE_SPAN_S:
        return False
    return (last[1] - first[1]) / span_s < k.EXTREME_RATE_BYTES_S
