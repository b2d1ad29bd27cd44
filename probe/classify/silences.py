"""Questions that meet silence, and whose the resolver is that was asked."""

from collections.abc import Iterable
from dataclasses import dataclass

from probe.classify.dead_answers import DeadAnswers
from probe.classify.elsewhere import country_of, is_snapshot
from probe.classify.outcomes import Ending
from probe.classify.remember import once
from probe.classify.statements import ENCRYPTED, Said, is_answered, is_system, source_of
from probe.classify.statistics import Stratum, discordance_p, fully_discordant
from probe.model.observation import DnsObservation

_SILENT = frozenset({Ending.SILENT, Ending.TEMPORARY})


def _is_silent(o: DnsObservation) -> bool:
    return not is_answered(o)


@dataclass(frozen=True)
class Silences(DeadAnswers):
    """The testimony, as to who keeps silent and who is asked."""

    # --- silence ----------------------------------------------------------------------------------

    @once
    def drops(self) -> tuple[Said, ...]:
        """Silence for the name at the system's resolver, which answers for neutral names."""
        return tuple(s for s in self.system if s.kind in _SILENT and self.control_works(s.seen))

    @once
    def silent_operators(self) -> frozenset[str]:
        """Resolvers that were silent for the name every time, and never for a neutral one."""
        found = set()
        for source, stratum in self._drop_strata.items():
            if fully_discordant((stratum,)):
                found.add(source.partition("/")[0])
        if {"system", "access"} <= found:
            found.discard("system")
        return frozenset(found)

    @once
    def _drop_strata(self) -> dict[str, Stratum]:
        """Rounds by resolver and transport; their order was drawn (techniques 6.3, row 9)."""
        own = self._rounds(self.asked)
        family = {o.query_type for o in self.asked}
        other = self._rounds(o for o in self.facts.dns_control if o.query_type in family)
        return {
            source: Stratum(
                target=len(own[source]),
                control=len(other[source]),
                target_failed=sum(map(_is_silent, own[source])),
                control_failed=sum(map(_is_silent, other[source])),
            )
            for source in own
            if source in other
        }

    def _rounds(self, asked: Iterable[DnsObservation]) -> dict[str, list[DnsObservation]]:
        found: dict[str, list[DnsObservation]] = {}
        for o in asked:
            if o.attempt and o.transport not in ENCRYPTED:
                found.setdefault(source_of(o), []).append(o)
        return found

    @once
    def drop_p(self) -> float | None:
        """Of the exact test over the rounds, where questions for the name meet silence."""
        return discordance_p(tuple(self._drop_strata.values()))

    # --- whose the resolver is --------------------------------------------------------------------

    @once
    def is_strangers_resolver(self) -> bool:
        """Whether the system's resolver was chosen by somebody here, not given by the network."""
        return self.facts.vantage.facts.resolver_is_strangers

    @once
    def is_networks_own(self) -> bool:
        """Whether the system's resolver is known to ask from the access network itself."""
        facts = self.facts.vantage.facts
        return bool(set(facts.resolver_asns) & set(facts.asns))

    @once
    def resolves_at_home(self) -> bool:
        """Whether another network's resolver in our own country names addresses, now."""
        home = self.facts.vantage.facts.country
        return home is not None and any(
            isinstance(o, DnsObservation)
            and o.name == self.facts.host
            and is_system(o)
            and o.addresses
            and not is_snapshot(o.vantage)
            and country_of(o.vantage) == home
            for o in self.facts.elsewhere
        )
