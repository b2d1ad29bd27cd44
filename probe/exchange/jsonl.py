"""JSON Lines: one object a line, which names its table and its run."""

from collections.abc import Iterator, Sequence

from probe.exchange.rows import Table, json_rows
from probe.model.run import Run
from probe.store import Reader


def jsonl_lines(reader: Reader, runs: Sequence[Run], tables: Sequence[Table]) -> Iterator[str]:
    """Yield lines such as {"table":"observations","run":"...","id":...}, run by run."""
    for run in runs:
        for table in tables:
            # A run's own row says its id itself.
            head = f'{{"table":"{table}",' + ("" if table is Table.RUNS else f'"run":"{run.id}",')
            for row in json_rows(reader, run, table):
                yield head + row[1:]
