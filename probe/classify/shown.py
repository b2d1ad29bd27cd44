"""The handshakes of one family with the endpoint's name, and the certificates that were shown."""

from collections import Counter
from dataclasses import dataclass

from probe.classify import constants as k
from probe.classify.chains import Chain
from probe.classify.elsewhere import Elsewhere
from probe.classify.facts import Facts
from probe.classify.fingerprints import is_censors, match_certificate
from probe.classify.handshakes import Handshake
from probe.classify.outcomes import Ending, ending_of
from probe.classify.remember import once
from probe.classify.spots import Spot, Truth
from probe.model.observation import TcpObservation
from probe.model.words import Arm, Family


@dataclass(frozen=True)
class Shown:
    """What handshakes there were, and what they showed."""

    facts: Facts
    family: Family | None

    @once
    def spots(self) -> tuple[Spot, ...]:
        """Addresses that may be the endpoint's, with at least one handshake for its name."""
        return tuple(
            s
            for s in self.facts.spots_of(self.family)
            if s.truth is not Truth.FALSE and any(counts(h) for h in s.target)
        )

    @once
    def tries(self) -> tuple[Handshake, ...]:
        """Handshakes with the endpoint's name and the ordinary hello."""
        return tuple(h for s in self.spots for h in s.target if counts(h))

    @once
    def verified(self) -> tuple[Handshake, ...]:
        """Those that proved the name."""
        return tuple(h for h in self.tries if h.is_verified)

    @once
    def unverified(self) -> tuple[Handshake, ...]:
        """Those that completed with a chain that proves nothing."""
        return tuple(h for h in self.tries if h.ending is Ending.DONE and not h.is_verified)

    @once
    def failures(self) -> tuple[Handshake, ...]:
        """Those that did not complete."""
        return tuple(h for h in self.tries if h.ending is not Ending.DONE)

    @once
    def all_fail(self) -> bool:
        """Whether none completed."""
        return bool(self.failures) and not self.verified and not self.unverified

    @once
    def kind(self) -> Ending | None:
        """How most of the failing ones ended."""
        counted = Counter(h.ending for h in self.failures)
        return counted.most_common(1)[0][0] if counted else None

    @once
    def failing_spots(self) -> tuple[Spot, ...]:
        """Addresses at which the name never completed a handshake."""
        return tuple(
            s for s in self.spots if all(h.ending is not Ending.DONE for h in s.target if counts(h))
        )

    @once
    def is_by_address(self) -> bool:
        """Whether each address always works or always fails, and there are both."""
        always_ok = [s for s in self.spots if all(h.is_verified for h in s.target if counts(h))]
        return bool(self.failing_spots and always_ok) and (
            len(self.failing_spots) + len(always_ok) == len(self.spots)
        )

    @once
    def has_recovered(self) -> bool:
        """Whether only first tries failed, and at least two later ones at that address passed."""
        failing = [s for s in self.spots if any(not h.is_verified for h in s.target if counts(h))]
        return bool(failing) and all(recovered(s) for s in failing)

    @once
    def elsewhere(self) -> Elsewhere:
        """What other vantage points saw."""
        return Elsewhere(self.facts.elsewhere, self.facts.vantage.facts.country)

    # --- certificates -----------------------------------------------------------------------------

    @once
    def foreign(self) -> tuple[tuple[Handshake, Chain], ...]:
        """Completed handshakes whose chain proves nothing, with the chain."""
        return tuple((h, h.chain) for h in self.unverified if h.chain is not None)

    @once
    def reason(self) -> str | None:
        """Why most of those chains prove nothing."""
        counted = Counter(c.reason for _, c in self.foreign)
        return counted.most_common(1)[0][0] if counted else None

    @once
    def certificate_artefacts(self) -> int:
        """Sightings of certificates that are known to be a censor's."""
        knowledge = self.facts.knowledge
        return sum(
            any(is_censors(f, knowledge) for f in match_certificate(c, knowledge))
            for _, c in self.foreign
        )

    @once
    def page_artefacts(self) -> int:
        """Sightings of a known block page behind a certificate that proves nothing."""
        knowledge = self.facts.knowledge
        return sum(
            any(m.startswith("fp:") and is_censors(m[3:], knowledge) for m in fetch.marks)
            for s in self.spots
            for fetch in s.fetches
            if fetch.over_tls
        )

    @once
    def control_leaves(self) -> frozenset[str]:
        """Leaf certificates shown for neutral names at the same addresses."""
        return frozenset(
            h.chain.leaf_sha256 for s in self.spots for h in s.control if h.chain is not None
        )

    @once
    def shows_one_certificate(self) -> bool:
        """Whether neutral names are shown the very same certificate: the server's own, whoever's.

        A censor that answers for the whole address would do the same.
        """
        return bool(self.control_leaves) and all(
            c.leaf_sha256 in self.control_leaves for _, c in self.foreign
        )

    @once
    def is_shown_otherwise(self) -> bool:
        """Whether another certificate was seen: for neutral names here, or for the name elsewhere.

        A server that shows nothing else may have a bad certificate of its own.
        """
        elsewhere = bool(self.elsewhere.passing("tls")) and not self.same_leaf_elsewhere
        return bool(self.control_leaves) or elsewhere

    @once
    def controls_are_genuine(self) -> bool:
        """Whether neutral names are shown a certificate of a public root at these addresses."""
        return any(h.chain is not None and h.chain.anchored for s in self.spots for h in s.control)

    @once
    def forges_neutral(self) -> bool:
        """Whether a neutral name, which nobody can own, was shown a certificate made out for it."""
        return any(
            h.chain is not None and h.chain.names_it and not h.chain.anchored
            for s in self.spots
            for h in s.control
        )

    @once
    def trust_local(self) -> bool:
        """Whether only roots that this machine adds vouch for it."""
        return any(c.trust_local for _, c in self.foreign)

    @once
    def is_local_product(self) -> bool:
        """Whether the issuer names itself as a program that opens connections."""
        return all(
            any(word in chain.issuer.lower() for word in k.LOCAL_ISSUERS)
            for _, chain in self.foreign
        )

    @once
    def is_clock_right(self) -> bool:
        """Whether the gates found our clock to agree with the controls'."""
        return any(g.gate == "clock" and g.outcome == "pass" for g in self.facts.vantage.gates)

    @once
    def same_leaf_elsewhere(self) -> bool:
        """Whether other vantage points were shown the same certificate."""
        leaves = self.elsewhere.leaves()
        return bool(leaves) and all(h.seen.chain[0] in leaves for h, _ in self.foreign)


def counts(h: Handshake) -> bool:
    """Whether a handshake says anything about the network beyond this machine."""
    return h.ending is not Ending.OURS


def recovered(spot: Spot) -> bool:
    """Whether only the first try failed, of at least three."""
    outcomes = [h.is_verified for h in spot.target if counts(h)]
    return not outcomes[0] and len(outcomes) > k.ARTEFACT_SIGHTINGS and all(outcomes[1:])


def shut_out(spot: Spot) -> tuple[TcpObservation, ...]:
    """Return C1's connections that failed at an address after the name failed in one made there."""
    failed = [h.seen.started_at for h in spot.target if counts(h) and h.ending is not Ending.DONE]
    return tuple(
        o
        for o in spot.connects
        if o.arm is Arm.C1
        and o.failure is not None
        and ending_of(o.failure) is not Ending.OURS
        and any(at < o.started_at for at in failed)
    )
