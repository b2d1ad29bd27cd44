"""OONI's own reader, in an environment of its own: does it take what we write, and what we test by?

`.ci/oonidata` makes that environment; `.ci/run` does so before the tests.
"""

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from probe.exchange.ooni.export import ooni_lines
from probe.exchange.rows import Export
from probe.store import Reader
from tests.exchange.ooni.cases_handshakes import HANDSHAKES
from tests.exchange.ooni.cases_names import NAMES
from tests.exchange.ooni.cases_pages import LINES, PAGES, REDIRECTS
from tests.exchange.ooni.documents import DOCUMENTS

_MADE = Path(__file__).parents[3] / "build" / "oonidata" / "bin" / "python"
PYTHON = os.environ.get("ROADBLOCK_OONIDATA") or (str(_MADE) if _MADE.exists() else "")

pytestmark = pytest.mark.skipif(
    not PYTHON, reason="needs a Python with oonidata, whose pins fight ours: run .ci/oonidata"
)

CHECK = """
import json, sys
from oonidata.dataclient import load_measurement
for line in sys.stdin:
    found = load_measurement(msmt=json.loads(line))
    keys = found.test_keys
    print(json.dumps({
        "type": type(found).__name__,
        "input": found.input,
        "blocking": keys.blocking,
        "connections": len(keys.tcp_connect or []),
        "handshakes": len(keys.tls_handshakes or []),
    }))
"""


def read(lines: Iterable[str]) -> list[dict[str, Any]]:
    done = subprocess.run(
        [PYTHON, "-c", CHECK], input="\n".join(lines), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_it_takes_what_we_export(reader: Reader) -> None:
    lines = list(ooni_lines(Export(reader), reader.runs()))

    found = read(lines)

    assert [line["type"] for line in found] == ["WebConnectivity"] * len(lines)
    for ours, theirs in zip(map(json.loads, lines), found, strict=True):
        keys = ours["test_keys"]
        assert theirs["input"] == ours["input"]
        assert theirs["connections"] == len(keys["tcp_connect"])
        assert theirs["handshakes"] == len(keys["tls_handshakes"])
    assert found[0]["handshakes"] == 1


def test_what_our_import_is_tested_by_has_the_form_of_theirs() -> None:
    cases = (*NAMES, *HANDSHAKES, *PAGES, *REDIRECTS, *LINES)
    documents = [case.values[0] for case in cases] + [make() for make in DOCUMENTS.values()]

    found = read(map(json.dumps, documents))

    assert [line["type"] for line in found] == ["WebConnectivity"] * len(documents)
    assert [line["connections"] for line in found] == [
        len(d["test_keys"]["tcp_connect"] or []) for d in documents
    ]
