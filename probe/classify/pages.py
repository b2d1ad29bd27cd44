"""Marks by which a page says what it is: challenge, geofence, login wall, withheld item.

A mark is a short id, kept with the observation, so that a page need not be stored to be judged
again. Fingerprints of block pages are marks too: `fp:<id>`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from probe.classify.fingerprints import decoded, match_page
from probe.classify.remember import by_identity
from probe.model.knowledge import Knowledge
from probe.model.observation import HttpObservation
from probe.model.target import Catalogue, Control, Endpoint, Expectation


@dataclass(frozen=True, slots=True)
class Page:
    """One answer, decoded once."""

    status: int
    headers: dict[str, str]
    text: str
    lower: str
    location: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A row: the mark's id, when it is there, and where that was learnt."""

    id: str
    when: Callable[[Page], bool]
    source: str


def _has(*words: str) -> Callable[[Page], bool]:
    return lambda page: any(word in page.lower for word in words)


def _server(word: str) -> Callable[[Page], bool]:
    return lambda page: word in page.headers.get("server", "").lower()


def _refusing(page: Page) -> bool:
    return page.status in {400, 401, 403, 405, 418, 429, 503}


MARKS: tuple[Mark, ...] = (
    Mark(
        "bot.cloudflare",
        lambda p: (
            p.headers.get("cf-mitigated", "").lower() == "challenge"
            or (
                _refusing(p)
                and _server("cloudflare")(p)
                and _has("challenge-platform", "just a moment", "cf-chl", "error 1020")(p)
            )
        ),
        "techniques G02, G08: cf-mitigated: challenge, error 1020",
    ),
    Mark(
        "bot.ddos_guard",
        lambda p: (
            _refusing(p)
            and (_server("ddos-guard")(p) or _has("check.ddos-guard.net", "ddos-guard")(p))
        ),
        "peers.md B: RT's own challenge, 403/503, server: ddos-guard",
    ),
    Mark(
        "bot.akamai",
        lambda p: (
            _refusing(p)
            and _has("access denied")(p)
            and _has("reference #", "reference&#32;&#35;", "errors.edgesuite.net")(p)
        ),
        "techniques G02, G08: Akamai `Access Denied ... Reference #`",
    ),
    Mark(
        "bot.vendor",
        lambda p: (
            _refusing(p)
            and (
                "x-datadome" in p.headers
                or _has("perimeterx", "px-captcha", "captcha-delivery.com", "_incapsula_resource")(
                    p
                )
            )
        ),
        "techniques G08: PerimeterX, DataDome; Imperva's resource path (general knowledge)",
    ),
    Mark(
        "bot.captcha",
        lambda p: _refusing(p) and _has("captcha", "are you a robot", "unusual traffic")(p),
        "techniques G08 (general knowledge)",
    ),
    Mark(
        "geo.cloudflare",
        lambda p: p.status == 403 and _has("error 1009", "error code: 1009")(p),
        "techniques G02: Cloudflare error 1009, country or region banned",
    ),
    Mark(
        "geo.cloudfront",
        lambda p: (
            p.status in {403, 451}
            and _has("configured to block access from your country", "block access from your")(p)
        ),
        "techniques G02: CloudFront",
    ),
    Mark(
        "geo.text",
        lambda p: (
            p.status in {403, 451}
            and _has(
                "not available in your country",
                "not available in your region",
                "unavailable in your country",
                "in your country or region",
                "blocked in your country",
                "недоступен в вашей стране",
                "недоступно в вашем регионе",
                "nicht in deinem land verf",
            )(p)
        ),
        "techniques G02, G03: country text",
    ),
    Mark(
        "withheld.youtube",
        lambda p: (
            p.status == 200
            and _has("not available in your country", "not made this video available in your")(p)
            and _has("playabilitystatus", "youtube")(p)
        ),
        "techniques G03: YouTube `not available in your country`, playabilityStatus",
    ),
    Mark(
        "withheld.x",
        lambda p: p.status == 200 and _has("account withheld", "has been withheld in")(p),
        "techniques G03: X `Account withheld in ...`",
    ),
    Mark(
        "wall.login",
        lambda p: (
            p.status in {301, 302, 303, 307, 308}
            and re.search(r"/(accounts/)?login(/|\?|\.|$)|/i/flow/login|/signin", p.location)
            is not None
        ),
        "techniques G10: redirect to a login page",
    ),
    Mark(
        "wall.consent",
        lambda p: (
            p.status in {301, 302, 303, 307, 308}
            and re.search(r"://consent\.|/consent(/|\?|$)|privacy-?consent", p.location) is not None
        ),
        "techniques G10: consent.youtube.com",
    ),
    Mark(
        "legal.blocked_by",
        lambda p: "blocked-by" in p.headers.get("link", "").lower(),
        "RFC 7725 section 4: Link rel=blocked-by",
    ),
    Mark(
        "proxy.via",
        lambda p: (
            re.search(r"squid|proxy|zscaler|bluecoat|mcafee web gateway", _via(p)) is not None
        ),
        "techniques H08: altered Via",
    ),
)


def _via(page: Page) -> str:
    return page.headers.get("via", "").lower()


# Headers that only a service's own front end sets: with one of them a cleartext refusal is its
# own. peers.md B (identity per service) and techniques H03.
ORIGIN_HEADERS = frozenset(
    {
        "alt-svc",
        "cf-ray",
        "strict-transport-security",
        "x-amz-cf-id",
        "x-connection-hash",
        "x-fb-debug",
        "x-served-by",
        "x-transaction-id",
    }
)


def page_marks(observation: HttpObservation, knowledge: Knowledge) -> tuple[str, ...]:
    """Return the marks of this answer: what the page itself says it is, and known block pages."""
    if observation.status is None:
        return tuple(f"fp:{found}" for found in match_page(observation, knowledge))
    page = _page(observation)
    found = [mark.id for mark in MARKS if mark.when(page)]
    found.extend(_expected(observation, page, knowledge.catalogue))
    found.extend(f"fp:{name}" for name in match_page(observation, knowledge))
    if any(key in ORIGIN_HEADERS for key in page.headers):
        found.append("origin.header")
    return tuple(dict.fromkeys((*observation.marks, *found)))


def _page(observation: HttpObservation) -> Page:
    text = decoded(observation) if observation.body else ""
    return Page(
        status=observation.status or 0,
        headers={key.lower(): value for key, value in observation.headers},
        text=text,
        lower=text.lower(),
        location=(observation.location or "").lower(),
    )


def _expected(observation: HttpObservation, page: Page, catalogue: Catalogue) -> list[str]:
    """Compare with what the catalogue says of this endpoint."""
    entry = _entries(catalogue).get(observation.endpoint)
    if entry is None:
        return []
    expect, found = entry.expect, []
    if any(mark.lower() in page.lower for mark in expect.withheld_marks):
        found.append("expect.withheld")
    if any(mark.lower() in page.lower for mark in expect.present_marks):
        found.append("expect.present")
    if expect.status:
        found.append("expect.status" if page.status in expect.status else "unexpect.status")
    if expect.header is not None and expect.header.lower() in page.headers:
        value = page.headers[expect.header.lower()].lower()
        if expect.header_value is None or expect.header_value.lower() in value:
            found.append("expect.header")
    is_empty = observation.body_bytes == 0 and observation.ended == "complete"
    if expect.body is not None and (observation.body or (page.status == 200 and is_empty)):
        found.append("expect.body" if expect.body.lower() in page.lower else "unexpect.body")
    if _redirects_as_expected(expect, page):
        found.append("expect.redirect")
    return found


def _redirects_as_expected(expect: Expectation, page: Page) -> bool:
    return expect.redirect_to is not None and page.location.startswith(expect.redirect_to.lower())


@by_identity
def _entries(catalogue: Catalogue) -> dict[str, Endpoint | Control]:
    index: dict[str, Endpoint | Control] = {e.id: e for e in catalogue.endpoints}
    index.update({control.id: control for control in catalogue.controls})
    return index


# Second-level labels under which names are registered, so that `bbc.co.uk` is one owner's and
# `co.uk` is not (a short list of the public suffix list's kinds; general knowledge).
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gov", "go", "net", "ne", "or", "org"})


@lru_cache(maxsize=4096)
def owner_of(host: str) -> str:
    """Return the registrable part of a host, by rule of thumb: "www.bbc.co.uk" -> "bbc.co.uk"."""
    labels = host.lower().rstrip(".").split(".")
    if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL:
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])


def host_of(url: str) -> str | None:
    """Return the host of an absolute URL, None where it has none."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
