"""Where in a TOML text each key stands: tomllib tells values, and no lines.

Annotations point at the line of a baseline's entry, and an update removes whole entries. The text
must be valid TOML: tomllib has read it before.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""`("when", 0, "expect", "rt")`: names of tables and keys, positions in arrays of tables."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Lines of one `key = value` or of one table's header, counted from 1, both ends included."""

    path: Path
    first: int
    last: int
    is_header: bool


def spots(text: str) -> Iterator[Spot]:
    """Yield every header and every key of the text, top to bottom."""
    scan = _Scan(text.replace("\r\n", "\n"))
    table: Path = ()
    counts: dict[Path, int] = {}
    while scan.to_statement():
        first = scan.line
        if scan.peek("["):
            is_array = scan.peek("[[")
            scan.skip(2 if is_array else 1)
            table = _located(scan.keys("]"), counts, is_array=is_array)
            scan.skip(2 if is_array else 1)
            scan.to_line_end()
            yield Spot(table, first, scan.line, is_header=True)
        else:
            path = (*table, *scan.keys("="))
            scan.skip(1)
            scan.to_line_end()
            yield Spot(path, first, scan.line, is_header=False)


def spans(text: str) -> dict[Path, Spot]:
    """Map each path to its first and last line, a table's to those of all that is in it.

    `is_header` tells a table with a header of its own. Keys of inline tables are absent.
    """
    found: dict[Path, Spot] = {}
    for spot in spots(text):
        for length in range(1, len(spot.path) + 1):
            path, is_whole = spot.path[:length], length == len(spot.path)
            known = found.get(path)
            found[path] = Spot(
                path,
                known.first if known else spot.first,
                spot.last,
                is_header=(known is not None and known.is_header) or (spot.is_header and is_whole),
            )
    return found


def _located(keys: tuple[str, ...], counts: dict[Path, int], *, is_array: bool) -> Path:
    """Put positions into a header's path: `[when.expect]` belongs to the last `[[when]]`."""
    path: Path = ()
    for position, key in enumerate(keys):
        path = (*path, key)
        if is_array and position == len(keys) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


@dataclass(slots=True)
class _Scan:
    """A position in the text that knows strings, comments and brackets."""

    text: str
    at: int = 0

    @property
    def line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

    def peek(self, word: str) -> bool:
        return self.text.startswith(word, self.at)

    def skip(self, count: int) -> None:
        self.at += count

    def to_statement(self) -> bool:
        """Move past blank space and comments; say whether anything follows."""
        while self.at < len(self.text):
            if self.peek("#"):
                self._to_newline()
            elif self.text[self.at].isspace():
                self.at += 1
            else:
                return True
        return False

    def keys(self, end: str) -> tuple[str, ...]:
        """Read a dotted key up to `end`."""
        found: list[str] = []
        while not self.peek(end):
            if self.peek('"') or self.peek("'"):
                begin = self.at
                self._string()
                found.append(tomllib.loads(f"k = {self.text[begin : self.at]}")["k"])
            elif self.peek(".") or self.text[self.at].isspace():
                self.at += 1
            else:
                begin = self.at
                while self.text[self.at].isalnum() or self.text[self.at] in "_-":
                    self.at += 1
                found.append(self.text[begin : self.at])
        return tuple(found)

    def to_line_end(self) -> None:
        """Move to the newline that ends the statement, past strings and brackets over lines."""
        depth = 0
        while self.at < len(self.text):
            if self.peek('"') or self.peek("'"):
                self._string()
                continue
            if self.peek("#"):
                self._to_newline()
                continue
            character = self.text[self.at]
            if character == "\n" and depth == 0:
                return
            depth += (character in "[{") - (character in "]}")
            self.at += 1

    def _to_newline(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end

    def _string(self) -> None:
        quote = self.text[self.at]
        fence = quote * 3 if self.peek(quote * 3) else quote
        self.at += len(fence)
        while not self.peek(fence):
            self.at += 2 if quote == '"' and self.peek("\\") else 1
        self.at += len(fence)
        if len(fence) == 3:
            # A multi-line string may end in up to two quotes of its own.
            while self.peek(quote):
                self.at += 1
