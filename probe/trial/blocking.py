"""The techniques, as they are done to any target: which box with which rule on which link."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from probe.lab.box import Place
from probe.lab.packet import TCP
from probe.lab.pki import Certificate
from probe.lab.servers.nameserver import Lie, LieKind
from probe.lab.servers.site import Edge, Page, Site
from probe.lab.techniques import TECHNIQUES
from probe.lab.worlds.networks import BLOCKPAGE_HOST
from probe.trial.placing import Kind, Placement, Spot, has_long_page

Placer = Callable[[Spot], Placement]

_BLOCKPAGE_SITE: Final = Site(
    "forbidden.lab.example",
    fallback=Page(
        200,
        (("content-type", "text/html; charset=utf-8"),),
        b"<html><head><title>Access restricted</title></head><body>Access to this resource is"
        b" restricted by decision of the authorities.</body></html>",
    ),
    plain=None,
)
_BLOCKPAGE_EDGES: Final = MappingProxyType(
    dict.fromkeys(BLOCKPAGE_HOST, Edge((_BLOCKPAGE_SITE,), takes_every_name=True))
)
# Addresses of the Russian provider's own network, one pair for each kind of forgery.
_FORGERS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "S09": ("188.254.2.66", "2a01:620:1:2::66"),
        "S10": ("188.254.2.67", "2a01:620:1:2::67"),
        "S11": ("188.254.2.68", "2a01:620:1:2::68"),
        "H08": ("188.254.2.69", "2a01:620:1:2::69"),
    }
)
_FORGED: Final = {
    "S09": Certificate.SELF_SIGNED,
    "S10": Certificate.WRONG_NAME,
    "S11": Certificate.STATE_CA,
    "H08": Certificate.SELF_SIGNED,
}
# techniques D07: some real company's address; here Wikimedia's, where the lab has a server.
_STRANGER: Final = ("208.80.154.232", "2620:0:861::1")

_LIES: Final[Mapping[str, dict[str, Any]]] = MappingProxyType(
    {
        "D01": {"kind": LieKind.NXDOMAIN},
        "D02": {"kind": LieKind.SERVFAIL},
        "D03": {"kind": LieKind.REFUSED},
        "D04": {"kind": LieKind.NODATA},
        "D05": {"kind": LieKind.BOGON, "a": ("127.0.0.1",), "aaaa": ("::1",)},
        "D06": {"kind": LieKind.BLOCKPAGE, "a": BLOCKPAGE_HOST[:1], "aaaa": BLOCKPAGE_HOST[1:]},
        "D07": {"kind": LieKind.WRONG_ADDRESS, "a": _STRANGER[:1], "aaaa": _STRANGER[1:]},
        "D08": {
            "kind": LieKind.CNAME,
            "cname": "forbidden.lab.example",
            "a": BLOCKPAGE_HOST[:1],
            "aaaa": BLOCKPAGE_HOST[1:],
        },
        "D19": {
            "kind": LieKind.NXDOMAIN,
            "ede": (16, "blocked by court order"),
            "technique": "D19",
        },
    }
)


def _lie(technique: str) -> Placer:
    def place(spot: Spot) -> Placement:
        lie = Lie(spot.names, **_LIES[technique])
        return Placement(lies=(lie,), edges=_BLOCKPAGE_EDGES)

    return place


def _by_name(technique: str, **settings: Any) -> Placer:  # noqa: ANN401 (each box has its own)
    return lambda spot: Placement(
        boxes=spot.box(technique, names=spot.names, where=spot.anywhere(), **settings)
    )


def _by_question(technique: str) -> Placer:
    """For boxes on port 53, where the box knows its ports itself."""
    return lambda spot: Placement(boxes=spot.box(technique, names=spot.names))


def _by_name_on(technique: str, port: int) -> Placer:
    return lambda spot: Placement(
        boxes=spot.box(technique, names=spot.names, where=spot.anywhere(port))
    )


def _by_address(technique: str, *ports: int, **settings: Any) -> Placer:  # noqa: ANN401
    return lambda spot: Placement(
        boxes=spot.box(technique, where=spot.at_target(*ports), **settings)
    )


def _pair(technique: str) -> Placer:
    return lambda spot: Placement(
        boxes=spot.box(technique, names=spot.names, where=spot.at_target())
    )


def _prohibited(spot: Spot) -> Placement:
    # The filter is a router of the access network: its address says so.
    router = spot.ground.access.routers[1]
    return Placement(
        boxes=spot.box(
            "T04",
            where=spot.at_target(),
            sender=(router.ipv4, router.ipv6),
            protocols=frozenset({TCP}),
        )
    )


def _no_route(spot: Spot) -> Placement:
    router = spot.ground.access.routers[2]
    return Placement(
        boxes=spot.box(
            "T05",
            where=spot.at_target(),
            answer=spot.scenario.option("answer", "unreachable"),
            router=(router.ipv4, router.ipv6),
        )
    )


def _freeze(spot: Spot) -> Placement:
    return Placement(
        boxes=spot.box(
            "T09", where=spot.at_target(443), packets=int(spot.scenario.option("packets", 25))
        )
    )


def _police(spot: Spot) -> Placement:
    limit = int(spot.scenario.option("limit", 4))
    return Placement(boxes=spot.box("T10", names=spot.names, where=spot.at_target(), limit=limit))


def _forge(technique: str, port: int) -> Placer:
    def place(spot: Spot) -> Placement:
        forger = Edge((_BLOCKPAGE_SITE,), takes_every_name=True, forges=_FORGED[technique])
        to = _FORGERS[technique]
        return Placement(
            boxes=spot.box(technique, names=spot.names, where=spot.anywhere(port), to=to),
            edges=dict.fromkeys(to, forger),
        )

    return place


def _cut_short(spot: Spot) -> Placement:
    # Nearly all sites only redirect in the clear: this one gets a page that can be cut.
    page = Page(200, (("content-type", "text/html"),), padding_bytes=16_384)
    return Placement(
        boxes=spot.box("H09", names=spot.names, where=spot.anywhere()),
        change=lambda site: replace(site, plain=page),
    )


def _suppressed(spot: Spot) -> Placement:
    where = spot.at_target(443)
    return Placement(boxes=spot.box("H12", names=spot.names, https=where))


def _reset(spot: Spot) -> Placement:
    """With the option `shuts`, what the box remembers meets the next connection already."""
    settings: dict[str, Any] = {"names": spot.names, "where": spot.anywhere()}
    if spot.scenario.option("shuts"):
        settings.update(shuts=True, place=Place.IN_PATH)
    return Placement(boxes=spot.box("S01", **settings))


def _overloaded(spot: Spot) -> Placement:
    inner = spot.ground.box("S01", names=spot.names, where=spot.anywhere(), residual_s=0.0)
    salt = str(spot.scenario.option("salt"))
    return Placement(boxes=spot.box("S20", inner=inner, misses=0.3, salt=salt))


def _some_paths(spot: Spot) -> Placement:
    inner = spot.ground.box("S01", names=spot.names, where=spot.anywhere(), residual_s=0.0)
    salt = str(spot.scenario.option("salt"))
    return Placement(boxes=spot.box("T13", inner=inner, share=0.5, salt=salt))


def _everything(spot: Spot) -> Placement:
    """AS12389: the resolver leads to the block page, the name is reset, the page is injected."""
    lied = _lie("D06")(spot)
    boxes = {
        2: (spot.ground.box("S02", names=spot.names),),
        3: (spot.ground.box("H02", names=spot.names),),
    }
    return Placement(boxes=boxes, lies=lied.lies, edges=lied.edges)


def _injection_and_reset(spot: Spot) -> Placement:
    """China: two injectors race for the question, DNS over TCP is reset, and so is the hello."""
    names = spot.names
    return Placement(
        boxes={3: tuple(spot.ground.box(row, names=names) for row in ("D09", "D14", "S01"))}
    )


_NEAR: Final[Mapping[str, tuple[str | int | float, ...]]] = MappingProxyType({"link": (1, 2, 3)})
_INSIDE: Final[Mapping[str, tuple[str | int | float, ...]]] = MappingProxyType({"link": (1, 2)})
_NAMED: Final[Mapping[str, tuple[str | int | float, ...]]] = MappingProxyType(
    {"link": (1, 2, 3), "below": (0, 1)}
)
_PAIRED: Final[Mapping[str, tuple[str | int | float, ...]]] = MappingProxyType(
    {"link": (1, 2, 3), "below": (0, 1), "pair": (0, 0, 0, 1)}
)


def _kind(technique: str, place: Placer, **more: Any) -> Kind:  # noqa: ANN401 (Kind's fields)
    more.setdefault("options", _NEAR)
    words = TECHNIQUES[technique].words if technique in TECHNIQUES else more.pop("words")
    return Kind(technique, words, place, **more)


_SALTED: Final = {**_NEAR, "salt": tuple(range(50))}

_KINDS: Final = {
    kind.id: kind
    for kind in (
        *(_kind(row, _lie(row), families="both", options={"below": (0, 1)}) for row in _LIES),
        *(
            _kind(row, _by_question(row), families="both", options=_NAMED)
            for row in ("D09", "D10", "D12")
        ),
        _kind("T01", _by_address("T01")),
        _kind("T02", _by_address("T02", 443)),
        _kind("T03", _by_address("T03", 443, place=Place.IN_PATH), options=_INSIDE),
        _kind("T04", _prohibited),
        _kind("T05", _no_route, options={**_NEAR, "answer": ("unreachable", "silent")}),
        _kind("T07", _by_address("T07", 443), options=_INSIDE),
        _kind("T08", _by_name("T08"), options=_PAIRED),
        _kind("T09", _freeze, options={**_NEAR, "packets": (20, 25, 30)}, fits=has_long_page),
        _kind("T10", _police, options={**_NEAR, "limit": (3, 6)}, chance=True),
        _kind("T11", _by_address("T11", 443)),
        _kind("T12", _by_address("T12"), families="one"),
        _kind(
            "T13",
            _some_paths,
            words="a box on some of the parallel paths resets the name",
            options=_SALTED,
            chance=True,
        ),
        _kind("S01", _reset, options={**_PAIRED, "shuts": (0, 0, 0, 1)}),
        _kind("S02", _by_name("S02"), options=_PAIRED),
        _kind("S03", _by_name("S03"), options=_PAIRED),
        _kind("S04", _by_name("S04"), options=_PAIRED),
        _kind("S05", _by_name("S05"), options=_PAIRED),
        _kind("S06", _by_name("S06"), options=_PAIRED),
        _kind("S08", _by_name("S08"), options=_PAIRED),
        *(
            _kind(row, _forge(row, 443), families="both", options=_NAMED)
            for row in ("S09", "S10", "S11")
        ),
        _kind("S16", _by_address("S16", 443)),
        _kind("S18", _pair("S18"), options=_NAMED),
        _kind(
            "S20",
            _overloaded,
            words="an overloaded box resets the name and misses three in ten",
            options=_SALTED,
            chance=True,
        ),
        *(
            _kind(row, _by_name(row), scheme="http", options=_NAMED)
            for row in ("H01", "H02", "H03", "H04", "H05", "H06", "H11")
        ),
        _kind("H09", _cut_short, scheme="http", options=_NAMED),
        _kind("H08", _forge("H08", 80), scheme="http", families="both", options=_NAMED),
        _kind("H12", _suppressed, families="both"),
        _kind("Q02", _by_address("Q02", 443), quic=True),
        _kind("Q03", _by_name_on("Q03", 443), quic=True, options=_NAMED),
        _kind("Q04", _by_address("Q04", 443), quic=True),
        _kind("Q07", _by_address("Q07", 443), quic=True, fits=has_long_page),
        _kind("Q08", _by_name_on("Q08", 443), quic=True, options=_NAMED),
        _kind("R01", _by_name("R01"), options=_NAMED, fits=has_long_page),
        _kind("R02", _by_name("R02"), options=_NAMED),
        _kind("R03", _by_name("R03"), options=_NAMED, fits=has_long_page),
        _kind("R04", _by_name("R04"), options=_NAMED),
        _kind("R05", _by_name("R05"), options=_NAMED, fits=has_long_page),
        _kind("R06", _by_address("R06", 443), fits=has_long_page),
        _kind("R09", _by_name("R09"), options=_NAMED),
        _kind(
            "AS12389",
            _everything,
            words="the resolver names a block page, a second box resets the name",
            families="both",
            options={},
        ),
        _kind(
            "GFW",
            _injection_and_reset,
            words="forged answers race, DNS over TCP is reset, and so is the name",
            families="both",
            options={},
        ),
    )
}
BLOCKING: Final[Mapping[str, Kind]] = MappingProxyType(_KINDS)
"""By id. Left out: rows that touch a vantage point or a resolver (they are environments), S12 and
S15 (no server here speaks only TLS 1.2, and no target publishes ECH), H07 (a word in a path), S13
and Q09 (R01's box with another rule), S14 (the probe always sends a name)."""


def add_kind(kind: Kind) -> Kind:
    """Let a kind be drawn and named too, for this process; in place of one of that id."""
    _KINDS[kind.id] = kind
    return kind
