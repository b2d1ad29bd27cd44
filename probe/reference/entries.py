"""One table of a TOML file becomes one frozen value, or complaints that say how to mend it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError

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


def read_value(kind: type[V], table: Mapping[str, Any], place: Place) -> V | None:
    """Return the value that the table says, or None after complaining of every fault in it."""
    known = drop_unknown_keys(kind, table, place)
    try:
        return kind.model_validate(known)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_context=True):
            place.complain(_field_name(fault["loc"]), _describe(fault))
    return None


def drop_unknown_keys(
    kind: type[BaseModel],
    table: Mapping[str, Any],
    place: Place,
    *,
    also: frozenset[str] = frozenset(),
    without: frozenset[str] = frozenset(),
    prefix: str = "",
) -> Table:
    """Return the table without keys that the model does not have; complain of each.

    Looks into tables within the table (`expect`) and into lists of tables (`last_known`).
    """
    allowed = (kind.model_fields.keys() | also) - without
    kept: Table = {}
    for key, given in table.items():
        name = f"{prefix}{key}"
        if key not in allowed:
            place.complain(name, unknown_key(key, allowed))
            continue
        inner = _inner_model(kind, key)
        if inner and isinstance(given, Mapping):
            kept[key] = drop_unknown_keys(inner, given, place, prefix=f"{name}.")
        elif inner and isinstance(given, list):
            kept[key] = [
                drop_unknown_keys(inner, item, place, prefix=f"{name} {number}.")
                if isinstance(item, Mapping)
                else item
                for number, item in enumerate(given, start=1)
            ]
        else:
            kept[key] = given
    return kept


def unknown_key(key: str, allowed: frozenset[str] | set[str]) -> str:
    """Say that a key is not known, and which one was probably meant."""
    close = get_close_matches(key, allowed, n=1)
    remedy = f"did you mean {close[0]}?" if close else f"use {', '.join(sorted(allowed))}"
    return f"is not a known key; {remedy}"


def _inner_model(kind: type[BaseModel], key: str) -> type[BaseModel] | None:
    info = kind.model_fields.get(key)
    if info is None:
        return None
    for candidate in (info.annotation, *get_args(info.annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _field_name(location: tuple[int | str, ...]) -> str:
    """`("last_known", 0, "seen")` becomes `last_known 1.seen`."""
    name = ""
    for part in location:
        if isinstance(part, int):
            name += f" {part + 1}"
        else:
            name += f".{part}" if name else part
    return name


def _describe(fault: Mapping[str, Any]) -> str:
    kind, location, given = fault["type"], fault["loc"], fault["input"]
    if kind == "missing":
        return f"is missing; add {location[-1]} = …"
    if kind in {"enum", "literal_error"}:
        choices = [word.strip().strip("'") for word in _choices(str(fault["ctx"]["expected"]))]
        close = get_close_matches(str(given), choices, n=1)
        hint = f"did you mean {close[0]}?" if close else f"use {', '.join(choices)}"
        return f'"{given}" is not known; {hint}'
    if kind == "string_pattern_mismatch":
        field_name = next(part for part in reversed(location) if isinstance(part, str))
        remedy = PATTERNS.get(field_name, "see targets/README.md for its form")
        return f'"{given}" does not have the right form; {remedy}'
    remedy = REMEDIES.get(kind, "see targets/README.md for its form")
    return f"{_shown(given)} will not do ({fault['msg']}); {remedy}"


def _choices(expected: str) -> list[str]:
    return expected.replace(" or ", ", ").split(",")


def _shown(given: object) -> str:
    text = f'"{given}"' if isinstance(given, str) else str(given)
    return text if len(text) <= 60 else text[:57] + "…"
