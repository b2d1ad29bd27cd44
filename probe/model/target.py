"""What is measured and how politely: endpoints, services, controls, resolvers, pacing."""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from probe.model.base import Value
from probe.model.words import Family, Role, Transport

Host = Annotated[
    str,
    StringConstraints(
        max_length=253, pattern=r"^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9-]{1,63}$"
    ),
]
Country = Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}|EU)$")]
Sureness = Literal["observed", "listed", "assumed"]
"""`observed`: in a dated public capture; `listed`: in a curated list; `assumed`: not yet seen."""
# ISO 3166 codes of the member states in 2026.
EU_MEMBERS: Final = frozenset(
    [
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    ]
)


class LastKnownAddress(Value):
    """An address that a dated source gave for the host; used where no resolver can be trusted."""

    address: str
    seen: date
    source: str = ""


class Expectation(Value):
    """What a genuine answer looks like. `sureness = "assumed"` never decides a verdict."""

    status: tuple[int, ...] = ()
    """Any of these."""
    header: str | None = None
    """Lower-case name of a header that a genuine answer carries."""
    header_value: str | None = None
    """A case-insensitive part of that header's value."""
    body: str | None = None
    """A part of the body."""
    redirect_to: str | None = None
    """Prefix of the Location that a genuine redirect names."""
    sureness: Sureness = "assumed"
    since: date | None = None
    withheld_marks: tuple[str, ...] = ()
    """Parts of a page by which the platform says that it withholds this item here."""
    present_marks: tuple[str, ...] = ()
    """Parts of a page that only the item itself has."""


class Endpoint(Value):
    """One thing to reach: a host by one URL, or a bare port."""

    id: str
    """Stable, e.g. `instagram.web`; never an address."""
    service: str
    host: Host
    role: Role
    url: str
    """http:// or https:// (a page), tls:// (a handshake) or tcp:// (a connection)."""
    core: bool = False
    expect: Expectation = Expectation()
    http3: bool | None = None
    """None: not known."""
    ipv6: bool | None = None
    networks: tuple[int, ...] = ()
    """ASNs that it was seen in. A hint for people, never the ground of a verdict."""
    risk_tier: int = 1
    """1 mass-used, 2 sanctioned or politically charged, 3 the user's own addition that is."""
    last_known: tuple[LastKnownAddress, ...] = ()
    sureness: Sureness = "assumed"
    since: date | None = None
    evidence: str = ""
    sibling: str | None = None
    """Endpoint id of a page of the same platform that nobody withholds: its control."""
    neutral_names: tuple[Host, ...] = ()
    """Names that are known to be served at the same addresses."""
    own: bool = False
    """The user's own endpoint: exempt from the pause between sessions."""


class Service(Value):
    """A service as people name it, with its endpoints."""

    id: str
    name: str
    risk_tier: int = 1
    note: str = ""
    country_notes: dict[str, str] = Field(default_factory=dict)
    endpoints: tuple[Endpoint, ...]


class Control(Value):
    """A host that is not expected to be blocked, by which the line itself is judged."""

    id: str
    host: Host
    url: str
    operator: str
    country: Country
    """Where its operator is at home: tells domestic controls from foreign ones."""
    known_blocked_in: tuple[Country, ...] = ()
    expect: Expectation = Expectation()
    purpose: tuple[Literal["reach", "portal", "quic", "transfer", "neutral_name"], ...] = ("reach",)
    accepts_foreign_names: bool = False
    """A TLS handshake with any server name is answered there: may serve as C2."""
    last_known: tuple[LastKnownAddress, ...] = ()
    networks: tuple[int, ...] = ()
    sureness: Sureness = "assumed"
    since: date | None = None
    evidence: str = ""

    def is_domestic_in(self, country: str | None) -> bool:
        """Whether the operator is at home there; EU hosts are at home in every member state."""
        return country == self.country or (self.country == "EU" and country in EU_MEMBERS)


class Resolver(Value):
    """A DNS resolver. `system` and `access` ones are found at run time and have no address here."""

    id: str
    operator: str
    country: Country
    addresses: tuple[str, ...] = ()
    server_name: Host | None = None
    doh_path: str = "/dns-query"
    transports: tuple[Transport, ...] = (Transport.UDP,)
    known_blocked_in: tuple[Country, ...] = ()
    sureness: Sureness = "assumed"
    since: date | None = None
    evidence: str = ""


class WhoamiName(Value):
    """A name whose answer tells which resolver (or client) asked."""

    id: str
    name: Host
    query_type: Literal["A", "AAAA", "TXT"]
    operator: str
    tells: Literal["resolver", "client"]
    server: str | None = None
    """Ask this address directly; None: ask the resolver under test."""


class Canary(Value):
    """A routable address that is known to serve no DNS: an answer from there was injected."""

    id: str
    address: str
    family: Family
    evidence: str = ""


class Pacing(Value):
    """How politely: printed by `plan`, enforced by `run`. Times in seconds, rates as named."""

    workers: int = 32
    flows_max: int = 16
    flows_per_network: int = 4
    """Per IPv4 /24 or IPv6 /48."""
    names_per_network_per_minute: float = 6.0
    """Named handshakes under confirmation, per IPv4 /24 or IPv6 /48."""
    handshake_gap_s: float = 0.25
    """Between two named handshakes to one network."""
    names_per_endpoint: int = 24
    names_per_walk: int = 24
    """With --locate, besides: packets with the name and a short life, per endpoint."""
    session_hours: float = 6.0
    bytes_per_run: int = 64_000_000
    bytes_per_day: int = 256_000_000
    bytes_per_month: int = 4_000_000_000
    seconds_per_run: float = 900.0
    starts_per_second: float = 250.0
    dns_timeout_s: float = 5.0
    dns_window_s: float = 2.0
    connect_timeout_s: float = 10.0
    handshake_idle_s: float = 10.0
    handshake_total_s: float = 60.0
    read_idle_s: float = 20.0
    read_total_s: float = 60.0
    body_bytes: int = 65_536
    addresses_per_family: int = 3
    """TLS handshakes per family; TCP goes to every address."""
    pace_factor: float = 1.0
    """Scales waits (never timeouts)."""


class Catalogue(Value):
    """All that targets/ says, loaded and checked."""

    services: tuple[Service, ...]
    controls: tuple[Control, ...] = ()
    resolvers: tuple[Resolver, ...] = ()
    whoami: tuple[WhoamiName, ...] = ()
    canaries: tuple[Canary, ...] = ()
    pacing: Pacing = Pacing()
    sha256: str = ""
    source: str = ""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All endpoints of all services, in file order."""
        return tuple(endpoint for service in self.services for endpoint in service.endpoints)
