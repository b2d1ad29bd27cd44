"""CSV: one table, one heading, for spreadsheets and data frames."""

import csv
import io
import re
from collections.abc import Iterator, Sequence

from probe.exchange.columns import COLUMNS
from probe.exchange.privacy import Privacy
from probe.exchange.rows import Export, Table, flat_rows
from probe.model.run import Run
from probe.store import Reader

# What spreadsheets take for the start of a formula (OWASP, CSV injection): a block page's title may
# be one.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# What a terminal obeys, and format characters that show text as another: written as JSON does.
CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


def csv_lines(
    reader: Reader,
    runs: Sequence[Run],
    table: Table,
    *,
    privacy: Privacy = Privacy.OWN,
    shown_asns: frozenset[int] = frozenset(),
    services: frozenset[str] = frozenset(),
) -> Iterator[str]:
    """Yield the heading, then a line per row; rows of all but `runs` begin with the run's id.

    What is nested is JSON text; what was not observed is empty.
    """
    export = Export(reader, privacy, shown_asns, services)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")

    def line(values: Sequence[object]) -> str:
        writer.writerow(values)
        text = buffer.getvalue().removesuffix("\n")
        buffer.seek(0)
        buffer.truncate()
        return text

    yield line([column.name for column in COLUMNS[table]])
    for row in flat_rows(export, runs, table):
        yield line([_harmless(value) for value in row])


def _harmless(value: object) -> object:
    """Keep spreadsheet and terminal from obeying what the network sent; say true as JSON does."""
    if type(value) is str:
        shown = CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", value)
        return f"'{shown}" if shown.startswith(FORMULA_STARTS) else shown
    if type(value) is bool:
        return "true" if value else "false"
    return value
