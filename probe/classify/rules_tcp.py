"""The TCP table: addresses that do not let us connect.

techniques T01-T07. There is no name in a SYN, so no control at the same address exists and nothing
is randomised: a blocked address, a dead server and an origin that refuses our country look alike
(0.6), and nothing is said until another vantage point in our country, or two countries that agree,
see it work now.
"""

from probe.classify import constants as k
from probe.classify.look_tcp import TcpLook
from probe.classify.outcomes import Ending
from probe.classify.rules import Rule, always, suspected, unclear
from probe.model.words import Category, Grade, Layer, Locus, State, Trigger

_RIVALS = ("port_only", "site_down", "origin_geofence", "route_fault", "line_trouble")
_DOWN_ENDINGS = {
    Ending.SILENT: {Ending.SILENT, Ending.UNREACHABLE},
    Ending.REFUSED: {Ending.REFUSED},
    Ending.UNREACHABLE: {Ending.SILENT, Ending.UNREACHABLE},
}


def _is_down(look: TcpLook) -> bool:
    alike = [_DOWN_ENDINGS.get(e, {e}) for e in look.endings]
    return look.all_fail and bool(alike) and any(look.elsewhere.is_down("tcp", a) for a in alike)


def _elsewhere_grade(look: TcpLook) -> Grade:
    """Rows 10 and 13: our own country sees it work; two others leave an origin that refuses ours.

    And a neutral host was reached each time meanwhile, or this line may be the cause. Never
    `strong`: for that a neighbour in the same network would have to answer (C4), else our network
    may have lost its route.
    """
    enough = len(look.failures) >= k.LIES_STRONG
    if enough and look.is_line_open_all_along and look.elsewhere.passing_at_home("tcp"):
        return Grade.PROBABLE
    return Grade.SUSPECTED


def _rst_grade(look: TcpLook) -> Grade:
    if len(look.too_soon) >= k.ARTEFACT_SIGHTINGS:
        return Grade.STRONG if look.elsewhere.passing("tcp") else Grade.PROBABLE
    return Grade.SUSPECTED


def _icmp_grade(look: TcpLook) -> Grade:
    """Row 13: from a router of the access network, or with our own country as witness."""
    near = look.is_prohibited_near or look.elsewhere.passing_at_home("tcp")
    many = len(look.prohibited) >= k.ARTEFACT_SIGHTINGS
    return Grade.PROBABLE if near and many else Grade.SUSPECTED


def _down_grade(look: TcpLook) -> Grade:
    return Grade.PROBABLE if len(look.elsewhere.of("tcp")) >= 2 else Grade.SUSPECTED


def _only(look: TcpLook, ending: Ending) -> bool:
    return look.all_fail and look.endings == {ending}


RULES_TCP: tuple[Rule[TcpLook], ...] = (
    unclear(
        "tcp.not_tried",
        lambda look: not look.tries,
        Layer.TCP,
        ("not_measured",),
        "No address that may be the endpoint's was tried from here.",
    ),
    Rule[TcpLook](
        id="tcp.ok",
        when=lambda look: bool(look.passes),
        state=State.OK,
        category=Category.OK,
        layer=Layer.TCP,
        why="A connection was made; clients try the other addresses of a name (RFC 8305).",
    ),
    Rule[TcpLook](
        id="tcp.down_elsewhere_too",
        when=_is_down,
        state=State.DOWN,
        category=Category.DOWN,
        subtype="tcp",
        layer=Layer.TCP,
        locus=Locus.SERVER,
        grade=_down_grade,
        rivals=("blocked_there_too", "loss"),
        why="Row 12: other vantage points fail in the same way.",
    ),
    Rule[TcpLook](
        id="tcp.no_route",
        when=lambda look: look.has_no_route,
        state=State.INSUFFICIENT,
        category=Category.INSUFFICIENT,
        layer=Layer.ENVIRONMENT,
        locus=Locus.LOCAL,
        rivals=("line_trouble",),
        why="This machine has no route: no packet was sent.",
    ),
    Rule[TcpLook](
        id="tcp.prohibited_by_server",
        when=lambda look: look.all_fail and look.is_prohibited_by_server,
        state=State.REFUSED,
        category=Category.SERVER_GEOBLOCK,
        subtype="l3",
        layer=Layer.TCP,
        trigger=Trigger.ADDRESS,
        locus=Locus.SERVER,
        grade=suspected,
        rivals=("site_down", "origin_geofence"),
        why="The server's own network says that we are prohibited.",
    ),
    Rule[TcpLook](
        id="tcp.port_prohibited",
        when=lambda look: look.all_fail and look.is_filtered and look.other_port_works,
        state=State.BLOCKED,
        category=Category.PORT_BLOCK,
        subtype="icmp",
        layer=Layer.TCP,
        trigger=Trigger.PORT,
        locus=Locus.PATH,
        grade=_icmp_grade,
        rivals=_RIVALS,
        why="T04: a router prohibits this port; another port of the same host answers.",
    ),
    Rule[TcpLook](
        id="tcp.address_prohibited",
        when=lambda look: look.all_fail and look.is_filtered,
        state=State.BLOCKED,
        category=Category.PORT_BLOCK,
        subtype="icmp",
        layer=Layer.TCP,
        trigger=Trigger.ADDRESS,
        locus=Locus.PATH,
        grade=_icmp_grade,
        rivals=_RIVALS,
        why="T04: a router on the way says `administratively prohibited`.",
    ),
    Rule[TcpLook](
        id="tcp.refused_too_soon",
        when=lambda look: _only(look, Ending.REFUSED) and bool(look.too_soon),
        state=State.BLOCKED,
        category=Category.PORT_BLOCK,
        subtype="rst",
        layer=Layer.TCP,
        trigger=Trigger.PORT,
        locus=Locus.PATH,
        grade=_rst_grade,
        rivals=("closed_port", "site_down", "loss"),
        why="T03: refused in less time than a packet needs to the host and back.",
    ),
    Rule[TcpLook](
        id="tcp.refused_here_only",
        when=lambda look: _only(look, Ending.REFUSED) and look.is_vouched_for,
        state=State.BLOCKED,
        category=Category.PORT_BLOCK,
        subtype="rst",
        layer=Layer.TCP,
        trigger=Trigger.ADDRESS,
        locus=Locus.UNKNOWN,
        grade=_elsewhere_grade,
        rivals=("closed_port", "origin_geofence", "loss"),
        why="T03, row 13: refused here, accepted elsewhere.",
    ),
    Rule[TcpLook](
        id="tcp.refused_nearby",
        when=lambda look: _only(look, Ending.REFUSED) and look.is_refused_nearby,
        state=State.BLOCKED,
        category=Category.PORT_BLOCK,
        subtype="rst",
        layer=Layer.TCP,
        trigger=Trigger.ADDRESS,
        locus=Locus.UNKNOWN,
        grade=suspected,
        rivals=("closed_port", "site_down", "origin_geofence", "loss"),
        why="T03: refused in less than half the time that the nearest control needs.",
    ),
    unclear(
        "tcp.refused",
        lambda look: _only(look, Ending.REFUSED),
        Layer.TCP,
        ("closed_port", "site_down", "origin_geofence", "forged_reset"),
        "A closed port and a forged refusal look alike without timing or another vantage.",
    ),
    Rule[TcpLook](
        id="tcp.silent_port",
        when=lambda look: (
            _only(look, Ending.SILENT) and look.other_port_works and look.is_vouched_for
        ),
        state=State.BLOCKED,
        category=Category.PORT_BLOCK,
        subtype="silent",
        layer=Layer.TCP,
        trigger=Trigger.PORT,
        locus=Locus.UNKNOWN,
        grade=_elsewhere_grade,
        rivals=_RIVALS,
        why="T02: the host answers on another port; this one is silent.",
    ),
    Rule[TcpLook](
        id="tcp.silent",
        when=lambda look: (
            _only(look, Ending.SILENT)
            and look.silent_tries >= k.SILENT_TRIES_MIN
            and look.is_vouched_for
        ),
        state=State.BLOCKED,
        category=Category.IP_BLOCK,
        subtype="silent",
        layer=Layer.TCP,
        trigger=Trigger.ADDRESS,
        locus=Locus.UNKNOWN,
        grade=_elsewhere_grade,
        rivals=(*_RIVALS, "loss"),
        why="T01: no address answers a SYN, on any tried port; controls elsewhere do.",
    ),
    Rule[TcpLook](
        id="tcp.no_route_on_path",
        when=lambda look: (
            _only(look, Ending.UNREACHABLE)
            and look.is_unreachable_fast
            and look.says_no_route
            and look.unreachable_tries >= k.SILENT_TRIES_MIN
            and look.is_vouched_for
        ),
        state=State.BLOCKED,
        category=Category.IP_BLOCK,
        subtype="routing",
        layer=Layer.IP,
        trigger=Trigger.ADDRESS,
        locus=Locus.UNKNOWN,
        grade=suspected,
        rivals=_RIVALS,
        why="T05: a router on the way has no route to the network: taken away, or lost.",
    ),
    Rule[TcpLook](
        id="tcp.unreachable",
        when=lambda look: (
            _only(look, Ending.UNREACHABLE)
            and look.is_unreachable_fast
            and look.unreachable_tries >= k.SILENT_TRIES_MIN
            and look.is_vouched_for
        ),
        state=State.BLOCKED,
        category=Category.PORT_BLOCK,
        subtype="icmp",
        layer=Layer.TCP,
        trigger=Trigger.ADDRESS,
        locus=Locus.UNKNOWN,
        grade=_elsewhere_grade,
        rivals=_RIVALS,
        why="T04: a router says unreachable at once; one that looks for a dead host waits.",
    ),
    unclear(
        "tcp.fails_everywhere_from_here",
        lambda look: (
            look.all_fail
            and len(look.endings) == 1
            and look.endings <= {Ending.SILENT, Ending.UNREACHABLE}
            and look.silent_tries + look.unreachable_tries >= k.SILENT_TRIES_MIN
        ),
        Layer.TCP,
        (*_RIVALS, "loss"),
        "T01, G05, E10 (0.6): blocked, refusing our country and dead look alike from here.",
    ),
    unclear(
        "tcp.unclear",
        always,
        Layer.TCP,
        ("port_only", "loss", "site_down", "route_fault", "line_trouble"),
        "One failure, or failures of several kinds: blocked and broken look alike.",
    ),
)
