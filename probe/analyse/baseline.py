"""A baseline: what is expected where, read from TOML with every complaint at once.

    strict = true
    [expect]
    "shop.web" = "ok"
    "shop.web/quic" = { state = ["ok", "blocked"], reason = "no UDP from the office" }
    [[when]]
    country = "DE"
    expect.rt = { state = "blocked", category = "dns_lie", reason = "EU ban", until = 2027-01-31 }

A key is a service, an endpoint or `*`, with a layer behind a slash or without. An entry under
`[[when]]` wins over one that is not, a later `[[when]]` over an earlier one; then an endpoint wins
over its service and that over `*`, and an entry with a layer over one without.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from probe.model.check import Expected
from probe.model.run import Vantage
from probe.model.words import Grade, Layer, State

EVERYTHING = "*"
ROW_LAYERS = (Layer.DNS, Layer.TCP, Layer.TLS, Layer.HTTP, Layer.QUIC)
"""Layers that a check has results for: `ip` counts as tcp, `content` as http."""
REACHED = frozenset({State.OK, State.RESTRICTED})
FAIL_ON = (State.BLOCKED, State.IMPAIRED, State.DOWN)
"""What fails a check when unexpected. `restricted` is not in it: cloud addresses get bot walls from
just these services (lychee #1157, instaloader #652), which says nothing about the network."""
GRADES = tuple(Grade)
"""Strongest first."""


@dataclass(frozen=True, slots=True)
class When:
    """A condition on the vantage point; all that is given must hold."""

    number: int
    countries: tuple[str, ...] = ()
    asns: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()

    def holds(self, vantage: Vantage) -> bool:
        """Say whether the check was made from such a place; what is unknown does not match."""
        asns = {family.asn for family in vantage.families}
        return (
            (not self.countries or vantage.country in self.countries)
            and (not self.asns or not asns.isdisjoint(self.asns))
            and (not self.labels or vantage.label in self.labels)
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a baseline."""

    key: str
    subject: str
    """A service id, an endpoint id or `*`."""
    layer: Layer | None
    states: tuple[State, ...] = ()
    """Empty: the entry has thresholds only."""
    categories: tuple[str, ...] = ()
    reason: str = ""
    until: date | None = None
    thresholds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """{"tls_ms_p95": 800.0}"""
    when: When | None = None
    first_line: int = 1
    last_line: int | None = None
    """None: it shares its line with others, within an inline table."""

    @property
    def is_exception(self) -> bool:
        """Whether it expects something else than a service that can be reached."""
        return bool(self.states) and State.OK not in self.states

    @property
    def id(self) -> str:
        """Its key, with the number of its `[[when]]`: unique within the file."""
        return self.key if self.when is None else f"{self.key} (when {self.when.number})"

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.until is not None and self.until < today


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is expected; the default one expects every endpoint to be ok."""

    entries: tuple[Entry, ...] = ()
    strict: bool = False
    fail_on: tuple[State, ...] = FAIL_ON
    min_grade: Grade = Grade.SUSPECTED
    file: str = ""
    sha256: str = ""

    def applying(self, vantage: Vantage, today: date) -> tuple[Entry, ...]:
        """Return the entries that hold here and today."""
        return tuple(
            entry
            for entry in self.entries
            if not entry.expired(today) and (entry.when is None or entry.when.holds(vantage))
        )

    def expired(self, vantage: Vantage, today: date) -> tuple[Entry, ...]:
        """Return the entries that would hold here, had their day not passed."""
        return tuple(
            entry
            for entry in self.entries
            if entry.expired(today) and (entry.when is None or entry.when.holds(vantage))
        )

    def expected(self, entry: Entry | None) -> Expected:
        """Say an entry as a value for reports; None is the default."""
        if entry is None:
            return Expected()
        return Expected(
            states=entry.states or (State.OK,),
            categories=entry.categories,
            reason=entry.reason,
            until=entry.until,
            entry=entry.id,
            file=self.file,
            line=entry.first_line,
        )


def entry_for(
    entries: Iterable[Entry], service: str, endpoint: str, layer: Layer | None
) -> Entry | None:
    """Return the entry about states that decides for one layer of an endpoint.

    `entries` come from `applying`. With `layer=None` only entries without a layer are asked.
    """
    return _best(
        (
            entry
            for entry in entries
            if entry.states and (entry.layer is None or entry.layer is layer)
        ),
        service,
        endpoint,
    )


def threshold_for(
    entries: Iterable[Entry], service: str, endpoint: str, name: str
) -> tuple[Entry, float] | None:
    """Return the limit of that name for an endpoint, and the entry that sets it."""
    entry = _best((entry for entry in entries if name in entry.thresholds), service, endpoint)
    return None if entry is None else (entry, entry.thresholds[name])


def _best(entries: Iterable[Entry], service: str, endpoint: str) -> Entry | None:
    """Of the entries about an endpoint, the most specific; among equals the first."""
    subjects = {EVERYTHING: 0, service: 1, endpoint: 2}
    candidates = [entry for entry in entries if entry.subject in subjects]
    return max(
        candidates,
        key=lambda entry: (
            entry.when.number if entry.when else 0,
            subjects[entry.subject],
            entry.layer is not None,
        ),
        default=None,
    )


def sha256_of(text: str) -> str:
    """Return the hash by which reports name a baseline."""
    return hashlib.sha256(text.encode()).hexdigest()
