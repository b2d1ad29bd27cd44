"""What the system's resolver named where nobody serves: a dead server, a stranger, or nowhere."""

from dataclasses import dataclass

from probe.classify.addresses import is_bogon, is_nat64, is_nobodys
from probe.classify.elsewhere import Elsewhere
from probe.classify.outcomes import Ending
from probe.classify.remember import once
from probe.classify.spots import Truth
from probe.classify.statements import ENCRYPTED, Said, is_system
from probe.classify.testimony import Testimony


@dataclass(frozen=True)
class DeadAnswers(Testimony):
    """Answers that lead nowhere, though other addresses of the name serve."""

    def is_dead(self, s: Said) -> bool:
        """Whether all addresses of an answer were tried, and none served the name."""
        if s.answer is None or not s.answer.addresses:
            return False
        spots = [spot for a in s.answer.addresses if (spot := self.spots.get(a)) is not None]
        tried = [spot for spot in spots if spot.connects]
        # What no public host can have is not tried at all, and serves nobody.
        nowhere = [spot for spot in spots if not spot.connects and is_bogon(spot.address)]
        return bool(tried or nowhere) and all(
            spot.truth is Truth.UNKNOWN
            and (spot.target or all(o.failure is not None for o in spot.connects))
            for spot in tried
        )

    @once
    def dead_answers(self) -> tuple[Said, ...]:
        """What the system's resolver named, where none of it serves, though other addresses do."""
        proved = {s.family for s in self.facts.spots if s.truth is Truth.PROVED}
        if not proved and self.names_nobody:
            return tuple(s for s in self.system if s.kind is Ending.DONE)
        if not proved or (self.family not in {None, *proved} and not self.is_denied_family):
            return ()
        named = [s for s in self.system if s.kind is Ending.DONE]
        dead = [s for s in named if s.is_true is None and self.is_dead(s)]
        return tuple(dead) if len(dead) == len(named) else ()

    @once
    def names_nobody(self) -> bool:
        """Whether the system's resolver names only null or loopback addresses, and others answer.

        In the clear nothing is ever proved; that somebody answers elsewhere has to do.
        """
        named = [a for s in self.system if s.answer is not None for a in s.answer.addresses]
        return (
            bool(named)
            and all(is_nobodys(a) for a in named)
            and any(
                not is_bogon(s.address) and any(o.status is not None for o in s.fetches)
                for s in self.facts.spots_of(self.family)
            )
        )

    @once
    def system_names_nothing(self) -> bool:
        """Whether clients here learn no address of any family, though others name some.

        A page that came from such an address came by a way that clients do not go.
        """
        own = [o for o in self.facts.dns if is_system(o)]
        return (
            bool(self.system)
            and not any(o.addresses for o in own)
            and any(s.kind is Ending.DONE for s in self.said)
        )

    @once
    def is_named_only_here(self) -> bool:
        """Whether the name exists for this network's resolvers alone, and no address proves it.

        Whatever answers there, or does not, says nothing of a service that is not there.
        """
        named = [s for s in self.system if s.kind is Ending.DONE]
        if not named or any(s.is_true for s in self.said):
            return False
        if any(s.truth is Truth.PROVED for s in self.facts.spots):
            return False
        if any(o.addresses for o in self.facts.dns if o.transport in ENCRYPTED):
            return False
        elsewhere = Elsewhere(self.facts.elsewhere, self.facts.vantage.facts.country)
        denied = [s.kind is Ending.NXDOMAIN for s in self.encrypted]
        return all(denied) if denied else elsewhere.is_down("dns", {Ending.NXDOMAIN})

    @once
    def zone_names_nobody(self) -> bool:
        """Whether the name leads nowhere by its owner's or registry's will, for everyone.

        One operator alone may filter; it absolves the system's resolver, and proves no more.
        """
        if len({s.seen.resolver for s in self.encrypted if s.kind is Ending.DONE}) == 1:
            return False
        told = [s.answer for s in self.first_said if s.answer is not None and s.kind is Ending.DONE]
        return (
            bool(told)
            and any(s.kind is Ending.DONE for s in self.system)
            and all(
                self.is_zones_own(answer) and all(map(is_nobodys, answer.addresses))
                for answer in told
            )
        )

    @once
    def is_denied_family(self) -> bool:
        """Whether two verified resolvers say that the name has no address of this family.

        Where a resolver makes addresses up for IPv6-only lines (RFC 6147) they are no lies.
        """
        denying = {s.seen.resolver for s in self.encrypted if s.kind is Ending.NODATA}
        affirmed = any(s.kind is Ending.DONE for s in self.encrypted)
        return len(denying) >= 2 and not affirmed and not any(is_nat64(a) for a in self.spots)

    @once
    def is_strangers_network(self) -> bool:
        """Whether those addresses are in networks that have nothing to do with the endpoint.

        Not its networks, not those of its proved addresses, not the access network's (caches).
        """
        geo = self.facts.knowledge.geo
        known = set(self.facts.endpoint.networks)
        proved = [s.address for s in self.facts.spots if s.truth is Truth.PROVED]
        known |= {n.asn for n in map(geo.network_of, proved) if n is not None}
        known |= set(self.facts.vantage.facts.asns)
        named = [a for s in self.dead_answers if s.answer is not None for a in s.answer.addresses]
        networks = [geo.network_of(a) for a in named]
        home = self.facts.vantage.facts.country
        return bool(networks) and all(
            n is not None and n.asn not in known and (home is None or n.country != home)
            for n in networks
        )
