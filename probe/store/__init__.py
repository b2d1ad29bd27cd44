"""SQLite: one writer, many readers, models in and out. See results/README.md for the tables."""

from typing import TYPE_CHECKING, Any

from probe.store.reader import (
    ANY_WORLD,
    CLOCK_SLACK,
    INTERNET,
    LAB,
    Reader,
    VerdictSet,
    open_reader,
)
from probe.store.retention import Trimmed, forget, trim
from probe.store.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from probe.store.writer import Writer, open_writer

__all__ = [
    "ANY_WORLD",
    "CLOCK_SLACK",
    "INTERNET",
    "LAB",
    "SCHEMA_VERSION",
    "Reader",
    "Trimmed",
    "VerdictSet",
    "Writer",
    "forget",
    "open_reader",
    "open_writer",
    "trim",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    """Import the writer when it is asked for: it needs trio, and verbs that read do not."""
    if name in {"Writer", "open_writer"}:
        from probe.store import writer

        return getattr(writer, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
