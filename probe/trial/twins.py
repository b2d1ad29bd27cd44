"""What else looks the same: how deep the evidence can tell, in each setting.

Two kinds of scenario are twins where no packet that the probe can see differs. What is then said
deeper than their common node is a guess, whether it hits or not (techniques 0.6).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from probe.lab.techniques import TECHNIQUES
from probe.trial.innocent import INNOCENT
from probe.trial.scenario import Node, Setting, common, node

_ALONE: Final = frozenset({Setting.NONE, Setting.SNAPSHOT})
"""A snapshot says what was: a service may have failed since."""
_ABROAD: Final = frozenset({Setting.ONE})
_ALL: Final = frozenset(Setting)


@dataclass(frozen=True, slots=True)
class Twins:
    """Kinds that look alike, in which settings, and why."""

    kinds: tuple[str, ...]
    settings: frozenset[Setting]
    words: str


# S03 and S05 are twins too (techniques 0.6), and yet share all words that may be said of them: the
# subtypes of `tls_sni_drop` name what a client sees, the hello acknowledged or not.
TWINS: Final = (
    Twins(
        ("T01", "T12", "geofence-l3", "geofence-l3-country", "dead"),
        _ALONE,
        "silence: dropped on the way, dropped by the origin, or nobody is there (techniques 0.6)",
    ),
    Twins(
        ("T01", "T12", "geofence-l3", "geofence-l3-country"),
        _ABROAD,
        "it answers elsewhere: dropped on the way, or the origin drops this country",
    ),
    Twins(
        ("T02", "H12", "dead-port", "geofence-port-silent"),
        _ALONE,
        "silence at one port: dropped on the way, or the server's own",
    ),
    Twins(
        ("T02", "H12", "geofence-port-silent"),
        _ABROAD,
        "the port opens elsewhere: dropped on the way, or the origin drops this country",
    ),
    Twins(
        ("S16", "intolerant"),
        _ALONE,
        "hellos of one shape fail: dropped on the way, or by a server older than they are",
    ),
    Twins(
        ("T05", "lost-route"),
        _ALL,
        "a route withdrawn on purpose and one lost by accident send the same errors, or none",
    ),
    Twins(
        ("T11", "closed-port", "geofence-port"),
        _ALONE,
        "a reset as late as the server's own: rewritten on the way, or a closed port",
    ),
    Twins(
        ("T11", "geofence-port"),
        _ABROAD,
        "it opens elsewhere: rewritten on the way, or the origin refuses this country",
    ),
    Twins(
        ("S02@pair", "backend-reset", "refuses-country-reset"),
        _ALONE,
        "a reset one round trip after the name, at this address only: the box's or the server's",
    ),
    Twins(
        ("S02@pair", "refuses-country-reset"),
        _ABROAD,
        "it works elsewhere: the box's, or the origin refuses this country",
    ),
    Twins(
        (
            *("S03@pair", "S04@pair", "S05@pair", "S06@pair"),
            *("backend-silence", "refuses-country-silence"),
        ),
        _ALONE,
        "silence after the name, at this address only: a box's or the server's",
    ),
    Twins(
        ("S03@pair", "S04@pair", "S05@pair", "S06@pair", "refuses-country-silence"),
        _ABROAD,
        "it works elsewhere: silenced by a box, or the origin refuses this country",
    ),
    Twins(
        ("backend-alert", "refuses-country-alert"),
        _ALONE,
        "an alert of the server's own: its backend is broken, or it refuses this country",
    ),
    Twins(
        ("D02", "authority-refuses"),
        _ALONE | _ABROAD,
        "SERVFAIL from one resolver: its lie, or the name servers refuse it (techniques D02)",
    ),
    Twins(
        ("D04", "zone-nodata"),
        _ALONE | _ABROAD,
        "no addresses from one resolver: its lie, or the zone has none for this country (G06)",
    ),
    Twins(
        ("H09", "page-truncated"),
        _ALONE,
        "a body cut short in the clear: on the way, or by the server",
    ),
    Twins(
        ("Q04", "no-h3"),
        _ALONE,
        "no answer over UDP at one address: dropped on the way, or switched off",
    ),
)

MAIN_ROWS: Final[Mapping[str, str]] = MappingProxyType(
    {"AS12389": "D06", "GFW": "D09", "S20": "S01", "T13": "S01"}
)
"""Kinds of several boxes, or of a box in a box: whose node counts."""

ALSO_TRUE: Final[Mapping[str, frozenset[Node]]] = MappingProxyType(
    {
        # The page behind an address is known by a fingerprint, and this one's is in no list.
        "D06": frozenset({("blocked", "dns_lie", "wrong_address")}),
        "D08": frozenset(
            {("blocked", "dns_lie", "wrong_address"), ("blocked", "dns_lie", "blockpage")}
        ),
        # That an authority is a state's own, only its name tells.
        "S11": frozenset({("blocked", "tls_mitm", "unknown_ca")}),
        # The shape that is dropped is "offers TLS 1.3".
        "S16": frozenset({("blocked", "tls_fingerprint_block", "version")}),
        # A hole without an error is silence.
        "T05": frozenset({("blocked", "ip_block", "silent")}),
        # A proxy that says nothing of itself gives the page that an injector would.
        "H08": frozenset({("blocked", "blockpage", "page")}),
        # techniques H12: `blockpage` + `port_block`; over TLS only the second shows.
        "H12": frozenset({("blocked", "port_block", "silent")}),
    }
)
"""Other words for the same deed, by technique."""


def truth_of_kind(key: str) -> Node:
    """Return what is true where this kind strikes; the key may end in @pair."""
    kind = key.partition("@")[0]
    if kind in INNOCENT:
        return INNOCENT[kind].node
    row = TECHNIQUES[MAIN_ROWS.get(kind, kind)]
    return node(row.state, row.category, row.subtype)


def identifiable(key: str, truth: Node, setting: Setting) -> Node:
    """Return the deepest node above the truth that the evidence can tell from all twins."""
    nodes = [truth]
    for twins in TWINS:
        if key in twins.kinds and setting in twins.settings:
            nodes += (truth_of_kind(other) for other in twins.kinds)
    return common(nodes)


def why(key: str, setting: Setting) -> tuple[str, ...]:
    """Return in words what keeps the evidence from telling more."""
    return tuple(t.words for t in TWINS if key in t.kinds and setting in t.settings)
