"""A scenario: what is done to one target on one line, as data, and what can be said of it.

Several scenarios share a line (one client, one network, one run), as several things are blocked at
once in life; the gates are then paid for once.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from probe.lab.path import Link
from probe.model.words import Category, Family, Protocol, State

Node = tuple[str, ...]
"""A place in the tree of verdicts: () nothing said, ("blocked",), ("blocked", "tls_sni_reset"),
("blocked", "tls_sni_reset", "injected")."""

NOWHERE: Final[Node] = ()


class Setting(StrEnum):
    """What the probe learns from elsewhere."""

    NONE = "none"
    SNAPSHOT = "snapshot"  # what a helper abroad saw some days ago
    ONE = "one"  # a helper in the service's own country, or another one abroad
    TWO = "two"  # that, and one in our own country on another network


@dataclass(frozen=True, slots=True)
class Scenario:
    """One target's story."""

    id: str
    """`<kind>.<number>`, unique on its line."""
    kind: str
    """A technique's row, or the id of an innocent kind."""
    endpoint: str
    """Catalogue id of the target."""
    family: Family | None = None
    """Only this family is touched; None: both."""
    options: tuple[tuple[str, str | int | float], ...] = ()
    """What the kind leaves open, drawn: (("link", 2), ("pair", 1))."""

    def option(self, name: str, default: str | float = 0) -> str | int | float:
        """Return a drawn option."""
        return dict(self.options).get(name, default)


@dataclass(frozen=True, slots=True)
class Line:
    """One client on one line, and the scenarios that its run meets."""

    id: str
    """`<campaign>-<number>`, or a name."""
    network: str
    """Key of places.NETWORKS."""
    environment: str = "plain"
    """Key of environments.ENVIRONMENTS: what holds for everything on this line."""
    link: Link = field(default_factory=Link)
    setting: Setting = Setting.NONE
    seed: int = 0
    scenarios: tuple[Scenario, ...] = ()

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Return the targets' ids."""
        return tuple(scenario.endpoint for scenario in self.scenarios)


@dataclass(frozen=True, slots=True)
class Expected:
    """What is true of one verdict, as the author or the boxes' log says it."""

    node: Node
    """The truth, as deep as it goes."""
    technique: str = ""
    """Empty: nobody interfered."""
    reachable: Node = NOWHERE
    """The deepest node above it that the evidence can identify in the line's setting."""
    also_true: frozenset[Node] = frozenset()
    """Other nodes that describe the same deed as well."""

    @property
    def is_interfered(self) -> bool:
        """Whether somebody stood in the way."""
        return self.node[:1] in INTERFERED


INTERFERED: Final = frozenset({(State.BLOCKED.value,), (State.IMPAIRED.value,)})
EXCUSES: Final = frozenset({State.DOWN, State.REFUSED, State.RESTRICTED})
"""States that put it on the service; said of a blocked one they are false excuses."""
LOCAL: Final = frozenset({Category.LOCAL_INTERFERENCE, Category.CAPTIVE_PORTAL})


def node(state: State, category: Category | None = None, subtype: str | None = None) -> Node:
    """Return the node of a verdict's words; `ok` has nothing below it, `insufficient` is nowhere.

    node(State.BLOCKED, Category.IP_BLOCK, "silent") == ("blocked", "ip_block", "silent")
    """
    if state is State.INSUFFICIENT:
        return NOWHERE
    if state is State.OK or category is None:
        return (state.value,)
    path = (state.value, category.value)
    return path if subtype is None else (*path, subtype)


def common(nodes: "list[Node]") -> Node:
    """Return the deepest node that all of these lie under."""
    shortest = min(nodes, key=len)
    depth = 0
    while depth < len(shortest) and len({n[depth] for n in nodes}) == 1:
        depth += 1
    return shortest[:depth]


Unit = tuple[str, Protocol, Family | None]
"""What a verdict is about: endpoint, protocol, family."""
