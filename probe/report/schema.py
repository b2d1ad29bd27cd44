"""JSON Schemas of what Roadblock writes, made from the models: `make schema` writes them."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from probe.model.check import CheckReport
from probe.report.document import Document

SCHEMAS: Mapping[str, type[BaseModel]] = {"check.json": CheckReport, "document.json": Document}
"""File name in results/schema/ and the model that it describes."""


def schema_text(model: type[BaseModel]) -> str:
    """Return the model's JSON Schema as the file's text."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **model.model_json_schema(mode="serialization"),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: Path) -> None:
    """Write every schema into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in SCHEMAS.items():
        (folder / name).write_text(schema_text(model), encoding="utf-8")


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
