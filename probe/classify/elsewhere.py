"""What other vantage points saw (control C6), step by step."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from probe.classify.outcomes import Ending, ending_of, tls_ending
from probe.classify.remember import once
from probe.classify.statements import kind_of
from probe.model.observation import DnsObservation, HttpObservation, Observation, TlsObservation

# A vantage's id may end in its country: `helper:a.example/DE`, `snapshot:2026-11-20/DE`.
_COUNTRY = re.compile(r"/([A-Z]{2})$")


def country_of(vantage: str | None) -> str | None:
    """Return the country that a vantage's id names."""
    found = _COUNTRY.search(vantage or "")
    return found[1] if found else None


def is_snapshot(vantage: str | None) -> bool:
    """Whether it looked some days ago."""
    return (vantage or "").startswith("snapshot:")


@dataclass(frozen=True)
class Elsewhere:
    """The other vantage points' observations of one endpoint."""

    seen: tuple[Observation, ...]
    home: str | None
    """Our own country: a vantage there rules out a geofence against it."""

    @once
    def _outcomes(self) -> dict[str, dict[str, set[Ending]]]:
        outcomes: dict[str, dict[str, set[Ending]]] = {}
        for o in self.seen:
            if o.vantage is not None:
                by_vantage = outcomes.setdefault(o.step.value, {})
                by_vantage.setdefault(o.vantage, set()).add(_ending(o))
        return outcomes

    def of(self, step: str) -> dict[str, set[Ending]]:
        """Return how one step (`tcp`, `tls`, ...) ended, by vantage."""
        return self._outcomes.get(step, {})

    def passed(self, step: str) -> frozenset[str]:
        """Vantages for which the step worked at least once, now or when a snapshot was taken."""
        return frozenset(v for v, endings in self.of(step).items() if Ending.DONE in endings)

    def passing(self, step: str) -> frozenset[str]:
        """Those of them that look now: what a snapshot saw alive may have died since."""
        return frozenset(v for v in self.passed(step) if not is_snapshot(v))

    def greeted(self, addresses: frozenset[str]) -> frozenset[str]:
        """Vantages for which handshakes work now: at these addresses, if they tried any of them.

        Who fails at the same address and passes at another one shows a bad address, no cut name.
        """
        shaken = [o for o in self.seen if isinstance(o, TlsObservation) and o.vantage is not None]
        tried = {o.vantage for o in shaken if o.address in addresses}
        passed = {o.vantage for o in shaken if o.address in addresses and _ending(o) is Ending.DONE}
        return frozenset(v for v in self.passing("tls") if v not in tried or v in passed)

    def passing_at_home(self, step: str) -> bool:
        """Whether it works for a vantage of our own country: nobody refuses the country then."""
        return any(map(self._is_home, self.passing(step)))

    def countries_passing(self, step: str) -> frozenset[str]:
        """Countries from which it works now."""
        found = (country_of(v) for v in self.passing(step))
        return frozenset(country for country in found if country is not None)

    def speaks_for_us(self, step: str) -> bool:
        """Whether what works elsewhere leaves only the network between as the difference.

        techniques 6.3, rows 10 to 12: a vantage of our own country, or two countries that agree.
        One country abroad leaves an origin that refuses ours.
        """
        return self.passing_at_home(step) or len(self.countries_passing(step)) >= 2

    def fails_alike(self, step: str, endings: Iterable[Ending]) -> frozenset[str]:
        """Vantages for which the step failed, and only in one of these ways.

        "Both fail" is no proof of anything unless both fail the same way.
        """
        wanted = set(endings)
        return frozenset(v for v, seen in self.of(step).items() if seen and seen <= wanted)

    def is_down(self, step: str, endings: Iterable[Ending]) -> bool:
        """Whether every other vantage that looks sees the same failure, one abroad among them.

        One in our own country may be behind the same filter.
        """
        abroad = {v for v in self.fails_alike(step, endings) if not self._is_home(v)}
        return bool(abroad) and not self.passing(step)

    def pages(self) -> tuple[HttpObservation, ...]:
        """Answers that those were given who are served now."""
        now = self.passing("http")
        seen = (o for o in self.seen if isinstance(o, HttpObservation) and o.vantage in now)
        return tuple(o for o in seen if o.status is not None)

    def refuses_certificate(self) -> bool:
        """Whether every other vantage that looks refuses the certificate that it is shown."""
        shown = [o for o in self.seen if isinstance(o, TlsObservation) and o.vantage is not None]
        return bool(shown) and all(
            o.failure is not None and ending_of(o.failure) is Ending.DONE for o in shown
        )

    def _is_home(self, vantage: str) -> bool:
        return self.home is not None and country_of(vantage) == self.home

    def refuses_at(self, addresses: frozenset[str]) -> bool:
        """Whether all others that tried one of these addresses refuse what they are shown."""
        there = [
            o
            for o in self.seen
            if isinstance(o, TlsObservation) and o.vantage is not None and o.address in addresses
        ]
        return bool(there) and all(
            o.failure is not None and ending_of(o.failure) is Ending.DONE for o in there
        )

    def leaves(self) -> frozenset[bytes]:
        """Leaf certificates that the others were shown."""
        return frozenset(o.chain[0] for o in self.seen if isinstance(o, TlsObservation) and o.chain)


def _ending(o: Observation) -> Ending:
    if isinstance(o, TlsObservation):
        ending = tls_ending(o, trickles=False)
        # A certificate that was refused, and not handed on: nothing was proved by it.
        is_refused = ending is Ending.DONE and o.failure is not None and not o.chain
        return Ending.OTHER if is_refused else ending
    if isinstance(o, DnsObservation) and o.failure is None and o.answers:
        return kind_of(o.answers[0], o)
    return ending_of(o.failure)
