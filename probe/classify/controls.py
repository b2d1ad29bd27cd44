"""What became of each control in the gates: one line per control, family and protocol."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median

from probe.classify import constants as k
from probe.classify.addresses import is_bogon, network_of
from probe.classify.chains import Chain, judge_chain
from probe.classify.flows import flow_of
from probe.classify.outcomes import Ending, ending_of
from probe.classify.remember import once
from probe.model.knowledge import Geo, Knowledge
from probe.model.observation import (
    DnsObservation,
    HttpObservation,
    LocalObservation,
    Observation,
    QuicObservation,
    TcpObservation,
    TlsObservation,
)
from probe.model.target import Control
from probe.model.words import Family


@dataclass(frozen=True)
class Tried:
    """One control with everything that was seen of it."""

    control: Control
    seen: tuple[Observation, ...]
    chains: dict[str, Chain] = field(default_factory=dict)
    knowledge: Knowledge | None = None

    def _of_family(self, family: Family | None) -> Iterable[Observation]:
        return (o for o in self.seen if family is None or o.family is family)

    @once
    def is_tls(self) -> bool:
        """Whether it is asked over TLS."""
        return self.control.url.startswith(("https://", "tls://"))

    def connected(self, family: Family | None = None) -> bool | None:
        """Whether any connection was made; None: none was tried."""
        tried = [
            o
            for o in self._of_family(family)
            if isinstance(o, TcpObservation) and ending_of(o.failure) is not Ending.OURS
        ]
        return any(o.failure is None for o in tried) if tried else None

    def passes(self, family: Family | None = None) -> bool:
        """Whether the control itself was reached: proved over TLS, or with its known page."""
        if self.is_tls:
            return any(
                self._is_proved(o) for o in self._of_family(family) if isinstance(o, TlsObservation)
            )
        return any(
            self.is_known_page(o) for o in self._of_family(family) if isinstance(o, HttpObservation)
        )

    def is_known_page(self, o: HttpObservation) -> bool:
        """Whether the answer is the one that everybody gets."""
        if o.status is None:
            return False
        expect = self.control.expect
        if expect.status and o.status not in expect.status:
            return False
        if expect.body is None:
            return True
        if not o.body and self.knowledge is not None:
            return "expect.body" in o.marks
        return expect.body.lower().encode() in o.body.lower()

    @once
    def proved_addresses(self) -> frozenset[str]:
        """Addresses at which it was reached."""
        return frozenset(
            o.address
            for o in self.seen
            if o.address is not None
            and (
                (isinstance(o, TlsObservation) and self._is_proved(o))
                or (isinstance(o, HttpObservation) and not self.is_tls and self.is_known_page(o))
            )
        )

    def _is_proved(self, o: TlsObservation) -> bool:
        chain = self.chains.get(o.id)
        return chain is not None and chain.verified and o.failure is None

    @once
    def is_altered(self) -> bool:
        """Whether a page of known content came back as something else."""
        pages = [o for o in self.seen if isinstance(o, HttpObservation) and o.status is not None]
        return bool(pages) and not self.is_tls and not any(map(self.is_known_page, pages))

    @once
    def foreign(self) -> tuple[Chain, ...]:
        """Chains that prove nothing, of handshakes that completed."""
        return tuple(
            c
            for o in self.seen
            if isinstance(o, TlsObservation)
            and (c := self.chains.get(o.id)) is not None
            and not c.verified
        )

    @once
    def quic(self) -> bool | None:
        """Whether QUIC was answered; None: not tried."""
        tried = [
            o
            for o in self.seen
            if isinstance(o, QuicObservation) and ending_of(o.failure) is not Ending.OURS
        ]
        return any(o.handshake_done for o in tried) if tried else None

    @once
    def resolved(self) -> bool | None:
        """Whether the system's resolver gave it a global address; None: not asked."""
        asked = [o for o in self.seen if isinstance(o, DnsObservation) and o.resolver == "system"]
        if not asked:
            return None
        return any(not is_bogon(a) for o in asked for a in o.addresses)

    @once
    def private_answers(self) -> frozenset[str] | None:
        """Addresses of nobody that the system's resolver named, and nothing else; else None."""
        named = {
            a
            for o in self.seen
            if isinstance(o, DnsObservation) and o.resolver == "system"
            for a in o.addresses
        }
        return frozenset(named) if named and all(is_bogon(a) for a in named) else None

    @once
    def offsets_s(self) -> tuple[float, ...]:
        """Our clock minus the Date that came with each answer."""
        found = []
        for o in self.seen:
            if isinstance(o, HttpObservation):
                date = next((v for key, v in o.headers if key.lower() == "date"), None)
                at = _date(date)
                if at is not None:
                    found.append((o.started_at - at).total_seconds())
        return tuple(found)

    @once
    def rates_bps(self) -> tuple[float, ...]:
        """Pace of its downloads that were long enough."""
        return self.rates_of(None)

    def rates_of(self, family: Family | None) -> tuple[float, ...]:
        """Return the same of one family."""
        flows = [flow_of(o) for o in self._of_family(family) if isinstance(o, HttpObservation)]
        return tuple(
            f.rate_bps for f in flows if f.rate_bps and f.bytes >= k.GATE_TRANSFER_MIN_BYTES
        )

    @once
    def quic_bytes(self) -> int:
        """Most bytes that came over QUIC in one download."""
        flows = [flow_of(o) for o in self.seen if isinstance(o, QuicObservation)]
        return max((f.bytes for f in flows), default=0)

    @once
    def stalled(self) -> bool:
        """Whether a download, or a handshake whose hello was taken, stopped for good."""
        flows = [flow_of(o) for o in self.seen if isinstance(o, HttpObservation)]
        muted = [
            o
            for o in self.seen
            if isinstance(o, TlsObservation)
            and ending_of(o.failure) is Ending.SILENT
            and o.tcp_info is not None
            and (o.tcp_info.bytes_acked or 0) > k.BYTES_ACKED_SYN_ONLY
        ]
        return any(f.has_stalled for f in flows) or bool(muted)


def _date(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


@dataclass(frozen=True)
class Gates:
    """All that the gates have seen."""

    tried: tuple[Tried, ...]
    local: LocalObservation | None
    dns: tuple[DnsObservation, ...]
    knowledge: Knowledge
    country: str | None
    clock_offset_s: float | None = None
    """Our clock minus the controls'."""

    @once
    def passing(self) -> tuple[Tried, ...]:
        """Controls that were reached."""
        return tuple(t for t in self.tried if t.passes())

    @once
    def failing(self) -> tuple[Tried, ...]:
        """Controls that were not."""
        return tuple(t for t in self.tried if not t.passes())

    @once
    def over_tls(self) -> tuple[Tried, ...]:
        """Controls asked over TLS."""
        return tuple(t for t in self.tried if t.is_tls)

    @once
    def proved_networks(self) -> dict[str, frozenset[str]]:
        """{control's host: addresses at which it was reached, and what stands for their networks}.

        CDNs name other addresses of one network to other resolvers.
        """
        geo = self.knowledge.geo
        return {
            t.control.host: t.proved_addresses | {network_key(a, geo) for a in t.proved_addresses}
            for t in self.passing
        }

    @once
    def portals(self) -> tuple[Tried, ...]:
        """Pages of known content, in cleartext."""
        return tuple(t for t in self.tried if "portal" in t.control.purpose)

    @once
    def home(self) -> str | None:
        """Our country: found out, else that of all passing controls where all others fail."""
        if self.country is not None:
            return self.country
        passing = [t for t in self.passing if t.is_tls]
        countries = {t.control.country for t in passing}
        failing = {t.control.country for t in self.failing if t.is_tls}
        alone = len(countries) == 1 and operators(passing) >= k.GATE_OPERATORS_MIN
        if alone and len(failing - countries) >= k.GATE_OPERATORS_MIN:
            return next(iter(countries))
        return None

    def is_domestic(self, tried: Tried) -> bool:
        """Whether a control is at home where we are."""
        return self.home is not None and (
            tried.control.country == self.home
            or (tried.control.country == "EU" and self.home in EU_COUNTRIES)
        )

    @once
    def domestic(self) -> tuple[Tried, ...]:
        """Controls at home."""
        return tuple(t for t in self.tried if self.is_domestic(t))

    @once
    def foreign(self) -> tuple[Tried, ...]:
        """Controls abroad that nobody is known to block here."""
        return tuple(
            t
            for t in self.tried
            if not self.is_domestic(t) and self.home not in t.control.known_blocked_in
        )


# https://european-union.europa.eu: member states as of 2026.
EU_COUNTRIES = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE"}
    | {"IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)


def network_key(address: str, geo: Geo) -> str:
    """Return what addresses of one network share: its number, else the prefix around them."""
    network = geo.network_of(address)
    return f"AS{network.asn}" if network is not None else network_of(address)


def operators(tried: Sequence[Tried]) -> int:
    """Return how many operators these controls are of: one operator is one witness."""
    return len({t.control.operator for t in tried})


def sort_controls(observations: Sequence[Observation], knowledge: Knowledge) -> Gates:
    """Sort the gates' observations by control; judge each chain as of the controls' clock."""
    known = {control.id: control for control in knowledge.catalogue.controls}
    seen: dict[str, list[Observation]] = {}
    local: LocalObservation | None = None
    dns: list[DnsObservation] = []
    for o in observations:
        if isinstance(o, LocalObservation):
            local = o
        if isinstance(o, DnsObservation):
            dns.append(o)
        if o.endpoint in known and o.vantage is None:
            seen.setdefault(o.endpoint, []).append(o)
    offset_s = _offset_s(Tried(known[id_], tuple(os)) for id_, os in seen.items())
    tried = tuple(_tried(known[id_], tuple(os), knowledge, offset_s) for id_, os in seen.items())
    return Gates(
        tried=tried,
        local=local,
        dns=tuple(dns),
        knowledge=knowledge,
        country=local.detail.get("country") if local is not None else None,
        clock_offset_s=offset_s,
    )


def _offset_s(tried: Iterable[Tried]) -> float | None:
    """Our clock minus the controls': the median of their Dates, if two operators say so."""
    told = [t for t in tried if t.offsets_s]
    if operators(told) < k.GATE_OPERATORS_MIN:
        return None
    return median(s for t in told for s in t.offsets_s)


def _tried(
    control: Control, seen: tuple[Observation, ...], knowledge: Knowledge, offset_s: float | None
) -> Tried:
    chains = {}
    is_skewed = offset_s is not None and abs(offset_s) > k.CLOCK_SKEW_S
    for o in seen:
        if isinstance(o, TlsObservation) and o.chain:
            at = o.started_at - timedelta(seconds=offset_s or 0.0) if is_skewed else o.started_at
            chains[o.id] = judge_chain(
                o.chain,
                o.server_name or control.host,
                at=at,
                roots=knowledge.roots,
                local_roots=knowledge.local_roots,
            )
    return Tried(control=control, seen=seen, chains=chains, knowledge=knowledge)
