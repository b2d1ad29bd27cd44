"""Match what came back against known facts: block pages, block addresses, forged certificates."""

import re
from collections.abc import Iterable
from functools import lru_cache

from probe.classify.chains import Chain
from probe.classify.literals import needed
from probe.classify.remember import by_identity
from probe.model.knowledge import Fingerprint, Knowledge
from probe.model.observation import HttpObservation

# peers.md D1: national and provider lists are evidence of censorship; the others say "a filter or
# wall of unknown owner".
CENSOR_SCOPES = frozenset({"nat", "isp"})
# A pattern is never run over more than this: pages are cut to 64 KB, headers are shorter.
_TEXT_MAX = 65_536


def is_censors(fingerprint_id: str, knowledge: Knowledge) -> bool:
    """Whether the fingerprint with this id is evidence of a censor rather than of some wall."""
    return fingerprint_id in _censor_ids(knowledge.fingerprints)


@by_identity
def _censor_ids(fingerprints: tuple[Fingerprint, ...]) -> frozenset[str]:
    return frozenset(f.id for f in fingerprints if f.scope in CENSOR_SCOPES)


@by_identity
def _by_place(fingerprints: tuple[Fingerprint, ...]) -> dict[str, tuple[Fingerprint, ...]]:
    """Group by `where`; national and provider rules come first (peers.md D3)."""
    ordered = sorted(fingerprints, key=lambda f: f.scope not in CENSOR_SCOPES)
    places = {f.where for f in ordered}
    return {place: tuple(f for f in ordered if f.where == place) for place in places}


def match_page(seen: HttpObservation, knowledge: Knowledge) -> tuple[str, ...]:
    """Return ids of the fingerprints that a page's title, headers, location or body match."""
    places = _by_place(knowledge.fingerprints)
    found: list[str] = []
    for place, candidates in places.items():
        if place in {"dns", "certificate", "ede"}:
            continue
        for text in _texts(seen, place):
            found.extend(f.id for f in candidates if f.scope != "fp" and _matches(f, text))
    return tuple(dict.fromkeys(found))


def match_address(address: str, knowledge: Knowledge) -> tuple[str, ...]:
    """Return ids of the fingerprints that name this address (or CNAME) as a block answer."""
    candidates = _by_place(knowledge.fingerprints).get("dns", ())
    return tuple(f.id for f in candidates if _matches(f, address))


def match_certificate(chain: Chain, knowledge: Knowledge) -> tuple[str, ...]:
    """Return ids of the fingerprints that know this leaf: by hash, subject or issuer."""
    texts = (chain.leaf_sha256, chain.subject, chain.issuer)
    candidates = _by_place(knowledge.fingerprints).get("certificate", ())
    return tuple(f.id for f in candidates if any(text and _matches(f, text) for text in texts))


def decoded(seen: HttpObservation) -> str:
    """Return the body as text: charset of the header or the page, else UTF-8, else Windows-1251."""
    body = seen.body[:_TEXT_MAX]
    content_type = next((value for key, value in seen.headers if key == "content-type"), "")
    for source in (content_type, body[:1024].decode("latin-1")):
        named = re.search(r"charset=[\"']?([A-Za-z0-9_.:-]{2,30})", source)
        if named:
            try:
                return body.decode(named[1], "replace")
            except LookupError:
                break
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character cut at our limit is no sign of another charset.
        if error.start >= len(body) - 4:
            return body.decode("utf-8", "replace")
        return body.decode("cp1251", "replace")


def _texts(seen: HttpObservation, place: str) -> Iterable[str]:
    if place == "body":
        return (decoded(seen),) if seen.body else ()
    if place == "title":
        return (seen.title,) if seen.title else ()
    if place == "location":
        return (seen.location,) if seen.location else ()
    name = place.removeprefix("header.").lower()
    return [value for key, value in seen.headers if key.lower() == name]


def _matches(fingerprint: Fingerprint, text: str) -> bool:
    pattern = fingerprint.pattern
    match fingerprint.match:
        case "contains":
            return pattern in text
        case "prefix":
            return text.startswith(pattern)
        case "full":
            return text == pattern
        case "regexp":
            literal, lowers = needed(pattern)
            if literal not in (_lower(text) if lowers else text):
                return False
            compiled = _compiled(pattern)
            return compiled is not None and compiled.search(text[:_TEXT_MAX]) is not None
        case _:
            return False


@lru_cache(maxsize=4)
def _lower(text: str) -> str:
    """Lower a page once for all patterns."""
    return text.lower()


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Compile once. Patterns are refused at import time where they are not linear (reference/)."""
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:
        return None
