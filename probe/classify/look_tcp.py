"""What happened when connections to the endpoint's addresses were tried, one family at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from probe.classify import constants as k
from probe.classify.elsewhere import Elsewhere
from probe.classify.facts import Facts
from probe.classify.outcomes import Ending, ending_of
from probe.classify.remember import once
from probe.classify.spots import Spot, Truth
from probe.classify.statistics import sooner_than_all_p
from probe.model.observation import TcpObservation
from probe.model.words import FailureWord, Family, Flag


@dataclass(frozen=True)
class TcpLook:
    """The evidence of one family for the TCP rules."""

    facts: Facts
    family: Family | None

    @once
    def spots(self) -> tuple[Spot, ...]:
        """Addresses that may be the endpoint's, and that were tried."""
        return tuple(
            s
            for s in self.facts.spots_of(self.family)
            if s.truth is not Truth.FALSE and any(_counts(o) for o in s.connects)
        )

    @once
    def tries(self) -> tuple[TcpObservation, ...]:
        """Connections to the endpoint's own port."""
        return tuple(o for s in self.spots for o in s.connects if _counts(o))

    @once
    def passes(self) -> tuple[TcpObservation, ...]:
        """Those that were made."""
        return tuple(o for o in self.tries if ending_of(o.failure) is Ending.DONE)

    @once
    def failures(self) -> tuple[TcpObservation, ...]:
        """Those that were not."""
        return tuple(o for o in self.tries if ending_of(o.failure) is not Ending.DONE)

    @once
    def endings(self) -> frozenset[Ending]:
        """How the failing ones ended."""
        return frozenset(ending_of(o.failure) for o in self.failures)

    @once
    def all_fail(self) -> bool:
        """Whether no connection was made."""
        return bool(self.tries) and not self.passes

    @once
    def is_half_dead(self) -> bool:
        """Whether some addresses work and others never do."""
        return bool(self.passes) and any(
            all(ending_of(o.failure) is not Ending.DONE for o in s.connects if _counts(o))
            for s in self.spots
        )

    @once
    def other_port_works(self) -> bool:
        """Whether the same addresses answer on another port: alive hosts."""
        return any(
            ending_of(o.failure) in {Ending.DONE, Ending.REFUSED}
            for s in self.spots
            for o in s.other_ports
        )

    @once
    def silent_tries(self) -> int:
        """How often the addresses were silent, on whichever port."""
        others = [o for s in self.spots for o in s.other_ports]
        return sum(ending_of(o.failure) is Ending.SILENT for o in (*self.failures, *others))

    @once
    def too_soon(self) -> tuple[TcpObservation, ...]:
        """Refusals that came before the host itself could have answered.

        Nothing where chance would do: the round trip is that of connections to other ports, and
        each may hold a lost SYN.
        """
        found: list[TcpObservation] = []
        for s in self.spots:
            refused = [o for o in s.connects if ending_of(o.failure) is Ending.REFUSED]
            made = [o for o in (*s.connects, *s.other_ports) if o.failure is None]
            soon = [
                o
                for o in refused
                if s.rtt_s is not None and o.duration_s < k.INJECTED_RATIO_MAX * s.rtt_s
            ]
            if sooner_than_all_p(len(soon), len(refused), len(made)) <= k.P_PROBABLE:
                found += soon
        return tuple(found)

    @once
    def is_refused_nearby(self) -> bool:
        """Whether refusals come sooner than half the way to the nearest control."""
        nearest = self.facts.vantage.facts.rtt_s
        return (
            nearest is not None
            and len(self.failures) >= k.SILENT_TRIES_MIN
            and all(o.duration_s < nearest / 2 for o in self.failures)
        )

    @once
    def prohibited(self) -> tuple[TcpObservation, ...]:
        """Attempts that an ICMP message "administratively prohibited" ended."""
        return tuple(o for o in self.failures if _is_prohibited(o))

    @once
    def is_prohibited_by_server(self) -> bool:
        """Whether that message came from the server's own network."""
        senders = {o.icmp[2] for o in self.prohibited if o.icmp and o.icmp[2]}
        geo = self.facts.knowledge.geo
        ours = {n.asn for s in self.spots if (n := geo.network_of(s.address)) is not None}
        return bool(senders) and all(
            sender in {s.address for s in self.spots}
            or ((n := geo.network_of(sender)) is not None and n.asn in ours)
            for sender in senders
        )

    @once
    def is_prohibited_near(self) -> bool:
        """Whether a router of our own network says so, as far as its address is known."""
        senders = {o.icmp[2] for o in self.prohibited if o.icmp and o.icmp[2]}
        geo = self.facts.knowledge.geo
        networks = [geo.network_of(sender) for sender in senders]
        ours = set(self.facts.vantage.facts.asns)
        return bool(networks) and all(n is not None and n.asn in ours for n in networks)

    @once
    def is_filtered(self) -> bool:
        """Whether that is a filter's doing: said in our network, or by nobody to others.

        An origin's firewall says the same to a country that it refuses.
        """
        return bool(self.prohibited) and (self.is_prohibited_near or self.is_vouched_for)

    @once
    def is_unreachable_fast(self) -> bool:
        """Whether routers said "unreachable" sooner than one that looks for a dead host would."""
        return all(
            ending_of(o.failure) is Ending.UNREACHABLE
            and 0.001 < o.duration_s < k.UNREACHABLE_FAST_S
            for o in self.failures
        )

    @once
    def unreachable_tries(self) -> int:
        """How often routers said so, for whichever port."""
        others = [o for s in self.spots for o in s.other_ports]
        return sum(ending_of(o.failure) is Ending.UNREACHABLE for o in (*self.failures, *others))

    @once
    def says_no_route(self) -> bool:
        """Whether they say that the network, not the host, cannot be reached."""
        words = {o.failure.word for o in self.failures if o.failure is not None}
        return words == {FailureWord.NETWORK_UNREACHABLE}

    @once
    def has_no_route(self) -> bool:
        """Whether this machine itself had no way to go: the error came without a packet."""
        return bool(self.failures) and all(
            ending_of(o.failure) is Ending.UNREACHABLE and o.duration_s <= 0.001
            for o in self.failures
        )

    @once
    def elsewhere(self) -> Elsewhere:
        """What other vantage points saw."""
        return Elsewhere(self.facts.elsewhere, self.facts.vantage.facts.country)

    @once
    def is_vouched_for(self) -> bool:
        """Whether others connect now, from where nothing but our own network differs.

        Not while this line fails to reach a neutral host as well.
        """
        return self.elsewhere.speaks_for_us("tcp") and self.is_line_open is not False

    @once
    def is_line_open(self) -> bool | None:
        """Whether connections to a neutral host were made meanwhile (C5); None: none tried."""
        return is_line_open(self.facts, self.family)

    @once
    def is_line_open_all_along(self) -> bool:
        """Whether those were made all the while that the target's were repeated, not at once.

        A translator of addresses that runs out of ports has one free now and then.
        """
        again = [o for o in self.failures if o.attempt]
        return bool(self.is_line_open) and _span_s(neutral_connects(self.facts, self.family)) >= (
            0.5 * _span_s(again)
        )

    @once
    def evidence(self) -> tuple[str, ...]:
        """Ids of the observations that carry it."""
        carrying = self.failures or self.passes
        return tuple(o.id for o in carrying)

    @once
    def detail(self) -> str:
        """One line of plain facts."""
        if not self.tries:
            return "no connection tried"
        parts = [f"{len(self.passes)} of {len(self.tries)} connections made"]
        if self.failures:
            words = sorted({o.failure.word.value for o in self.failures if o.failure})
            last = max(o.duration_s for o in self.failures)
            parts.append(f"{', '.join(words)} within {last:.3g} s")
        return "; ".join(parts)

    @once
    def flags(self) -> tuple[Flag, ...]:
        """Things worth knowing beside the category."""
        return (Flag.ADDRESS_DEPENDENT,) if self.is_half_dead else ()

    p_value: float | None = None

    @once
    def n_target(self) -> int:
        """Connections tried."""
        return len(self.tries)

    @property
    def n_control(self) -> int:
        """Other vantage points that tried."""
        return len(self.elsewhere.of("tcp"))


def _is_prohibited(o: TcpObservation) -> bool:
    if o.icmp is not None:
        return o.icmp[:2] in k.ICMP_PROHIBITED
    # Linux: EACCES is ICMPv6 "administratively prohibited"; EPERM, a local firewall's, is ours.
    return o.failure is not None and o.failure.word is FailureWord.PERMISSION_DENIED


def _counts(o: TcpObservation) -> bool:
    return ending_of(o.failure) is not Ending.OURS


def is_line_open(facts: Facts, family: Family | None) -> bool | None:
    """Whether every connection to neutral hosts beside the target was made; None: none tried."""
    tried = neutral_connects(facts, family)
    return all(o.failure is None for o in tried) if tried else None


def neutral_connects(facts: Facts, family: Family | None) -> tuple[TcpObservation, ...]:
    """Return connections to neutral hosts beside the target (C5)."""
    return tuple(
        o
        for o in facts.others
        if isinstance(o, TcpObservation) and _counts(o) and family in {None, o.family}
    )


def _span_s(seen: Sequence[TcpObservation]) -> float:
    """Return the time from the first beginning to the last."""
    times = [o.started_at for o in seen]
    return (max(times) - min(times)).total_seconds() if times else 0.0
