import builtins
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from probe.errors import UsageError
from probe.exchange.columns import COLUMNS
from probe.exchange.parquet import arrow_schema, write_parquet
from probe.exchange.privacy import Privacy
from probe.exchange.rows import Export, Table, flat_rows
from probe.store import Reader

parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow, the extra `parquet`")


@pytest.mark.parametrize("table", Table)
def test_a_file_has_the_dictionarys_types_and_every_row(
    reader: Reader, tmp_path: Path, table: Table
) -> None:
    path = tmp_path / f"{table}.parquet"

    count = write_parquet(reader, reader.runs(), table, path)

    read = parquet.read_table(path)
    assert read.schema.equals(arrow_schema(table))
    rows = list(flat_rows(Export(reader), reader.runs(), table))
    assert read.num_rows == count == len(rows) > 0
    for number, column in enumerate(COLUMNS[table]):
        values = read.column(column.name).to_pylist()
        if column.kind.value != "datetime":
            assert values == [row[number] for row in rows], column.name


def test_times_are_utc_to_the_microsecond(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "observations.parquet"

    write_parquet(reader, reader.runs(), Table.OBSERVATIONS, path)

    (first, *_) = parquet.read_table(path).column("started_at").to_pylist()
    assert first.isoformat() == "2026-11-23T12:00:00.123456+00:00"


def test_a_file_made_twice_is_the_same(reader: Reader, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_parquet(reader, reader.runs(), Table.VERDICTS, tmp_path / name, privacy=Privacy.SHARE)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_run_without_rows_gives_an_empty_table(tmp_path: Path, reader: Reader) -> None:
    path = tmp_path / "none.parquet"

    assert write_parquet(reader, [], Table.OBSERVATIONS, path) == 0
    assert parquet.read_table(path).num_rows == 0


def test_without_pyarrow_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return original(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(UsageError, match=r"roadblock\[parquet\]"):
        arrow_schema(Table.RUNS)


def test_sqlite_and_the_file_agree(reader: Reader, database: Path, tmp_path: Path) -> None:
    path = tmp_path / "verdicts.parquet"
    write_parquet(reader, reader.runs(), Table.VERDICTS, path)

    with sqlite3.connect(database) as db:
        rows = db.execute("SELECT endpoint, state FROM verdict_latest ORDER BY verdict").fetchall()
    db.close()
    read = parquet.read_table(path, columns=["endpoint", "state"]).to_pylist()
    assert [(row["endpoint"], row["state"]) for row in read] == rows
