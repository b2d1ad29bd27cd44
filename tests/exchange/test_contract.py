import json
import sqlite3
from pathlib import Path

import jsonschema
import pytest

from probe.exchange.contract import files
from probe.exchange.jsonl import jsonl_lines
from probe.exchange.rows import Table
from probe.store import Reader

RESULTS = Path(__file__).parents[2] / "results"
QUERIES = sorted((RESULTS / "queries").glob("*.sql"))
FILES = files()


@pytest.mark.parametrize("name", FILES)
def test_the_files_in_results_are_in_step_with_the_models(name: str) -> None:
    """After a change of a model: `python -m probe.exchange.contract`."""
    assert (RESULTS / name).read_text(encoding="utf-8") == FILES[name]


@pytest.mark.parametrize(
    ("table", "schema"),
    [
        (Table.OBSERVATIONS, "observation"),
        (Table.VERDICTS, "verdict"),
        (Table.SERVICES, "service_verdict"),
    ],
)
def test_exported_lines_are_valid_by_the_schemas(reader: Reader, table: Table, schema: str) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(FILES[f"schema/{schema}.json"]))

    lines = [json.loads(line) for line in jsonl_lines(reader, reader.runs(), [table])]

    assert lines
    for line in lines:
        del line["table"], line["run"]
        validator.validate(line)


def test_fields_are_explained_in_the_schemas() -> None:
    observation = json.loads(FILES["schema/observation.json"])

    assert "unique within the run" in (
        observation["$defs"]["TcpObservation"]["properties"]["id"]["description"].lower()
    )


@pytest.mark.parametrize("query", QUERIES, ids=[query.stem for query in QUERIES])
def test_the_example_queries_find_something(database: Path, query: Path) -> None:
    with sqlite3.connect(database) as db:
        rows = db.execute(query.read_text(encoding="utf-8")).fetchall()
    db.close()

    # Nothing changed in a single run.
    assert rows or query.stem == "changes"


def test_there_are_example_queries() -> None:
    assert len(QUERIES) >= 5
