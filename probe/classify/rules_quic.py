"""The QUIC table: UDP for all, the version, the name, the address.

techniques Q01-Q08; rows 31-33. The state is QUIC's own: a site whose QUIC is blocked is reached by
TCP all the same, and the verdict on the service says so. A UDP port 443 that is closed for every
host is no statement about this one.
"""

from probe.classify import constants as k
from probe.classify.grades import Case, name_grade
from probe.classify.look_quic import QuicLook
from probe.classify.rules import Rule, always, suspected, unclear
from probe.model.words import Category, Grade, Layer, Locus, State, Trigger


def _name_grade(look: QuicLook) -> Grade:
    return name_grade(
        Case(
            c1_alive=look.c1 == "alive",
            c2=None,
            elsewhere_home=look.elsewhere.passing_at_home("quic"),
            too_soon=0,
            too_soon_p=1.0,
            p_value=look.p_value,
            discordant=look.is_discordant,
            failures=len(look.tries),
            controls=len(look.controls),
            residual=False,
        )
    )


def _version_grade(look: QuicLook) -> Grade:
    return Grade.PROBABLE if look.version_2_works and look.c1 == "dead" else Grade.SUSPECTED


def _address_grade(look: QuicLook) -> Grade:
    """A vantage abroad leaves an edge that switched HTTP/3 off for our part of the world."""
    enough = len(look.tries) >= k.LIES_STRONG and look.elsewhere.passing_at_home("quic")
    return Grade.PROBABLE if enough else Grade.SUSPECTED


def _inject_grade(look: QuicLook) -> Grade:
    return Grade.PROBABLE if look.closed_too_soon >= k.ARTEFACT_SIGHTINGS else Grade.SUSPECTED


def _freeze_grade(look: QuicLook) -> Grade:
    """Techniques 4.4, as over TCP (rules_pace); over UDP no kernel says who acknowledged what."""
    is_sure = len(look.stalls) >= k.FREEZE_RUNS_STRONG and look.goes_further_elsewhere
    return Grade.PROBABLE if is_sure else Grade.SUSPECTED


RULES_QUIC: tuple[Rule[QuicLook], ...] = (
    unclear(
        "quic.not_tried",
        lambda look: not look.tries,
        Layer.QUIC,
        ("not_measured",),
        "QUIC with the name was not tried at an address that may be the endpoint's.",
    ),
    Rule[QuicLook](
        id="quic.frozen_after_packets",
        when=lambda look: (
            look.stalls_alike and look.stops_by == "packets" and look.controls_go_further
        ),
        state=State.IMPAIRED,
        category=Category.TRANSFER_FREEZE,
        subtype="packets",
        layer=Layer.QUIC,
        trigger=Trigger.VOLUME,
        locus=Locus.PATH,
        grade=_freeze_grade,
        rivals=("loss",),
        why="Q07: each page stops at the same byte, and so does a connection of small datagrams"
        " that carried next to nothing: somebody counts packets.",
    ),
    unclear(
        "quic.stalled",
        lambda look: bool(look.verified) and len(look.stalls) == len(look.verified),
        Layer.QUIC,
        ("slow_server", "site_down", "loss", "frozen"),
        "Q07: the page stopped coming after the handshake; servers do that too.",
    ),
    Rule[QuicLook](
        id="quic.slow",
        when=lambda look: bool(look.slow) and len(look.slow) == len(look.verified),
        state=State.INSUFFICIENT,
        category=Category.THROTTLE,
        layer=Layer.QUIC,
        rivals=("slow_server", "slow_line", "site_down", "loss"),
        why="Q09: slow while others are ten times as fast: the server, the way, or a throttle.",
    ),
    Rule[QuicLook](
        id="quic.ok",
        when=lambda look: bool(look.verified) and 2 * len(look.verified) > len(look.tries),
        state=State.OK,
        category=Category.OK,
        layer=Layer.QUIC,
        why="The handshake proved the name.",
    ),
    unclear(
        "quic.unproved",
        lambda look: any(o.handshake_done for o in look.tries),
        Layer.QUIC,
        ("origin_certificate", "local_interception", "loss"),
        "A handshake was done and its certificate proves nothing, or only some were done.",
    ),
    Rule[QuicLook](
        id="quic.down_elsewhere_too",
        when=lambda look: look.all_silent and look.is_down_elsewhere,
        state=State.DOWN,
        category=Category.DOWN,
        layer=Layer.QUIC,
        locus=Locus.SERVER,
        grade=suspected,
        rivals=("blocked_there_too",),
        why="Row 12: other vantage points meet the same silence.",
    ),
    Rule[QuicLook](
        id="quic.closed_too_soon",
        when=lambda look: look.all_fail and look.closed_too_soon > 0,
        state=State.BLOCKED,
        category=Category.QUIC_BLOCK,
        subtype="inject",
        layer=Layer.QUIC,
        trigger=Trigger.UNKNOWN,
        locus=Locus.PATH,
        grade=_inject_grade,
        rivals=("no_http3", "site_down"),
        why="Q08: closed sooner than the server could have.",
    ),
    Rule[QuicLook](
        id="quic.blocked_by_name",
        when=lambda look: look.all_silent and look.c1 == "alive" and look.is_discordant,
        state=State.BLOCKED,
        category=Category.QUIC_BLOCK,
        subtype="sni",
        layer=Layer.QUIC,
        trigger=Trigger.NAME,
        locus=Locus.PATH,
        grade=_name_grade,
        rivals=("no_http3", "server_refuses_name", "site_down", "loss"),
        why="Q03, row 32: silence for the name in every round; a neutral name is answered there.",
    ),
    Rule[QuicLook](
        id="quic.blocked_by_version",
        when=lambda look: (
            look.all_silent
            and look.c1 != "alive"
            and look.only_version_1_fails
            and (look.c1 == "dead" or look.version_2_works)
        ),
        state=State.BLOCKED,
        category=Category.QUIC_BLOCK,
        subtype="version",
        layer=Layer.QUIC,
        trigger=Trigger.PROTOCOL,
        locus=Locus.PATH,
        grade=_version_grade,
        rivals=("no_http3", "site_down", "loss"),
        why="Q02: version 1 is met with silence under any name; a reserved version is answered.",
    ),
    Rule[QuicLook](
        id="quic.closed_for_all",
        when=lambda look: look.all_silent and look.gate == "fail",
        state=State.INSUFFICIENT,
        category=Category.QUIC_BLOCK,
        subtype="generic",
        layer=Layer.QUIC,
        trigger=Trigger.PROTOCOL,
        locus=Locus.UNKNOWN,
        rivals=("udp_closed", "quic_version"),
        why="Q01, row 31: QUIC fails for every host: nothing about this one, and routers do that.",
    ),
    Rule[QuicLook](
        id="quic.blocked_with_tcp",
        when=lambda look: (
            look.all_silent and look.tcp_is_dead and look.gate == "pass" and look.is_vouched_for
        ),
        state=State.BLOCKED,
        category=Category.IP_BLOCK,
        subtype="silent",
        layer=Layer.IP,
        trigger=Trigger.ADDRESS,
        locus=Locus.UNKNOWN,
        grade=suspected,
        rivals=("site_down", "origin_geofence", "route_fault"),
        why="Q05: TCP to the same addresses is silent as well; other hosts' QUIC works.",
    ),
    Rule[QuicLook](
        id="quic.unreachable_with_tcp",
        when=lambda look: (
            look.all_fail
            and look.is_unreachable_like_tcp
            and look.gate == "pass"
            and look.is_vouched_for
        ),
        state=State.BLOCKED,
        category=Category.IP_BLOCK,
        layer=Layer.IP,
        trigger=Trigger.ADDRESS,
        locus=Locus.UNKNOWN,
        grade=suspected,
        rivals=("site_down", "origin_geofence", "route_fault"),
        why="Q05: routers refuse TCP to the same addresses as well; other hosts' QUIC works.",
    ),
    Rule[QuicLook](
        id="quic.blocked_by_address",
        when=lambda look: (
            look.all_silent
            and look.c1 == "dead"
            and look.negotiation_tried
            and not look.negotiates
            and look.gate == "pass"
            and look.tcp_works
            and look.works_elsewhere
        ),
        state=State.BLOCKED,
        category=Category.QUIC_BLOCK,
        subtype="ip",
        layer=Layer.QUIC,
        trigger=Trigger.ADDRESS,
        locus=Locus.PATH,
        grade=_address_grade,
        rivals=("no_http3", "site_down", "loss"),
        why="Q04, row 33: silent under any name, answered elsewhere; other hosts' QUIC works.",
    ),
    unclear(
        "quic.unclear",
        always,
        Layer.QUIC,
        ("no_http3", "server_down", "udp_closed", "quic_version", "site_down", "loss"),
        "HTTP/3 switched off, a lossy path, or a filter: nothing tells them apart yet.",
    ),
)
