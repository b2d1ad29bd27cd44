"""SQLite: one writer, many readers, models in and out. See results/README.md for the tables."""

from probe.store.reader import ANY_WORLD, INTERNET, LAB, Reader, VerdictSet, open_reader
from probe.store.retention import Trimmed, forget, trim
from probe.store.schema import SCHEMA_VERSION
from probe.store.writer import Writer, open_writer

__all__ = [
    "ANY_WORLD",
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
