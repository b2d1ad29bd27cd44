"""What HTTP exchanges with the endpoint's name gave, beside those with a neutral Host."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from probe.classify import constants as k
from probe.classify.addresses import family_of
from probe.classify.elsewhere import Elsewhere
from probe.classify.facts import Facts
from probe.classify.fingerprints import is_censors
from probe.classify.likeness import SIGNS, is_unlike_told, lacks_what_is_told
from probe.classify.look_tls import is_between
from probe.classify.outcomes import Ending, ending_of
from probe.classify.pages import host_of, owner_of, page_marks
from probe.classify.remember import once
from probe.classify.spots import Spot, Truth
from probe.classify.statements import is_access
from probe.classify.statistics import (
    Stratum,
    discordance_p,
    fully_discordant,
    sooner_than_all_p,
)
from probe.model.observation import HttpObservation
from probe.model.words import Family, Flag, Protocol

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class HttpLook:
    """The evidence of one family for the HTTP rules."""

    facts: Facts
    family: Family | None

    @once
    def over_tls(self) -> bool:
        """Whether the endpoint is asked over TLS."""
        return self.facts.protocol is Protocol.HTTPS

    @once
    def spots(self) -> tuple[Spot, ...]:
        """Addresses at which the endpoint itself was asked; over TLS only where that verified.

        In the clear any server may answer: those that the system's resolver named count, where
        there are such, for that is where people are led.
        """
        found = [
            s
            for s in self.facts.spots_of(self.family)
            if (s.truth is not Truth.FALSE or not self.over_tls)
            and any(self._counts(o) for o in s.fetches)
            and (not self.over_tls or any(h.is_verified for h in s.target))
        ]
        led = [s for s in found if any(is_access(resolver) for resolver, _ in s.named_by)]
        return tuple(found if self.over_tls else led or found)

    def _counts(self, o: HttpObservation) -> bool:
        return (
            o.over_tls is self.over_tls
            and o.host.partition(":")[0].lower() == self.facts.host
            and ending_of(o.failure) is not Ending.OURS
        )

    @once
    def tries(self) -> tuple[HttpObservation, ...]:
        """Exchanges with the endpoint's name."""
        return tuple(o for s in self.spots for o in s.fetches if self._counts(o))

    @once
    def answered(self) -> tuple[HttpObservation, ...]:
        """Those that gave a status."""
        return tuple(o for o in self.tries if o.status is not None)

    @once
    def failures(self) -> tuple[HttpObservation, ...]:
        """Those that gave none."""
        return tuple(o for o in self.tries if o.status is None)

    @once
    def all_fail(self) -> bool:
        """Whether no exchange gave a status."""
        return bool(self.failures) and not self.answered

    @once
    def kind(self) -> Ending | None:
        """How most of the failing ones ended."""
        counted = Counter(ending_of(o.failure) for o in self.failures)
        return counted.most_common(1)[0][0] if counted else None

    @once
    def status(self) -> int:
        """The status that most answers had, 0 without an answer."""
        counted = Counter(o.status for o in self.answered)
        return (counted.most_common(1)[0][0] or 0) if counted else 0

    @once
    def marks(self) -> frozenset[str]:
        """Page marks of all answers."""
        return frozenset(m for o in self.answered for m in self._marks(o))

    def _marks(self, o: HttpObservation) -> tuple[str, ...]:
        # The run marks each answer when it comes; a stored page may have lost its body since.
        return o.marks or (page_marks(o, self.facts.knowledge) if o.body else ())

    def has(self, *prefixes: str) -> bool:
        """Whether any mark begins so."""
        return any(m.startswith(prefixes) for m in self.marks)

    # --- block pages ------------------------------------------------------------------------------

    @once
    def block_pages(self) -> tuple[HttpObservation, ...]:
        """Answers that are known block pages of a nation's or provider's filter."""
        knowledge = self.facts.knowledge
        return tuple(
            o
            for o in self.tries
            if any(m.startswith("fp:") and is_censors(m[3:], knowledge) for m in self._marks(o))
        )

    @once
    def is_redirect(self) -> bool:
        """Whether most answers redirect."""
        return self.status in _REDIRECTS

    @once
    def strange_redirects(self) -> tuple[HttpObservation, ...]:
        """Redirects to a host that is neither this owner's nor in the catalogue."""
        return tuple(
            o for o in self.answered if o.status in _REDIRECTS and self._is_strange(o.location)
        )

    def _is_strange(self, location: str | None) -> bool:
        host = host_of(location or "")
        if host is None or owner_of(host) == owner_of(self.facts.host):
            return False
        known = {owner_of(e.host) for e in self.facts.knowledge.catalogue.endpoints}
        expected = host_of(self.facts.endpoint.expect.redirect_to or "")
        return owner_of(host) not in known and host != expected

    @once
    def redirects_to_bare_address(self) -> bool:
        """Whether a strange redirect names an address, not a host."""
        hosts = (host_of(o.location or "") for o in self.strange_redirects)
        return any(family_of(host or "") is not None for host in hosts)

    @once
    def too_soon(self) -> tuple[HttpObservation, ...]:
        """Answers or failures that came before the server could have answered."""
        found = []
        for s in self.spots:
            if not s.rtt_s or s.rtt_samples < k.RTT_SAMPLES_MIN:
                continue
            for o in s.fetches:
                after_s = o.first_byte_s if o.status is not None else o.failed_after_s
                lag_s = o.loop_lag_s or 0.0
                if (
                    self._counts(o)
                    and after_s is not None
                    and after_s < k.INJECTED_RATIO_MAX * s.rtt_s
                    and lag_s < s.rtt_s / 2
                ):
                    found.append(o)
        return tuple(found)

    @once
    def too_soon_p(self) -> float:
        """How likely that is if the server sent them, each a round trip or more late."""
        found = [1.0]
        for s in self.spots:
            own = [o for o in s.fetches if self._counts(o)]
            soon = [o for o in own if o in self.too_soon]
            made = [o for o in s.connects if o.failure is None]
            found.append(sooner_than_all_p(len(soon), len(own), len(made)))
        return min(found)

    @once
    def is_physical(self) -> bool:
        """Whether so many came sooner than the server could send them that it is no chance."""
        return len(self.too_soon) >= k.ARTEFACT_SIGHTINGS and self.too_soon_p <= k.P_PROBABLE

    @once
    def is_excused(self) -> bool:
        """Whether the name fares so at its own addresses only: see `TlsLook.is_excused`."""
        at_home = self.elsewhere.passing_at_home("http")
        return self.c2 == "alive" and not self.is_physical and not at_home

    # --- controls ---------------------------------------------------------------------------------

    @once
    def controls(self) -> tuple[HttpObservation, ...]:
        """C1: exchanges with a neutral Host at the same addresses."""
        return tuple(
            o
            for s in self.spots
            for o in s.control_fetches
            if o.over_tls is self.over_tls and ending_of(o.failure) is not Ending.OURS
        )

    @once
    def c1(self) -> str | None:
        """Whether a neutral Host is answered."""
        if not self.controls:
            return None
        return "alive" if any(o.status is not None for o in self.controls) else "dead"

    @once
    def c1_differs(self) -> bool:
        """Whether a neutral Host gets something else than the endpoint's name does."""
        got = {(o.status, host_of(o.location or ""), o.body_sha256) for o in self.answered}
        return self.c1 == "alive" and not any(
            (o.status, host_of(o.location or ""), o.body_sha256) in got for o in self.controls
        )

    @once
    def c2(self) -> str | None:
        """The name as Host at a neutral server: `dead` when the same happens to it there."""
        host = self.facts.host
        abroad = [o for o in self.facts.abroad_fetches if ending_of(o.failure) is not Ending.OURS]
        named = [o for o in abroad if o.host.partition(":")[0].lower() == host]
        baseline = [o for o in abroad if o.host.partition(":")[0].lower() != host]
        if not named or not baseline or any(o.status is None for o in baseline):
            return None
        if not all(self._fares_like_target(o, baseline) for o in named):
            return "alive"
        # That host is everybody's: see `TlsLook.c2`.
        times = [o.started_at for o in baseline]
        return "dead" if any(is_between(o.started_at, times) for o in named) else None

    def _fares_like_target(self, o: HttpObservation, baseline: Iterable[HttpObservation]) -> bool:
        if self.all_fail:
            return o.status is None and ending_of(o.failure) is self.kind
        ordinary = {(b.status, host_of(b.location or "")) for b in baseline}
        got = {(a.status, host_of(a.location or "")) for a in self.answered}
        return (o.status, host_of(o.location or "")) in got - ordinary

    @once
    def elsewhere(self) -> Elsewhere:
        """What other vantage points saw."""
        return Elsewhere(self.facts.elsewhere, self.facts.vantage.facts.country)

    @once
    def statuses_elsewhere(self) -> frozenset[int]:
        """Statuses that other vantage points were given."""
        return frozenset(
            o.status
            for o in self.facts.elsewhere
            if isinstance(o, HttpObservation)
            and o.status is not None
            and o.over_tls is self.over_tls
        )

    # --- the exact test ---------------------------------------------------------------------------

    @once
    def strata(self) -> tuple[Stratum, ...]:
        """Attempts of the rounds, by address and block."""
        return tuple(stratum for s in self.spots for stratum in self._strata(s))

    def _strata(self, spot: Spot) -> Iterable[Stratum]:
        for first, last in k.BLOCKS:
            own = [o for o in spot.fetches if first <= o.attempt <= last and self._counts(o)]
            other = [o for o in spot.control_fetches if first <= o.attempt <= last]
            if own and other:
                yield Stratum(
                    target=len(own),
                    control=len(other),
                    target_failed=sum(self._is_bad(o) for o in own),
                    control_failed=sum(self._is_bad(o) for o in other),
                )

    def _is_bad(self, o: HttpObservation) -> bool:
        if self.all_fail:
            return o.status is None
        bad = {(x.status, host_of(x.location or "")) for x in self.answered}
        return o.status is None or (o.status, host_of(o.location or "")) in bad

    @once
    def p_value(self) -> float | None:
        """Of the exact test over the rounds."""
        return discordance_p(self.strata)

    @once
    def is_discordant(self) -> bool:
        """Whether every round failed with the name and passed without."""
        return fully_discordant(self.strata)

    @once
    def n_target(self) -> int:
        """Exchanges with the name."""
        return sum(s.target for s in self.strata) or len(self.tries)

    @once
    def n_control(self) -> int:
        """Exchanges with a neutral Host."""
        return sum(s.control for s in self.strata) or len(self.controls)

    # --- the body ---------------------------------------------------------------------------------

    @once
    def truncated(self) -> tuple[HttpObservation, ...]:
        """Answers whose body was cut, while more was announced."""
        return tuple(
            o
            for o in self.answered
            if o.ended == "truncated" or ending_of(o.failure) in {Ending.RESET, Ending.CLOSED}
        )

    @once
    def is_too_soon(self) -> bool:
        """Whether every exchange ended sooner than the server could have ended it."""
        return bool(self.tries) and len(self.too_soon) == len(self.tries)

    @once
    def is_answered_too_soon(self) -> bool:
        """Whether that is so of answers, which bear no sign of the service."""
        is_known = self.has("expect.body", "expect.present", "expect.header", "origin.header")
        return bool(self.answered) and self.is_too_soon and not is_known

    @once
    def is_unexpected(self) -> bool:
        """Whether a page without a sign of the site came in place of the known answer."""
        return (
            200 <= self.status < 300
            and "unexpect.status" in self.marks
            and not self.is_expected
            and not self.has(*SIGNS, "wall.", "bot.")
        )

    @once
    def is_unlike_known(self) -> bool:
        """Whether others are, or were, given another answer than this page.

        What the catalogue only assumes decides nothing, and neither does a redirect: services move.
        """
        if self.statuses_elsewhere:
            return self.status not in self.statuses_elsewhere and self.is_unexpected
        endpoint = self.facts.endpoint
        is_sure = endpoint.expect.sureness != "assumed"
        return (is_sure and self.is_unexpected) or lacks_what_is_told(
            endpoint, self.marks, self.status
        )

    @once
    def is_expected(self) -> bool:
        """Whether the status is one that the catalogue names as genuine."""
        return "expect.status" in self.marks

    @once
    def is_known(self) -> bool:
        """Whether the status is one that was observed of the service, and not only assumed.

        Who expects nothing but refusals knows that: it is not one guess among several.
        """
        expect = self.facts.endpoint.expect
        is_sure = expect.sureness != "assumed" or all(status >= 400 for status in expect.status)
        return self.is_expected and is_sure

    # --- what every look has ----------------------------------------------------------------------

    @once
    def evidence(self) -> tuple[str, ...]:
        """Ids of the observations that carry it."""
        return tuple(o.id for o in (*self.tries, *self.controls))

    @once
    def detail(self) -> str:
        """One line of plain facts."""
        if not self.tries:
            return "nothing asked"
        if self.answered:
            o = self.answered[0]
            where = f" to {host_of(o.location or '') or o.location}" if o.location else ""
            title = f" ({o.title[:60]})" if o.title else ""
            parts = [f"HTTP {o.status}{where}{title}, {o.body_bytes} bytes, body {o.ended}"]
        else:
            o = self.failures[0]
            after = "" if o.failed_after_s is None else f" {o.failed_after_s * 1000:.0f} ms"
            parts = [f"{ending_of(o.failure).value}{after} after the request"]
        if self.controls:
            alive = sum(c.status is not None for c in self.controls)
            parts.append(f"with a neutral Host: {alive} of {len(self.controls)} answered")
        return "; ".join(parts)

    @once
    def flags(self) -> tuple[Flag, ...]:
        """Things worth knowing beside the category."""
        flags = []
        if is_unlike_told(self.facts.endpoint, self.marks, self.status):
            flags.append(Flag.UNEXPECTED_CONTENT)
        if not self.over_tls and "proxy.via" in self.marks:
            flags.append(Flag.HTTP_PROXY)
        if "legal.blocked_by" in self.marks or self.status == 451:
            flags.append(Flag.LEGAL_ORDER)
        return tuple(flags)
