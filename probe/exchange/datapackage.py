"""Data Package (v2): a folder of CSV files with types, keys and hashes, for others' tools.

<https://datapackage.org/standard/data-package/>; checked by frictionless in the tests.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from probe.exchange.columns import COLUMNS, EXPORT_SCHEMA, KEYS, Column, Kind, Table
from probe.exchange.csv import csv_lines
from probe.exchange.privacy import Privacy
from probe.model.run import Run
from probe.store import Reader
from probe.store.rows import stamp

_PROFILE: Final = "https://datapackage.org/profiles/2.0/datapackage.json"
_TITLES: Final = {
    Table.RUNS: "Runs: who measured what, from where, with which versions",
    Table.OBSERVATIONS: "Observations: one step of one attempt",
    Table.VERDICTS: "Verdicts on endpoints",
    Table.SERVICES: "Verdicts on services",
}


def descriptor() -> dict[str, Any]:
    """Return the package's description without any data: the types and keys of each table."""
    return {
        "$schema": _PROFILE,
        "name": "roadblock",
        "title": "Reachability measurements by Roadblock",
        "version": str(EXPORT_SCHEMA),
        "resources": [_resource(table) for table in Table],
    }


def write_package(
    reader: Reader,
    runs: Sequence[Run],
    folder: Path,
    *,
    created_at: datetime,
    privacy: Privacy = Privacy.PUBLISH,
    shown_asns: frozenset[int] = frozenset(),
    services: frozenset[str] = frozenset(),
    licence: str | None = None,
) -> dict[str, Any]:
    """Write the CSV files and `datapackage.json`; return the description that was written.

    The same database gives the same files byte for byte; only `created` in the description is the
    caller's. `licence` is a name such as CC-BY-4.0: whoever measured chooses it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    package = descriptor() | {"created": stamp(created_at), "privacy": privacy.value}
    if licence is not None:
        package["licenses"] = [{"name": licence}]
    for resource, table in zip(package["resources"], Table, strict=True):
        size, digest = 0, hashlib.sha256()
        with (folder / resource["path"]).open("wb") as file:
            for line in csv_lines(
                reader, runs, table, privacy=privacy, shown_asns=shown_asns, services=services
            ):
                data = f"{line}\n".encode()
                size += file.write(data)
                digest.update(data)
        resource |= {"bytes": size, "hash": f"sha256:{digest.hexdigest()}"}
    text = json.dumps(package, indent=2, ensure_ascii=False) + "\n"
    (folder / "datapackage.json").write_text(text, encoding="utf-8")
    return package


def _resource(table: Table) -> dict[str, Any]:
    foreign = [{"fields": ["run"], "reference": {"resource": Table.RUNS.value, "fields": ["id"]}}]
    return {
        "name": table.value,
        "title": _TITLES[table],
        "path": f"{table}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {
            "fields": [_field(column) for column in COLUMNS[table]],
            "missingValues": [""],
            # A verdict without a family is a row of its own; a primary key takes no empty value.
            **({"primaryKey": list(KEYS[table])} if table is not Table.VERDICTS else {}),
            **({"foreignKeys": foreign} if table is not Table.RUNS else {}),
        },
    }


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        # JSON text may be a list as well as an object; `any` is the type that takes both.
        "type": "any" if column.kind is Kind.OBJECT else column.kind.value,
        "description": column.about,
    }
    if column.kind is Kind.DATETIME:
        field["format"] = "%Y-%m-%dT%H:%M:%S.%fZ"
    constraints: dict[str, Any] = {}
    if column.required:
        constraints["required"] = True
    if column.words:
        constraints["enum"] = list(column.words)
    return field | ({"constraints": constraints} if constraints else {})
