"""The table on pace: slowed, frozen, delayed; and what one look may say of it.

techniques R01-R09, T09; rows 26-30; 4.3 and 4.4. A slow server and a slow line are far more common
than a censor: without the same address being fast under another name, nothing above `suspected`.
"""

from collections.abc import Callable

from probe.classify import constants as k
from probe.classify.look_pace import PaceLook
from probe.classify.rules import Rule, always, large_packets_lost, suspected, unclear
from probe.model.words import Category, Grade, Layer, Locus, State, Trigger

When = Callable[[PaceLook], bool]
_RIVALS = ("slow_server", "slow_line", "site_down", "loss")


def _throttle_grade(look: PaceLook) -> Grade:
    """Techniques 4.3.4; a second time of day, which `confirmed` needs, is another session's.

    A server may pace one name of its own unevenly; a helper's responder serves both alike.
    """
    p = look.p_value
    enough = min(len(rates) for rates in look.pairs) >= k.THROTTLE_FLOWS
    if p is not None and p < k.P_CONFIRMED and enough and (look.is_even or look.is_at_responder):
        return Grade.STRONG
    if p is not None and p < k.P_STRONG:
        return Grade.PROBABLE
    return Grade.SUSPECTED


def _freeze_grade(look: PaceLook) -> Grade:
    """Techniques 4.4: four of four, and another vantage reads all; at most `strong` (0.9).

    What stops by packets is no server's doing; what the server's own address does for another name
    is no path's.
    """
    if len(look.stalls) < k.FREEZE_RUNS_STRONG:
        return Grade.SUSPECTED
    is_packets = look.stops_by == "packets" and look.elsewhere_goes_further
    return Grade.STRONG if is_packets or look.same_address_goes_further else Grade.PROBABLE


def _delay_grade(look: PaceLook) -> Grade:
    p = look.p_value
    if p is not None and p < k.P_STRONG:
        return Grade.STRONG
    return Grade.PROBABLE if p is not None and p <= k.P_PROBABLE else Grade.SUSPECTED


def _extreme_grade(look: PaceLook) -> Grade:
    p = look.p_value
    return Grade.PROBABLE if p is not None and p <= k.P_PROBABLE else Grade.SUSPECTED


def _throttled(subtype: str | None, when: When, why: str) -> Rule[PaceLook]:
    return Rule[PaceLook](
        id="pace.throttled" if subtype is None else f"pace.throttled_{subtype}",
        when=lambda look: look.is_throttled and when(look),
        state=State.IMPAIRED,
        category=Category.THROTTLE,
        subtype=subtype,
        layer=Layer.CONTENT,
        trigger=Trigger.NAME,
        locus=Locus.PATH,
        grade=_throttle_grade,
        rivals=_RIVALS,
        why=why,
    )


RULES_PACE: tuple[Rule[PaceLook], ...] = (
    Rule[PaceLook](
        id="pace.delayed_by_name",
        when=lambda look: look.is_delayed and look.is_delayed_abroad,
        state=State.IMPAIRED,
        category=Category.THROTTLE,
        subtype="delay",
        layer=Layer.TLS,
        trigger=Trigger.NAME,
        locus=Locus.PATH,
        grade=_delay_grade,
        rivals=_RIVALS,
        why="R04: answers to the name take several times as long, at an unrelated host too.",
    ),
    _throttled(
        "sni_extreme",
        lambda look: look.crawls,
        "R02: less than 2 kB a second, where another name's pace is more than three times that.",
    ),
    _throttled(
        "shape",
        lambda look: look.is_shaped and (look.is_even or look.is_at_responder),
        "R03: a steady third or less of another name's pace, each packet waiting for its turn.",
    ),
    _throttled(
        "sni_police",
        lambda look: look.is_policed,
        "R01: a third or less of another name's pace, in bursts: what is too much vanishes.",
    ),
    _throttled(None, always, "Row 27: a third or less of another name's pace at the same server."),
    Rule[PaceLook](
        id="pace.stalls_elsewhere_too",
        when=lambda look: bool(look.target) and look.stalls_here_and_elsewhere,
        state=State.DOWN,
        category=Category.DOWN,
        subtype="http",
        layer=Layer.CONTENT,
        locus=Locus.SERVER,
        grade=suspected,
        rivals=("blocked_there_too",),
        why="E10: other vantage points' downloads stop in the same way.",
    ),
    Rule[PaceLook](
        id="pace.frozen_after_packets",
        when=lambda look: (
            look.stalls_alike and look.controls_go_further and look.stops_by == "packets"
        ),
        state=State.IMPAIRED,
        category=Category.TRANSFER_FREEZE,
        subtype="packets",
        layer=Layer.CONTENT,
        trigger=Trigger.VOLUME,
        locus=Locus.PATH,
        grade=_freeze_grade,
        rivals=("loss",),
        why="T09: each download stops at the same byte, and so does a connection of small packets"
        " that carried next to nothing: somebody counts packets.",
    ),
    Rule[PaceLook](
        id="pace.frozen_after_bytes",
        when=lambda look: (
            look.stalls_alike
            and look.controls_go_further
            and look.elsewhere_goes_further
            and look.stops_by == "bytes"
        ),
        state=State.IMPAIRED,
        category=Category.TRANSFER_FREEZE,
        subtype="bytes",
        layer=Layer.CONTENT,
        trigger=Trigger.VOLUME,
        locus=Locus.UNKNOWN,
        grade=_freeze_grade,
        rivals=("slow_server", "site_down", "loss"),
        why="T09: each download stops at the same byte, here and not elsewhere; a connection of"
        " more, small packets goes on.",
    ),
    Rule[PaceLook](
        id="pace.frozen",
        when=lambda look: (
            look.stalls_alike and look.controls_go_further and look.elsewhere_goes_further
        ),
        state=State.IMPAIRED,
        category=Category.TRANSFER_FREEZE,
        layer=Layer.CONTENT,
        trigger=Trigger.VOLUME,
        locus=Locus.UNKNOWN,
        grade=_freeze_grade,
        rivals=("mtu", "slow_server", "site_down", "loss"),
        why="T09, row 29: each download stops at the same byte; other hosts go further, and so does"
        " another vantage point here. Alone, a server that stops looks the same.",
    ),
    Rule[PaceLook](
        id="pace.extreme_by_name",
        when=lambda look: look.is_extreme and look.shakes_slowly_by_name and look.is_line_fast,
        state=State.IMPAIRED,
        category=Category.THROTTLE,
        subtype="sni_extreme",
        layer=Layer.CONTENT,
        trigger=Trigger.NAME,
        locus=Locus.UNKNOWN,
        grade=_extreme_grade,
        rivals=("server_refuses_name", *_RIVALS),
        why="R02, row 26: less than 2 kB a second; a neutral name is answered many times faster.",
    ),
    large_packets_lost(
        "pace.large_packets_lost",
        lambda look: look.stalls_at_once and look.facts.gate_fails("mtu"),
        "E07: most controls stall once packets grow large, and so does this page.",
    ),
    unclear(
        "pace.stalled",
        lambda look: any(f.has_stalled for f in look.target),
        Layer.CONTENT,
        ("mtu", "slow_server", "site_down", "loss", "frozen"),
        "A download stopped; servers, lossy lines and censors do that.",
    ),
    Rule[PaceLook](
        id="pace.slow_whatever_name",
        when=lambda look: (
            bool(look.slow)
            and look.same_address_rate_bps is not None
            and look.same_address_rate_bps < k.LOOK_RATE_MAX_BPS
        ),
        state=State.OK,
        category=Category.OK,
        layer=Layer.CONTENT,
        why="Another name at the same address is as slow: the server, or the way to it.",
    ),
    Rule[PaceLook](
        id="pace.slow_here",
        when=lambda look: bool(look.slow) and look.is_line_fast and look.is_fast_at_home,
        state=State.IMPAIRED,
        category=Category.THROTTLE,
        layer=Layer.CONTENT,
        trigger=Trigger.UNKNOWN,
        locus=Locus.UNKNOWN,
        grade=suspected,
        rivals=_RIVALS,
        why="Slow here; other hosts are ten times as fast, and so is the endpoint for another"
        " network of our country.",
    ),
    Rule[PaceLook](
        id="pace.slow",
        when=lambda look: bool(look.slow) and look.is_line_fast,
        state=State.INSUFFICIENT,
        category=Category.THROTTLE,
        layer=Layer.CONTENT,
        rivals=_RIVALS,
        why="Slow while other hosts are ten times as fast: the server, the way, or a throttle.",
    ),
    unclear(
        "pace.trickle",
        lambda look: any(f.trickles for f in look.target),
        Layer.CONTENT,
        _RIVALS,
        "Bytes come too slowly to be a page, and nothing tells the server from the way.",
    ),
    Rule[PaceLook](
        id="pace.slow_to_answer",
        when=lambda look: look.is_slow_to_answer,
        state=State.OK,
        category=Category.OK,
        layer=Layer.TLS,
        rivals=("server_refuses_name", "slow_server"),
        why="Handshakes are answered late: the site works; a delay by name is not shown.",
    ),
    Rule[PaceLook](
        id="pace.ok",
        when=always,
        state=State.OK,
        category=Category.OK,
        layer=Layer.CONTENT,
        why="Nothing slow, or nothing to compare with.",
    ),
)
