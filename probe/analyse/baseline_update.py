"""A baseline brought up to date with a check, as text: what stays keeps its words and comments.

New exceptions are tables of their own at the end, `[expect."rt.web"]`: TOML lets them follow
anything that stands above, so that no line of the person's own has to be moved.
"""

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from probe.analyse.baseline import Baseline, Entry, When
from probe.errors import UsageError
from probe.model.check import CheckReport, CheckResult, Outcome, Severity
from probe.model.words import State

BARE_KEY: Final = re.compile(r"^[A-Za-z0-9_-]+$")
OBSOLETE: Final = frozenset({Outcome.XPASS, Outcome.EXPIRED})


@dataclass(frozen=True, slots=True)
class Why:
    """What new exceptions say of themselves, and where they hold."""

    reason: str
    until: date | None = None
    when: When | None = None
    """None: everywhere."""


def updated(text: str, baseline: Baseline, report: CheckReport, why: Why) -> str:
    """Return the text with exceptions for what failed, and without those not needed any more.

    Limits stay as they are: how slow is too slow is nobody's to guess.
    """
    new = _exceptions(report)
    gone = {result.expected.entry for result in report.results if result.outcome in OBSOLETE}
    stale = [
        entry
        for entry in baseline.entries
        if entry.id in gone or (entry.key in new and _same_place(entry.when, why.when))
    ]
    kept = _without(text, stale, file=baseline.file)
    if not new:
        return kept
    above = kept.rstrip("\n")
    return (f"{above}\n\n" if above else "") + "\n".join(_tables(new, why)) + "\n"


def exceptions_needed(report: CheckReport) -> bool:
    """Say whether an update of the baseline adds exceptions, which need a reason."""
    return bool(_exceptions(report))


def difference(old: str, new: str, *, file: str) -> str:
    """Return the change as a unified diff; empty when there is none."""
    return "".join(
        difflib.unified_diff(
            old.splitlines(keepends=True), new.splitlines(keepends=True), file, f"{file} (new)"
        )
    )


def _exceptions(report: CheckReport) -> dict[str, list[CheckResult]]:
    """Group what failed unexpectedly: by service where all of it fails alike, else by endpoint."""
    found: dict[str, list[CheckResult]] = {}
    by_service: dict[str, list[CheckResult]] = {}
    for result in report.results:
        if result.kind == "layer":
            by_service.setdefault(result.service, []).append(result)
    for service, ours in by_service.items():
        failing = [r for r in ours if _fails(r)]
        endpoints = dict.fromkeys(r.endpoint or "" for r in ours)
        by_endpoint = {e: [r for r in failing if r.endpoint == e] for e in endpoints}
        states = {frozenset(r.state for r in results) for results in by_endpoint.values()}
        if failing and len(states) == 1:
            found[service] = failing
        else:
            found |= {endpoint: results for endpoint, results in by_endpoint.items() if results}
    return found


def answers_unlike(report: CheckReport) -> tuple[CheckResult, ...]:
    """Return what was reached and fails all the same: by its target file, or by a limit.

    No exception helps there: those are about what cannot be reached.
    """
    return tuple(r for r in report.results if _is_unexpected(r) and r.state is State.OK)


def _fails(result: CheckResult) -> bool:
    return _is_unexpected(result) and result.state is not State.OK


def _is_unexpected(result: CheckResult) -> bool:
    return result.outcome is Outcome.UNEXPECTED and result.severity is Severity.FAILURE


def _same_place(known: When | None, new: When | None) -> bool:
    if known is None or new is None:
        return known is new
    return (known.countries, known.asns, known.labels) == (new.countries, new.asns, new.labels)


def _without(text: str, entries: Iterable[Entry], *, file: str) -> str:
    removed: set[int] = set()
    for entry in entries:
        if entry.last_line is None:
            raise UsageError(
                f"{file}:{entry.first_line}: {entry.key} stands inside an inline table and cannot "
                "be removed; give it a line of its own under [expect] first"
            )
        removed.update(range(entry.first_line, entry.last_line + 1))
    # TOML knows one end of line; str.splitlines knows ten.
    lines = re.findall(r"[^\n]*\n|[^\n]+$", text)
    return "".join(line for number, line in enumerate(lines, start=1) if number not in removed)


def _tables(new: dict[str, list[CheckResult]], why: Why) -> Iterable[str]:
    table = "expect"
    if why.when is not None:
        table = "when.expect"
        yield "[[when]]"
        yield from _conditions(why.when)
        yield ""
    for position, (key, results) in enumerate(new.items()):
        if position:
            yield ""
        yield f"[{table}.{key if BARE_KEY.match(key) else _quoted(key)}]"
        yield f"state = {_list(r.state for r in results if r.state)}"
        yield f"category = {_list(r.category for r in results if r.category)}"
        yield f"reason = {_quoted(why.reason)}"
        if why.until is not None:
            yield f"until = {why.until:%Y-%m-%d}"


def _conditions(when: When) -> Iterable[str]:
    if when.countries:
        yield f"country = {_list(when.countries)}"
    if when.asns:
        yield f"asn = {list(when.asns) if len(when.asns) > 1 else when.asns[0]}"
    if when.labels:
        yield f"vantage = {_list(when.labels)}"


def _list(words: Iterable[str]) -> str:
    """Write one text, or a list where there are several."""
    unique = sorted({str(word) for word in words})
    return _quoted(unique[0]) if len(unique) == 1 else f"[{', '.join(map(_quoted, unique))}]"


def _quoted(text: str) -> str:
    # JSON's escapes are TOML's; DEL is the one that TOML alone wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
