"""Read published fingerprint lists: Censored Planet's, Citizen Lab's and OONI's forms.

What a list claims is taken over no further than it can carry here: scopes become ours, plain text
is told from patterns, a pattern whose work could grow is refused and named, and what is too short
or too vague is no evidence of a censor.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from probe.errors import UsageError
from probe.model.knowledge import Fingerprint
from probe.model.patterns import bounded, literal
from probe.reference.fingerprints import FINGERPRINTS, why_unusable

Row = Mapping[str, object]

# Censored Planet's names begin with the letter of their order and the kind of owner; every other
# name is one of its list of false positives. README of censoredplanet/assets-censoredplanet.
CENSORED_PLANET_NAME: Final = re.compile(r"[a-f]_(prod|nat|isp|corp|unk|gen)_")
SCOPES: Final = {
    "nat": "nat",
    "isp": "isp",
    # A provider's and, in Citizen Lab's list, a region's equipment.
    "prov": "isp",
    "prod": "prod",
    "corp": "inst",
    "inst": "inst",
    "vbw": "vbw",
    "unk": "vbw",
    "gen": "generic",
    # Citizen Lab: a bogon answer, of nobody in particular.
    "br": "generic",
    # Benign injection (a bill to pay, a router's update): something answered, nothing was barred.
    "injb": "fp",
    "fp": "fp",
}
# Rules for false positives that throw genuine block pages away (measured on 223 sample pages): the
# first matches any page that was decoded wrongly, the others are on block pages as well.
DROPPED: Final = frozenset(
    {
        "\ufffd.*\ufffd",
        "<meta name=.*twitter:card",
        "The requested URL could not be retrieved",
        "Coming soon",
    }
)
# Shorter texts are in ordinary pages too (OONI's list has 56 of them).
BODY_TEXT_MIN: Final = 12
HEADER_LINE: Final = re.compile(r"(Server|Location|Via|Set-Cookie): ?(.+)", re.DOTALL)
MATCHES: Final = frozenset({"contains", "prefix", "full", "regexp"})


@dataclass(frozen=True, slots=True)
class PublishedList:
    """A list that `roadblock fingerprints update` fetches."""

    name: str
    url: str
    licence: str


PUBLISHED: Final = (
    PublishedList(
        "censoredplanet",
        "https://assets.censoredplanet.org/blockpage_signatures.json",
        "BSD-3-Clause",
    ),
    PublishedList(
        "censoredplanet-false-positives",
        "https://assets.censoredplanet.org/false_positive_signatures.json",
        "BSD-3-Clause",
    ),
    PublishedList(
        "citizenlab-http",
        "https://raw.githubusercontent.com/citizenlab/filtering-annotations/master/data/v1/http.json",
        "BSD-3-Clause",
    ),
    PublishedList(
        "citizenlab-dns",
        "https://raw.githubusercontent.com/citizenlab/filtering-annotations/master/data/v1/dns.json",
        "BSD-3-Clause",
    ),
    PublishedList(
        "ooni-http",
        "https://raw.githubusercontent.com/ooni/blocking-fingerprints/main/fingerprints_http.csv",
        "none stated: for your own use",
    ),
    PublishedList(
        "ooni-dns",
        "https://raw.githubusercontent.com/ooni/blocking-fingerprints/main/fingerprints_dns.csv",
        "none stated: for your own use",
    ),
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a list."""

    form: str
    """`censoredplanet`, `citizenlab` or `ooni`."""
    fingerprints: tuple[Fingerprint, ...]
    narrowed: tuple[str, ...] = ()
    """Ids whose endless gap was cut."""
    refused: tuple[str, ...] = ()
    """`id: why`, one each."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    id: str
    why: str


def read_fingerprints(content: bytes, *, source: str, seen: str = "") -> Imported:
    """Return the fingerprints of a published list, whichever of the three forms it has.

    `source` (a file or an address) and `seen` (a date) are kept with each.
    """
    rows = list(_rows(content, source))
    form, convert = _form_of(rows, source)
    found: dict[str, Fingerprint] = {}
    narrowed: list[str] = []
    refused: list[str] = []
    for row in rows:
        made = convert(row)
        if isinstance(made, Fingerprint):
            made = _admit(replace(made, source=source, seen=seen))
        if isinstance(made, _Refusal):
            refused.append(f"{_printable(made.id)}: {made.why}")
            continue
        name = _free_id(made, found)
        found[name] = replace(made, id=name)
        if made.match == "regexp" and made.pattern != row["pattern"]:
            narrowed.append(name)
    return Imported(form, tuple(found.values()), tuple(narrowed), tuple(refused))


def keep_fingerprints(imported: Imported, folder: Path, name: str) -> Path:
    """Write them where the judge's knowledge is read from, whole or not at all; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name) or 'imported'}.json"
    part = path.with_suffix(".part")
    try:
        part.write_bytes(FINGERPRINTS.dump_json(imported.fingerprints, indent=1))
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(
            f"{path}: cannot be written ({error.strerror}); free or unlock it"
        ) from error
    return path


def _rows(content: bytes, source: str) -> Iterator[Row]:
    """Yield the rows of a JSON list, of JSON lines, or of a CSV file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{source}: is not UTF-8; name one of the published lists") from error
    start = text.lstrip()[:1]
    try:
        if start == "[":
            given = json.loads(text)
        elif start == "{":
            given = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            given = list(csv.DictReader(io.StringIO(text)))
    except (ValueError, csv.Error, RecursionError) as error:
        raise UsageError(f"{source}: cannot be read ({error}); is the file whole?") from error
    for row in given:
        if not isinstance(row, dict):
            raise UsageError(f"{source}: has a row that is no object; is it a fingerprint list?")
        yield row


def _form_of(rows: list[Row], source: str) -> tuple[str, Callable[[Row], "Fingerprint | _Refusal"]]:
    keys = set(rows[0]) if rows else set()
    if {"fingerprint", "pattern"} <= keys:
        return "censoredplanet", _censored_planet
    if {"name", "pattern_type", "pattern", "location_found"} <= keys:
        return "ooni", _ooni
    if {"name", "response"} <= keys or {"name", "pattern", "location_found"} <= keys:
        return "citizenlab", _citizen_lab
    raise UsageError(
        f"{source}: is none of the lists that are known here; name one of Censored Planet's"
        " (fingerprint, pattern), Citizen Lab's (name, pattern or response, location_found) or"
        " OONI's (name, pattern_type, pattern, location_found)"
    )


def _censored_planet(row: Row) -> Fingerprint | _Refusal:
    name, pattern = _text(row, "fingerprint"), _text(row, "pattern")
    known = CENSORED_PLANET_NAME.match(name)
    # An unknown label must never count as evidence, so it is an exclusion like the rest of them.
    scope = SCOPES[known[1]] if known else "fp"
    header = HEADER_LINE.fullmatch(pattern)
    where, pattern = _header(header) if header else ("body", pattern)
    country = re.match(r"[a-f]_(?:nat|isp)_([a-z]{2})_", name)
    return Fingerprint(
        id=f"cp.{name}",
        where=where,
        match="regexp",
        pattern=pattern,
        scope=scope,
        countries=(country[1].upper(),) if country else (),
    )


def _citizen_lab(row: Row) -> Fingerprint | _Refusal:
    name = f"cl.{_text(row, 'name')}"
    scope = SCOPES.get(_text(row, "scope"))
    if scope is None:
        return _Refusal(name, f'scope "{_text(row, "scope")}" is not known here')
    made = Fingerprint(
        id=name,
        where="dns",
        match="full",
        pattern=_text(row, "response"),
        scope=scope,
        countries=_countries(row.get("expected_countries")),
    )
    if "response" in row:
        return made
    pattern = _text(row, "pattern")
    if _text(row, "location_found") == "body":
        return replace(made, where="body", match="contains", pattern=pattern)
    header = HEADER_LINE.fullmatch(pattern)
    if header:
        where, pattern = _header(header)
        return replace(made, where=where, match="contains", pattern=pattern)
    if not re.search(r"\s", pattern) and re.search(r"[./?=:]", pattern):
        return replace(made, where="location", match="contains", pattern=pattern)
    return _Refusal(name, "the list does not say in which header the text stands")


def _ooni(row: Row) -> Fingerprint | _Refusal:
    name = _text(row, "name")
    scope, match = SCOPES.get(_text(row, "scope")), _text(row, "pattern_type")
    if scope is None:
        return _Refusal(name, f'scope "{_text(row, "scope")}" is not known here')
    if match not in MATCHES:
        return _Refusal(name, f'pattern_type "{match}" is not known here')
    where = _text(row, "location_found")
    return Fingerprint(
        id=name,
        where="location" if where == "header.location" else where,
        match=match,
        pattern=_text(row, "pattern"),
        scope=scope,
        countries=_countries(row.get("expected_countries")),
    )


def _header(line: re.Match[str]) -> tuple[str, str]:
    name = line[1].lower()
    return "location" if name == "location" else f"header.{name}", line[2]


def _admit(fingerprint: Fingerprint) -> Fingerprint | _Refusal:
    """Return the fingerprint as it may be used."""
    if fingerprint.scope == "fp" and fingerprint.pattern in DROPPED:
        return _Refusal(fingerprint.id, "matches genuine block pages; left out on purpose")
    if fingerprint.match == "regexp":
        plain, pattern = literal(fingerprint.pattern), bounded(fingerprint.pattern)
        if plain:
            fingerprint = replace(fingerprint, match="contains", pattern=plain)
        elif pattern is None:
            return _Refusal(fingerprint.id, "its pattern is not bounded: a page could stop us")
        else:
            fingerprint = replace(fingerprint, pattern=pattern)
    is_short = len(fingerprint.pattern) < BODY_TEXT_MIN
    if is_short and fingerprint.where == "body" and fingerprint.scope in {"nat", "isp"}:
        fingerprint = replace(fingerprint, scope="vbw")
    fault = why_unusable(fingerprint)
    return _Refusal(fingerprint.id, fault) if fault else fingerprint


def _free_id(fingerprint: Fingerprint, found: Mapping[str, Fingerprint]) -> str:
    """Return an id that no other pattern of the list has: Censored Planet names some twice."""
    name = _printable(fingerprint.id)
    number = 2
    while name in found and found[name].pattern != fingerprint.pattern:
        name = f"{_printable(fingerprint.id)}.{number}"
        number += 1
    return name


def _printable(name: str) -> str:
    """A list's names go to terminals and reports: letters, digits and little else."""
    return re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)[:80]


def _text(row: Row, key: str) -> str:
    given = row.get(key)
    return given if isinstance(given, str) else ""


def _countries(given: object) -> tuple[str, ...]:
    """`["RU"]`, "['RU']" and "AE,SA" are all in use; "ZZ" means none."""
    text = ",".join(map(str, given)) if isinstance(given, list) else str(given or "")
    return tuple(code for code in re.findall(r"\b[A-Z]{2}\b", text) if code != "ZZ")
