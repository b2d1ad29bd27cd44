"""Known events: targets/events.toml as values, or every complaint at once."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from probe.errors import CatalogueError
from probe.model.event import Event
from probe.reference.entries import Complaints, Place, Table, read_value, unknown_key
from probe.reference.places import shipped_targets

FILE: Final = "events.toml"
WHEN: Final = frozenset({"on", "from", "to"})
DERIVED: Final = frozenset({"earliest", "latest"})
# Member states as of 2020-02-01, when the United Kingdom had left (europa.eu, country profiles).
_EU_WORDS: Final = (
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
)
EU: Final = frozenset(_EU_WORDS.split(" "))


def load_events(directory: Path | None = None) -> tuple[Event, ...]:
    """Return the events of a folder of targets, else the shipped ones, oldest first."""
    path = (directory or shipped_targets()) / FILE
    if not path.is_file():
        path = shipped_targets() / FILE
    complaints = Complaints()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise CatalogueError((f"{path.name}: is not TOML: {error}",)) from error
    entries = table.get("event", [])
    events = [
        _event(entry, Place(path.name, f"event {number}", complaints))
        for number, entry in enumerate(entries, start=1)
    ]
    found = [event for event in events if event is not None]
    for name in sorted({event.id for event in found}):
        if sum(event.id == name for event in found) > 1:
            complaints.add(path.name, name, "id", "is there twice; give each event its own")
    if complaints.lines:
        raise CatalogueError(complaints.lines)
    return tuple(sorted(found, key=lambda event: (event.earliest, event.id)))


def concerns(event: Event, service: str, country: str | None) -> bool:
    """Say whether an event is about a service in a country; an unknown country fits none."""
    if event.services and service not in event.services:
        return False
    if not event.countries:
        return True
    return country is not None and (
        country in event.countries or (country in EU and "EU" in event.countries)
    )


def _event(entry: Table, place: Place) -> Event | None:
    allowed = (Event.model_fields.keys() - DERIVED) | WHEN
    for key in DERIVED & entry.keys():
        place.complain(key, unknown_key(key, allowed))
    span = _span(entry, place)
    if span is None:
        return None
    fields = {key: value for key, value in entry.items() if key not in WHEN}
    return read_value(Event, fields | {"earliest": span[0], "latest": span[1]}, place)


def _span(entry: Mapping[str, object], place: Place) -> tuple[datetime, datetime] | None:
    """Return when it happened: a moment as it is, days from the first's begin to the last's end."""
    if "on" in entry and ("from" in entry or "to" in entry):
        place.complain("on", "stands beside from or to; keep one of both")
        return None
    first, last = entry.get("on", entry.get("from")), entry.get("on", entry.get("to"))
    if not isinstance(first, date) or not isinstance(last, date):
        place.complain("on", "is missing or no date; write on = 2022-03-04, or from and to")
        return None
    earliest, latest = _moment(first, place), _moment(last, place)
    if earliest is None or latest is None:
        return None
    if latest < earliest:
        place.complain("to", "lies before from; exchange them")
        return None
    if not isinstance(last, datetime):
        latest += timedelta(days=1)
    return earliest, latest


def _moment(given: date, place: Place) -> datetime | None:
    if not isinstance(given, datetime):
        return datetime.combine(given, time(), UTC)
    if given.tzinfo is None:
        place.complain("on", "has a time without a zone; write 2022-03-04T08:00:00Z")
        return None
    return given.astimezone(UTC)
