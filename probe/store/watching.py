"""What a watch says of itself, in a small file beside its database: the file is its only door."""

import contextlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from probe.errors import StoreError

_ENDING = ".watch.json"


@dataclass(frozen=True, slots=True)
class Watching:
    """A watch's last word."""

    state: Literal["measuring", "waiting", "stopped"]
    since: datetime
    next_at: datetime | None = None
    """When the next run begins, with its jitter; only while waiting."""
    reason: str = ""
    """Why it waits or stopped, in words."""


def watching_file(database: Path) -> Path:
    """Return where a watch over this database keeps its word."""
    return database.with_name(database.name + _ENDING)


def write_watching(database: Path, said: Watching) -> None:
    """Replace the word at once, so that no reader sees half of it."""
    path = watching_file(database)
    fresh = path.with_name(path.name + ".new")
    known = {key: value for key, value in asdict(said).items() if value is not None}
    try:
        fresh.write_text(json.dumps(known, default=datetime.isoformat), encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error


def read_watching(database: Path) -> Watching | None:
    """Return the last word; None where no watch ever spoke, or where it cannot be read."""
    try:
        known = json.loads(watching_file(database).read_text(encoding="utf-8"))
        return Watching(
            state=known["state"],
            since=datetime.fromisoformat(known["since"]),
            next_at=datetime.fromisoformat(known["next_at"]) if "next_at" in known else None,
            reason=known.get("reason", ""),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
