"""One table of a TOML file becomes one frozen value, or complaints that say how to mend it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from probe.model.base import Value

V = TypeVar("V", bound=Value)
Table = dict[str, Any]
"""A TOML table as tomllib gives it; everything in it is checked before it leaves this room."""

# What to do about a field that is of the wrong kind, by pydantic's name for the fault.
REMEDIES: Final = {
    "bool_parsing": "write true or false, without quotes",
    "bool_type": "write true or false, without quotes",
    "date_from_datetime_parsing": "write a date as 2026-11-22, without quotes",
    "date_type": "write a date as 2026-11-22, without quotes",
    "dict_type": "write a table: { key = value }",
    "float_parsing": "write a number, without quotes",
    "float_type": "write a number, without quotes",
    "int_from_float": "write a whole number",
    "int_parsing": "write a whole number, without quotes",
    "int_type": "write a whole number, without quotes",
    "model_type": "write a table: { key = value }",
    "string_type": 'write text in double quotes: "…"',
    "tuple_type": "write a list: [ … ]",
}
# The same for text that does not have its form, by field.
PATTERNS: Final = {
    "host": "write a host name in lower case, without scheme, path or dot at its end",
    "neutral_names": "write host names in lower case",
    "server_name": "write a host name in lower case",
    "name": "write a host name in lower case",
    "country": "write two capital letters (ISO 3166), or EU",
    "known_blocked_in": "write two capital letters each (ISO 3166), or EU",
}
FORM: Final = "see targets/README.md for its form"


@dataclass(slots=True)
class Complaints:
    """Collects all that is wrong, each line as `file: entry: field: what; remedy`."""

    lines: list[str] = field(default_factory=list)

    def add(self, file: str, entry: str, field_name: str, text: str) -> None:
        """Note one fault; empty parts are left out."""
        self.lines.append(": ".join(part for part in (file, entry, field_name, text) if part))


@dataclass(frozen=True, slots=True)
class Place:
    """Which entry of which file a complaint is about."""

    file: str
    entry: str
    complaints: Complaints

    def complain(self, field_name: str, text: str) -> None:
        """Note one fault of this entry."""
        self.complaints.add(self.file, self.entry, field_name, text)


def read_value(
    kind: type[V],
    table: Table,
    place: Place,
    fill_in: Callable[[Table], None] = lambda _: None,
) -> V | None:
    """Return the value that the table says, or complain of every fault in its fields.

    After a fault the value without the faulty fields is returned where it can be, so that its other
    fields can still be checked against each other; it is never used otherwise.
    """
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        faults = error.errors(include_url=False)
    for fault in faults:
        place.complain(_field_name(fault["loc"]), _describe(kind, fault))
    faulty = {fault["loc"][0] for fault in faults}
    rest = {key: given for key, given in table.items() if key not in faulty}
    fill_in(rest)
    try:
        return kind.model_validate(rest)
    except ValidationError:
        return None


def unknown_key(key: str, allowed: Iterable[str]) -> str:
    """Say that a key is not known, and which one was probably meant."""
    words = sorted(allowed)
    close = get_close_matches(key, words, n=1)
    remedy = f"did you mean {close[0]}?" if close else f"use {', '.join(words)}"
    return f"is not a known key; {remedy}"


def _fields_at(kind: type[BaseModel], location: tuple[int | str, ...]) -> Iterable[str]:
    """Return the keys that the model knows where the fault lies (`("expect", "statsu")`)."""
    for part in location[:-1]:
        if isinstance(part, str):
            annotation = kind.model_fields[part].annotation
            inner = (annotation, *get_args(annotation))
            kind = next(c for c in inner if isinstance(c, type) and issubclass(c, BaseModel))
    return kind.model_fields.keys()


def _field_name(location: tuple[int | str, ...]) -> str:
    """`("last_known", 0, "seen")` becomes `last_known 1.seen`."""
    name = ""
    for part in location:
        if isinstance(part, int):
            name += f" {part + 1}"
        else:
            name += f".{part}" if name else part
    return name


def _describe(kind: type[BaseModel], fault: ErrorDetails) -> str:
    word, location, given = fault["type"], fault["loc"], fault["input"]
    if word == "missing":
        return f"is missing; add {location[-1]} = …"
    if word == "extra_forbidden":
        return unknown_key(str(location[-1]), _fields_at(kind, location))
    if word in {"enum", "literal_error"}:
        choices = [c.strip(" '") for c in fault["ctx"]["expected"].replace(" or ", ",").split(",")]
        close = get_close_matches(str(given), choices, n=1)
        hint = f"did you mean {close[0]}?" if close else f"use {', '.join(choices)}"
        return f'"{given}" is not known; {hint}'
    if word == "string_pattern_mismatch":
        name = next(part for part in reversed(location) if isinstance(part, str))
        return f'"{given}" does not have the right form; {PATTERNS.get(name, FORM)}'
    return f"{_shown(given)} will not do ({fault['msg']}); {REMEDIES.get(word, FORM)}"


def _shown(given: object) -> str:
    text = f'"{given}"' if isinstance(given, str) else str(given)
    return text if len(text) <= 60 else text[:57] + "…"
