"""What QUIC did at the endpoint's addresses, beside TCP and beside other names and versions."""

from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Literal

from probe.classify import constants as k
from probe.classify.counting import stops_alike, stops_by
from probe.classify.downloads import line_rate_bps
from probe.classify.elsewhere import Elsewhere, is_snapshot
from probe.classify.facts import Facts
from probe.classify.flows import Flow, flow_of
from probe.classify.look_tcp import is_line_open
from probe.classify.outcomes import Ending, ending_of
from probe.classify.remember import once
from probe.classify.spots import Spot, Truth
from probe.classify.statistics import Stratum, discordance_p, fully_discordant
from probe.model.observation import HttpObservation, QuicObservation
from probe.model.words import Family, Flag

_NEGOTIATION = "negotiation"


def is_answered(o: QuicObservation) -> bool:
    """Whether anything came back, a refusal included."""
    return o.handshake_done or o.datagrams_received > 0 or bool(o.server_versions)


@dataclass(frozen=True)
class QuicLook:
    """The evidence of one family for the QUIC rules."""

    facts: Facts
    family: Family | None

    @once
    def spots(self) -> tuple[Spot, ...]:
        """Addresses that may be the endpoint's, asked over QUIC."""
        return tuple(
            s
            for s in self.facts.spots_of(self.family)
            if s.truth is not Truth.FALSE and any(_counts(o) for o in s.quic)
        )

    def _of(self, version: str) -> tuple[QuicObservation, ...]:
        return tuple(
            o
            for s in self.spots
            for o in s.quic
            if _counts(o)
            and o.version == version
            and (version == _NEGOTIATION or o.server_name == self.facts.host)
        )

    @once
    def tries(self) -> tuple[QuicObservation, ...]:
        """Version 1, with the name."""
        return self._of("1")

    @once
    def verified(self) -> tuple[QuicObservation, ...]:
        """Those that proved the name."""
        return tuple(o for o in self.tries if o.handshake_done and self._proves(o))

    def _proves(self, o: QuicObservation) -> bool:
        chain = self.facts.chains.get(o.id)
        return chain is not None and chain.verified

    @once
    def stalls(self) -> tuple[Flow, ...]:
        """Pages that stopped coming after a verified handshake."""
        return tuple(f for f in map(flow_of, self.verified) if f.has_stalled)

    @once
    def stalls_alike(self) -> bool:
        """Whether every page stopped, at nearly the same byte."""
        return stops_alike(self.stalls, len(self.tries))

    @once
    def stops_by(self) -> Literal["packets", "bytes"] | None:
        """What pages stop by, as connections of nothing but PINGs tell."""
        pings = [p for p in self.facts.pings if p.method == "quic" and p.family is self.family]
        return stops_by(pings, self.stalls)

    @once
    def controls_go_further(self) -> bool:
        """Whether another host's QUIC carries more on this line than these pages did.

        A router that stops each UDP flow after so many packets stops everybody's.
        """
        unrelated = [flow_of(o) for o in self.facts.others if isinstance(o, QuicObservation)]
        most = max((f.bytes for f in unrelated), default=0)
        told = max(most, self.facts.vantage.facts.quic_bytes or 0)
        return bool(self.stalls) and told > k.FREEZE_MARGIN * max(f.bytes for f in self.stalls)

    @once
    def goes_further_elsewhere(self) -> bool:
        """Whether another vantage point reads more than that from the endpoint itself, now."""
        return any(
            isinstance(o, QuicObservation | HttpObservation)
            and not is_snapshot(o.vantage)
            and flow_of(o).bytes > k.FREEZE_MAX_BYTES
            for o in self.facts.elsewhere
        )

    @once
    def slow(self) -> tuple[Flow, ...]:
        """Pages that came at a tenth of this line's pace, and slower than people bear.

        Under a neutral name at the same address, once that was tried: the line's pace is that of
        TCP, and a machine that is busy reads QUIC far more slowly.
        """
        control = line_rate_bps(self.facts, self.family)
        if control is None or control < k.CONTROL_RATE_MIN_BPS:
            return ()
        control = min(control, self.neutral_rate_bps or control)
        return tuple(
            f
            for f in map(flow_of, self.verified)
            if f.rate_bps is not None
            and f.bytes >= k.GATE_TRANSFER_MIN_BYTES
            and f.rate_bps < min(k.LOOK_RATE_MAX_BPS, k.LOOK_RATIO_MAX * control)
        )

    @once
    def all_fail(self) -> bool:
        """Whether no handshake was done."""
        return bool(self.tries) and not any(o.handshake_done for o in self.tries)

    @once
    def all_silent(self) -> bool:
        """Whether nothing at all came back for the name."""
        return bool(self.tries) and not any(is_answered(o) for o in self.tries)

    @once
    def negotiates(self) -> bool:
        """Whether a probe with a reserved version was answered: UDP gets there and back."""
        return any(is_answered(o) for o in self._of(_NEGOTIATION))

    @once
    def negotiation_tried(self) -> bool:
        """Whether such a probe was sent."""
        return bool(self._of(_NEGOTIATION))

    @once
    def version_2_works(self) -> bool:
        """Whether version 2 completes with the same name."""
        return any(o.handshake_done for o in self._of("2"))

    @once
    def only_version_1_fails(self) -> bool:
        """Whether other versions are answered, twice at least and always, between its failures.

        A translator that has run out of ports drops nine in ten of whatever is new: an answer among
        silences is chance there. A server may say nothing to version 2, but then it always does.
        """
        asked, second = self._of(_NEGOTIATION), self._of("2")
        passed = [o for o in (*asked, *second) if is_answered(o)]
        times = [o.started_at for o in self.tries]
        return (
            len(passed) >= k.ARTEFACT_SIGHTINGS
            and all(map(is_answered, asked))
            and (all(map(is_answered, second)) or not any(map(is_answered, second)))
            and any(min(times) < o.started_at < max(times) for o in passed)
        )

    @once
    def controls(self) -> tuple[QuicObservation, ...]:
        """C1: version 1, a neutral name, at the same addresses."""
        return tuple(
            o for s in self.spots for o in s.control_quic if _counts(o) and o.version == "1"
        )

    @once
    def neutral_rate_bps(self) -> float | None:
        """Median pace of a neutral name's pages at the same addresses; None without one."""
        rates = [
            f.rate_bps
            for f in map(flow_of, self.controls)
            if f.rate_bps and f.bytes >= k.GATE_TRANSFER_MIN_BYTES
        ]
        return median(rates) if rates else None

    @once
    def c1(self) -> str | None:
        """Whether a neutral name is answered."""
        if not self.controls:
            return None
        return "alive" if any(is_answered(o) for o in self.controls) else "dead"

    @once
    def gate(self) -> str:
        """What the gate says of UDP/443 for everyone."""
        found = [g.outcome for g in self.facts.vantage.gates if g.gate == "udp443"]
        return found[0] if found else "unknown"

    @once
    def tcp_works(self) -> bool:
        """Whether the same name works over TCP and TLS at these addresses."""
        return any(h.is_verified for s in self.spots for h in s.target)

    @once
    def tcp_is_dead(self) -> bool:
        """Whether TCP was silent at every address of the family."""
        tried = [o for s in self.facts.spots_of(self.family) for o in s.connects]
        return bool(tried) and all(ending_of(o.failure) is Ending.SILENT for o in tried)

    @once
    def is_unreachable_like_tcp(self) -> bool:
        """Whether routers refuse both, at every address of the family."""
        tried = [o for s in self.facts.spots_of(self.family) for o in s.connects]
        endings = {ending_of(o.failure) for o in self.tries}
        return (
            bool(tried)
            and all(ending_of(o.failure) is Ending.UNREACHABLE for o in tried)
            and endings <= {Ending.UNREACHABLE, Ending.SILENT}
        )

    @once
    def elsewhere(self) -> Elsewhere:
        """What other vantage points saw."""
        return Elsewhere(self.facts.elsewhere, self.facts.vantage.facts.country)

    @once
    def is_down_elsewhere(self) -> bool:
        """Whether others meet silence too: over QUIC, or already over TCP as we do."""
        silent = {Ending.SILENT, Ending.UNREACHABLE}
        if self.elsewhere.is_down("quic", silent):
            return True
        return self.tcp_is_dead and self.elsewhere.is_down("tcp", silent)

    @once
    def works_elsewhere(self) -> bool:
        """Whether another vantage point completed a QUIC handshake."""
        return bool(self.elsewhere.passing("quic"))

    @once
    def is_vouched_for(self) -> bool:
        """Whether the addresses are alive for others, with only our network as the difference."""
        served = self.elsewhere.speaks_for_us("quic") or self.elsewhere.speaks_for_us("tcp")
        return served and self.c1 != "alive" and is_line_open(self.facts, self.family) is not False

    @once
    def closed(self) -> tuple[QuicObservation, ...]:
        """Attempts that a CONNECTION_CLOSE ended."""
        return tuple(o for o in self.tries if o.close_code is not None and not o.handshake_done)

    @once
    def closed_too_soon(self) -> int:
        """How many of those came before the server could have answered."""
        soon = 0
        for s in self.spots:
            for o in s.quic:
                if o in self.closed and s.rtt_s and s.rtt_samples >= k.RTT_SAMPLES_MIN:
                    after_s = o.first_byte_s if o.first_byte_s is not None else o.duration_s
                    soon += after_s < k.INJECTED_RATIO_MAX * s.rtt_s
        return soon

    # --- the exact test ---------------------------------------------------------------------------

    @once
    def strata(self) -> tuple[Stratum, ...]:
        """Attempts of the rounds, by address and block."""
        strata = []
        for s in self.spots:
            for first, last in (
                (1, k.FIRST_BLOCK_ROUNDS),
                (k.FIRST_BLOCK_ROUNDS + 1, k.LAST_ROUND),
            ):
                own = [o for o in s.quic if o.version == "1" and first <= o.attempt <= last]
                other = [o for o in s.control_quic if first <= o.attempt <= last]
                if own and other:
                    strata.append(
                        Stratum(
                            target=len(own),
                            control=len(other),
                            target_failed=sum(not o.handshake_done for o in own),
                            control_failed=sum(not is_answered(o) for o in other),
                        )
                    )
        return tuple(strata)

    @once
    def p_value(self) -> float | None:
        """Of the exact test over the rounds."""
        return discordance_p(self.strata)

    @once
    def is_discordant(self) -> bool:
        """Whether every round failed with the name and passed without."""
        return fully_discordant(self.strata)

    # --- what every look has ----------------------------------------------------------------------

    @once
    def evidence(self) -> tuple[str, ...]:
        """Ids of the observations that carry it."""
        return tuple(o.id for s in self.spots for o in (*s.quic, *s.control_quic))

    @once
    def detail(self) -> str:
        """One line of plain facts."""
        if not self.tries:
            return "QUIC not tried"
        ends = Counter(
            "done" if o.handshake_done else ending_of(o.failure).value for o in self.tries
        )
        parts = ["QUIC version 1: " + ", ".join(f"{n} {word}" for word, n in ends.items())]
        if self.negotiation_tried:
            parts.append("negotiation " + ("answered" if self.negotiates else "unanswered"))
        if self.c1:
            parts.append(f"a neutral name: {'answered' if self.c1 == 'alive' else 'unanswered'}")
        if self.gate != "unknown":
            parts.append(f"other hosts' QUIC: {self.gate}")
        return "; ".join(parts)

    @property
    def flags(self) -> tuple[Flag, ...]:
        """Things worth knowing beside the category."""
        return ()

    @once
    def n_target(self) -> int:
        """Attempts with the name."""
        return sum(s.target for s in self.strata) or len(self.tries)

    @once
    def n_control(self) -> int:
        """Attempts with a neutral name."""
        return sum(s.control for s in self.strata) or len(self.controls)


def _counts(o: QuicObservation) -> bool:
    return ending_of(o.failure) is not Ending.OURS
