"""Parquet: one table, typed, compressed, for data frames and query engines (extra `parquet`)."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from probe.errors import UsageError
from probe.exchange.columns import COLUMNS, EXPORT_SCHEMA, Kind, Table
from probe.exchange.privacy import Privacy
from probe.exchange.rows import Export, flat_batches
from probe.model.run import Run
from probe.store import Reader

if TYPE_CHECKING:
    import pyarrow as pa

# What stays in the processor's cache while it is turned into columns.
_BATCH_ROWS: Final = 500
# Larger row groups compress no better, and memory stays flat.
_GROUP_BATCHES: Final = 20


def write_parquet(
    reader: Reader,
    runs: Sequence[Run],
    table: Table,
    path: Path,
    *,
    privacy: Privacy = Privacy.OWN,
    shown_asns: frozenset[int] = frozenset(),
    services: frozenset[str] = frozenset(),
) -> int:
    """Write the table to a file, batch by batch, and return the number of rows.

    Types are those of the data dictionary; JSON text stays text; times are UTC to the microsecond.
    """
    arrow = _arrow()
    from pyarrow import parquet

    schema = arrow_schema(table)
    export = Export(reader, privacy, shown_asns, services)
    count = 0
    batches = flat_batches(export, runs, table, _BATCH_ROWS)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := [_batch(arrow, b, schema) for b in islice(batches, _GROUP_BATCHES)]:
            rows = arrow.Table.from_batches(group, schema)
            writer.write_table(rows)
            count += rows.num_rows
    return count


def arrow_schema(table: Table) -> "pa.Schema":
    """Return the table's columns in Arrow's types, their meaning beside them."""
    arrow = _arrow()
    types = {
        Kind.STRING: arrow.string(),
        Kind.OBJECT: arrow.string(),
        Kind.INTEGER: arrow.int64(),
        Kind.NUMBER: arrow.float64(),
        Kind.BOOLEAN: arrow.bool_(),
        Kind.DATETIME: arrow.timestamp("us", tz="UTC"),
    }
    fields = [
        arrow.field(
            column.name,
            types[column.kind],
            nullable=not column.required,
            metadata={"description": column.about},
        )
        for column in COLUMNS[table]
    ]
    return arrow.schema(fields, metadata={"roadblock_schema": str(EXPORT_SCHEMA)})


def _batch(arrow: Any, columns: list[list[Any]], schema: "pa.Schema") -> Any:  # noqa: ANN401
    arrays = [
        _array(arrow, values, field.type) for values, field in zip(columns, schema, strict=True)
    ]
    return arrow.RecordBatch.from_arrays(arrays, schema=schema)


def _array(arrow: Any, values: list[Any], kind: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    if arrow.types.is_timestamp(kind):
        return arrow.array(values, arrow.string()).cast(kind)
    return arrow.array(values, kind)


def _arrow() -> Any:  # noqa: ANN401 - pyarrow has no types
    try:
        import pyarrow as pa
    except ImportError as error:
        raise UsageError(
            "Parquet needs pyarrow: pip install 'roadblock[parquet]', or export as csv"
        ) from error
    return pa
