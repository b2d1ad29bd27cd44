"""Tables as values: in colour on a terminal that wants it, as plain text everywhere else."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO

from probe.report.escape import escape

# Of the width that keeps all words whole, so much must be there for a table.
_WORDS_KEPT = 0.8
# Long enough for any line of ours; only what came from the network can be longer.
LINE_LIMIT = 2000


class Tone(StrEnum):
    """How a cell feels; said in words as well, so that no meaning hangs on colour."""

    PLAIN = ""
    GOOD = "green"
    WARN = "yellow"
    BAD = "red"
    DIM = "dim"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell's text."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: headings and rows of equal length; where all headings are empty, none is shown."""

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


Block = str | Grid
"""A line of text, or a table."""


def show(blocks: list[Block], file: TextIO) -> None:
    """Print blocks: with colour on a terminal that wants it, else as plain text."""
    if wants_colour(file):
        _show_rich(blocks, file)
        return
    for block in blocks:
        print(plain(block), file=file)


def wants_colour(file: TextIO) -> bool:
    """Whether colour is wanted there: a terminal, not dumb, and no NO_COLOR (no-color.org)."""
    return file.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def plain(block: Block) -> str:
    """Return a block as plain text; a table's columns are padded, its cells never cut."""
    if isinstance(block, str):
        return escape(block, limit=LINE_LIMIT)
    table = [
        list(block.headings),
        *([escape(cell.text) for cell in row] for row in block.rows),
    ]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    if not any(block.headings):
        return "\n".join(lines[1:])
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([lines[0], rule, *lines[1:]])


def _is_too_wide(grid: Grid, width: int) -> bool:
    """Whether columns would break within most of their words; one or two that do are fine."""
    longest = [
        max(max(map(len, text.split()), default=0) for text in column)
        for column in zip(
            grid.headings, *([cell.text for cell in row] for row in grid.rows), strict=True
        )
    ]
    return _WORDS_KEPT * (sum(longest) + 2 * len(longest)) > width


def _stacked(grid: Grid) -> Iterator[list[tuple[str, str]]]:
    """Yield lines for a narrow terminal: each row's first cell, and below it what is not empty."""
    for row in grid.rows:
        first, *others = zip(grid.headings, row, strict=True)
        yield [(escape(first[1].text), "bold")]
        for heading, cell in others:
            if cell.text:
                named = f"  {heading}: " if heading else "  "
                yield [(named, "dim"), (escape(cell.text), cell.tone.value)]


def _show_rich(blocks: list[Block], file: TextIO) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=file, highlight=False, markup=False, emoji=False)
    for block in blocks:
        if isinstance(block, str):
            console.print(Text(escape(block, limit=LINE_LIMIT)))
            continue
        if _is_too_wide(block, console.width):
            for line in _stacked(block):
                console.print(Text.assemble(*line))
            continue
        table = Table(box=SIMPLE_HEAD, pad_edge=False, show_header=any(block.headings))
        # The id that one copies from the first column is not broken where there is room for it.
        key = max((len(row[0].text) for row in block.rows), default=0)
        for place, heading in enumerate(block.headings):
            is_whole = place == 0 and 3 * key <= console.width
            table.add_column(Text(heading), overflow="fold", no_wrap=is_whole)
        for row in block.rows:
            table.add_row(*(Text(escape(cell.text), style=cell.tone.value) for cell in row))
        console.print(table)
