"""Reads JSON of which nothing can be taken for granted: files, documents, and their fields."""

import base64
import binascii
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic_core import from_json

from probe.errors import UsageError

Fields = dict[str, Any]

_GZIP: Final = b"\x1f\x8b"
_SPACE: Final = re.compile(r"[\s,]*")
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
# A document of an ordinary page is 20 to 200 KB; a line without end must not fill the memory.
_DOCUMENT_BYTES_MAX: Final = 64 * 1024 * 1024


def documents(path: Path) -> Iterator[object | ValueError]:
    """Yield every JSON document of a file, or why it is none.

    A file holds one document, a list of them, one a line, or one after the other over many lines;
    it may be gzipped.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a file of OONI measurements") from error
    if head == _ZSTD:
        raise UsageError(f"{path}: is zstd-compressed; unpack it with `zstd -d` first")
    opener = gzip.open if head.startswith(_GZIP) else open
    try:
        with opener(path, "rb") as file:
            yield from _split(file)
    except (OSError, EOFError, zlib.error) as error:
        # A download that broke off: what came before is good.
        yield ValueError(f"the file ends early or is damaged: {error}")


def _split(file: Any) -> Iterator[object | ValueError]:  # noqa: ANN401 - gzip's and open's differ
    first = file.readline(_DOCUMENT_BYTES_MAX)
    while first and not first.strip():
        first = file.readline(_DOCUMENT_BYTES_MAX)
    document = _parse(first)
    if not first:
        return
    if isinstance(document, ValueError) and first.lstrip()[:1] in (b"{", b"["):
        rest = file.read(_DOCUMENT_BYTES_MAX)
        whole = _parse(first + rest)
        if not isinstance(whole, ValueError):
            yield from whole if isinstance(whole, list) else (whole,)
            return
        sequence = _sequence(first + rest)
        if sequence is not None:
            yield from sequence
            return
        # Lines after all, of which the first is broken.
        yield document
        for line in rest.splitlines():
            if line.strip():
                yield _parse(line)
    elif isinstance(document, list):
        yield from document
    else:
        yield document
    while line := file.readline(_DOCUMENT_BYTES_MAX):
        if line.strip():
            yield _parse(line)


def _sequence(text: bytes) -> list[object] | None:
    """Return documents that follow each other with nothing but space between; None: they do not."""
    found, at, decoder = [], 0, json.JSONDecoder()
    try:
        whole = text.decode("utf-8-sig")
        while at < len(whole):
            document, end = decoder.raw_decode(whole, at)
            found.append(document)
            at = end + len(_SPACE.match(whole, end)[0])  # type: ignore[index]
    except (ValueError, RecursionError):
        return None
    return found


def _parse(text: bytes) -> object | ValueError:
    document: object
    try:
        document = from_json(text)
    except ValueError as error:
        first = error
    else:
        return document
    try:
        # Python's own parser takes lone surrogates and deeper nesting.
        document = json.loads(text)
    except (ValueError, RecursionError):
        return ValueError(f"no JSON: {first}")
    return document


def unwrapped(document: object) -> object:
    """Return the measurement inside an answer of OONI's API, which holds it as text; else itself.

    `/api/v1/measurement_meta?full=true` gives {"raw_measurement": "{...}", ...}.
    """
    raw = document.get("raw_measurement") if isinstance(document, dict) else None
    inside = _parse(raw.encode("utf-8", "surrogatepass")) if isinstance(raw, str) else raw
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
    return as_text(found)


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
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return None
    return float(found) if -1e15 < found < 1e15 else None
