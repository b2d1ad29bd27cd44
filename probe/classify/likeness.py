"""Whether two pages in the clear can be the same, by the marks that a test helper tells of one.

ooni/spec ts-017, "http-diff": of length, uncommon headers and title any one that agrees is enough;
sites differ by country and by the minute, and block pages in all three.
"""

import re
from collections.abc import Iterable
from typing import Final

from probe.model.observation import HttpObservation
from probe.model.target import Endpoint

# ooni/spec ts-017: bodies match if the shorter has more than this share of the longer.
_LENGTHS_ALIKE: Final = 0.7
# What nearly every server sends tells no site from another.
_USUAL: Final = frozenset(
    [
        "accept-ranges",
        "age",
        "alt-svc",
        "cache-control",
        "connection",
        "content-encoding",
        "content-language",
        "content-length",
        "content-security-policy",
        "content-type",
        "date",
        "etag",
        "expires",
        "keep-alive",
        "last-modified",
        "link",
        "location",
        "p3p",
        "pragma",
        "server",
        "set-cookie",
        "strict-transport-security",
        "transfer-encoding",
        "upgrade",
        "vary",
        "via",
        "x-content-type-options",
        "x-frame-options",
        "x-powered-by",
        "x-xss-protection",
    ]
)
REFUSALS: Final = frozenset({401, 403, 429, 451})
SIGNS: Final = ("origin.header", "expect.header", "expect.body", "expect.present")
"""Marks of an answer that only the service itself gives."""
_WORD: Final = re.compile(r"\w{5,}")


def are_unlike(ours: Iterable[HttpObservation], theirs: Iterable[HttpObservation]) -> bool:
    """Whether there are pages on both sides, and none of ours is like any of theirs."""
    here, there = list(filter(_is_page, ours)), list(filter(_is_page, theirs))
    return bool(here and there) and all(_is_unlike(o, t) for o in here for t in there)


def _is_page(seen: HttpObservation) -> bool:
    return seen.status is not None and 200 <= seen.status < 300


def _is_unlike(page: HttpObservation, other: HttpObservation) -> bool:
    """Whether all that can be compared differs, and length and title both could be."""
    if not other.title or not other.body_bytes or page.ended != "complete":
        return False
    if page.body_bytes == 0 and page.declared_bytes != 0:
        return False  # a body that nobody kept
    lengths = sorted((page.body_bytes, other.body_bytes))
    if lengths[0] > _LENGTHS_ALIKE * lengths[1]:
        return False
    if _uncommon(page) & _uncommon(other):
        return False
    return not _words(page.title) & _words(other.title)


def _uncommon(page: HttpObservation) -> set[str]:
    return {name.lower() for name, _ in page.headers} - _USUAL


def _words(title: str | None) -> set[str]:
    """Return the longer words of a title; all of it where it has none."""
    text = (title or "").casefold()
    return set(_WORD.findall(text)) or {text.strip()}


def is_unlike_told(endpoint: Endpoint, marks: frozenset[str], status: int) -> bool:
    """Whether an answer is none that is known, or a page lacks what is known of it.

    What the shipped catalogue only assumes is not known; what somebody's own file expects is.
    """
    if endpoint.expect.sureness == "assumed" and not endpoint.own:
        return False
    if marks & {"unexpect.status", "unexpect.body"} and "expect.status" not in marks:
        return True
    lacks = "unexpect.body" in marks and "expect.body" not in marks
    return lacks and 200 <= status < 300


def lacks_what_is_told(endpoint: Endpoint, marks: frozenset[str], status: int) -> bool:
    """Whether a page is missing, or has nothing of what is surely told of it."""
    is_missing = 400 <= status < 500 and status not in REFUSALS
    return (
        (is_missing or 200 <= status < 300)
        and is_unlike_told(endpoint, marks, status)
        and not any(mark.startswith((*SIGNS, "wall.", "bot.")) for mark in marks)
    )
