"""Rows about HTTP exchanges that end because of the name: cut, closed, silent, truncated.

techniques H05-H07, H09, and what happens inside TLS after the name was read.
"""

from collections.abc import Callable

from probe.classify.grades import Case, name_grade
from probe.classify.look_http import HttpLook
from probe.classify.outcomes import Ending
from probe.classify.rules import Rule, large_packets_lost, suspected, unclear
from probe.model.words import Category, Grade, Layer, Locus, State, Trigger

When = Callable[[HttpLook], bool]
_NAME_RIVALS = ("server_down", "server_refuses_name", "site_down", "loss")


def case_grade(look: HttpLook, *, c1_alive: bool) -> Grade:
    """The ladder, fed from exchanges."""
    return name_grade(
        Case(
            c1_alive=c1_alive,
            c2=look.c2,
            elsewhere_home=look.elsewhere.passing_at_home("http"),
            too_soon=len(look.too_soon),
            too_soon_p=look.too_soon_p,
            p_value=look.p_value,
            discordant=look.is_discordant,
            failures=len(look.tries),
            controls=len(look.controls),
            residual=False,
        )
    )


def grade_by_host(look: HttpLook) -> Grade:
    """The ladder for exchanges that fail with the name as Host."""
    return case_grade(look, c1_alive=look.c1 == "alive")


def _failing(look: HttpLook, *kinds: Ending) -> bool:
    return look.all_fail and look.kind in kinds


def _is_cut_by_host(look: HttpLook, kind: Ending) -> bool:
    """In cleartext, where the server's own trouble with this one Host is ruled out."""
    return not look.over_tls and _failing(look, kind) and _is_not_servers(look)


def _cut(
    id_: str, when: When, category: Category, subtype: str | None, rivals: tuple[str, ...], why: str
) -> Rule[HttpLook]:
    return Rule[HttpLook](
        id=id_,
        when=when,
        state=State.BLOCKED,
        category=category,
        subtype=subtype,
        layer=Layer.HTTP,
        trigger=Trigger.NAME,
        locus=Locus.UNKNOWN,
        grade=grade_by_host,
        rivals=rivals,
        why=why,
    )


def _is_not_servers(look: HttpLook) -> bool:
    """A server's own trouble with one name is the nearer explanation, unless it cannot be.

    That another country is served does not tell: a backend breaks for some pages, for a while.
    """
    at_home = look.c1 == "alive" and look.c2 is None and look.elsewhere.passing_at_home("http")
    return look.c2 == "dead" or look.is_physical or at_home


def _is_served_elsewhere_only(look: HttpLook) -> bool:
    """In cleartext, where another vantage is served now and nothing tells the name's part yet."""
    return (
        not look.over_tls
        and look.c1 is None
        and look.c2 is None
        and bool(look.elsewhere.passing("http"))
    )


RULES_CUTS: tuple[Rule[HttpLook], ...] = (
    Rule[HttpLook](
        id="http.down_elsewhere_too",
        when=lambda look: (
            look.all_fail and look.kind is not None and look.elsewhere.is_down("http", {look.kind})
        ),
        state=State.DOWN,
        category=Category.DOWN,
        subtype="http",
        layer=Layer.HTTP,
        locus=Locus.SERVER,
        grade=suspected,
        rivals=("blocked_there_too", "loss"),
        why="E10: other vantage points' exchanges fail in the same way.",
    ),
    _cut(
        "http.reset_by_host",
        lambda look: _is_cut_by_host(look, Ending.RESET),
        Category.HTTP_BLOCK,
        "reset",
        _NAME_RIVALS,
        "H05: cut after the Host header.",
    ),
    _cut(
        "http.closed_by_host",
        lambda look: _is_cut_by_host(look, Ending.CLOSED),
        Category.HTTP_BLOCK,
        "fin",
        _NAME_RIVALS,
        "H05: closed after the Host header.",
    ),
    _cut(
        "http.silent_by_host",
        lambda look: _is_cut_by_host(look, Ending.SILENT),
        Category.HTTP_BLOCK,
        "drop",
        (*_NAME_RIVALS, "slow_server"),
        "H06: silence after the Host header.",
    ),
    _cut(
        "http.reset_here_only",
        lambda look: _failing(look, Ending.RESET) and _is_served_elsewhere_only(look),
        Category.HTTP_BLOCK,
        "reset",
        _NAME_RIVALS,
        "H05: cut after the Host header here, and not elsewhere; no neutral name was tried.",
    ),
    _cut(
        "http.closed_here_only",
        lambda look: _failing(look, Ending.CLOSED) and _is_served_elsewhere_only(look),
        Category.HTTP_BLOCK,
        "fin",
        _NAME_RIVALS,
        "H05: closed after the Host header here, and not elsewhere; no neutral name was tried.",
    ),
    _cut(
        "http.silent_here_only",
        lambda look: _failing(look, Ending.SILENT) and _is_served_elsewhere_only(look),
        Category.HTTP_BLOCK,
        "drop",
        (*_NAME_RIVALS, "slow_server"),
        "H06: silence after the Host header here, and not elsewhere; no neutral name was tried.",
    ),
    _cut(
        "http.reset_inside_tls",
        lambda look: (
            look.over_tls and _failing(look, Ending.RESET, Ending.CLOSED) and _is_not_servers(look)
        ),
        Category.TLS_SNI_RESET,
        None,
        (*_NAME_RIVALS, "slow_server"),
        "S01: cut inside TLS, where only the name was readable; a neutral name is served.",
    ),
    _cut(
        "http.silent_inside_tls",
        lambda look: look.over_tls and _failing(look, Ending.SILENT) and _is_not_servers(look),
        Category.TLS_SNI_DROP,
        "after_ack",
        (*_NAME_RIVALS, "slow_server", "mtu"),
        "S03: some packets pass, then none; a neutral name is served at the same address.",
    ),
    Rule[HttpLook](
        id="http.rubbish_inside_tls",
        when=lambda look: look.over_tls and _failing(look, Ending.GARBAGE),
        state=State.DOWN,
        category=Category.DOWN,
        subtype="http",
        layer=Layer.HTTP,
        locus=Locus.SERVER,
        grade=suspected,
        rivals=("site_down",),
        why="What came inside verified TLS is the server's own, and it is no HTTP.",
    ),
    large_packets_lost(
        "http.large_packets_lost",
        lambda look: (
            _failing(look, Ending.SILENT)
            and (look.over_tls or look.c1 != "alive")
            and look.facts.gate_fails("mtu")
        ),
        "E07: most controls stall once packets grow large, and this answer never came either.",
    ),
    unclear(
        "http.failed",
        lambda look: look.all_fail,
        Layer.HTTP,
        ("server_refuses_name", "server_down", "slow_server", "site_down", "loss"),
        "The exchange failed, and nothing tells the server from the path.",
    ),
    Rule[HttpLook](
        id="http.truncated",
        when=lambda look: (
            not look.over_tls and bool(look.answered) and len(look.truncated) == len(look.answered)
        ),
        state=State.INSUFFICIENT,
        category=Category.HTTP_TAMPER,
        subtype="truncated",
        layer=Layer.HTTP,
        rivals=("slow_server", "site_down", "transparent_cache"),
        why="H09, row 34: less body than announced; a careless server does that too.",
    ),
)
