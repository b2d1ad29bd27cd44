"""Stored results in Datasette: which questions it is given, and how it is started."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from probe.errors import UsageError
from probe.reference.places import shipped_queries

PLUGINS: Final = Path(__file__).parent / "datasette_plugins"
MISSING: Final = (
    "results are explored with Datasette, which is not installed here: "
    "pip install 'roadblock[explore]', or in an environment of its own: pipx install 'datasette<1'"
)
# How tables are joined is for the views to know.
_HIDDEN: Final = (
    "_sqlite_migrations", "blob", "experiment", "observation_blob", "verdict_set",
    "verdict_evidence", "vantage_verdict", "gate_verdict", "service_verdict", "verdict",
    "verdict_set_latest",
)  # fmt: skip
_ABOUT: Final = {
    "run": "Who measured what, from where, with which versions.",
    "observation": "Facts: one step of one attempt. observation_flat has more of it in columns.",
    "observation_flat": "Facts: one step of one attempt, with its run and network.",
    "verdict_latest": "What was concluded of each endpoint: every run's latest verdicts.",
    "service_latest": "What was concluded of each service: every run's latest verdicts.",
    "lab_verdict_latest": "The lab's runs alone: verdicts on endpoints.",
    "lab_service_latest": "The lab's runs alone: verdicts on services.",
    "evidence_of_verdict": "The observations that each verdict rests on.",
}
_READ_SO: Final = (
    "Read from this machine's own database, and only to be read. insufficient is not ok, and no "
    "row is not ok: it was not measured."
)
_FACETS: Final = {
    "run": ["world", "status", "country"],
    "verdict_latest": ["state", "category", "service"],
    "service_latest": ["state", "service"],
    "lab_verdict_latest": ["world", "state", "category"],
    "lab_service_latest": ["world", "state", "service"],
}


def metadata(database: str, *, lab: bool = False) -> dict[str, Any]:
    """Return what Datasette is told of a database of this name: words, and questions to begin with.

    `lab`: the questions are put to the lab's runs, which they otherwise leave out.
    """
    tables: dict[str, dict[str, Any]] = {name: {"hidden": True} for name in _HIDDEN}
    for name, about in _ABOUT.items():
        tables[name] = {"description": about, "facets": _FACETS.get(name, [])}
    return {
        "title": "Roadblock: what was measured from here",
        "description": _READ_SO,
        "databases": {
            database: {
                "description": _READ_SO, "tables": tables, "queries": _questions(lab=lab),
            }
        },
    }  # fmt: skip


def _questions(*, lab: bool) -> dict[str, dict[str, str]]:
    """Return the example queries, by name; the first line of each says what it asks."""
    found = {}
    for file in sorted(shipped_queries().glob("*.sql")):
        text = file.read_text(encoding="utf-8")
        title = text.partition("\n")[0].removeprefix("--").strip()
        sql = _of_the_lab(text) if lab else text
        found[file.stem] = {"title": title, "sql": sql.rstrip().removesuffix(";")}
    return found


def _of_the_lab(sql: str) -> str:
    """Return a query that reads the lab's runs and no others."""
    views = re.sub(r"\b((?:service|verdict)_latest)\b", r"lab_\1", sql)
    return views.replace("world = 'internet'", "world <> 'internet'")


def datasette_command() -> list[str]:
    """Return how to start Datasette: from our environment, or else from its own on the PATH."""
    try:
        if version("datasette").startswith("0."):
            return [sys.executable, "-m", "datasette"]
    except PackageNotFoundError:
        pass
    apart = shutil.which("datasette")
    if apart is None:
        raise UsageError(MISSING)
    done = subprocess.run([apart, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    if " 0." not in done.stdout:
        raise UsageError(
            f"{apart} is {done.stdout.strip() or 'broken'}; the pages are made for Datasette 0.65: "
            "pipx install --force 'datasette<1'"
        )
    return [apart]


def serve_command(database: Path, folder: Path, *, port: int, lab: bool = False) -> list[str]:
    """Return the whole command, its description of the database written into `folder`."""
    told = folder / "metadata.json"
    told.write_text(json.dumps(metadata(database.stem, lab=lab)), encoding="utf-8")
    settings = {
        # Milliseconds: a question over 100,000 observations takes one to three seconds.
        "sql_time_limit_ms": 10_000,
        "max_returned_rows": 5_000,
        "default_page_size": 50,
        "truncate_cells_html": 120,
        "default_cache_ttl": 0,
        "allow_download": "off",
    }
    return [
        *datasette_command(), "serve", os.fspath(database.absolute()),
        "--host", "127.0.0.1", "--port", str(port),
        "--metadata", str(told), "--plugins-dir", str(PLUGINS),
        *(part for name, value in settings.items() for part in ("--setting", name, str(value))),
    ]  # fmt: skip
