"""What neither import-linter nor ruff can see of the walls."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# wire/ and lab/ may open sockets, so ruff's list of forbidden names is off there; the machine's
# clock stays forbidden: the lab's tells another time. The kernel lab runs in real time.
MODULES = [
    path
    for room in ("wire", "lab")
    for path in sorted((ROOT / "probe" / room).rglob("*.py"))
    if "kernel" not in path.parts
]
CLOCKS = {"time.time", "time.monotonic", "time.perf_counter", "time.sleep", "time.time_ns"}


def attributes(path: Path) -> set[str]:
    """Return what a module says like `time.time`, and what it imports from `time`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.add(f"{node.value.id}.{node.attr}")
        if isinstance(node, ast.ImportFrom) and node.module:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_reads_the_machines_clock(path):
    assert not CLOCKS & attributes(path)


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if "wire" in path.parts],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_the_door_to_the_network_is_trios(path):
    """Only what goes through trio.socket meets the lab's sockets in a virtual run."""
    assert not {"socket.create_connection", "socket.getaddrinfo"} & attributes(path)
