"""Reads JSON of which nothing can be taken for granted: documents and their fields."""

import base64
import binascii
import json
from typing import Any

from pydantic_core import from_json

Fields = dict[str, Any]


def parse(text: bytes) -> object | ValueError:
    """Return the document, or why it is none."""
    document: object
    try:
        document = from_json(text)
    except ValueError as error:
        first = error
    else:
        return document
    # Python's own parser takes lone surrogates and deeper nesting; some archives hold bytes that no
    # UTF-8 has, which cost a character and not the document.
    for given in (text, text.decode("utf-8", "replace")):
        try:
            document = json.loads(given)
        except (ValueError, RecursionError):
            continue
        return document
    return ValueError(f"no JSON: {first}")


def unwrapped(document: object) -> object:
    """Return the measurement inside what OONI's API gives and takes, as text or not; else itself.

    `/api/v1/measurement_meta?full=true` gives {"raw_measurement": "{...}", ...}; what probes send,
    and the archives keep (`*.post`), is {"format": "json", "content": {...}}.
    """
    raw = None
    if isinstance(document, dict):
        raw = document.get("raw_measurement")
        if raw is None and document.get("format") == "json":
            raw = document.get("content")
    inside = parse(raw.encode("utf-8", "surrogatepass")) if isinstance(raw, str) else raw
    return inside if isinstance(inside, dict) else document


# --- fields ---------------------------------------------------------------------------------------


def fields_in(value: object, *names: str) -> Fields:
    """Return the object under these names; {} where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def rows_in(value: object, name: str) -> list[Fields]:
    """Return the objects in the list under this name."""
    found = value.get(name) if isinstance(value, dict) else None
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def text_in(value: object, name: str) -> str:
    """Return the text under this name, without what no UTF-8 can hold; "" where there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    # A hundred times a document: the usual case without a second call.
    return found if isinstance(found, str) and found.isascii() else as_text(found)


def as_text(value: object) -> str:
    """Return a string, or binary data in OONI's wrapping, as text."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return as_bytes(value).decode("utf-8", "replace")
    return ""


def as_bytes(value: object) -> bytes:
    """Return the bytes of {"format": "base64", "data": ...}, or of a string."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    data = value.get("data") if isinstance(value, dict) else None
    return from_base64(data)


def from_base64(data: object) -> bytes:
    """Return decoded base64, b"" where it is none."""
    if not isinstance(data, str):
        return b""
    try:
        return base64.b64decode(data)
    except (binascii.Error, ValueError):
        return b""


def number_in(value: object, name: str) -> float | None:
    """Return a finite number of ordinary size under this name."""
    found = value.get(name) if isinstance(value, dict) else None
    if type(found) is not float and type(found) is not int:
        return None
    return float(found) if -1e15 < found < 1e15 else None
