"""Takes out of a report what a terminal, a log or a parser would obey: it may be a censor's."""

import unicodedata
from enum import Enum
from typing import Final

from probe.model.check import CheckReport

# Controls (ESC, NUL ...), format characters (bidirectional overrides, zero width), surrogates,
# private use, unassigned, and the line and paragraph separators. XML 1.0 forbids some of them.
UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Longer than any line of ours; a redirect's URL may have megabytes.
CHARACTERS_MAX: Final = 2000


def cleaned(report: CheckReport) -> CheckReport:
    """Return the report with every text in it cleaned."""
    return CheckReport.model_validate(_cleaned(report.model_dump()))


def clean(text: str) -> str:
    """Put the text on one line, drop what is not printable, cut what is endless."""
    spaced = "".join(" " if c.isspace() else c for c in text)
    kept = " ".join("".join(c for c in spaced if unicodedata.category(c) not in UNSAFE).split())
    return kept if len(kept) <= CHARACTERS_MAX else f"{kept[:CHARACTERS_MAX]}…"


def _cleaned(value: object) -> object:
    match value:
        case Enum():
            return value
        case str():
            return clean(value)
        case dict():
            return {key: _cleaned(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_cleaned(inner) for inner in value]
        case _:
            return value
