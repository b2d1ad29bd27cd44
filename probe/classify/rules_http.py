"""The HTTP tables: over verified TLS the service speaks itself; in cleartext anybody may.

techniques H01-H12, G01-G12; rows 24, 25, 34. Over verified TLS no page is ever the network's: what
looks like a block page there is the server's own refusal (peers.md D2).
"""

from collections.abc import Callable
from dataclasses import replace

from probe.classify import constants as k
from probe.classify.grades_dns import artefact_grade
from probe.classify.likeness import REFUSALS, SIGNS, are_unlike
from probe.classify.look_http import HttpLook
from probe.classify.rules import Rule, always, suspected, unclear, weaker
from probe.classify.rules_cuts import RULES_CUTS, case_grade
from probe.classify.rules_unvouched import RULES_UNVOUCHED
from probe.model.words import Category, Grade, Layer, Locus, Role, State, Trigger

When = Callable[[HttpLook], bool]
_PAGE_RIVALS = ("canonical_redirect", "server_refuses_name", "portal", "site_down")


def _page_grade(look: HttpLook) -> Grade:
    """A known page proves itself; an unknown one needs a neutral Host that gets something else."""
    if look.block_pages:
        return artefact_grade(len(look.block_pages))
    grade = case_grade(look, c1_alive=look.c1_differs or look.c2 == "dead")
    # A server that answers elsewhere just so is the author of its page.
    return weaker(grade, Grade.SUSPECTED) if look.status in look.statuses_elsewhere else grade


def _is_told_apart(look: HttpLook) -> bool:
    """Whether anything says that the answer is not the server's own.

    That a neutral Host gets another one does not: a server that moved, or that refuses our country,
    answers other names otherwise.
    """
    return look.c2 == "dead" or look.is_physical


def _is_bare_refusal(look: HttpLook) -> bool:
    """A refusal that bears no sign of the service."""
    return look.status in {403, 451} and not look.has("origin.header", "bot.", "geo.")


def _is_served_elsewhere(look: HttpLook) -> bool:
    """Whether another vantage point, now, was given no error."""
    return any(o.status is not None and o.status < 500 for o in look.elsewhere.pages())


def _server_grade(look: HttpLook) -> Grade:
    """Over verified TLS the answer is the service's own; seen twice, it is no passing mood."""
    return Grade.CONFIRMED if len(look.answered) >= k.ARTEFACT_SIGHTINGS else Grade.STRONG


def _server(
    id_: str,
    when: When,
    category: Category,
    subtype: str | None,
    why: str,
    *,
    state: State = State.RESTRICTED,
    locus: Locus = Locus.SERVER,
    grade: Callable[[HttpLook], Grade] = _server_grade,
) -> Rule[HttpLook]:
    return Rule[HttpLook](
        id=id_,
        when=lambda look: look.over_tls and bool(look.answered) and when(look),
        state=state,
        category=category,
        subtype=subtype,
        layer=Layer.CONTENT,
        locus=locus,
        grade=grade,
        why=why,
    )


def _fine(id_: str, when: When, subtype: str | None, why: str) -> Rule[HttpLook]:
    return Rule[HttpLook](
        id=id_,
        when=when,
        state=State.OK,
        category=Category.OK,
        subtype=subtype,
        layer=Layer.HTTP,
        why=why,
    )


_SERVER_SIDE: tuple[Rule[HttpLook], ...] = (
    _server(
        "http.withheld",
        lambda look: look.has("expect.withheld", "withheld."),
        Category.PLATFORM_WITHHELD,
        "region",
        "G03: the platform says that it withholds this item here.",
        locus=Locus.PLATFORM,
    ),
    _server(
        "http.legal_refusal",
        lambda look: look.status == 451,
        Category.SERVER_GEOBLOCK,
        "legal",
        "G01: 451 over verified TLS: the service or its CDN decided.",
    ),
    _server(
        "http.geofence",
        lambda look: look.has("geo."),
        Category.SERVER_GEOBLOCK,
        "http",
        "G02: the service refuses this country, in its own words.",
    ),
    _server(
        "http.challenge",
        lambda look: look.has("bot."),
        Category.REACHABLE_BOTWALL,
        "challenge",
        "G08: reached, and asked to prove to be human.",
    ),
    _server(
        "http.rate_limit",
        lambda look: look.status == 429,
        Category.REACHABLE_BOTWALL,
        "rate_limit",
        "G11: reached, and told to come less often.",
    ),
    _server(
        "http.refusal_page",
        lambda look: bool(look.block_pages),
        Category.REACHABLE_BOTWALL,
        "denied",
        "peers.md D2: a block page over verified TLS is the server's own refusal.",
    ),
    _server(
        "http.withheld_by_login",
        lambda look: (
            look.has("wall.login")
            and look.facts.endpoint.role is Role.CONTENT
            and "expect.present" not in look.marks
        ),
        Category.PLATFORM_WITHHELD,
        "login_wall",
        "G03: instead of the item, the platform shows its login page.",
        locus=Locus.PLATFORM,
        grade=suspected,
    ),
    unclear(
        "http.cut_short_inside_tls",
        lambda look: (
            look.over_tls and 0 < look.status < 300 and 2 * len(look.truncated) > len(look.answered)
        ),
        Layer.HTTP,
        ("slow_server", "site_down", "frozen"),
        "H09: the page was cut short, by the server or on the way.",
    ),
    _fine(
        "http.ok_login",
        lambda look: look.over_tls and look.has("wall.login"),
        "login",
        "G10: the service asks for a login.",
    ),
    _fine(
        "http.ok_consent",
        lambda look: look.over_tls and look.has("wall.consent"),
        "consent",
        "G10: the service asks for consent.",
    ),
    _fine(
        "http.ok_expected",
        lambda look: look.over_tls and look.is_expected and look.status < 500,
        None,
        "Verified, and answered as the catalogue says.",
    ),
    _server(
        "http.denied",
        lambda look: look.status in {401, 403} and look.facts.endpoint.role is not Role.API,
        Category.REACHABLE_BOTWALL,
        "denied",
        "G08: reached, and refused without a reason.",
    ),
    Rule[HttpLook](
        id="http.error_here_only",
        when=lambda look: look.over_tls and look.status >= 500 and _is_served_elsewhere(look),
        state=State.INSUFFICIENT,
        category=Category.INSUFFICIENT,
        layer=Layer.CONTENT,
        locus=Locus.SERVER,
        rivals=("site_down", "origin_geofence"),
        why="G11: the service itself says that it fails, and serves others at the same time.",
    ),
    _server(
        "http.server_error",
        lambda look: look.status >= 500,
        Category.DOWN,
        "server_error",
        "G11: the service itself says that it fails.",
        state=State.DOWN,
    ),
)


_CLEARTEXT: tuple[Rule[HttpLook], ...] = (
    Rule[HttpLook](
        id="http.block_page_redirect",
        when=lambda look: bool(look.block_pages) and look.is_redirect,
        state=State.BLOCKED,
        category=Category.BLOCKPAGE,
        subtype="redirect",
        layer=Layer.HTTP,
        trigger=Trigger.NAME,
        locus=Locus.PATH,
        grade=_page_grade,
        rivals=("portal",),
        why="H02, row 25: redirected to a known block page.",
    ),
    Rule[HttpLook](
        id="http.block_page",
        when=lambda look: bool(look.block_pages),
        state=State.BLOCKED,
        category=Category.BLOCKPAGE,
        subtype="page",
        layer=Layer.HTTP,
        trigger=Trigger.NAME,
        locus=Locus.PATH,
        grade=_page_grade,
        rivals=("portal",),
        why="H01, row 25: a known block page.",
    ),
    Rule[HttpLook](
        id="http.strange_redirect",
        when=lambda look: (
            bool(look.strange_redirects)
            and not look.has("expect.redirect")
            and _is_told_apart(look)
        ),
        state=State.BLOCKED,
        category=Category.BLOCKPAGE,
        subtype="redirect",
        layer=Layer.HTTP,
        trigger=Trigger.NAME,
        locus=Locus.UNKNOWN,
        grade=_page_grade,
        rivals=_PAGE_RIVALS,
        why="H02, row 25: redirected to a stranger's host.",
    ),
    Rule[HttpLook](
        id="http.refusal_without_origin",
        when=lambda look: (
            _is_bare_refusal(look)
            and (look.is_too_soon or (not look.is_known and _is_told_apart(look)))
        ),
        state=State.BLOCKED,
        category=Category.BLOCKPAGE,
        subtype="status",
        layer=Layer.HTTP,
        trigger=Trigger.NAME,
        locus=Locus.UNKNOWN,
        grade=_page_grade,
        rivals=_PAGE_RIVALS,
        why="H03, H04: a refusal in cleartext that bears no sign of the service.",
    ),
    Rule[HttpLook](
        id="http.page_too_soon",
        when=lambda look: look.is_answered_too_soon and look.is_physical and not look.is_redirect,
        state=State.BLOCKED,
        category=Category.BLOCKPAGE,
        subtype="page",
        layer=Layer.HTTP,
        trigger=Trigger.UNKNOWN,
        locus=Locus.PATH,
        grade=suspected,
        rivals=("transparent_cache", *_PAGE_RIVALS),
        why="H01, H08: answers sooner than the server could give them, too often for jitter.",
    ),
    unclear(
        "http.page_soon",
        lambda look: look.is_answered_too_soon and not look.is_redirect,
        Layer.HTTP,
        ("transparent_cache", *_PAGE_RIVALS),
        "H01, H08: an answer sooner than the server could give it, or jitter.",
    ),
    unclear(
        "http.unexplained_page",
        lambda look: (
            (bool(look.strange_redirects) and not look.has("expect.redirect"))
            or (_is_bare_refusal(look) and not look.is_known and look.c2 != "alive")
        ),
        Layer.HTTP,
        _PAGE_RIVALS,
        "H02-H04: a stranger's redirect or a bare refusal, and no control tells whose.",
    ),
    Rule[HttpLook](
        id="http.strange_page",
        when=lambda look: look.is_unexpected and look.c2 == "dead",
        state=State.BLOCKED,
        category=Category.BLOCKPAGE,
        subtype="page",
        layer=Layer.HTTP,
        trigger=Trigger.NAME,
        locus=Locus.PATH,
        grade=_page_grade,
        rivals=_PAGE_RIVALS,
        why="H01, H08: not the known answer, and a host that knows nothing of it gives the same.",
    ),
    unclear(
        "http.unexpected_page",
        lambda look: look.is_unlike_known,
        Layer.HTTP,
        ("transparent_cache", *_PAGE_RIVALS),
        "H01, H08: not the answer that was observed before; the service may have changed it.",
    ),
    Rule[HttpLook](
        id="http.refusal_in_cleartext",
        when=lambda look: look.status in REFUSALS and not look.is_known,
        state=State.RESTRICTED,
        category=Category.REACHABLE_BOTWALL,
        subtype="denied",
        layer=Layer.CONTENT,
        locus=Locus.SERVER,
        grade=suspected,
        rivals=("server_refuses_name",),
        why="G08: a refusal with the service's own headers, or at its own addresses alone; though"
        " not verified.",
    ),
    unclear(
        "http.unlike_elsewhere",
        lambda look: are_unlike(look.answered, look.elsewhere.pages()) and not look.has(*SIGNS),
        Layer.HTTP,
        ("transparent_cache", *_PAGE_RIVALS),
        "H01, H08: a page in cleartext that has nothing of the one that others are given: a"
        " block page that is not known, or another edition.",
    ),
    unclear(
        "http.missing_here_only",
        lambda look: (
            400 <= look.status < 500
            and not look.is_expected
            and not look.has(*SIGNS)
            and any(200 <= (o.status or 0) < 300 for o in look.elsewhere.pages())
        ),
        Layer.HTTP,
        _PAGE_RIVALS,
        "H03, G11: an error in cleartext where others are given the page; filters say it too.",
    ),
    unclear(
        "http.error_in_cleartext",
        lambda look: look.status >= 500 and not look.is_expected,
        Layer.HTTP,
        ("site_down", "server_refuses_name"),
        "G11: an error in cleartext may be the server's or a proxy's.",
    ),
)


def _in_cleartext(rule: Rule[HttpLook]) -> Rule[HttpLook]:
    return replace(rule, when=lambda look: not look.over_tls and rule.when(look))


RULES_HTTP: tuple[Rule[HttpLook], ...] = (
    unclear(
        "http.not_tried",
        lambda look: not look.tries,
        Layer.HTTP,
        ("page_not_asked",),
        "Nothing was asked of the endpoint itself.",
    ),
    *_SERVER_SIDE,
    *RULES_CUTS,
    *(_in_cleartext(rule) for rule in _CLEARTEXT),
    *RULES_UNVOUCHED,
    _fine("http.ok", always, None, "The service answered."),
)
