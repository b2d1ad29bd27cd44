"""What the judge says: of an endpoint, of a service, of the vantage point."""

from typing import Literal

from pydantic import Field

from probe.model.base import Value
from probe.model.words import (
    Category,
    Family,
    Flag,
    Grade,
    Layer,
    Locus,
    Protocol,
    RivalStatus,
    State,
    Trigger,
    VantageState,
)


class Rival(Value):
    """Another explanation of the same failure, and what became of it."""

    id: str
    """Row of classify's table of rivals, e.g. `server_refuses_name`."""
    status: RivalStatus
    experiment: str = ""
    """In words: the experiment that would rule it out."""
    by: tuple[str, ...] = ()
    """Observations that ruled it out, or that failed to."""


class Finding(Value):
    """One thing seen at one layer: the part of a verdict that a rule produces."""

    state: State
    category: Category
    subtype: str | None = None
    layer: Layer | None = None
    trigger: Trigger | None = None
    locus: Locus | None = None
    grade: Grade | None = None
    """None for `ok` and `insufficient`."""
    rule_id: str
    rivals: tuple[Rival, ...] = ()
    flags: tuple[Flag, ...] = ()
    evidence: tuple[str, ...] = ()
    """Ids of the observations that carry it."""
    p_value: float | None = None
    """If the trigger made no difference, how likely a pattern at least this lopsided is.

    Over the orders that the scheduler could have drawn; None where nothing was randomised. It is
    not the probability of being wrong.
    """
    p_family: str | None = None
    n_target: int = 0
    """Attempts with the trigger, the first look not counted where a p-value is given."""
    n_control: int = 0
    detail: str = ""
    """One line of plain facts: `reset 16 ms after the name; connection took 52 ms`."""


Unlocated = Literal["mute_routers", "acts_on_answers", "any_name", "many_ways", "not_reached"]


class Location(Value):
    """Where on the path the name's fate changes: between routers `hop - 1` and `hop`."""

    hop: int
    asn: int | None = None
    """Network of the first router behind it, as geo data tell."""
    country: str | None = None
    border: Literal["before", "at", "beyond", "unknown"] = "unknown"
    """The client's country ends before it, with it, or behind it."""
    tries: int = 0
    """Packets that were given up or not at the hops beside it."""


class Verdict(Finding):
    """What became of one endpoint over one protocol and family."""

    endpoint: str
    service: str
    protocol: Protocol
    family: Family | None = None
    """None: no address of any family was learnt."""
    also: tuple[Finding, ...] = ()
    """What was seen at other layers besides."""
    not_asked: tuple[str, ...] = ()
    """Experiments that would say more and were not performed, in words."""
    hop: int | None = None
    location: Location | None = None
    """With `--locate`, where that says anything."""
    unlocated: Unlocated | None = None
    """Why it could not be located; None where it was, or where nobody tried."""
    ruleset_version: str = ""
    fingerprints_sha256: str = ""
    catalogue_sha256: str = ""


class ServiceVerdict(Value):
    """A service over its roles, with the endpoint that bears witness."""

    service: str
    state: State
    category: Category
    subtype: str | None = None
    grade: Grade | None = None
    witness: str | None = None
    """Endpoint id."""
    endpoints: int = 0
    counts: dict[str, int] = Field(default_factory=dict)
    """How many endpoint verdicts of each state: {"blocked": 3, "ok": 1}."""
    sentence: str = ""


class GateVerdict(Value):
    """What one gate says about the vantage point."""

    gate: str
    """offline, captive_portal, interception, proxy, hosts, filter, vpn, clock, ipv6, mtu, shutdown,
    allowlist, udp443."""
    outcome: Literal["pass", "fail", "unknown"]
    rule_id: str
    category: Category | None = None
    subtype: str | None = None
    detail: str = ""
    evidence: tuple[str, ...] = ()


class VantageFacts(Value):
    """What the gates found out that the judge of an endpoint needs to know."""

    country: str | None = None
    asns: tuple[int, ...] = ()
    """Networks that we come out of, as far as whoami names and geo data tell."""
    resolver_asns: tuple[int, ...] = ()
    """Networks that the system's resolver asks from."""
    resolver_is_strangers: bool = False
    """The system's resolver is of another network and country, or a public operator's: chosen."""
    clock_offset_s: float | None = None
    """Ours minus the controls': certificates are judged at the corrected time."""
    resolver_kinds: tuple[str, ...] = ()
    """`loopback`, `private`, `public`, `access`: whose the system's resolver is, as far as seen."""
    failing_resolvers: tuple[str, ...] = ()
    """`<id>/<transport>` of resolvers that failed for the controls' names as well."""
    working_resolvers: tuple[str, ...] = ()
    """`<id>/<transport>` of resolvers that answered for controls' names."""
    aaaa_resolvers: tuple[str, ...] = ()
    """Those of them that told a control's IPv6 address: they do not filter AAAA for everyone."""
    dns_intercepted: bool = False
    """Questions to a public resolver are answered by another one."""
    rate_bps: float | None = None
    """Median pace of the controls' downloads."""
    rate_bps_by_family: dict[str, float] = Field(default_factory=dict)
    """{"ipv6": 9e6}: the same, by family."""
    rtt_s: float | None = None
    """The fastest connection to a control."""
    quic_bytes: int | None = None
    """Most bytes that a control sent over QUIC in one download."""
    neutral_addresses: tuple[str, ...] = ()
    """Addresses of controls that accept foreign names, proved in the gates: hosts for C2."""
    responders: tuple[str, ...] = ()
    """Addresses of helpers' own responders: hosts for C2 that serve objects of any size, too."""


class VantageVerdict(Value):
    """All gates together: may services be judged from here?"""

    state: VantageState
    gates: tuple[GateVerdict, ...] = ()
    masked_families: tuple[Family, ...] = ()
    """Families in which nothing works here, whatever is asked: no verdicts in them."""
    failing_controls: tuple[str, ...] = ()
    sentence: str = ""
    facts: VantageFacts = VantageFacts()

    @property
    def is_unasked(self) -> bool:
        """Whether the run ended before any gate was judged; then this is no word about the line."""
        return self.state is VantageState.OFFLINE and not self.gates

    @property
    def may_judge(self) -> bool:
        """Whether a service's failure could mean anything here."""
        return self.state in {VantageState.ONLINE, VantageState.DEGRADED, VantageState.INTERCEPTED}
