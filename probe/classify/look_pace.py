"""How fast, how evenly and how far the bytes came, with the name and without it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from probe.classify import constants as k
from probe.classify.downloads import Downloads
from probe.classify.elsewhere import Elsewhere
from probe.classify.flows import Flow, flow_of
from probe.classify.handshakes import Handshake
from probe.classify.outcomes import Ending, ending_of
from probe.classify.remember import once
from probe.classify.statistics import rank_sum_p, ratio_interval
from probe.model.words import Arm, Flag


@dataclass(frozen=True)
class PaceLook(Downloads):
    """The evidence of one family for the rules on pace."""

    # --- paired transfers -------------------------------------------------------------------------

    @once
    def paired(self) -> tuple[tuple[Flow, ...], tuple[Flow, ...]]:
        """Downloads of the rounds, with the name and with another one, at one server.

        At the endpoint's own address where the catalogue knows another name there, else at a
        helper's responder: in this family, or in the other one while the endpoint is slow in both.
        """
        own = tuple(f for f in self.target if f.seen.attempt and f.is_telling)
        other = tuple(f for f in self.same_address if f.seen.attempt and f.is_telling)
        if own and other:
            return own, other
        sized = [
            flow_of(o)
            for o in self.facts.abroad_transfers
            if ending_of(o.failure) is not Ending.OURS
        ]
        here = [f for f in sized if f.seen.family is self.family]
        sized = here or (sized if self.slow or self.is_slow_to_answer else [])
        telling = [f for f in sized if f.seen.attempt and f.is_telling]
        named = tuple(f for f in telling if f.host == self.facts.host)
        return named, tuple(f for f in telling if f.host != self.facts.host)

    @once
    def pairs(self) -> tuple[list[float], list[float]]:
        """Rates of the rounds, bits a second: with the name, and with another one."""
        own, other = self.paired
        return [f.rate_bps for f in own if f.rate_bps], [f.rate_bps for f in other if f.rate_bps]

    @once
    def p_value(self) -> float | None:
        """Of the exact rank test over the rounds; None where nothing was paired."""
        own, other = self.pairs
        if own and other:
            return rank_sum_p(own, other)
        named, neutral = self._delays_of_rounds
        if named and neutral:
            return rank_sum_p([-d for d in named], [-d for d in neutral])
        return None

    @once
    def is_throttled(self) -> bool:
        """Techniques 4.3.4, all but the second time of day: a third or less, bounded by a half."""
        own, other = self.pairs
        if len(own) < k.FIRST_BLOCK_ROUNDS or len(other) < k.FIRST_BLOCK_ROUNDS:
            return False
        interval = ratio_interval(own, other)
        return (
            interval is not None
            and median(own) <= k.THROTTLE_RATIO_MAX * median(other)
            and interval[1] <= k.THROTTLE_RATIO_UPPER
        )

    @once
    def is_even(self) -> bool:
        """Whether the pace hardly varies: policed or shaped, where loss makes it jump."""
        flows = self.paired[0] or self.target
        known = [f.unevenness for f in flows if f.unevenness is not None]
        return bool(known) and median(known) < k.THROTTLE_CV_MAX

    @once
    def burstiness(self) -> float | None:
        """Mean over median gap of the slow downloads: how much they come in bursts."""
        flows = self.paired[0] or self.target
        known = [f.burstiness for f in flows if f.burstiness is not None]
        return median(known) if known else None

    @once
    def is_policed(self) -> bool:
        """Whether bytes come in bursts between stalls: what is too much vanishes."""
        return self.burstiness is not None and self.burstiness >= k.POLICED_BURSTS_MIN

    @once
    def is_shaped(self) -> bool:
        """Whether each packet waits for its turn: in a queue that grows, or at an even beat."""
        if self.has_queue:
            return True
        return self.burstiness is not None and self.burstiness <= k.SHAPED_BURSTS_MAX

    @once
    def is_at_responder(self) -> bool:
        """Whether the pairs were fetched from a helper's own responder: no server's pacing."""
        return bool(self.paired[0]) and self.paired[0][0].seen.arm is Arm.C2

    @once
    def crawls(self) -> bool:
        """Whether the rounds with the name come at less than 2 kB a second."""
        own, _ = self.pairs
        return bool(own) and median(own) < 8 * k.EXTREME_RATE_BYTES_S

    @once
    def has_queue(self) -> bool:
        """Whether the round trip grew while the bytes came: shaping queues, policing drops."""
        grown = []
        for f in self.paired[0] or self.target:
            info = f.seen.tcp_info
            if info is not None and info.rtt_us and info.min_rtt_us:
                grown.append(info.rtt_us > 3 * info.min_rtt_us)
        return bool(grown) and 2 * sum(grown) > len(grown)

    # --- delayed handshakes -----------------------------------------------------------------------

    @once
    def delays(self) -> tuple[list[float], list[float]]:
        """Seconds to the first byte after the hello: with the name, and with a neutral one."""
        own = [h for s in self.spots for h in s.target if h.seen.first_byte_s is not None]
        other = [h for s in self.spots for h in s.control if h.seen.first_byte_s is not None]
        return _waits(own), _waits(other)

    @once
    def _delays_of_rounds(self) -> tuple[list[float], list[float]]:
        own = [h for s in self.spots for h in s.target if h.seen.attempt]
        return _waits(own), _waits(h for s in self.spots for h in s.control if h.seen.attempt)

    @once
    def is_delayed(self) -> bool:
        """Whether each answer to the name takes several times as long as to a neutral one."""
        return _is_manifold(*self.delays)

    @once
    def is_delayed_abroad(self) -> bool:
        """Whether the same holds at a host that has nothing to do with the name (C2)."""
        host = self.facts.host
        named = _waits(h for h in self.facts.abroad if h.seen.server_name == host)
        return _is_manifold(
            named, _waits(h for h in self.facts.abroad if h.seen.server_name != host)
        )

    # --- the extreme case -------------------------------------------------------------------------

    @once
    def is_extreme(self) -> bool:
        """Whether the endpoint's bytes come at less than 2 kB a second (techniques R02)."""
        rates = [f.rate_bps for f in self.target if f.rate_bps and f.bytes >= k.EXTREME_MIN_BYTES]
        return bool(rates) and median(rates) < 8 * k.EXTREME_RATE_BYTES_S

    @once
    def shakes_slowly_by_name(self) -> bool:
        """Whether handshakes with the name take several times as long as with a neutral one."""
        own = [h.seen.duration_s for s in self.spots for h in s.target if h.is_large]
        other = [
            h.seen.duration_s for s in self.spots for h in s.control if h.is_alive and h.is_large
        ]
        return bool(own and other) and min(own) >= k.DELAY_FACTOR_MIN * max(other)

    @once
    def is_slow_to_answer(self) -> bool:
        """Whether the endpoint's handshakes take long, whatever the reason."""
        own, _ = self.delays
        return bool(own) and min(own) >= k.DELAY_MIN_S

    # --- what every look has ----------------------------------------------------------------------

    @once
    def elsewhere(self) -> Elsewhere:
        """What other vantage points saw."""
        return Elsewhere(self.facts.elsewhere, self.facts.vantage.facts.country)

    @once
    def evidence(self) -> tuple[str, ...]:
        """Ids of the observations that carry it."""
        pairs = (*self.paired[0], *self.paired[1])
        flows = (*self.target, *self.same_address, *self.elsewhere_flows, *pairs)
        return tuple(dict.fromkeys(f.seen.id for f in flows))

    @once
    def detail(self) -> str:
        """One line of plain facts."""
        parts = []
        if self.stalls:
            parts.append(f"stopped after {', '.join(str(f.bytes) for f in self.stalls)} bytes")
        slow = [f for f in self.target if f.trickles]
        if slow:
            parts.append(f"{', '.join(str(f.bytes) for f in slow)} bytes, then out of patience")
        if self.rate_bps is not None:
            parts.append(f"{self.rate_bps / 1000:.0f} kbit/s")
        if self.same_address_rate_bps is not None:
            parts.append(
                f"another name at the same address {self.same_address_rate_bps / 1000:.0f} kbit/s"
            )
        own, other = self.pairs
        if own and other and not self.same_address:
            parts.append(
                f"at a responder {median(own) / 1000:.0f} kbit/s with the name,"
                f" {median(other) / 1000:.0f} with another"
            )
        if self.control_rate_bps is not None:
            parts.append(f"other hosts {self.control_rate_bps / 1000:.0f} kbit/s")
        if self.is_slow_to_answer:
            parts.append(f"{min(self.delays[0]):.1f} s until the handshake's first byte")
        return "; ".join(parts) or "nothing long enough to measure"

    @property
    def flags(self) -> tuple[Flag, ...]:
        """Things worth knowing beside the category."""
        return ()

    @once
    def n_target(self) -> int:
        """Downloads with the name."""
        return len(self.pairs[0]) or len(self.target)

    @once
    def n_control(self) -> int:
        """Downloads without it."""
        return len(self.pairs[1]) or len(self.same_address)


def _is_manifold(own: Sequence[float], other: Sequence[float]) -> bool:
    if not own or not other:
        return False
    # A lost packet makes one of the neutral ones late; it cannot make all of the others so.
    return min(own) >= k.DELAY_MIN_S and min(own) >= k.DELAY_FACTOR_MIN * median(other)


def _waits(handshakes: Iterable[Handshake]) -> list[float]:
    return [h.seen.first_byte_s for h in handshakes if h.seen.first_byte_s is not None]
