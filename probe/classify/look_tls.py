"""What became of handshakes with the endpoint's name, beside those with a neutral one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from probe.classify import constants as k
from probe.classify.addresses import family_of
from probe.classify.handshakes import FarEnd, Handshake
from probe.classify.outcomes import Ending
from probe.classify.remember import once
from probe.classify.shown import Shown, counts, shut_out
from probe.classify.statistics import (
    Stratum,
    discordance_p,
    fully_discordant,
    often_discordant,
    sooner_than_all_p,
)
from probe.model.observation import TcpObservation
from probe.model.words import Flag

Arms = Literal["alive", "dead"] | None
"""What a control did: answered, or failed; None: not tried."""


@dataclass(frozen=True)
class TlsLook(Shown):
    """The evidence of one family for the TLS rules."""

    # --- controls ---------------------------------------------------------------------------------

    @once
    def controls(self) -> tuple[Handshake, ...]:
        """C1: handshakes with a neutral name, at addresses where the endpoint's name fails."""
        spots = self.failing_spots or self.spots
        return tuple(h for s in spots for h in s.control if counts(h))

    @once
    def c1(self) -> Arms:
        """Whether a neutral name is answered where the endpoint's is not."""
        if not self.controls:
            return "dead" if self.shut_out else None
        return "alive" if any(h.is_alive for h in self.controls) else "dead"

    @once
    def is_name_here_only(self) -> bool:
        """Whether another vantage greets the name now, and no neutral one was tried here.

        To an address no name is sent (RFC 6066 section 3): nobody can have read one.
        """
        is_named = family_of(self.facts.host) is None
        where = frozenset(s.address for s in self.failing_spots)
        return is_named and self.c1 is None and bool(self.elsewhere.greeted(where))

    @once
    def shut_out(self) -> tuple[TcpObservation, ...]:
        """Connections for a neutral name that were not made, soon after the name had failed there.

        What a filter remembers of our name may meet the next connection already, and not only the
        next hello (techniques 1.9); so may a server's ban, or its end.
        """
        return tuple(o for s in self.failing_spots for o in shut_out(s))

    @once
    def c1_large(self) -> bool:
        """Whether a control's answer took more than one packet: large packets pass."""
        return any(h.is_alive and h.is_large for h in self.controls)

    @once
    def c1_fails_alike(self) -> bool:
        """Whether the controls fail, and in the same way as the name."""
        if self.c1 != "dead":
            return False
        return bool(self.controls) and all(h.ending is self.kind for h in self.controls)

    @once
    def c1_is_hit(self) -> bool:
        """Whether neutral names meet the same end right afterwards, or no connection any more."""
        return self.c1_fails_alike or (self.c1 == "dead" and bool(self.shut_out))

    @once
    def was_rechecked(self) -> bool:
        """Whether a control was tried again after a wait, and failed still, in the same way.

        What came sooner than the server could has to come so again: many servers refuse a neutral
        name by themselves, a round trip later.
        """
        again = [
            h
            for h in self.controls
            if h.seen.attempt >= k.RECHECK_ROUND and not h.is_alive and self._is_rested(h)
        ]
        return bool(again) and all(h.is_too_soon or not self.is_injected for h in again)

    def _is_rested(self, control: Handshake) -> bool:
        """Whether no attempt with the name came shortly before a control."""
        gaps = [
            (control.seen.started_at - h.seen.started_at).total_seconds() for h in self.failures
        ]
        return min((gap for gap in gaps if gap >= 0), default=0.0) >= k.RECHECK_GAP_S

    @once
    def is_steady(self) -> bool:
        """Whether the name failed every round at the failing addresses, and no control did."""
        return len(self.failures) > k.ARTEFACT_SIGHTINGS and all(h.is_alive for h in self.controls)

    @once
    def residual(self) -> bool:
        """Whether controls fail after the name did, although the name alone is the trigger."""
        is_left = bool(self.shut_out) or any(not h.is_alive for h in self.controls)
        return self.is_name and is_left

    @once
    def c2(self) -> Arms:
        """Whether the endpoint's name is answered at a neutral host that answers neutral names.

        `dead` only where the very thing happens there that happens at the endpoint, and neutral
        names pass before and soon after it: that host is everybody's, and a filter's memory of
        another endpoint's name would cut ours as well.
        """
        verdicts = [v for a in {h.seen.address for h in self._abroad} if (v := self._c2_at(a))]
        if not verdicts:
            return None
        return "alive" if "alive" in verdicts else "dead"

    @once
    def _abroad(self) -> tuple[Handshake, ...]:
        found = (h for h in self.facts.abroad if counts(h))
        return tuple(sorted(found, key=lambda h: h.seen.started_at))

    def _c2_at(self, address: str | None) -> Arms:
        at = [h for h in self._abroad if h.seen.address == address]
        named = [h for h in at if h.seen.server_name == self.facts.host]
        # A host that does not answer any name we like is no witness.
        baseline = [h for h in at if h.seen.server_name != self.facts.host]
        if not named or not baseline or not all(h.is_alive for h in baseline):
            return None
        alike = [h for h in named if self._fails_like_target(h)]
        if len(alike) < len(named):
            return "alive" if any(h.is_alive for h in named if h not in alike) else None
        times = [h.seen.started_at for h in baseline]
        return "dead" if any(is_between(h.seen.started_at, times) for h in alike) else None

    def _fails_like_target(self, h: Handshake) -> bool:
        return h.ending is self.kind and not (self.is_like_servers and not _is_like_servers(h))

    @once
    def is_name(self) -> bool:
        """Whether changing nothing but the name (C1), or nothing but the host (C2), tells."""
        return self.c1 == "alive" or self.c2 == "dead"

    # --- timing, acknowledgement ------------------------------------------------------------------

    @once
    def too_soon(self) -> tuple[Handshake, ...]:
        """Failures that came before anything of the server's could have."""
        return tuple(h for h in self.failures if h.is_too_soon)

    @once
    def too_soon_p(self) -> float:
        """How likely that is if these ends were the server's, each a round trip or more late."""
        found = [1.0]
        for s in self.spots:
            tried = (*s.target, *s.control)
            ends = [h for h in tried if counts(h) and h.ending is not Ending.DONE]
            timed = [h for h in ends if h.ratio is not None]
            made = [o for o in s.connects if o.failure is None]
            soon = [h for h in timed if h.is_too_soon]
            found.append(sooner_than_all_p(len(soon), len(timed), len(made)))
        return min(found)

    @once
    def is_physical(self) -> bool:
        """Whether so many ends came sooner than the server could send that it is no chance."""
        return len(self.too_soon) >= k.ARTEFACT_SIGHTINGS and self.too_soon_p <= k.P_PROBABLE

    @once
    def is_excused(self) -> bool:
        """Whether the name fails at its own addresses only, as a broken or refusing server's does.

        A vantage of our own country that is served there takes the excuse away.
        """
        at_home = self.elsewhere.passing_at_home("tls")
        return self.c2 == "alive" and not self.is_physical and not at_home

    @once
    def is_injected(self) -> bool:
        """Whether most timed failures came too soon."""
        timed = [h for h in self.failures if h.ratio is not None]
        return bool(self.too_soon) and 2 * len(self.too_soon) > len(timed)

    @once
    def is_rewritten(self) -> bool:
        """Whether resets come as late as the server's answers, never sooner; no hello is taken."""
        timed = [h for h in self.failures if h.ratio is not None and h.ending is Ending.RESET]
        fits = [
            h
            for h in timed
            if (h.earliest_ratio or 0.0) >= k.REWRITE_RATIO_MIN
            and (h.ratio or 0.0) <= k.REWRITE_RATIO_MAX
            and h.is_acked is False
        ]
        sooner = any((h.ratio or 0.0) < k.REWRITE_RATIO_MIN for h in timed)
        return bool(fits) and 2 * len(fits) > len(timed) and not sooner

    @once
    def is_like_servers(self) -> bool:
        """Whether the end looks like the peer's own: the hello was taken, and a round trip passed.

        Boxes that cut at the name do not acknowledge it (lab.md 5: bytes_acked 1); a server's
        kernel does, unless it resets first (techniques 0.5).
        """
        told = [h for h in self.failures if h.ratio is not None and h.is_acked is not None]
        own = [h for h in told if _is_like_servers(h)]
        return bool(own) and 2 * len(own) > len(told)

    @once
    def is_servers_own(self) -> bool:
        """Whether it looks like the peer's own, and nothing speaks against that."""
        at_home = self.c1 == "alive" and self.elsewhere.passing_at_home("tls")
        return self.is_like_servers and not (self.c2 == "dead" or at_home)

    @once
    def acked(self) -> bool | None:
        """Whether the hello was acknowledged, in most failures for which the system tells.

        Where it never tells, a responder of ours may: what arrived there was acknowledged.
        """
        told = [h.is_acked for h in self.failures if h.is_acked is not None]
        if not told:
            return None if self.far_end is None else self.far_end != "nothing"
        return 2 * sum(told) > len(told)

    @once
    def far_end(self) -> FarEnd | None:
        """What a responder of ours saw, most often, of hellos with the name that met silence."""
        named = (h for h in self._abroad if h.seen.server_name == self.facts.host)
        told = [end for h in named if (end := h.far_end) is not None]
        return max(sorted(set(told)), key=told.count, default=None)

    # --- the exact test ---------------------------------------------------------------------------

    @once
    def strata(self) -> tuple[Stratum, ...]:
        """Attempts of the rounds, by address and block; the first look is never counted.

        One hypothesis, one test (techniques 0.1): a family that fails in the same way is a stratum
        of it, not a test of its own.
        """
        own = [stratum for s in self.spots for stratum in strata_of(s.target, s.control)]
        for other in {s.family for s in self.facts.spots} - {self.family}:
            look = TlsLook(self.facts, other) if self.all_fail and self.family else None
            if look is not None and look.all_fail and look.kind is self.kind:
                own += [x for s in look.spots for x in strata_of(s.target, s.control)]
        return tuple(own)

    @once
    def p_value(self) -> float | None:
        """Of the exact test over the rounds."""
        return discordance_p(self.strata)

    @once
    def is_discordant(self) -> bool:
        """Whether every round failed with the name and passed without."""
        return fully_discordant(self.strata)

    @once
    def is_often(self) -> bool:
        """Whether the first rounds ask for more: no neutral name failed, and the target's did.

        At least half of the times; or fewer, where the end came sooner than a server could send it.
        """
        if self.kind not in {Ending.RESET, Ending.CLOSED, Ending.SILENT}:
            return False
        is_told = bool(self.strata) and not any(s.control_failed for s in self.strata)
        return often_discordant(self.strata) or (is_told and self.is_injected)

    @once
    def n_target(self) -> int:
        """Attempts with the name: those of the rounds where there are any."""
        return sum(s.target for s in self.strata) or len(self.tries)

    @once
    def n_control(self) -> int:
        """Attempts with a neutral name at the same addresses."""
        return sum(s.control for s in self.strata) or len(self.controls)

    # --- other hellos -----------------------------------------------------------------------------

    def variant(self, *hellos: str) -> Arms:
        """Return what the name did with other hellos, at addresses where it fails."""
        seen = [h for s in self.spots for h in s.variants if h.seen.hello in hellos and counts(h)]
        if not seen:
            return None
        return "alive" if all(h.is_verified for h in seen) else "dead"

    @once
    def some_version_passes(self) -> bool:
        """Whether one version alone is let through with the same name: 1.2, or 1.3 and later."""
        return "alive" in (self.variant("tls13"), self.variant("tls12"))

    @once
    def is_shape_open(self) -> bool:
        """Whether another hello with the name passes, and its shape may be why.

        Not where the same shape passes with a neutral name and the name's ends come sooner than the
        server could send them: then a box missed one hello.
        """
        passes = self.some_version_passes or self.variant("chrome") == "alive"
        return passes and not (self.is_name and self.is_physical)

    # --- what every look has ----------------------------------------------------------------------

    @once
    def evidence(self) -> tuple[str, ...]:
        """Ids of the observations that carry it."""
        carrying = (*self.failures, *self.unverified) or self.verified
        controls = self.controls if carrying is not self.verified else ()
        return tuple(h.seen.id for h in (*carrying, *controls))

    @once
    def detail(self) -> str:
        """One line of plain facts."""
        if not self.tries:
            return "no handshake tried"
        parts = [f"{len(self.verified)} of {len(self.tries)} handshakes verified"]
        if self.failures:
            parts.append(_timing(self.failures))
        if self.foreign:
            _, chain = self.foreign[0]
            parts.append(f"certificate {chain.reason} (issuer {chain.issuer or 'unreadable'})")
        if self.controls:
            alive = sum(h.is_alive for h in self.controls)
            parts.append(f"with a neutral name: {alive} of {len(self.controls)} answered")
        if self.c2 is not None:
            parts.append(f"the name at a neutral host: {self.c2}")
        return "; ".join(parts)

    @once
    def flags(self) -> tuple[Flag, ...]:
        """Things worth knowing beside the category."""
        flags = []
        if self.residual:
            flags.append(Flag.RESIDUAL_SEEN)
        if self.is_by_address:
            flags.append(Flag.ADDRESS_DEPENDENT)
        if self.failures and self.verified:
            flags.append(Flag.PARTIAL)
        if self.trust_local:
            flags.append(Flag.TRUST_LOCAL)
        if self.reason == "expired":
            flags.append(Flag.CERTIFICATE_EXPIRED)
        return tuple(flags)


def _is_like_servers(h: Handshake) -> bool:
    return bool(h.is_acked) and (h.ratio or 0.0) >= k.REWRITE_RATIO_MIN


def is_between(at: datetime, controls: Sequence[datetime]) -> bool:
    """Whether controls were tried before an attempt and soon after it.

    Soon: before what a filter remembers of another attempt can have run out in between.
    """
    after = min((c for c in controls if c > at), default=None)
    return (
        after is not None
        and any(c < at for c in controls)
        and (after - at).total_seconds() < k.RECHECK_GAP_S
    )


def strata_of(target: Iterable[Handshake], control: Iterable[Handshake]) -> list[Stratum]:
    """Return the rounds at one address by block: orders were drawn within a block only."""
    strata = []
    for first, last in k.BLOCKS:
        own = [h for h in target if first <= h.seen.attempt <= last and counts(h)]
        other = [h for h in control if first <= h.seen.attempt <= last and counts(h)]
        if own and other:
            strata.append(
                Stratum(
                    target=len(own),
                    control=len(other),
                    target_failed=sum(not h.is_verified for h in own),
                    control_failed=sum(not h.is_alive for h in other),
                )
            )
    return strata


def _timing(failures: tuple[Handshake, ...]) -> str:
    h = failures[0]
    after = "" if h.seen.failed_after_s is None else f" {h.seen.failed_after_s * 1000:.0f} ms"
    rtt = "" if h.rtt_s is None else f" (round trip {h.rtt_s * 1000:.0f} ms)"
    acked = {True: ", hello acknowledged", False: ", hello never acknowledged", None: ""}
    return f"{h.ending.value}{after} after the name{rtt}{acked[h.is_acked]}"
