"""What the DNS rules ask of the testimony: who lies, how, how often, and whose the liar is."""

from collections.abc import Sequence
from dataclasses import dataclass

from probe.classify import constants as k
from probe.classify.addresses import family_of, is_bogon, is_nat64, is_nobodys
from probe.classify.elsewhere import Elsewhere
from probe.classify.fingerprints import is_censors
from probe.classify.outcomes import Ending
from probe.classify.pages import owner_of
from probe.classify.remember import once
from probe.classify.silences import Silences
from probe.classify.statements import (
    CUTS,
    DENIALS,
    POLICY_CNAMES,
    Said,
    is_answered,
    words,
)
from probe.model.observation import DnsAnswer, DnsObservation
from probe.model.words import Flag, Transport

_NOTHING = frozenset({Ending.NXDOMAIN, Ending.NODATA})
_ADDRESS_KINDS = ("blockpage", "cname", "bogon", "wrong_address")
"""Of lies that name addresses, what tells most first."""


@dataclass(frozen=True)
class DnsLook(Silences):
    """The evidence of one family (or, with None, of both) for the DNS rules."""

    # --- what rules ask --------------------------------------------------------------------------

    @once
    def system_lies(self) -> tuple[Said, ...]:
        """False statements of the access network's resolver, which works otherwise."""
        return tuple(
            s for s in self.system if s.is_true is False and self.control_works(s.seen) is not False
        )

    @once
    def udp_lies(self) -> tuple[Said, ...]:
        """False statements in answer to questions to public resolvers over UDP."""
        return tuple(
            s
            for s in self.public_udp
            if s.is_true is False and self.control_works(s.seen) is not False
        )

    @once
    def tcp_lies(self) -> tuple[Said, ...]:
        """The same over TCP."""
        return tuple(
            s
            for s in self.public_tcp
            if s.is_true is False and self.control_works(s.seen) is not False
        )

    @once
    def races(self) -> tuple[Said, ...]:
        """False messages to questions that a true and different message answered as well."""
        found: list[Said] = []
        for group in self.judged:
            if len(group) > 1 and any(s.is_true for s in group):
                found.extend(s for s in group if s.is_true is False)
        return tuple(found)

    @once
    def weak_races(self) -> tuple[Said, ...]:
        """Messages beside a true one whose addresses were tried and never proved the name.

        A router that passes on two upstreams' answers may do so with one dead address, so these
        count less; and not at all where the router itself was asked.
        """
        found: list[Said] = []
        for group in self.judged:
            if group[0].seen.resolver == "system" and self.is_private:
                continue
            if len(group) > 1 and any(s.is_true for s in group):
                found.extend(s for s in group if s.is_true is None and self.is_dead(s))
        return tuple(found)

    @once
    def canary_answers(self) -> tuple[DnsObservation, ...]:
        """Answers about the target from addresses that serve no DNS."""
        return tuple(o for o in self.facts.canary if o.name == self.facts.host and is_answered(o))

    @once
    def canary_answers_all(self) -> bool:
        """Whether such an address answers for a neutral name too: then a proxy answers, truly."""
        return any(o.name != self.facts.host and is_answered(o) for o in self.facts.canary)

    @once
    def cut_over_tcp(self) -> tuple[Said, ...]:
        """DNS over TCP that was cut after the question, where encrypted questions are not."""
        if any(s.kind in CUTS for s in self.over_encrypted):
            return ()
        return tuple(
            s
            for s in (*self.public_tcp, *self.system)
            if s.seen.transport is Transport.TCP and s.kind in CUTS
        )

    @once
    def resets(self) -> tuple[Said, ...]:
        """Those of them at resolvers that answered a neutral name over TCP."""
        return tuple(s for s in self.cut_over_tcp if self.control_works(s.seen))

    @once
    def system_is_honest(self) -> bool:
        """Whether an ordinary client here learns a true address, first."""
        return any(s.is_true for s in self.system) and not self.system_lies

    @once
    def is_silence(self) -> bool:
        """Whether the system's resolver says nothing of a name that exists, and talks otherwise."""
        silent = {Ending.SILENT, Ending.TEMPORARY}
        return bool(self.drops) and self.is_affirmed and all(s.kind in silent for s in self.system)

    @once
    def is_hosts_file(self) -> bool:
        """Whether this machine's hosts file answers."""
        return any(o.local_reason == "hosts" for o in self.asked)

    @once
    def policy_cname(self) -> bool:
        """Whether the system's resolver sends the name to a platform's restricted variant."""
        return any(
            cname.rstrip(".").lower() in POLICY_CNAMES
            for s in self.system
            if s.answer is not None
            for cname in s.answer.cnames
        )

    @once
    def honest_operators(self) -> frozenset[str]:
        """Encrypted resolvers that affirm."""
        return frozenset(s.seen.resolver for s in self.encrypted if s.is_true)

    @once
    def denying_operators(self) -> frozenset[str]:
        """Encrypted resolvers that deny the name."""
        return frozenset(s.seen.resolver for s in self.encrypted if s.kind in DENIALS)

    @once
    def is_denied_elsewhere(self) -> bool:
        """Whether other vantage points are denied the name just so.

        That it does not exist, and that it has no address, are one: libraries mix them up.
        """
        ours = {s.kind for s in self.first_said} & DENIALS
        alike = ours | _NOTHING if ours & _NOTHING else ours
        elsewhere = Elsewhere(self.facts.elsewhere, self.facts.vantage.facts.country)
        return bool(ours) and elsewhere.is_down("dns", alike)

    @once
    def all_deny(self) -> bool:
        """Whether every readable statement is a denial."""
        kinds = {s.kind for s in self.first_said}
        return bool(kinds & DENIALS) and kinds <= DENIALS | {
            Ending.SILENT,
            Ending.TEMPORARY,
            Ending.RESET,
            Ending.CLOSED,
            Ending.REFUSED,
            Ending.UNREACHABLE,
            Ending.OTHER,
        }

    @once
    def nothing_answers(self) -> bool:
        """Whether no resolver said anything readable."""
        return bool(self.asked) and all(s.answer is None for s in self.said) and not self.all_deny

    @once
    def lies_are_null(self) -> bool:
        """Whether the false answers are the null address or this machine's own."""
        told = [a for s in self.system_lies if s.answer is not None for a in s.answer.addresses]
        return bool(told) and all(map(is_nobodys, told)) and not self.access_lies

    @once
    def lies_in_own_network(self) -> bool:
        """Whether the false addresses are in the access network, with certificates of nobody's.

        One that a public root signed may be another company's cache, or a server's default.
        """
        ours = set(self.facts.vantage.facts.asns)
        geo = self.facts.knowledge.geo
        told = [a for s in self.system_lies if s.answer is not None for a in s.answer.addresses]
        networks = [geo.network_of(a) for a in told]
        shown = [h.chain for a in told if a in self.spots for h in self.spots[a].target]
        return (
            bool(networks)
            and all(n is not None and n.asn in ours for n in networks)
            and not any(chain is not None and chain.anchored for chain in shown)
        )

    @once
    def lies_only_over_udp(self) -> bool:
        """Whether a public resolver's answer is false over UDP and its own by other ways is true.

        A resolver that filters lies by every way.
        """
        honest = {s.seen.resolver for s in (*self.public_tcp, *self.encrypted) if s.is_true}
        filters = {
            s.seen.resolver for s in (*self.public_tcp, *self.encrypted) if s.is_true is False
        }
        return any(s.seen.resolver in honest - filters for s in self.udp_lies) or (
            self.system_is_public and bool(self.system_lies) and bool(honest - filters)
        )

    @once
    def system_is_public(self) -> bool:
        """Whether this machine asks a public resolver by itself."""
        return set(self.facts.vantage.facts.resolver_kinds) == {"public"}

    @once
    def is_intercepted(self) -> bool:
        """Whether questions to public resolvers are answered by another one, as far as known."""
        return bool(self.tcp_lies) or Flag.DNS_INTERCEPTED in self.flags

    @once
    def access_lies(self) -> bool:
        """Whether a resolver known to be the access network's own lies."""
        return any(s.seen.resolver.startswith("access") for s in self.system_lies)

    @once
    def access_is_honest(self) -> bool:
        """Whether a resolver known to be the access network's own tells the truth."""
        own = [s for s in self.system if s.seen.resolver.startswith("access")]
        return bool(own) and all(s.is_true for s in own)

    @once
    def admissions(self) -> tuple[Said, ...]:
        """Lies with an extended error by which the resolver admits it."""
        return tuple(
            s
            for s in (*self.system_lies, *self.udp_lies, *self.tcp_lies)
            if s.answer is not None and any(code in k.EDE_ADMISSIONS for code, _ in s.answer.ede)
        )

    @once
    def filters_by_wish(self) -> bool:
        """Whether the lies that say why say that the client wished it (RFC 8914 section 4.18)."""
        reasons = [
            {code for code, _ in s.answer.ede}
            for s in self.system_lies
            if s.answer is not None and s.answer.ede
        ]
        return bool(reasons) and all(k.EDE_BY_WISH in codes for codes in reasons)

    @once
    def denies_sometimes(self) -> bool:
        """Whether the system's resolver denies the name and tells it, in turn: it is flaky."""
        return (
            bool(self.system_lies)
            and all(s.kind in DENIALS for s in self.system_lies)
            and any(s.is_true for s in self.system)
        )

    @once
    def artefacts(self) -> int:
        """Sightings of what cannot be an accident: known block addresses, admissions."""
        return len({s.seen.id for s in (*self.known_lies, *self.admissions)})

    @once
    def known_lies(self) -> tuple[Said, ...]:
        """Lies that name a known filter's address or name."""
        return tuple(
            s
            for s in (*self.system_lies, *self.udp_lies, *self.tcp_lies)
            if s.answer is not None
            and any(self._is_known_lie(t) for t in (*s.answer.addresses, *s.answer.cnames))
        )

    def lie_kind(self, lies: Sequence[Said]) -> str:
        """Return the first lie's subtype; a code goes before a library's word for one.

        Of lies that name addresses, what tells most: the system's path shows less than an answer.
        """
        addresses = {
            self._false_address_kind(s)
            for s in lies
            if s.kind is Ending.DONE and s.answer is not None
        }
        for s in sorted(lies, key=lambda s: s.answer is None or s.answer.rcode is None):
            match s.kind:
                case Ending.NXDOMAIN:
                    return "nxdomain"
                case Ending.SERVFAIL:
                    return "servfail"
                case Ending.DENIED:
                    return "refused"
                case Ending.NODATA:
                    return "nodata"
                case Ending.DONE if s.answer is not None:
                    return next(kind for kind in _ADDRESS_KINDS if kind in addresses)
                case _:
                    continue
        return "wrong_address"

    def _false_address_kind(self, s: Said) -> str:
        assert s.answer is not None
        if s.why == "cname" or self._has_foreign_cname(s.answer):
            return "cname"
        if all(is_bogon(a) for a in s.answer.addresses if family_of(a)):
            return "bogon"
        if any(self._is_known_lie(a) or self._shows_block_page(a) for a in s.answer.addresses):
            return "blockpage"
        return "wrong_address"

    def _has_foreign_cname(self, answer: DnsAnswer) -> bool:
        """Whether the answer goes through names that no true answer has."""
        true = {c for s in self.said if s.is_true and s.answer for c in s.answer.cnames}
        own = owner_of(self.facts.host)
        return any(c not in true and owner_of(c) != own for c in answer.cnames)

    def _shows_block_page(self, address: str) -> bool:
        spot = self.spots.get(address)
        return spot is not None and any(
            mark.startswith("fp:") and is_censors(mark[3:], self.facts.knowledge)
            for fetch in spot.fetches
            for mark in fetch.marks
        )

    # --- what every look has ---------------------------------------------------------------------

    @once
    def evidence(self) -> tuple[str, ...]:
        """Ids of the observations that carry it."""
        lies = (*self.system_lies, *self.udp_lies, *self.tcp_lies, *self.races)
        carrying = lies or self.drops or self.resets or self.first_said
        ids = [s.seen.id for s in carrying] + [o.id for o in self.canary_answers]
        return tuple(dict.fromkeys(ids))

    @once
    def detail(self) -> str:
        """One line of plain facts."""
        return "; ".join(dict.fromkeys(words(s) for s in self.first_said)) or "not asked"

    @once
    def flags(self) -> tuple[Flag, ...]:
        """Things worth knowing beside the category."""
        flags = []
        if self.facts.vantage.facts.dns_intercepted or self.canary_answers_all:
            flags.append(Flag.DNS_INTERCEPTED)
        if self.admissions:
            flags.append(Flag.EDE_ADMITTED)
        if any(is_nat64(a) for a in self.spots):
            flags.append(Flag.DNS64)
        return tuple(flags)

    @once
    def p_value(self) -> float | None:
        """Of the test over rounds of silence; a lie is nothing that chance draws (0.2)."""
        return self.drop_p if self.drops and not self.system_lies else None

    @once
    def n_target(self) -> int:
        """Questions about the target."""
        return len(self.asked)

    @once
    def n_control(self) -> int:
        """Questions about neutral names."""
        return len(self.facts.dns_control)
