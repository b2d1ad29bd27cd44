"""What a censor box is: it sees each packet on its link and says what becomes of it.

A box keeps its flow table in itself and nothing else; it never sees the path, the servers or the
client. Triggers are values (names, addresses, ports, family), so that scenarios are data.
"""

import ipaddress
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import ClassVar, Final, Protocol

from probe.lab.log import What
from probe.lab.packet import Flow, Packet, Side


class Place(Enum):
    """Where a box sits. On the path it gets a copy: it can inject, but drop and change nothing."""

    IN_PATH = "in_path"
    ON_PATH = "on_path"


class Action(Enum):
    """What becomes of a packet."""

    PASS = "pass"  # noqa: S105  (a word, not a password)
    DROP = "drop"
    REPLACE = "replace"
    DELAY = "delay"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a box decided about one packet."""

    action: Action
    packet: Packet | bytes | None = None
    delay_s: float = 0.0


PASS: Final = Verdict(Action.PASS)
DROP: Final = Verdict(Action.DROP)


def replace_with(packet: Packet | bytes) -> Verdict:
    """Let this packet go on in the other's stead."""
    return Verdict(Action.REPLACE, packet=packet)


def delay_by(delay_s: float) -> Verdict:
    """Let the packet go on, later."""
    return Verdict(Action.DELAY, delay_s=delay_s)


class BoxContext(Protocol):
    """What the path gives a box with each packet."""

    @property
    def now(self) -> float:
        """Return the time in seconds since the lab was opened."""

    def inject(self, packet: Packet | bytes, toward: Side, *, after_s: float = 0.0) -> None:
        """Send a packet of the box's own making from its link."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> None:
        """Call back after a while."""

    def log(self, what: What, flow: Flow, name: str = "") -> None:
        """Write into the truth log (`packet.flow(toward)` gives the flow)."""


@dataclass(frozen=True, slots=True)
class Names:
    """Which names a rule hits, written the way censors' lists write them.

    `www.instagram.com` only itself · `*.instagram.com` it and everything below ·
    `*t.co*` wherever the letters stand (the rule of 10 March 2021) · `*` every name.
    """

    patterns: tuple[str, ...] = ()

    def match(self, name: str | None) -> bool:
        """Say whether the name is hit. No name is never hit."""
        return bool(name) and _match_name(self.patterns, str(name))


@lru_cache(maxsize=8192)
def _match_name(patterns: tuple[str, ...], name: str) -> bool:
    name = name.rstrip(".").lower()
    return any(_match_pattern(pattern.lower(), name) for pattern in patterns)


def _match_pattern(pattern: str, name: str) -> bool:
    if pattern == "*":
        return True
    if len(pattern) > 2 and pattern.startswith("*") and pattern.endswith("*"):
        return pattern[1:-1] in name
    if pattern.startswith("*."):
        return name == pattern[2:] or name.endswith(pattern[1:])
    return name == pattern


@dataclass(frozen=True, slots=True)
class Where:
    """Which far ends a rule hits: address prefixes, ports, family; what is empty hits all."""

    prefixes: tuple[str, ...] = ()
    """Addresses or prefixes of either family: ("157.240.0.0/16", "2a03:2880::/32")."""
    ports: frozenset[int] = frozenset()
    version: int | None = None
    """4 or 6: hit this family only (T12)."""
    spared: tuple[str, ...] = ()
    """Addresses or prefixes that are never hit (allow-lists)."""

    def match(self, address: str, port: int) -> bool:
        """Say whether this far end is hit."""
        if self.ports and port not in self.ports:
            return False
        if self.version is not None and self.version != (6 if ":" in address else 4):
            return False
        if self.spared and _match_address(self.spared, address):
            return False
        return not self.prefixes or _match_address(self.prefixes, address)

    def may_match(self, address: str) -> bool:
        """Say whether this far end is hit on any port."""
        if self.spared and _match_address(self.spared, address):
            return False
        return not self.prefixes or _match_address(self.prefixes, address)


@lru_cache(maxsize=8192)
def _match_address(prefixes: tuple[str, ...], address: str) -> bool:
    value = ipaddress.ip_address(address)
    return any(
        value.version == network.version and value in network
        for network in (ipaddress.ip_network(prefix) for prefix in prefixes)
    )


class Key(Enum):
    """What residual memory remembers (techniques 1.9)."""

    FLOW = "4-tuple"
    CLIENT_AND_SERVICE = "3-tuple"  # client address, server address, server port
    SERVER = "server"  # server address, whatever the port


def residual_key(key: Key, flow: Flow) -> Hashable:
    """Return what a box remembers of a flow."""
    match key:
        case Key.FLOW:
            return flow
        case Key.CLIENT_AND_SERVICE:
            return (flow.protocol, flow.client, flow.server, flow.server_port)
        case Key.SERVER:
            return (flow.client, flow.server)


@dataclass(slots=True)
class Residue:
    """How long a box goes on punishing after the trigger, and whom."""

    key: Key
    seconds: float
    _until: dict[Hashable, float] = field(default_factory=dict)

    def remember(self, flow: Flow, now: float) -> None:
        """Start (or start again) the timer of this flow's key."""
        self._until[residual_key(self.key, flow)] = now + self.seconds

    def holds(self, flow: Flow, now: float) -> bool:
        """Say whether the punishment still runs."""
        return now < self._until.get(residual_key(self.key, flow), float("-inf"))


@dataclass(kw_only=True, eq=False)
class Box:
    """One piece of interfering (or merely clumsy) equipment.

    Subclasses are dataclasses too, with their trigger and their numbers as fields. A box is for one
    lab: it remembers what it saw.
    """

    id: ClassVar[str]
    """The row of docs/techniques.md that it plays: "S01"."""
    source: ClassVar[str]
    """The paper or trace behind it; keys as in docs/techniques.md."""
    innocent: ClassVar[bool] = False
    """True for trouble that nobody means: it never makes a world a blocking one."""
    is_bound: ClassVar[bool] = False
    """Whether far ends that its `where` does not hit are nothing to it: what goes to them and comes
    from them is then not shown to it."""
    place: Place = Place.IN_PATH
    pace: float = 1.0
    """The run's pace factor, by which residual timers shrink together with the run's waits."""

    def residue(self, key: Key, seconds: float) -> Residue:
        """Return a memory that lasts so long; of a single flow in its own time, whatever the pace.

        A run waits for what is remembered of a client or a server. For the memory of one flow it
        never does: packets of that flow, which take as long as ever, would outlive a shorter one.
        """
        return Residue(key, seconds if key is Key.FLOW else seconds * self.pace)

    def concerns(self, far: str) -> bool:
        """Say whether packets to and from a far end's address are to be shown to it."""
        where = getattr(self, "where", None)
        return not self.is_bound or not isinstance(where, Where) or where.may_match(far)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Decide about one packet. What it does to anything it writes to `out.log`."""
        raise NotImplementedError
