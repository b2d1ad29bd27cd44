"""CSV: one table, one heading, for spreadsheets and data frames."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from probe.exchange.rows import Table, flat_rows
from probe.model.run import Run
from probe.model.verdict import ServiceVerdict, Verdict
from probe.store import Reader

# The columns that every kind of observation has, then those that people ask for most. The rest is
# in JSON Lines: a table as wide as all kinds of steps together would be empty by nine tenths.
OBSERVATION_COLUMNS = (
    "id", "experiment", "attempt", "endpoint", "arm", "step", "family", "address", "port",
    "started_at", "duration_s", "bytes_sent", "bytes_received", "failure", "vantage", "name",
    "query_type", "resolver", "transport", "server_name", "version", "alert", "url", "status",
    "location", "title", "body_bytes", "body_sha256", "ended",
)  # fmt: skip
COLUMNS: Mapping[Table, tuple[str, ...]] = {
    Table.RUNS: tuple(Run.model_fields),
    Table.OBSERVATIONS: OBSERVATION_COLUMNS,
    Table.VERDICTS: tuple(Verdict.model_fields),
    Table.SERVICES: tuple(ServiceVerdict.model_fields),
}
# What spreadsheets take for the start of a formula (OWASP, CSV injection): a block page's title may
# be one.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(reader: Reader, runs: Sequence[Run], table: Table) -> Iterator[str]:
    """Yield the heading, then a line per row; rows of all but `runs` begin with the run's id."""
    columns = COLUMNS[table] if table is Table.RUNS else ("run", *COLUMNS[table])
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")

    def line(values: Sequence[object]) -> str:
        writer.writerow(values)
        text = buffer.getvalue().removesuffix("\n")
        buffer.seek(0)
        buffer.truncate()
        return text

    yield line(columns)
    for run in runs:
        for row in flat_rows(reader, run, table):
            fields = {"run": run.id} | row
            yield line([_harmless(fields.get(column)) for column in columns])


def _harmless(value: object) -> object:
    """Keep a spreadsheet from calculating what the network sent."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
