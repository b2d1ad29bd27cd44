"""The tutorial runs from top to bottom, shows what its words say, and is kept without output.

What it shows is not stored in the file, so it cannot go stale: it is made anew here.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[1] / "docs" / "guides" / "tutorial.ipynb"
NEEDED = ("nbclient", "ipykernel", "pandas", "matplotlib")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]
# In a process of its own: what Jupyter warns of is not this project's.
EXECUTE = """
import sys
import nbformat
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient

book = nbformat.read(sys.argv[1], as_version=4)
# A socket file rather than ports: nothing listens on the network.
kernel = AsyncKernelManager(kernel_name="python3", transport="ipc", ip="kernel")
NotebookClient(book, km=kernel, timeout=100, resources={"metadata": {"path": "."}}).execute()
nbformat.write(book, sys.argv[2])
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Return what each cell showed: {cell's id: {MIME type: text}}."""
    if MISSING:
        pytest.skip(f"needs {', '.join(MISSING)}: pip install {' '.join(MISSING)}")
    folder = tmp_path_factory.mktemp("tutorial")
    made = folder / "executed.ipynb"
    settings = {"JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"}
    ended = subprocess.run(
        [sys.executable, "-c", EXECUTE, str(NOTEBOOK), str(made)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **dict.fromkeys(settings, str(folder)), "TMPDIR": str(folder)},
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    book = json.loads(made.read_text(encoding="utf-8"))
    found = {}
    for cell in book["cells"]:
        data = {}
        for output in cell.get("outputs", ()):
            assert output["output_type"] != "stream", f"{cell['id']} warns: {output}"
            data |= {kind: "".join(text) for kind, text in output["data"].items()}
        found[cell["id"]] = data
    return found


def test_it_is_kept_without_output():
    """Output in a repository goes stale, and may tell of the machine that made it."""
    book = json.loads(NOTEBOOK.read_text(encoding="utf-8"))

    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert code
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_an_offline_run_is_shown_as_no_data(shown):
    """The trap that the text names: a missing row is not `ok`."""
    lines = shown["map"]["text/plain"].splitlines()

    cells = {line.split()[0]: line.split(maxsplit=3)[1:] for line in lines[2:]}
    assert cells == {
        "bbc": ["ok", "ok", "no data"],
        "instagram": ["blocked", "ok", "no data"],
        "rt": ["blocked", "blocked", "no data"],
    }


def test_findings_have_a_grade_and_a_rule(shown):
    text = shown["findings"]["text/plain"]

    assert "tls.reset_rewritten" in text
    assert "dns.lie_nxdomain" in text
    assert "suspected" in text


def test_rivals_say_what_became_of_them(shown):
    text = shown["rivals-of"]["text/plain"]

    assert "ruled_out" in text
    assert "not_asked" in text


def test_the_control_differs_in_the_outcome(shown):
    rows = [line.split() for line in shown["pairs"]["text/plain"].splitlines()[2:]]
    # "c1 ipv4 2 0": the last two are attempts and resets; the arm stands on its first line only.
    resets = [(int(row[-2]), int(row[-1])) for row in rows]

    assert resets == [(2, 0), (1, 0), (2, 2), (1, 1)]


def test_a_rate_has_its_interval(shown):
    assert "interval" in shown["wilson"]["text/plain"]


def test_the_picture_is_shown_in_the_notebook(shown):
    assert shown["picture"]["image/png"].startswith("iVBOR")


def test_times_are_times(shown):
    assert "2026-11-20 12:00:00+00:00" in shown["runs"]["text/plain"]
