"""Tables as values: in colour on a terminal that wants it, as plain text everywhere else."""

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO

from probe.report.escape import escape

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
        table = Table(box=SIMPLE_HEAD, pad_edge=False, show_header=any(block.headings))
        for heading in block.headings:
            table.add_column(Text(heading), overflow="fold")
        for row in block.rows:
            table.add_row(*(Text(escape(cell.text), style=cell.tone.value) for cell in row))
        console.print(table)
