"""Reads runs as flat rows, one at a time: what JSON Lines and CSV have in common."""

import json
from collections.abc import Iterator
from enum import StrEnum

from probe.model.run import Run
from probe.store import Reader


class Table(StrEnum):
    """What can be exported."""

    RUNS = "runs"
    OBSERVATIONS = "observations"
    VERDICTS = "verdicts"
    SERVICES = "services"


def json_rows(reader: Reader, run: Run, table: Table) -> Iterator[str]:
    """Yield a run's rows of one table as JSON objects; none is held longer than it is written."""
    match table:
        case Table.RUNS:
            yield run.model_dump_json()
        case Table.OBSERVATIONS:
            yield from reader.observation_lines(run.id)
        case Table.VERDICTS:
            yield from (verdict.model_dump_json() for verdict in reader.verdicts(run.id))
        case Table.SERVICES:
            yield from (service.model_dump_json() for service in reader.services(run.id))


def flat_rows(reader: Reader, run: Run, table: Table) -> Iterator[dict[str, object]]:
    """Yield the same rows as dictionaries; what is nested stays JSON text."""
    for line in json_rows(reader, run, table):
        fields = json.loads(line)
        yield {
            name: json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
            for name, value in fields.items()
        }
