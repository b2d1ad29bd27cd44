import json
from pathlib import Path

import jsonschema

from probe.report.document import document_json
from probe.report.schema import SCHEMAS, schema_text
from probe.report.words import wording

SCHEMA_FOLDER = Path(__file__).parents[2] / "results" / "schema"


def test_the_document_fits_its_schema(found):
    schema = json.loads((SCHEMA_FOLDER / "document.json").read_text(encoding="utf-8"))

    jsonschema.validate(json.loads(document_json(found, wording("en"))), schema)


def test_the_document_carries_the_sentences_of_the_report(found):
    services = json.loads(document_json(found, wording("en")))["services"]

    assert [service["name"] for service in services] == ["Instagram", "Twitter/X", "BBC"]
    assert services[2]["sentence"] == "BBC: works."


def test_the_document_is_safe_to_print(found):
    evil = found.verdicts[0].model_copy(update={"detail": "\x9b2J\u202e"})
    shown = found.__class__(
        run=found.run,
        vantage=found.vantage,
        services=found.services,
        verdicts=(evil,),
        endpoints=found.endpoints,
        names=found.names,
    )

    text = document_json(shown, wording("en"))

    assert not {"\x9b", "\u202e"} & set(text)
    assert json.loads(text)["verdicts"][0]["detail"] == "\x9b2J\u202e"


def test_the_shipped_schemas_are_those_of_the_models():
    """Run `make schema` after a change; it gets a heading of its own in the changelog."""
    written = {path.name: path.read_text(encoding="utf-8") for path in SCHEMA_FOLDER.iterdir()}

    for name, model in SCHEMAS.items():
        assert written[name] == schema_text(model)
