"""What became of handshakes with the endpoint's name, beside those with a neutral one."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from probe.classify import constants as k
from probe.classify.chains import Chain
from probe.classify.elsewhere import Elsewhere
from probe.classify.facts import Facts, Spot, Truth
from probe.classify.fingerprints import is_censors, match_certificate
from probe.classify.handshakes import Handshake
from probe.classify.outcomes import Ending
from probe.classify.statistics import Stratum, discordance_p, fully_discordant
from probe.model.words import Family, Flag

Arms = Literal["alive", "dead"] | None
"""What a control did: answered, or failed; None: not tried."""


@dataclass(frozen=True)
class TlsLook:
    """The evidence of one family for the TLS rules."""

    facts: Facts
    family: Family | None

    @cached_property
    def spots(self) -> tuple[Spot, ...]:
        """Addresses that may be the endpoint's, with at least one handshake for its name."""
        return tuple(
            s
            for s in self.facts.spots_of(self.family)
            if s.truth is not Truth.FALSE and any(_counts(h) for h in s.target)
        )

    @cached_property
    def tries(self) -> tuple[Handshake, ...]:
        """Handshakes with the endpoint's name and the ordinary hello."""
        return tuple(h for s in self.spots for h in s.target if _counts(h))

    @cached_property
    def verified(self) -> tuple[Handshake, ...]:
        """Those that proved the name."""
        return tuple(h for h in self.tries if h.is_verified)

    @cached_property
    def unverified(self) -> tuple[Handshake, ...]:
        """Those that completed with a chain that proves nothing."""
        return tuple(h for h in self.tries if h.ending is Ending.DONE and not h.is_verified)

    @cached_property
    def failures(self) -> tuple[Handshake, ...]:
        """Those that did not complete."""
        return tuple(h for h in self.tries if h.ending is not Ending.DONE)

    @cached_property
    def all_fail(self) -> bool:
        """Whether none completed."""
        return bool(self.failures) and not self.verified and not self.unverified

    @cached_property
    def kind(self) -> Ending | None:
        """How most of the failing ones ended."""
        counted = Counter(h.ending for h in self.failures)
        return counted.most_common(1)[0][0] if counted else None

    @cached_property
    def failing_spots(self) -> tuple[Spot, ...]:
        """Addresses at which the name never completed a handshake."""
        return tuple(
            s
            for s in self.spots
            if all(h.ending is not Ending.DONE for h in s.target if _counts(h))
        )

    @cached_property
    def is_by_address(self) -> bool:
        """Whether each address always works or always fails, and there are both."""
        always_ok = [s for s in self.spots if all(h.is_verified for h in s.target if _counts(h))]
        return bool(self.failing_spots and always_ok) and (
            len(self.failing_spots) + len(always_ok) == len(self.spots)
        )

    @cached_property
    def has_recovered(self) -> bool:
        """Whether only first tries failed, and at least two later ones at that address passed."""
        failing = [s for s in self.spots if any(not h.is_verified for h in s.target if _counts(h))]
        return bool(failing) and all(_recovered(s) for s in failing)

    # --- controls ---------------------------------------------------------------------------------

    @cached_property
    def controls(self) -> tuple[Handshake, ...]:
        """C1: handshakes with a neutral name, at addresses where the endpoint's name fails."""
        spots = self.failing_spots or self.spots
        return tuple(h for s in spots for h in s.control if _counts(h))

    @cached_property
    def c1(self) -> Arms:
        """Whether a neutral name is answered where the endpoint's is not."""
        if not self.controls:
            return None
        return "alive" if any(h.is_alive for h in self.controls) else "dead"

    @cached_property
    def c1_large(self) -> bool:
        """Whether a control's answer took more than one packet: large packets pass."""
        return any(h.is_alive and h.is_large for h in self.controls)

    @cached_property
    def c1_fails_alike(self) -> bool:
        """Whether the controls fail, and in the same way as the name."""
        return self.c1 == "dead" and all(h.ending is self.kind for h in self.controls)

    @cached_property
    def was_rechecked(self) -> bool:
        """Whether a control was tried again after a wait, and failed still."""
        named = max((h.seen.started_at for h in self.failures), default=None)
        return named is not None and any(
            h.seen.attempt >= k.RECHECK_ROUND
            and not h.is_alive
            and abs((h.seen.started_at - named).total_seconds()) >= k.RECHECK_GAP_S
            for h in self.controls
        )

    @cached_property
    def residual(self) -> bool:
        """Whether a control failed right after the name did, and passed at another time."""
        return self.c1 == "alive" and any(not h.is_alive for h in self.controls)

    @cached_property
    def c2(self) -> Arms:
        """Whether the endpoint's name is answered at a neutral host that answers neutral names."""
        host, verdicts = self.facts.host, []
        abroad = [h for h in self.facts.abroad if _counts(h)]
        for address in {h.seen.address for h in abroad}:
            at = [h for h in abroad if h.seen.address == address]
            baseline = [h for h in at if h.seen.server_name != host]
            named = [h for h in at if h.seen.server_name == host]
            # A host that does not answer any name we like is no witness.
            if named and baseline and all(h.is_alive for h in baseline):
                verdicts.append(any(h.is_alive for h in named))
        if not verdicts:
            return None
        return "alive" if any(verdicts) else "dead"

    @cached_property
    def elsewhere(self) -> Elsewhere:
        """What other vantage points saw."""
        return Elsewhere(self.facts.elsewhere, self.facts.vantage.facts.country)

    @cached_property
    def is_name(self) -> bool:
        """Whether changing nothing but the name (C1), or nothing but the host (C2), tells."""
        return self.c1 == "alive" or self.c2 == "dead"

    # --- timing, acknowledgement ------------------------------------------------------------------

    @cached_property
    def too_soon(self) -> tuple[Handshake, ...]:
        """Failures that came before anything of the server's could have."""
        return tuple(h for h in self.failures if h.is_too_soon)

    @cached_property
    def is_injected(self) -> bool:
        """Whether most timed failures came too soon."""
        timed = [h for h in self.failures if h.ratio is not None]
        return bool(self.too_soon) and 2 * len(self.too_soon) > len(timed)

    @cached_property
    def is_rewritten(self) -> bool:
        """Whether resets come with the server's own timing although nobody took the hello."""
        timed = [h for h in self.failures if h.ratio is not None and h.ending is Ending.RESET]
        fits = [
            h
            for h in timed
            if k.REWRITE_RATIO_MIN <= (h.ratio or 0.0) <= k.REWRITE_RATIO_MAX
            and h.is_acked is False
        ]
        return bool(fits) and 2 * len(fits) > len(timed)

    @cached_property
    def is_like_servers(self) -> bool:
        """Whether the end looks like the peer's own: the hello was taken, and a round trip passed.

        Boxes that cut at the name do not acknowledge it (lab.md 5: bytes_acked 1); a server's
        kernel does, unless it resets first (techniques 0.5).
        """
        told = [h for h in self.failures if h.ratio is not None and h.is_acked is not None]
        own = [h for h in told if h.is_acked and (h.ratio or 0.0) >= k.REWRITE_RATIO_MIN]
        return bool(own) and 2 * len(own) > len(told)

    @cached_property
    def is_servers_own(self) -> bool:
        """Whether it looks like the peer's own, and nothing speaks against that."""
        spoken = self.c2 == "dead" or (self.c1 == "alive" and self.elsewhere.passing("tls"))
        return self.is_like_servers and not spoken

    @cached_property
    def acked(self) -> bool | None:
        """Whether the hello was acknowledged, in most failures for which the system tells."""
        told = [h.is_acked for h in self.failures if h.is_acked is not None]
        if not told:
            return None
        return 2 * sum(told) > len(told)

    # --- the exact test ---------------------------------------------------------------------------

    @cached_property
    def strata(self) -> tuple[Stratum, ...]:
        """Attempts of the rounds, by address and block; the first look is never counted."""
        return tuple(stratum for s in self.spots for stratum in strata_of(s.target, s.control))

    @cached_property
    def p_value(self) -> float | None:
        """Of the exact test over the rounds."""
        return discordance_p(self.strata)

    @cached_property
    def is_discordant(self) -> bool:
        """Whether every round failed with the name and passed without."""
        return fully_discordant(self.strata)

    @cached_property
    def n_target(self) -> int:
        """Attempts with the name: those of the rounds where there are any."""
        return sum(s.target for s in self.strata) or len(self.tries)

    @cached_property
    def n_control(self) -> int:
        """Attempts with a neutral name at the same addresses."""
        return sum(s.control for s in self.strata) or len(self.controls)

    # --- certificates -----------------------------------------------------------------------------

    @cached_property
    def foreign(self) -> tuple[tuple[Handshake, Chain], ...]:
        """Completed handshakes whose chain proves nothing, with the chain."""
        return tuple((h, h.chain) for h in self.unverified if h.chain is not None)

    @cached_property
    def reason(self) -> str | None:
        """Why most of those chains prove nothing."""
        counted = Counter(c.reason for _, c in self.foreign)
        return counted.most_common(1)[0][0] if counted else None

    @cached_property
    def certificate_artefacts(self) -> int:
        """Sightings of certificates that are known to be a censor's."""
        knowledge = self.facts.knowledge
        return sum(
            any(is_censors(f, knowledge) for f in match_certificate(c, knowledge))
            for _, c in self.foreign
        )

    @cached_property
    def page_artefacts(self) -> int:
        """Sightings of a known block page behind a certificate that proves nothing."""
        knowledge = self.facts.knowledge
        return sum(
            any(m.startswith("fp:") and is_censors(m[3:], knowledge) for m in fetch.marks)
            for s in self.spots
            for fetch in s.fetches
            if fetch.over_tls
        )

    @cached_property
    def control_leaves(self) -> frozenset[str]:
        """Leaf certificates shown for neutral names at the same addresses."""
        return frozenset(
            h.chain.leaf_sha256 for s in self.spots for h in s.control if h.chain is not None
        )

    @cached_property
    def shows_one_certificate(self) -> bool:
        """Whether neutral names are shown the very same certificate: the server's own, whoever's.

        A censor that answers for the whole address would do the same.
        """
        return bool(self.control_leaves) and all(
            c.leaf_sha256 in self.control_leaves for _, c in self.foreign
        )

    @cached_property
    def controls_are_genuine(self) -> bool:
        """Whether neutral names are shown a certificate of a public root at these addresses."""
        return any(h.chain is not None and h.chain.anchored for s in self.spots for h in s.control)

    @cached_property
    def forges_neutral(self) -> bool:
        """Whether a neutral name, which nobody can own, was shown a certificate made out for it."""
        return any(
            h.chain is not None and h.chain.names_it and not h.chain.anchored
            for s in self.spots
            for h in s.control
        )

    @cached_property
    def trust_local(self) -> bool:
        """Whether only roots that this machine adds vouch for it."""
        return any(c.trust_local for _, c in self.foreign)

    @cached_property
    def same_leaf_elsewhere(self) -> bool:
        """Whether other vantage points were shown the same certificate."""
        leaves = self.elsewhere.leaves()
        return bool(leaves) and all(h.seen.chain[0] in leaves for h, _ in self.foreign)

    # --- other hellos -----------------------------------------------------------------------------

    def variant(self, *hellos: str) -> Arms:
        """Return what the name did with other hellos, at addresses where it fails."""
        seen = [h for s in self.spots for h in s.variants if h.seen.hello in hellos and _counts(h)]
        if not seen:
            return None
        return "alive" if all(h.is_verified for h in seen) else "dead"

    # --- what every look has ----------------------------------------------------------------------

    @cached_property
    def evidence(self) -> tuple[str, ...]:
        """Ids of the observations that carry it."""
        carrying = (*self.failures, *self.unverified) or self.verified
        controls = self.controls if carrying is not self.verified else ()
        return tuple(h.seen.id for h in (*carrying, *controls))

    @cached_property
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
            parts.append(f"{alive} of {len(self.controls)} with a neutral name were answered")
        if self.c2 is not None:
            parts.append(f"the name at a neutral host: {self.c2}")
        return "; ".join(parts)

    @cached_property
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


def strata_of(target: Iterable[Handshake], control: Iterable[Handshake]) -> list[Stratum]:
    """Return the rounds at one address by block: orders were drawn within a block only."""
    strata = []
    for first, last in k.BLOCKS:
        own = [h for h in target if first <= h.seen.attempt <= last and _counts(h)]
        other = [h for h in control if first <= h.seen.attempt <= last and _counts(h)]
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


def _counts(h: Handshake) -> bool:
    return h.ending is not Ending.OURS


def _recovered(spot: Spot) -> bool:
    outcomes = [h.is_verified for h in spot.target if _counts(h)]
    return not outcomes[0] and len(outcomes) > k.ARTEFACT_SIGHTINGS and all(outcomes[1:])


def _timing(failures: tuple[Handshake, ...]) -> str:
    h = failures[0]
    after = "" if h.seen.failed_after_s is None else f" {h.seen.failed_after_s * 1000:.0f} ms"
    rtt = "" if h.rtt_s is None else f" (round trip {h.rtt_s * 1000:.0f} ms)"
    acked = {True: ", hello acknowledged", False: ", hello never acknowledged", None: ""}
    return f"{h.ending.value}{after} after the name{rtt}{acked[h.is_acked]}"
