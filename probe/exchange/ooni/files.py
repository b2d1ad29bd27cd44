"""Splits files of which nothing can be taken for granted into JSON documents.

A file holds one document, a list of them, one a line, or one after the other over many lines, may
be compressed, and may be a tar archive of such files, as OONI publishes them. What is broken costs
no more than itself: a file that ends early gives what came before, and a broken line its
neighbours.
"""

import bz2
import codecs
import gzip
import io
import lzma
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from probe.errors import UsageError
from probe.exchange.ooni.document import parse

# A document of an ordinary page is 20 to 200 KB; a line without end must not fill the memory.
_DOCUMENT_BYTES_MAX: Final = 64 * 1024 * 1024
_CHUNK_BYTES: Final = 256 * 1024

_OPENERS: Final = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\x00", lzma.open))
_FOREIGN: Final = (
    (b"\x28\xb5\x2f\xfd", "zstd-compressed; unpack it with `zstd -d` first"),
    (b"\x04\x22\x4d\x18", "lz4-compressed; unpack it with `lz4 -d` first"),
    (b"PK\x03\x04", "a zip archive; unpack it with `unzip` first"),
)
# What Windows' shell writes where its output is sent to a file.
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DAMAGE: Final = (OSError, EOFError, zlib.error, lzma.LZMAError)
# POSIX.1-1988, "ustar": where a tar archive says what it is.
_TAR_MAGIC: Final = slice(257, 262)
# By these a line is a measurement of its own, and no part of one over many lines.
_MARKS: Final = ("test_keys", "test_name", "raw_measurement", "content")
_INNER: Final = frozenset({b"{", b"[", b"{}", b"[]", b"{},", b"[],"})
_BRACKETS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"?|[{}\[\]]', re.DOTALL)
_IN_STRING: Final = re.compile(rb'(?:[^"\\]|\\.)*"?', re.DOTALL)
# Between documents, and around those of a list.
_BETWEEN: Final = re.compile(rb"[\s,\[\]\x1e]*")
_BETWEEN_MAX: Final = 100


def check_form(path: Path) -> None:
    """Raise where a file cannot be read as a whole: better before a long import than in it."""
    head = _head(path)
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise UsageError(f"{path}: is {what}")


def documents(path: Path) -> Iterator[object | ValueError]:
    """Yield every JSON document of a file, or why it is none."""
    check_form(path)
    with _unpacked(path, _head(path)) as file:
        yield from _archived(file) if _is_archive(file) else _split(file)


def _unpacked(file: Any, head: bytes) -> Any:  # noqa: ANN401 - four modules' files differ
    """Return a path or a file opened for reading, decompressed by what its first bytes say."""
    for magic, opener in _OPENERS:
        if head.startswith(magic):
            opened: Any = opener(file, "rb")
            return opened
    return file.open("rb") if isinstance(file, Path) else file


def _is_archive(file: Any) -> bool:  # noqa: ANN401 - as above
    try:
        head = file.peek(_TAR_MAGIC.stop)
    except _DAMAGE:
        return False
    return bytes(head[_TAR_MAGIC]) == b"ustar"


def _archived(file: Any) -> Iterator[object | ValueError]:  # noqa: ANN401 - as above
    """Yield what an archive's files hold; they are read where they stand, and never written."""
    try:
        with tarfile.open(fileobj=file, mode="r|") as archive:
            for member in archive:
                inside: Any = archive.extractfile(member) if member.isreg() else None
                if inside is not None:
                    yield from _split(_unpacked(inside, inside.peek(8)))
    except (*_DAMAGE, tarfile.TarError) as error:
        yield ValueError(f"the file ends early or is damaged: {error}")


def _split(file: Any) -> Iterator[object | ValueError]:  # noqa: ANN401 - as above
    splitter = _Splitter()
    for line in _lines(file):
        if isinstance(line, ValueError):
            # What was begun is what the damage cost.
            yield line
            return
        yield from splitter.fed(line)
    yield from splitter.end()


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(8)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a file of OONI measurements") from error


def _lines(file: Any) -> Iterator[bytes | ValueError]:  # noqa: ANN401 - as above
    """Yield the lines as far as they can be read, the last one without its end, and the damage."""
    begun: list[bytes] = []
    size = 0
    for chunk in _text(_chunks(file)):
        if isinstance(chunk, ValueError):
            yield b"".join(begun)
            yield chunk
            return
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            yield b"".join((*begun, line, b"\n"))
            begun, size = [], 0
        begun.append(rest)
        size += len(rest)
        if size > _DOCUMENT_BYTES_MAX:
            yield b"".join(begun)
            begun, size = [], 0
    yield b"".join(begun)


def _chunks(file: Any) -> Iterator[bytes | ValueError]:  # noqa: ANN401 - as above
    """Yield the bytes up to the damage: a whole read would lose what it had when it failed."""
    while True:
        try:
            chunk = file.read1(_CHUNK_BYTES)
        except _DAMAGE as error:
            yield ValueError(f"the file ends early or is damaged: {error}")
            return
        if not chunk:
            return
        yield chunk


def _text(chunks: Iterator[bytes | ValueError]) -> Iterator[bytes | ValueError]:
    """Yield UTF-8, also of UTF-16 that says by its mark that it is."""
    decoder: io.IncrementalNewlineDecoder | codecs.IncrementalDecoder | None = None
    is_first = True
    for chunk in chunks:
        if is_first and isinstance(chunk, bytes):
            is_first = False
            if chunk.startswith(_UTF_16) and 0 in chunk[2:4]:
                decoder = codecs.getincrementaldecoder("utf-16")("replace")
            chunk = chunk.removeprefix(codecs.BOM_UTF8)
        if decoder is None or isinstance(chunk, ValueError):
            yield chunk
        else:
            yield decoder.decode(chunk).encode("utf-8", "replace")


class _Splitter:
    """Cuts lines into documents; where a line is none by itself, by its brackets.

    Nothing of JSON but brackets and strings is looked at, so what lies between two cuts may still
    be no document: the parser says so.
    """

    def __init__(self) -> None:
        self.begun: list[bytes] = []
        """Pieces of a document that is still open."""
        self.size = 0
        self.depth = 0
        self.in_string = False

    def fed(self, line: bytes) -> Iterator[object | ValueError]:
        """Yield the documents that this line completes."""
        text = line.strip()
        if not text:
            return
        if not self.begun or text[:1] in (b"{", b"["):
            document = parse(text)
            is_whole = not isinstance(document, ValueError)
            if self.begun and _begins_anew(line, document):
                yield from self.end()
            if not self.begun and is_whole:
                yield from document if isinstance(document, list) else (document,)
                return
        yield from self._cut(line)

    def end(self) -> Iterator[ValueError]:
        """Yield why what was begun is no document: nothing comes any more that could end it."""
        if self.begun:
            left = b"".join(self.begun)
            self.begun, self.size, self.depth, self.in_string = [], 0, 0, False
            found = parse(left)
            yield found if isinstance(found, ValueError) else ValueError("no JSON: it never ends")

    def _cut(self, line: bytes) -> Iterator[object | ValueError]:
        at = 0
        while at < len(line):
            if not self.begun:
                between = _BETWEEN.match(line, at)
                begins = between.end() if between is not None else at
                if begins >= len(line) and begins - at < _BETWEEN_MAX:
                    return
                if line[begins : begins + 1] != b"{":
                    yield parse(line[at:].strip())
                    return
                at = begins
            end = self._closing(line, at)
            self.begun.append(line[at : len(line) if end is None else end])
            self.size += len(self.begun[-1])
            if end is None:
                if self.size > _DOCUMENT_BYTES_MAX:
                    yield from self.end()
                return
            whole, self.begun, self.size = b"".join(self.begun), [], 0
            yield parse(whole)
            at = end

    def _closing(self, line: bytes, at: int) -> int | None:
        """Return where the document ends; None: not in this line."""
        if self.in_string:
            rest = _IN_STRING.match(line, at)
            at = rest.end() if rest else at
            self.in_string = at >= len(line) and line[-1:] != b'"'
        for token in _BRACKETS.finditer(line, at):
            first = token[0][:1]
            if first == b'"':
                # No string goes on in the next line; a line too long for one piece does.
                self.in_string = not line.endswith(b"\n") and token.end() == len(line)
            elif first in b"{[":
                self.depth += 1
            else:
                self.depth -= 1
                if self.depth <= 0:
                    self.depth = 0
                    return token.end()
        return None


def _begins_anew(line: bytes, document: object) -> bool:
    """Whether a line is a document, or the start of one, and no part of the one that is open."""
    if isinstance(document, dict) and any(mark in document for mark in _MARKS):
        return True
    # Nothing inside a document stands at the line's beginning but single brackets.
    return line[:1] in (b"{", b"[") and line.strip() not in _INNER
