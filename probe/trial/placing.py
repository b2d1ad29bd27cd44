"""What a kind of scenario puts into a world: boxes, lies, changed sites, empty addresses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from probe.lab.box import Box, Names, Where
from probe.lab.servers.nameserver import Lie
from probe.lab.servers.site import Edge
from probe.lab.worlds.misbehaving import SiteChange
from probe.lab.worlds.spec import Ground
from probe.model.target import Endpoint
from probe.model.words import Family, Protocol
from probe.trial.catalogue import whole_layout
from probe.trial.scenario import Node, Scenario


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a scenario's boxes go: its target on the map."""

    ground: Ground
    endpoint: Endpoint
    scenario: Scenario

    @property
    def names(self) -> Names:
        """Return the rule for the target's name, as the scenario writes it."""
        if self.scenario.option("below"):
            return Names((f"*.{self.endpoint.host}",))
        return Names((self.endpoint.host,))

    @property
    def link(self) -> int:
        """Return the link that the box stands on; 2 is inside the access network."""
        return int(self.scenario.option("link", 2))

    @property
    def version(self) -> int | None:
        """Return 4 or 6 where only one family is touched."""
        return {Family.IPV4: 4, Family.IPV6: 6, None: None}[self.scenario.family]

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return where the target is."""
        return self.ground.layout.hosts[self.endpoint.host]

    def anywhere(self, *ports: int) -> Where:
        """Return a rule for every far end, in the scenario's family.

        With the option `pair` only the target's own addresses are hit: a registry's pairs of name
        and address (S18).
        """
        if self.scenario.option("pair"):
            return self.at_target(*ports)
        return Where(ports=frozenset(ports), version=self.version)

    def at_target(self, *ports: int) -> Where:
        """Return a rule for the target's addresses, in the scenario's family."""
        return Where(prefixes=self.addresses, ports=frozenset(ports), version=self.version)

    def box(self, technique: str, **settings: object) -> Mapping[int, Sequence[Box]]:
        """Return one box on the scenario's link."""
        return {self.link: (self.ground.box(technique, **settings),)}


@dataclass(frozen=True, slots=True)
class Placement:
    """What one scenario adds to a world."""

    boxes: Mapping[int, Sequence[Box]] = field(default_factory=dict)
    lies: tuple[Lie, ...] = ()
    change: SiteChange | None = None
    """What becomes of the target's own site."""
    edges: Mapping[str, Edge] = field(default_factory=dict)
    """Servers by address, in place of the genuine ones or beside them."""
    dead: bool = False
    """Nobody is at the target's addresses."""
    hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Lines of the client's hosts file."""


# Design, "Screen": at least 64 KB of body is read.
_LONG_BYTES: Final = 65_536

NOTHING = Placement()
WEB = frozenset({Protocol.HTTPS, Protocol.TLS, Protocol.HTTP, Protocol.TCP, Protocol.QUIC})
OVER_TLS = frozenset({Protocol.HTTPS, Protocol.TLS})


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of scenario: a technique, or a trouble that nobody means."""

    id: str
    words: str
    place: Callable[[Spot], Placement]
    innocent: bool = False
    node: Node = ("ok",)
    """Innocent kinds: what is true of the target."""
    protocols: frozenset[Protocol] = WEB
    """Innocent kinds: whose verdicts are concerned."""
    scheme: str = "https"
    """Which endpoints it can be done to."""
    quic: bool = False
    """Only endpoints that speak HTTP/3."""
    options: Mapping[str, tuple[str | int | float, ...]] = field(default_factory=dict)
    """What is drawn: {"link": (1, 2, 3)}."""
    families: str = "any"
    """`any`: both families or one of them; `both`: always both; `one`: always one."""
    fits: Callable[[Endpoint], bool] = lambda _endpoint: True
    """Whether it makes sense for an endpoint."""
    abroad: frozenset[str] | None = None
    """Innocent kinds: the countries that are refused; None: everybody has the trouble.

    `*`: all but the service's own country; `client`: the client's country alone.
    """
    chance: bool = False
    """It may not strike: then the run is a benign one."""
    certain: bool = True
    """Innocent kinds: whether a fine target can be expected to be found fine."""


def has_long_page(endpoint: Endpoint) -> bool:
    """Say whether the lab gives an endpoint a page long enough to be slowed or frozen."""
    url = urlsplit(endpoint.url)
    site = whole_layout().sites[endpoint.host]
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    page = site.page(path, secure=url.scheme == "https")
    return len(page.body) + page.padding_bytes >= _LONG_BYTES
