"""Worlds in which somebody censors: stories of several techniques, and one world per technique."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from probe.lab.box import Box, Key, Names, Place, Where
from probe.lab.pki import Certificate
from probe.lab.servers.nameserver import Lie, LieKind
from probe.lab.servers.site import Edge, Page, Site
from probe.lab.techniques import TECHNIQUES as ROWS
from probe.lab.worlds.networks import BLOCKPAGE_HOST, RUSSIA
from probe.lab.worlds.spec import BoxPlan, Ground, WorldSpec

_RT = Names(("*.rt.com", "rt.com"))
# Names of techniques' row D21 and of the catalogue: what the EU's sanctions of March 2022 name.
_SANCTIONED = Names(
    (
        "*.rt.com", "*.swentr.site", "*.rtde.site", "*.rtde.live", "*.rtde.tech", "*.de-rt.com",
        "*.freedert.online", "*.esrt.online", "*.esrt.press", "*.rtfrance.tv", "*.ruptly.tv",
        "*.sputnikglobe.com", "*.sputniknews.com",
    )
)  # fmt: skip
_INSTAGRAM = Names(("*.instagram.com", "*.cdninstagram.com", "ig.me"))
_FACEBOOK = Names(("*.facebook.com", "*.fbcdn.net", "fb.me"))
_TWITTER = Names(("*.twitter.com", "*.twimg.com", "x.com", "*.x.com", "t.co"))

_BLOCKPAGE_SITE = Site(
    "forbidden.lab.example",
    fallback=Page(
        200,
        (("content-type", "text/html; charset=utf-8"),),
        b"<html><head><title>Access restricted</title></head><body>Access to this resource is"
        b" restricted by decision of the authorities.</body></html>",
    ),
    plain=None,
)

# Where redirecting boxes lead: addresses of the providers' own networks, as networks.py has them.
_FORGER: Final = ("188.254.2.66", "2a01:620:1:2::66")


# Techniques 1.9: what is known of Russia's boxes is state of the flow; resets of every connection
# between two machines for a while are China's.
_FLOW_ONLY: Final[dict[str, Any]] = {"residual_key": Key.FLOW}


def _march_2022(ground: Ground) -> Mapping[int, Sequence[Box]]:
    return {
        2: [
            ground.box("S02", names=_INSTAGRAM),
            # 150 kbit/s: the upper end of what techniques R01 (THR21) names.
            ground.box("R01", names=_TWITTER, rate_bps=150_000.0),
        ],
        # Next to the customer, so that its resets come long before the server could answer.
        1: [ground.box("S01", names=_FACEBOOK, **_FLOW_ONLY)],
    }


STORIES: Final = (
    WorldSpec(
        "march-2022",
        "Russia, March 2022",
        "A home line in Russia. Connections that name Instagram come back as resets, as the TSPU"
        " does it; Facebook's are reset by a second box; Twitter is slowed to 150 kbit/s; the"
        " provider's resolver says that RT does not exist (in life a thing of the EU, here to have"
        " it in one place). Everything else is open.",
        access=RUSSIA,
        boxes=_march_2022,
        lies=(Lie(_RT, LieKind.NXDOMAIN),),
    ),
    WorldSpec(
        "europe-rt",
        "A German provider, after the sanctions of March 2022",
        "The provider's resolver says that the names of RT and Sputnik do not exist; public"
        " resolvers tell the truth, and nothing is done to packets.",
        lies=(Lie(_SANCTIONED, LieKind.NXDOMAIN),),
    ),
    WorldSpec(
        "as12389",
        "Several boxes at once",
        "A Russian provider whose resolver answers with its block page's address for RT, while a"
        " second box resets the name, and a third injects the page in the clear.",
        access=RUSSIA,
        lies=(Lie(_RT, LieKind.BLOCKPAGE, a=BLOCKPAGE_HOST[:1], aaaa=BLOCKPAGE_HOST[1:]),),
        boxes=lambda ground: {
            2: [ground.box("S01", names=_RT, **_FLOW_ONLY)],
            3: [ground.box("H02", names=_RT)],
        },
        edges=dict.fromkeys(BLOCKPAGE_HOST, Edge((_BLOCKPAGE_SITE,), takes_every_name=True)),
    ),
    WorldSpec(
        "tls-mitm",
        "Forged certificates for Instagram",
        "Connections that name Instagram are led to a box that shows a certificate of its own"
        " authority, `Internet Widgits Pty Ltd`.",
        access=RUSSIA,
        boxes=lambda ground: {2: [ground.box("S09", names=_INSTAGRAM, to=_FORGER)]},
        edges=dict.fromkeys(
            _FORGER,
            Edge((_BLOCKPAGE_SITE,), takes_every_name=True, forges=Certificate.PRIVATE_CA),
        ),
    ),
    WorldSpec(
        "ip-block",
        "Instagram's addresses are gone",
        "Every packet to or from Instagram's addresses vanishes, whatever it says.",
        access=RUSSIA,
        boxes=lambda ground: {
            2: [ground.box("T01", where=Where(prefixes=ground.addresses_of("instagram")))]
        },
    ),
    WorldSpec(
        "http-blockpage",
        "A block page in the clear, a reset over TLS",
        "Requests in the clear that name Instagram get a block page; hellos that name it are"
        " dropped.",
        access=RUSSIA,
        boxes=lambda ground: {
            2: [ground.box("H01", names=_INSTAGRAM), ground.box("S04", names=_INSTAGRAM)]
        },
    ),
    WorldSpec(
        "shutdown",
        "Only what is domestic",
        "A Russian mobile network during a shutdown: addresses abroad are dead, domestic ones"
        " work.",
        access=RUSSIA,
        boxes=lambda ground: {2: [ground.box("T15", where=Where(spared=ground.domestic()))]},
    ),
)


_OF_RESOLVER: Final[Mapping[str, dict[str, Any]]] = {
    "D01": {"kind": LieKind.NXDOMAIN},
    "D02": {"kind": LieKind.SERVFAIL},
    "D03": {"kind": LieKind.REFUSED},
    "D04": {"kind": LieKind.NODATA},
    "D05": {"kind": LieKind.BOGON, "a": ("127.0.0.1",), "aaaa": ("::1",)},
    "D06": {"kind": LieKind.BLOCKPAGE, "a": BLOCKPAGE_HOST[:1], "aaaa": BLOCKPAGE_HOST[1:]},
    # Some real company's address, as techniques D07 says: here Wikimedia's.
    "D07": {
        "kind": LieKind.WRONG_ADDRESS, "a": ("208.80.154.232",), "aaaa": ("2620:0:861::1",)
    },
    "D08": {
        "kind": LieKind.CNAME,
        "cname": "forbidden.lab.example",
        "a": BLOCKPAGE_HOST[:1],
        "aaaa": BLOCKPAGE_HOST[1:],
    },
    "D19": {"kind": LieKind.NXDOMAIN, "ede": (16, "blocked by court order"), "technique": "D19"},
}  # fmt: skip

_BY_NAME: Final = [
    "D09",
    "D10",
    "D12",
    "D14",
    "T08",
    "T10",
    "S01",
    "S02",
    "S03",
    "S04",
    "S05",
    "S06",
    "S08",
    "H01",
    "H02",
    "H03",
    "H04",
    "H05",
    "H06",
    "H09",
    "H11",
    "H12",
    "Q03",
    "Q08",
    "Q09",
    "R01",
    "R02",
    "R03",
    "R04",
    "R09",
]
_BY_ADDRESS: Final = [
    "T01",
    "T02",
    "T03",
    "T04",
    "T05",
    "T07",
    "T09",
    "T11",
    "T12",
    "S18",
    "Q02",
    "Q04",
    "Q07",
    "R06",
]
_FORGING: Final = {
    "S09": Certificate.SELF_SIGNED,
    "S10": Certificate.WRONG_NAME,
    "S11": Certificate.STATE_CA,
    "H08": Certificate.SELF_SIGNED,
}

_PORTS: Final = {"T02": 443, "T03": 443, "T11": 443, "Q02": 443, "Q04": 443, "Q07": 443}
"""Boxes of one port; the others take all."""


def _by_name(technique: str) -> BoxPlan:
    return lambda ground: {2: [ground.box(technique, names=_INSTAGRAM)]}


def _by_address(technique: str) -> BoxPlan:
    def plan(ground: Ground) -> Mapping[int, Sequence[Box]]:
        ports = frozenset({_PORTS[technique]} if technique in _PORTS else ())
        where = Where(
            prefixes=ground.addresses_of("instagram"),
            ports=ports,
            version=4 if technique == "T12" else None,
        )
        more: dict[str, Any] = {"names": _INSTAGRAM} if technique == "S18" else {}
        if technique == "T03":
            more["place"] = Place.IN_PATH
        return {2: [ground.box(technique, where=where, **more)]}

    return plan


def _forging(technique: str) -> BoxPlan:
    return lambda ground: {2: [ground.box(technique, names=_INSTAGRAM, to=_FORGER)]}


def _world(technique: str, plan: BoxPlan | None) -> WorldSpec:
    words = ROWS[technique].words
    kind = _FORGING.get(technique)
    lie = _OF_RESOLVER.get(technique)
    edges = dict.fromkeys(BLOCKPAGE_HOST, Edge((_BLOCKPAGE_SITE,), takes_every_name=True))
    if kind is not None:
        forger = Edge((_BLOCKPAGE_SITE,), takes_every_name=True, forges=kind)
        edges |= dict.fromkeys(_FORGER, forger)
    spec = WorldSpec(
        technique.lower(),
        f"{technique}: {words}",
        f"A line in Russia on which this is done to Instagram, and nothing else: {words}.",
        access=RUSSIA,
        lies=() if lie is None else (Lie(_INSTAGRAM, **lie),),
        edges=edges,
    )
    return spec if plan is None else spec.with_boxes(plan)


TECHNIQUES: Final = tuple(
    sorted(
        (
            *(_world(technique, None) for technique in _OF_RESOLVER),
            *(_world(technique, _by_name(technique)) for technique in _BY_NAME),
            *(_world(technique, _by_address(technique)) for technique in _BY_ADDRESS),
            *(_world(technique, _forging(technique)) for technique in _FORGING),
        ),
        key=lambda spec: spec.id,
    )
)
"""One world per technique, done to Instagram."""
