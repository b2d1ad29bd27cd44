"""Where the data lies: in a checkout's folders, or in the wheel's `probe/_*`."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
DATA = Path(__file__).resolve().parent / "data"
"""Geo data and fingerprints, at the same place in a checkout and in the wheel."""


def shipped_targets() -> Path:
    """Return the folder of the catalogue that came with this Roadblock.

    The wheel carries it inside the package; a checkout reads the folder beside the package, so that
    an edited file counts at once.
    """
    packaged = PACKAGE / "_targets"
    return packaged if packaged.is_dir() else PACKAGE.parent / "targets"


def shipped_queries() -> Path:
    """Return the folder of example queries, which the wheel carries inside the package too."""
    packaged = PACKAGE / "_queries"
    return packaged if packaged.is_dir() else PACKAGE.parent / "results" / "queries"
