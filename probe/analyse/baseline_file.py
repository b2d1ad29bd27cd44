"""Reads a baseline's TOML text: one value, or every complaint at once with file and line."""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from probe.analyse.baseline import EVERYTHING, ROW_LAYERS, Baseline, Entry, When, sha256_of
from probe.analyse.toml_lines import Path, Spot, spans
from probe.errors import BaselineError
from probe.model.target import Service
from probe.model.words import SUBTYPES, Category, Grade, Layer, State

VERSION: Final = 1
TOP_KEYS: Final = ("version", "strict", "fail_on", "min_grade", "expect", "when")
WHEN_KEYS: Final = ("country", "asn", "vantage", "expect")
THRESHOLDS: Final = MappingProxyType(
    {
        "dns_ms_p95": Layer.DNS,
        "tcp_ms_p95": Layer.TCP,
        "tls_ms_p95": Layer.TLS,
        "http_ms_p95": Layer.HTTP,
        "goodput_kbps_min": Layer.HTTP,
    }
)
"""Limits an entry may set, and the layer that each one is about."""
ENTRY_KEYS: Final = ("state", "category", "reason", "until", *THRESHOLDS)


def parse_baseline(text: str, *, file: str, services: Sequence[Service]) -> Baseline:
    """Return what the text says about these services; raise BaselineError with all its faults."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BaselineError((f"{file}: is not TOML: {error}",)) from error
    reader = _Reader(file, services, spans(text))
    baseline = reader.baseline(table, sha256_of(text))
    if reader.complaints:
        raise BaselineError(
            [f"{file}:{line}: {_words(path)}: {what}" for line, path, what in reader.sorted()]
        )
    return baseline


@dataclass(slots=True)
class _Reader:
    """Reads tables into values and notes what is wrong with them."""

    file: str
    services: Sequence[Service]
    spans: Mapping[Path, Spot]
    complaints: list[tuple[int, Path, str]] = field(default_factory=list)

    def sorted(self) -> list[tuple[int, Path, str]]:
        """Return the complaints from the top of the file to its end."""
        return sorted(self.complaints, key=lambda complaint: complaint[0])

    def baseline(self, table: Mapping[str, object], sha256: str) -> Baseline:
        self._unknown((), table, TOP_KEYS)
        if table.get("version", VERSION) != VERSION:
            self._complain(
                ("version",), f"is {table['version']!r}; this Roadblock reads version {VERSION}"
            )
        standard = Baseline()
        fail_on = self._states(("fail_on",), table["fail_on"]) if "fail_on" in table else ()
        entries = self._entries(("expect",), table.get("expect", {}), None)
        whens = table.get("when", [])
        if not isinstance(whens, list):
            self._complain(("when",), "is no list; write [[when]] in double brackets")
            whens = []
        for position, when in enumerate(whens):
            entries += self._when(position, when)
        return Baseline(
            entries=tuple(entries),
            strict=self._boolean(("strict",), table.get("strict", standard.strict)),
            fail_on=fail_on or standard.fail_on,
            min_grade=self._grade(table.get("min_grade", standard.min_grade)),
            file=self.file,
            sha256=sha256,
        )

    def _when(self, position: int, table: object) -> list[Entry]:
        path: Path = ("when", position)
        if not isinstance(table, Mapping):
            self._complain(path, 'is no table; write [[when]] and country = "DE" below')
            return []
        self._unknown(path, table, WHEN_KEYS)
        conditions = [key for key in WHEN_KEYS[:-1] if key in table]
        if not conditions:
            self._complain(path, f"has no condition; add one of {', '.join(WHEN_KEYS[:-1])}")
        when = When(
            number=position + 1,
            countries=self._texts((*path, "country"), table.get("country", []), length=2),
            asns=self._numbers((*path, "asn"), table.get("asn", [])),
            labels=self._texts((*path, "vantage"), table.get("vantage", [])),
        )
        return self._entries((*path, "expect"), table.get("expect", {}), when)

    def _entries(self, path: Path, table: object, when: When | None) -> list[Entry]:
        if not isinstance(table, Mapping):
            self._complain(path, f'is no table; write [{path[0]}] and instagram = "ok" below')
            return []
        found = (
            self._entry((*path, str(key)), key, value, when)
            for key, value in sorted(table.items(), key=lambda item: self._line((*path, item[0])))
        )
        return [entry for entry in found if entry is not None]

    def _entry(self, path: Path, key: str, given: object, when: When | None) -> Entry | None:
        subject, _, layer_word = key.partition("/")
        if not self._knows(path, subject):
            return None
        layer = self._layer(path, layer_word) if layer_word else None
        body = given if isinstance(given, Mapping) else {"state": given}
        self._unknown(path, body, ENTRY_KEYS)
        spot = self.spans.get(path)
        entry = Entry(
            key=key,
            subject=subject,
            layer=layer,
            states=self._states((*path, "state"), body["state"]) if "state" in body else (),
            categories=self._categories((*path, "category"), body.get("category", [])),
            reason=self._text((*path, "reason"), body.get("reason", "")).strip(),
            until=self._date((*path, "until"), body.get("until")),
            thresholds=self._thresholds(path, body),
            when=when,
            first_line=self._line(path),
            last_line=spot.last if spot else None,
        )
        self._check(path, entry)
        return entry

    def _check(self, path: Path, entry: Entry) -> None:
        if not entry.states and not entry.thresholds:
            self._complain(path, 'expects nothing; add state = "ok" or a threshold')
        if entry.is_exception and not entry.reason:
            words = " or ".join(entry.states)
            self._complain(
                path,
                f'expects {words} and does not say why; write {{ state = "{entry.states[0]}", '
                'reason = "…" }',
            )
        if entry.categories and not (entry.is_exception or len(entry.states) > 1):
            self._complain(path, "has a category, but expects ok; leave the category out")
        if entry.thresholds and entry.layer is not None:
            self._complain(path, "has thresholds and a layer; leave the layer out of its key")

    def _knows(self, path: Path, subject: str) -> bool:
        known = [EVERYTHING]
        for service in self.services:
            known += [service.id, *(endpoint.id for endpoint in service.endpoints)]
        if subject in known:
            return True
        self._complain(
            path,
            f'there is no service or endpoint "{subject}"; '
            + _hint(subject, known, "see `roadblock targets list`"),
        )
        return False

    def _layer(self, path: Path, word: str) -> Layer | None:
        known = [str(layer) for layer in ROW_LAYERS]
        if word in known:
            return Layer(word)
        self._complain(path, f'there is no layer "{word}"; ' + _hint(word, known))
        return None

    def _states(self, path: Path, given: object) -> tuple[State, ...]:
        known = [str(state) for state in State]
        words = self._texts(path, given)
        for word in words:
            if word not in known:
                self._complain(path, f'"{word}" is no state; ' + _hint(word, known))
        if not words and not self._complained(path):
            self._complain(path, 'is empty; write at least one state, "ok"')
        return tuple(State(word) for word in dict.fromkeys(words) if word in known)

    def _categories(self, path: Path, given: object) -> tuple[str, ...]:
        known = [str(category) for category in Category]
        for category, subtypes in SUBTYPES.items():
            known += sorted(f"{category}/{subtype}" for subtype in subtypes)
        words = self._texts(path, given)
        for word in words:
            if word not in known:
                near = _hint(word, known, "see `roadblock explain categories`")
                self._complain(path, f'"{word}" is no category; {near}')
        return tuple(word for word in words if word in known)

    def _grade(self, given: object) -> Grade:
        known = [str(grade) for grade in Grade]
        if isinstance(given, str) and given in known:
            return Grade(given)
        self._complain(("min_grade",), f'"{given}" is no grade; ' + _hint(str(given), known))
        return Grade.SUSPECTED

    def _thresholds(self, path: Path, body: Mapping[str, object]) -> Mapping[str, float]:
        limits: dict[str, float] = {}
        for name in THRESHOLDS:
            given = body.get(name)
            if isinstance(given, int | float) and not isinstance(given, bool) and given > 0:
                limits[name] = float(given)
            elif given is not None:
                self._complain((*path, name), f"is {given!r}; write a number above 0")
        return MappingProxyType(limits)

    def _texts(self, path: Path, given: object, *, length: int | None = None) -> tuple[str, ...]:
        """Read one text or a list of texts."""
        values = given if isinstance(given, list) else [given]
        texts = [value for value in values if isinstance(value, str)]
        if len(texts) != len(values):
            self._complain(path, f'is {given!r}; write text in double quotes, or a list ["…", "…"]')
        for text in texts:
            if length is not None and not (len(text) == length and text.isupper()):
                self._complain(path, f'"{text}" is no country; write two capital letters, "DE"')
        return tuple(texts)

    def _numbers(self, path: Path, given: object) -> tuple[int, ...]:
        values = given if isinstance(given, list) else [given]
        numbers = [v for v in values if isinstance(v, int) and not isinstance(v, bool) and v > 0]
        if len(numbers) != len(values):
            self._complain(path, f"is {given!r}; write the number alone, 3320, or a list of them")
        return tuple(numbers)

    def _text(self, path: Path, given: object) -> str:
        if isinstance(given, str):
            return given
        self._complain(path, f"is {given!r}; write text in double quotes")
        return ""

    def _boolean(self, path: Path, given: object) -> bool:
        if isinstance(given, bool):
            return given
        self._complain(path, f"is {given!r}; write true or false, without quotes")
        return False

    def _date(self, path: Path, given: object) -> date | None:
        if given is None or (isinstance(given, date) and not isinstance(given, datetime)):
            return given
        self._complain(path, f"is {given!s}; write a date as 2027-01-31, without quotes")
        return None

    def _unknown(self, path: Path, table: Mapping[str, object], known: Collection[str]) -> None:
        for key in table:
            if key not in known:
                self._complain((*path, key), "is not a known key; " + _hint(key, known))

    def _complain(self, path: Path, text: str) -> None:
        self.complaints.append((self._line(path), path, text))

    def _complained(self, path: Path) -> bool:
        return any(about == path for _, about, _ in self.complaints)

    def _line(self, path: Path) -> int:
        """Return the line of the path, or of the nearest table around it."""
        while path:
            if path in self.spans:
                return self.spans[path].first
            path = path[:-1]
        return 1


def _words(path: Path) -> str:
    """`("when", 0, "expect", "rt.web")` becomes `when 1: expect."rt.web"`."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f" {part + 1}"
        else:
            words += ("." if words else "") + (f'"{part}"' if "." in part else part)
    return words


def _hint(word: str, known: Collection[str], otherwise: str = "") -> str:
    close = get_close_matches(word, known, n=1)
    return f"did you mean {close[0]}?" if close else otherwise or f"use {', '.join(known)}"
