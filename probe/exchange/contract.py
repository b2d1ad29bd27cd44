"""Writes results/: the data dictionary, JSON Schemas and the data package, from the models.

    python -m probe.exchange.contract [FOLDER]

A test fails when the files and the models differ, so that whoever reads our data years later finds
it described as it is.
"""

import ast
import inspect
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter

from probe.exchange.columns import COLUMNS, EXPORT_SCHEMA, KEYS, Column, Kind, Table
from probe.exchange.datapackage import descriptor
from probe.model import experiment, observation, run, verdict, words
from probe.model.experiment import Experiment
from probe.model.observation import OBSERVATION
from probe.model.run import Run
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict
from probe.store.schema import SCHEMA_VERSION, migrate

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_SCHEMAS: Final[dict[str, TypeAdapter[Any]]] = {
    "run": TypeAdapter(Run),
    "experiment": TypeAdapter(Experiment),
    "observation": OBSERVATION,
    "verdict": TypeAdapter(Verdict),
    "service_verdict": TypeAdapter(ServiceVerdict),
    "vantage_verdict": TypeAdapter(VantageVerdict),
}
_MODULES: Final = (run, experiment, observation, verdict)
_TABLES: Final = (
    "run", "experiment", "observation", "observation_blob", "blob", "verdict_set", "verdict",
    "verdict_evidence", "service_verdict", "vantage_verdict", "gate_verdict",
)  # fmt: skip


def files() -> dict[str, str]:
    """Return the contract's files: {"README.md": "...", "schema/run.json": "...", ...}."""
    docs = _field_docs(_MODULES)
    made = {f"schema/{name}.json": _schema(name, docs) for name in _SCHEMAS}
    made["datapackage.json"] = json.dumps(descriptor(), indent=2, ensure_ascii=False) + "\n"
    made["README.md"] = "\n".join(_dictionary(docs)) + "\n"
    return made


def main(arguments: list[str]) -> None:
    """Write the files."""
    folder = Path(arguments[0] if arguments else "results")
    for name, text in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


# --- JSON Schemas ---------------------------------------------------------------------------------


def _schema(name: str, docs: dict[tuple[str, str], str]) -> str:
    schema = _SCHEMAS[name].json_schema()
    for title, definition in (*schema.get("$defs", {}).items(), (schema.get("title", ""), schema)):
        for field, place in definition.get("properties", {}).items():
            told = docs.get((title, field))
            if told:
                place["description"] = told
    head = {"$schema": _DRAFT, "$id": f"roadblock/{name}.json", "version": EXPORT_SCHEMA}
    return json.dumps(head | schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _field_docs(modules: tuple[ModuleType, ...]) -> dict[tuple[str, str], str]:
    """Return what is written beneath the fields: {("Run", "world"): "`internet`, or ..."}."""
    docs: dict[tuple[str, str], str] = {}
    for module in modules:
        for node in ast.parse(inspect.getsource(module)).body:
            if isinstance(node, ast.ClassDef):
                for name, told in _documented(node):
                    docs[node.name, name] = told
    bases = {c.__name__: c for m in modules for c in vars(m).values() if inspect.isclass(c)}
    for kind in bases.values():
        for base in reversed(kind.__mro__[1:]):
            for (owner, name), told in tuple(docs.items()):
                if owner == base.__name__:
                    docs.setdefault((kind.__name__, name), told)
    return docs


def _documented(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, after in zip(node.body, node.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            yield field.target.id, " ".join(inspect.cleandoc(str(after.value.value)).split())


# --- the dictionary -------------------------------------------------------------------------------


def _dictionary(docs: dict[tuple[str, str], str]) -> Iterator[str]:
    yield from _INTRODUCTION.format(export=EXPORT_SCHEMA, store=SCHEMA_VERSION).splitlines()
    yield from ("", "## The exported tables", "")
    for table, columns in COLUMNS.items():
        yield from _table(table, columns)
    yield from ("## The database's tables", "")
    yield from _DATABASE.splitlines()
    yield ""
    yield from _database()
    yield from ("## What the JSON columns hold", "")
    yield from _JSON.splitlines()
    yield ""
    yield from _models(docs)
    yield from ("## The closed lists", "")
    yield "A word is never renamed or reused; docs/ontology.md is the prose to them."
    yield ""
    for name, kind in _enums():
        yield f"- **{name}**: " + ", ".join(f"`{word}`" for word in kind)


def _table(table: Table, columns: tuple[Column, ...]) -> Iterator[str]:
    key = ", ".join(f"`{name}`" for name in KEYS[table])
    yield from (f"### {table}", "", f"A row is unique by {key}.", "")
    yield from ("| column | type | required | meaning |", "|---|---|---|---|")
    for column in columns:
        kind = "JSON text" if column.kind is Kind.OBJECT else column.kind.value
        required = "yes" if column.required else ""
        yield f"| `{column.name}` | {kind} | {required} | {column.about} |"
    yield ""


def _database() -> Iterator[str]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db)
        for table in _TABLES:
            rows = db.execute("SELECT name, type FROM pragma_table_info(?)", (table,)).fetchall()
            yield f"- **{table}**: " + ", ".join(f"`{name}` {kind.lower()}" for name, kind in rows)
        yield ""
        views = db.execute("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name")
        yield "Views: " + ", ".join(f"`{name}`" for (name,) in views) + "."
        yield ""


def _models(docs: dict[tuple[str, str], str]) -> Iterator[str]:
    for module in _MODULES:
        for name, kind in vars(module).items():
            is_ours = inspect.isclass(kind) and kind.__module__ == module.__name__
            if is_ours and issubclass(kind, BaseModel) and kind.model_fields:
                yield from (f"### {name}", "", inspect.getdoc(kind) or "", "")
                for field in kind.model_fields:
                    told = docs.get((name, field), "")
                    yield f"- `{field}`" + (f": {told}" if told else "")
                yield ""


def _enums() -> Iterator[tuple[str, list[str]]]:
    for name, kind in vars(words).items():
        if inspect.isclass(kind) and issubclass(kind, Enum) and kind.__module__ == words.__name__:
            yield name, [word.value for word in kind]


_INTRODUCTION: Final = """\
<!-- Written by `python -m probe.exchange.contract`; edit the models, not this file. -->
# The data

What Roadblock stores and exports, field by field. Export format {export}, database schema {store}.
Within a format's version columns are only added; a column that must go or change raises it.

- Facts are apart from verdicts: an **observation** is one step of one attempt (a DNS question, a
  TCP connection, a TLS handshake, an HTTP exchange, a QUIC attempt); a **verdict** is computed from
  them by rules, names the rule, and can be computed again: `roadblock classify`.
- Times are UTC, ISO 8601 with `Z`. Durations are seconds (`_s`), sizes bytes (`_bytes`), unless the
  name says otherwise. Empty means *not observed*, never zero.
- Failures are OONI's words (df-007) with the raw code beside them.
- `world` is `internet`, or `lab:<world>` for runs in the lab. Never count them together: the views
  without `lab_` leave the lab out.
- Nothing here is the client's: no address of theirs, no cookie, no credential, no private resolver.
- `schema/` holds JSON Schemas of the objects, `datapackage.json` describes the CSV files, and
  `queries/` has questions to start from:
  `sqlite3 -box results/roadblock.db < results/queries/latest.sql`.
- `schema/document.json` is what `--json` prints, `schema/check.json` what `check` does."""

_DATABASE: Final = """\
SQLite, to be read with the plain `sqlite3` shell. Rows of `observation` are joined to their run by
`observation.run = run.seq`; the view `observation_flat` has done so. `details` leaves out fields
that are at their defaults (a default never changes its meaning). Certificates and pages are in
`blob`, once each, by `observation_blob`; `encoding` is `raw` or `zlib`. `user_version` is the
schema's."""

_JSON: Final = """\
The objects behind `details` and the nested columns. JSON Lines are these objects, with `table` and
`run` added in front; bytes are base64, certificates and pages are left out."""

if __name__ == "__main__":
    main(sys.argv[1:])
