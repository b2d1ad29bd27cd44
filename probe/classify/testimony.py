"""What the resolvers said of the name, each statement judged, grouped by who said it.

A denial is false when a trusted source affirms; an address is false when it proved false. A mere
failure to connect at an answered address is no lie.
"""

from collections.abc import Callable
from dataclasses import dataclass

from probe.classify import constants as k
from probe.classify.addresses import family_of, is_bogon
from probe.classify.elsewhere import Elsewhere, country_of
from probe.classify.facts import Facts
from probe.classify.fingerprints import is_censors, match_address
from probe.classify.outcomes import Ending, ending_of
from probe.classify.remember import once
from probe.classify.spots import Spot, Truth
from probe.classify.statements import (
    DENIALS,
    ENCRYPTED,
    QUERY_TYPES,
    Said,
    is_answered,
    is_system,
    kind_of,
    source_of,
)
from probe.model.observation import DnsAnswer, DnsObservation, TcpObservation, TlsObservation
from probe.model.words import Family, Transport


@dataclass(frozen=True)
class Testimony:
    """Who said what of one family's addresses (or, with None, of both), and whether it is true."""

    facts: Facts
    family: Family | None

    @once
    def spots(self) -> dict[str, Spot]:
        """Spots by address."""
        return {spot.address: spot for spot in self.facts.spots}

    @once
    def asked(self) -> tuple[DnsObservation, ...]:
        """Questions for addresses of this family, our own machine's trouble left out."""
        masked = set(self.facts.vantage.masked_families)
        families = (self.family,) if self.family else [f for f in Family if f not in masked]
        wanted = {QUERY_TYPES[f] for f in families}
        return tuple(
            o
            for o in self.facts.dns
            if o.query_type in wanted
            and not o.resolver.startswith("canary:")
            and ending_of(o.failure) is not Ending.OURS
        )

    @once
    def is_affirmed(self) -> bool:
        """Whether somebody trusted says that the name has addresses of this family.

        A server that is alive at an old address does not affirm a name that trusted resolvers deny:
        the name was given up, or taken away for everyone. One that was reached and said nothing
        that can be read (too many questions, garbage) neither affirms nor denies.
        """
        trusted = [o for o in self.asked if o.transport in ENCRYPTED and self.is_trusted(o)]
        answered = [o for o in trusted if is_answered(o)]
        if answered and not any(o.addresses for o in answered):
            return False
        if not answered and self._works_elsewhere():
            return True
        if not answered and self._is_denied_elsewhere():
            return False
        return any(
            spot.truth in {Truth.PROVED, Truth.ENDORSED}
            for spot in self.facts.spots_of(self.family)
            if spot.named_by or spot.truth is Truth.PROVED
        )

    def _is_denied_elsewhere(self) -> bool:
        """Whether the name does not exist for any other vantage point that looks."""
        elsewhere = Elsewhere(self.facts.elsewhere, self.facts.vantage.facts.country)
        return elsewhere.is_down("dns", {Ending.NXDOMAIN})

    def _works_elsewhere(self) -> bool:
        """Whether another vantage resolved the name and connected to what it was told."""
        told = {
            address
            for o in self.facts.elsewhere
            if isinstance(o, DnsObservation) and o.name == self.facts.evidence.endpoint.host
            for address in o.addresses
            if self.family is None or family_of(address) is self.family
        }
        return any(
            o.address in told and o.failure is None
            for o in self.facts.elsewhere
            if isinstance(o, TcpObservation | TlsObservation)
        )

    @once
    def said(self) -> tuple[Said, ...]:
        """Every message, judged."""
        return tuple(said for group in self.judged for said in group)

    @once
    def first_said(self) -> tuple[Said, ...]:
        """The first readable message of each question: what an ordinary client uses."""
        return tuple(group[0] for group in self.judged)

    @once
    def judged(self) -> tuple[tuple[Said, ...], ...]:
        """The messages of each question, judged; never an empty group."""
        return tuple(self._judged(seen) for seen in self.asked)

    def _judged(self, seen: DnsObservation) -> tuple[Said, ...]:
        readable = [a for a in seen.answers if a.malformed is None and not a.wrong_id]
        if not readable:
            kind = ending_of(seen.failure)
            kind = Ending.GARBAGE if kind is Ending.DONE else kind
            if kind is Ending.TEMPORARY and seen.duration_s < k.GAVE_UP_S:
                # The system's library says the same of silence and of a failure; silence lasts.
                kind = Ending.SERVFAIL
            return (Said(seen, None, kind, self._denial_truth(kind, seen)),)
        return tuple(self._said(seen, answer) for answer in readable)

    def _said(self, seen: DnsObservation, answer: DnsAnswer) -> Said:
        kind = kind_of(answer, seen)
        if kind is not Ending.DONE:
            return Said(seen, answer, kind, self._denial_truth(kind, seen))
        truths = [spot.truth for a in answer.addresses if (spot := self.spots.get(a)) is not None]
        if any(t in {Truth.PROVED, Truth.ENDORSED} for t in truths):
            return Said(seen, answer, kind, is_true=True)
        if truths and all(t is Truth.FALSE for t in truths):
            if self.is_zones_own(answer):
                return Said(seen, answer, kind, is_true=None)
            return Said(seen, answer, kind, is_true=False)
        if any(self._is_known_lie(name) for name in answer.cnames):
            return Said(seen, answer, kind, is_true=False, why="cname")
        return Said(seen, answer, kind, is_true=None)

    def is_zones_own(self, answer: DnsAnswer) -> bool:
        """Whether the zone itself names nobody's addresses: abroad they are told as well.

        By another vantage point's resolver, or by encrypted ones, which nobody here can forge.
        """
        home = self.facts.vantage.facts.country
        told = {
            address
            for o in self.facts.elsewhere
            if isinstance(o, DnsObservation)
            and o.name == self.facts.host
            and (home is None or country_of(o.vantage or "") != home)
            for address in o.addresses
        }
        told |= self._encrypted_addresses
        return all(is_bogon(a) and a in told for a in answer.addresses)

    @once
    def _encrypted_addresses(self) -> frozenset[str]:
        """What all verified encrypted resolvers that answer tell."""
        said = {
            o.resolver: frozenset(o.addresses)
            for o in self.asked
            if o.transport in ENCRYPTED and self.is_trusted(o) and o.addresses
        }
        return frozenset.intersection(*said.values()) if said else frozenset()

    def _is_known_lie(self, text: str) -> bool:
        knowledge = self.facts.knowledge
        return any(is_censors(f, knowledge) for f in match_address(text, knowledge))

    def _denial_truth(self, kind: Ending, seen: DnsObservation) -> bool | None:
        """A denial is false if the name is known to have addresses of this family."""
        if kind not in DENIALS or not self.is_affirmed:
            return None
        if kind is Ending.NODATA and not self._has_family(seen.query_type):
            return None
        if seen.query_type == "AAAA":
            # Resolvers that deny AAAA for everyone (home routers and hotels do) are no liars.
            return False if self.control_has("AAAA", source_of(seen)) else None
        return False

    def _has_family(self, query_type: str) -> bool:
        """Whether the name may have addresses of the kind that was asked for."""
        return self.family is not None or any(
            spot.truth in {Truth.PROVED, Truth.ENDORSED}
            for spot in self.facts.spots
            if QUERY_TYPES[spot.family] == query_type
        )

    # --- the control name at the same resolver ---------------------------------------------------

    def control_has(self, query_type: str, source: str) -> bool:
        """Whether a neutral name has addresses of this kind at that resolver."""
        if query_type == "AAAA" and source in self.facts.vantage.facts.aaaa_resolvers:
            return True
        return any(
            o.addresses and o.query_type == query_type and source_of(o) == source
            for o in self.facts.dns_control
        )

    def control_works(self, seen: DnsObservation) -> bool | None:
        """Whether the same resolver answers for a neutral name; None: not asked."""
        source = source_of(seen)
        own = [o for o in self.facts.dns_control if source_of(o) == source]
        if own:
            return any(
                a.malformed is None and not a.wrong_id and a.rcode in {0, None}
                for o in own
                for a in o.answers
            )
        facts = self.facts.vantage.facts
        if source in facts.working_resolvers:
            return True
        return False if source in facts.failing_resolvers else None

    @once
    def over_encrypted(self) -> tuple[Said, ...]:
        """What came of questions over encrypted transports, verified or not."""
        return self._of(lambda o: o.transport in ENCRYPTED)

    @once
    def is_private(self) -> bool:
        """Whether the system's resolver is this machine's or the router's own."""
        kinds = set(self.facts.vantage.facts.resolver_kinds)
        if self.facts.local is not None:
            kinds |= set(self.facts.local.resolver_kinds)
        return bool(kinds & {"loopback", "private"}) and "access" not in kinds

    # --- groups of sources -----------------------------------------------------------------------

    def _of(self, wanted: Callable[[DnsObservation], bool]) -> tuple[Said, ...]:
        return tuple(s for s in self.first_said if wanted(s.seen))

    @once
    def system(self) -> tuple[Said, ...]:
        """What the access network's own resolver said."""
        return tuple(s for s in self._of(is_system) if not self._serves_nobody(s))

    def _serves_nobody(self, s: Said) -> bool:
        """Whether it is of the server that asks in our router's stead, which answers no client."""
        return (
            self.is_private
            and s.seen.resolver.startswith("access")
            and self.control_works(s.seen) is False
        )

    @once
    def public_udp(self) -> tuple[Said, ...]:
        """What came back for questions to public resolvers over UDP."""
        return self._of(lambda o: o.transport is Transport.UDP and not is_system(o))

    @once
    def public_tcp(self) -> tuple[Said, ...]:
        """What came back for questions to public resolvers over TCP."""
        return self._of(lambda o: o.transport is Transport.TCP and not is_system(o))

    @once
    def encrypted(self) -> tuple[Said, ...]:
        """What verified encrypted resolvers said."""
        return self._of(lambda o: o.transport in ENCRYPTED and self.is_trusted(o))

    def is_trusted(self, seen: DnsObservation) -> bool:
        """Whether an encrypted resolver proved who it is."""
        chain = self.facts.chains.get(seen.id)
        return chain is not None and chain.verified
