"""What was downloaded, from where and how fast, and where downloads stopped."""

from dataclasses import dataclass
from statistics import median
from typing import Literal

from probe.classify import constants as k
from probe.classify.counting import stops_alike, stops_by
from probe.classify.elsewhere import country_of, is_snapshot
from probe.classify.facts import Facts
from probe.classify.flows import Flow, flow_of
from probe.classify.outcomes import Ending, ending_of
from probe.classify.remember import once
from probe.classify.spots import Spot, Truth
from probe.model.observation import HttpObservation
from probe.model.words import Family, Protocol


@dataclass(frozen=True)
class Downloads:
    """Downloads of one family: the endpoint's, and others' beside them."""

    facts: Facts
    family: Family | None

    @once
    def spots(self) -> tuple[Spot, ...]:
        """Addresses of the endpoint at which something was fetched or shaken."""
        return tuple(
            s
            for s in self.facts.spots_of(self.family)
            if s.truth is not Truth.FALSE and (s.fetches or s.target)
        )

    @once
    def target(self) -> tuple[Flow, ...]:
        """Downloads from the endpoint."""
        return tuple(flow_of(o) for s in self.spots for o in s.fetches if self._counts(o))

    def _counts(self, o: HttpObservation) -> bool:
        own = o.host.partition(":")[0].lower() == self.facts.host
        over_tls = self.facts.protocol is Protocol.HTTPS
        return own and o.over_tls is over_tls and ending_of(o.failure) is not Ending.OURS

    @once
    def same_address(self) -> tuple[Flow, ...]:
        """C1: downloads from the same addresses under another name."""
        return tuple(
            flow_of(o)
            for s in self.spots
            for o in s.control_fetches
            if ending_of(o.failure) is not Ending.OURS
        )

    @once
    def fails_whatever_name(self) -> bool:
        """Whether pages stop or never come, under the endpoint's name and under another one.

        Not where they stop as in a freeze: that is told by how alike many of them stop.
        """
        flows = (*self.target, *self.same_address)
        is_tried = bool(self.target and self.same_address) and not self.stalls
        return is_tried and all(f.has_stalled or f.seen.status is None for f in flows)

    @once
    def elsewhere_flows(self) -> tuple[Flow, ...]:
        """C4, C5: downloads from unrelated hosts."""
        return tuple(flow_of(o) for o in self.facts.others if isinstance(o, HttpObservation))

    @once
    def control_rate_bps(self) -> float | None:
        """How fast this line is: controls asked for this endpoint, else those of the gates."""
        rates = [f.rate_bps for f in self.elsewhere_flows if f.rate_bps and f.bytes >= 16_384]
        if rates:
            return median(rates)
        return line_rate_bps(self.facts, self.family)

    @once
    def is_line_fast(self) -> bool:
        """Whether the line is fast enough to tell slow from slowed."""
        return (self.control_rate_bps or 0.0) >= k.CONTROL_RATE_MIN_BPS

    @once
    def rate_bps(self) -> float | None:
        """The endpoint's median pace, over downloads that say something."""
        rates = [f.rate_bps for f in self.target if f.rate_bps and f.bytes >= 16_384]
        return median(rates) if rates else None

    @once
    def slow(self) -> tuple[Flow, ...]:
        """Downloads from the endpoint that are slow beside the line, in one look's terms.

        None where most are not: a lossy line slows one in a few.
        """
        control = self.control_rate_bps
        told = [
            f
            for f in self.target
            if f.rate_bps is not None and not f.has_stalled and f.bytes >= 16_384
        ]
        if control is None:
            return ()
        bound_bps = min(k.LOOK_RATE_MAX_BPS, k.LOOK_RATIO_MAX * control)
        slow = tuple(f for f in told if (f.rate_bps or 0.0) < bound_bps)
        return slow if 2 * len(slow) > len(told) else ()

    @once
    def is_fast_at_home(self) -> bool:
        """Whether a vantage of our own country reads the endpoint ten times as fast, now."""
        home, own = self.facts.vantage.facts.country, self.rate_bps
        rates = [
            f.rate_bps
            for o in self.facts.elsewhere
            if isinstance(o, HttpObservation)
            and not is_snapshot(o.vantage)
            and home is not None
            and country_of(o.vantage) == home
            and (f := flow_of(o)).bytes >= 16_384
            and f.rate_bps
        ]
        return own is not None and bool(rates) and own < k.LOOK_RATIO_MAX * median(rates)

    @once
    def same_address_rate_bps(self) -> float | None:
        """The pace under another name at the same addresses."""
        rates = [f.rate_bps for f in self.same_address if f.rate_bps and f.bytes >= 16_384]
        return median(rates) if rates else None

    # --- freezes ----------------------------------------------------------------------------------

    @once
    def stalls(self) -> tuple[Flow, ...]:
        """Downloads that stopped for good after 6 to 40 KB."""
        return tuple(
            f
            for f in self.target
            if f.has_stalled and k.FREEZE_MIN_BYTES <= f.bytes <= k.FREEZE_MAX_BYTES
        )

    @once
    def stalls_at_once(self) -> bool:
        """Whether downloads stop before any that a freeze lets begin: within the first packets."""
        stopped = [f for f in self.target if f.has_stalled]
        return bool(stopped) and all(f.bytes < k.FREEZE_MIN_BYTES for f in stopped)

    @once
    def stalls_alike(self) -> bool:
        """Whether all downloads stop, and at nearly the same byte."""
        return stops_alike(self.stalls, len(self.target))

    @once
    def stops_by(self) -> Literal["packets", "bytes"] | None:
        """What downloads stop by, as connections of nothing but PINGs tell."""
        pings = [p for p in self.facts.pings if p.method == "h2" and p.family is self.family]
        return stops_by(pings, self.stalls)

    @once
    def controls_go_further(self) -> bool:
        """Whether other downloads on this line pass the point at which these stop."""
        far = [*self.same_address, *self.elsewhere_flows]
        return any(f.bytes > k.FREEZE_MAX_BYTES for f in far) or self.is_line_fast

    @once
    def stalls_here_and_elsewhere(self) -> bool:
        """Whether every download stops, here and at every other vantage point that tried."""
        there = [flow_of(o) for o in self.facts.elsewhere if isinstance(o, HttpObservation)]
        return (
            bool(there)
            and all(f.has_stalled for f in there)
            and all(f.has_stalled for f in self.target)
        )

    @once
    def elsewhere_goes_further(self) -> bool:
        """Whether another vantage point reads more than that from the endpoint itself, now."""
        return any(
            isinstance(o, HttpObservation)
            and not is_snapshot(o.vantage)
            and flow_of(o).bytes > k.FREEZE_MAX_BYTES
            for o in self.facts.elsewhere
        )

    @once
    def same_address_goes_further(self) -> bool:
        """Whether the same address serves more under another name."""
        return any(f.bytes > k.FREEZE_MAX_BYTES for f in self.same_address)


def line_rate_bps(facts: Facts, family: Family | None) -> float | None:
    """Return this line's pace in a family; IPv6 is not what IPv4 is."""
    told = facts.vantage.facts
    if family is Family.IPV6 and told.rate_bps_by_family:
        return told.rate_bps_by_family.get(family.value)
    return told.rate_bps
