"""Scenarios that other projects' suites play, as worlds of the lab: theirs, and mixtures of theirs.

What a single box does is scored by campaigns (docs/lab.md); here is what those do not draw.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from probe.lab.box import DROP, Box, BoxContext, Key, Names, Verdict, Where, delay_by
from probe.lab.boxes.throttle import SlowBox
from probe.lab.log import What
from probe.lab.packet import Flow, Packet, Side
from probe.lab.servers.nameserver import Lie, LieKind
from probe.lab.servers.site import Edge, Page, Site
from probe.lab.worlds.networks import RUSSIA
from probe.lab.worlds.spec import Ground, WorldSpec
from tests.suites.row import Row

NETEM, GENEVA, ANALYSTS, DETECTOR = (
    "ooni/netem",
    "Geneva's censors",
    "ooni/data labels",
    "dpi-detector",
)
TARGET = "www.instagram.com"
NAME = Names((TARGET,))
STRANGER = ("83.224.65.41", "2a01:540:1::77")
SORRY = Site("notice.provider.example", pages={"/": Page(status=200, body=b"<title>Sorry</title>")})
# Who sends a forbidden word is remembered with the server, for as long as the censor runs.
FOR_EVER: Mapping[str, Any] = {"residual_s": 1e6, "residual_key": Key.SERVER}
ROWS: list[Row] = []


@dataclass(kw_only=True, eq=False)
class LossAndDelay(SlowBox):
    """300 ms more and a fifth of the packets lost, from the name on."""

    id = "R04"
    source = "ooni/netem: DPIThrottleTrafficForTLSSNI, as their suite sets it"
    _seen: dict[Flow, int] = field(default_factory=dict, init=False, repr=False)

    def slow(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        del packet, toward
        count = self._seen[flow] = self._seen.get(flow, 0) + 1
        out.log(What.DROPPED, flow)
        drawn = random.Random(f"{flow.client_port}/{count}").random()
        return DROP if drawn < 0.2 else delay_by(0.3)


def lie(kind: LieKind = LieKind.WRONG_ADDRESS, to: Sequence[str] = STRANGER, **more: Any) -> Lie:
    return Lie(NAME, kind, a=tuple(to[:1]), aaaa=tuple(to[1:]), **more)


def of_the_zone(told: Lie) -> Any:
    return lambda ground, resolver: (told,)


def handing_on(ground: Ground, edges: Mapping[str, Edge]) -> Mapping[str, Edge]:
    """A proxy at the stranger's address that hands every connection on to the site."""
    return dict.fromkeys(
        STRANGER, next(edges[a] for a in ground.layout.hosts[TARGET] if a in edges)
    )


def encrypted_cut(ground: Ground) -> dict[int, list[Box]]:
    servers = {r.server_name for r in ground.catalogue.resolvers if r.server_name}
    return {2: [ground.box("S01", names=Names(tuple(sorted(servers)))), ground.box("D15")]}


def play(
    suite: str, name: str, happens: str, theirs: str, ours: str, why: str, **spec: Any
) -> None:
    """File a world; what is expected is said of HTTPS over IPv4."""
    world = WorldSpec(name, name, happens, **spec)
    ROWS.append(Row(suite, name, happens, theirs, ours, lambda: world, why))


GONE = of_the_zone(Lie(NAME, LieKind.NXDOMAIN, technique="origin-dns"))

play(
    NETEM, "ghost", "The name is gone for all; the provider's resolver names its notice.", "dns",
    "insufficient", "A provider that sells names that are not found looks like this as well.",
    lies=(lie(),), answers=GONE,
    edges=dict.fromkeys(STRANGER, Edge((SORRY,), takes_every_name=True)),
)  # fmt: skip
play(
    NETEM, "ghost that refuses", "The same, and nobody listens there.", "dns", "insufficient",
    "As above.", lies=(lie(),), answers=GONE,
)  # fmt: skip
play(
    NETEM, "proxy", "The resolver names a proxy that hands everything on.", "false, accessible",
    "ok", "", lies=(lie(),), furnish=handing_on,
)  # fmt: skip
play(
    NETEM, "proxy and reset", "The same, and a reset at the name.", "dns", "blocked", "",
    lies=(lie(),), furnish=handing_on,
    boxes=lambda ground: {2: [ground.box("S01", names=NAME)]},
)  # fmt: skip
play(
    NETEM, "localhost", "The zone itself says 127.0.0.1.", "false, not accessible", "down: dns", "",
    answers=of_the_zone(lie(LieKind.BOGON, ("127.0.0.1", "::1"), technique="origin-dns")),
)  # fmt: skip
play(
    NETEM, "an unknown notice", "The resolver names a host with a page of its own.", "dns",
    "blocked: dns_lie/wrong_address", "", lies=(lie(),),
    edges=dict.fromkeys(STRANGER, Edge((SORRY,), takes_every_name=True)),
)  # fmt: skip
play(
    NETEM, "a dead address", "The resolver names an address where nobody is.", "dns",
    "blocked: dns_lie/wrong_address", "", lies=(lie(),),
)  # fmt: skip
play(
    NETEM, "throttling", "300 ms more and a fifth lost, from the name on.", "http-failure",
    "insufficient", "Without a helper nothing tells a slow site from a slowed one.",
    boxes=lambda ground: {2: [LossAndDelay(names=NAME)]},
)  # fmt: skip
play(
    GENEVA, "7 and 10", "After the word, all between client and server is dropped, for ever.",
    "the word is found", "insufficient",
    "From then on neutral names are met with silence as well: an overloaded server does that.",
    access=RUSSIA, boxes=lambda ground: {2: [ground.box("S04", names=NAME, **FOR_EVER)]},
)  # fmt: skip
play(
    GENEVA, "8b and 11", "After the word, resets to both sides, for ever.", "the word is found",
    "blocked: port_block/rst_after_connect",
    "Only the first hello was cut for its name; each one since is cut whatever it says.",
    access=RUSSIA, boxes=lambda ground: {2: [ground.box("S01", names=NAME, **FOR_EVER)]},
)  # fmt: skip
play(
    ANALYSTS, "denied by all, DoH cut", "Resolvers in the clear deny, encrypted ones are cut.",
    "blocked, dns.injection", "blocked: dns_lie", "", access=RUSSIA, boxes=encrypted_cut,
    answers=of_the_zone(Lie(NAME, LieKind.NXDOMAIN)),
)  # fmt: skip
play(
    ANALYSTS, "denied, and its addresses dropped", "NXDOMAIN, and no packet to the true addresses.",
    "blocked, dns.nxdomain", "blocked: dns_lie/nxdomain", "", access=RUSSIA,
    lies=(Lie(NAME, LieKind.NXDOMAIN),),
    boxes=lambda ground: {
        2: [ground.box("T01", where=Where(prefixes=ground.layout.hosts[TARGET]))],
    },
)  # fmt: skip
play(
    DETECTOR, "16 KB, but for some names", "Connections freeze after 25 packets, but for names.",
    "blocked, TCP 16-20", "impaired: transfer_freeze/packets", "The same fact by its own name.",
    access=RUSSIA,
    boxes=lambda ground: {2: [ground.box(
        "T09", where=Where(prefixes=ground.layout.hosts[TARGET]), spared_names=Names(("vk.com",)),
    )]},
)  # fmt: skip
