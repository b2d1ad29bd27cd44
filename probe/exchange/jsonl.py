"""JSON Lines: one object a line, which names its table and its run."""

import json
from collections.abc import Iterator, Sequence

from probe.exchange.privacy import Privacy, shown_run_id
from probe.exchange.rows import Export, Table, json_rows
from probe.model.run import Run
from probe.store import Reader


def jsonl_lines(
    reader: Reader,
    runs: Sequence[Run],
    tables: Sequence[Table],
    *,
    privacy: Privacy = Privacy.OWN,
    shown_asns: frozenset[int] = frozenset(),
    services: frozenset[str] = frozenset(),
) -> Iterator[str]:
    """Yield lines such as {"table":"observations","run":"...","id":...}, run by run."""
    export = Export(reader, privacy, shown_asns, services)
    for run in runs:
        for table in tables:
            # A run's own row says its id itself.
            run_id = shown_run_id(run.id, privacy)
            name = "" if table is Table.RUNS else f'"run":{json.dumps(run_id)},'
            head = f'{{"table":"{table}",{name}'
            for row in json_rows(export, run, table):
                yield head + row[1:]
