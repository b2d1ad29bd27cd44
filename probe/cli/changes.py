"""`roadblock changes`: when verdicts changed, with the known events of those days beside them."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import click

from probe.analyse.changes import Change, Regime
from probe.analyse.series import SeriesKey, series
from probe.analyse.together import ServiceChange, service_changes
from probe.cli.options import database_option, json_option, targets_option
from probe.cli.reading import reading, stored_world, world_option
from probe.errors import UsageError
from probe.model.event import Event
from probe.model.target import Catalogue
from probe.reference.catalogue import load_catalogue
from probe.reference.events import concerns, load_events

EVENT_DAYS = 7
MINUTE = "%Y-%m-%d %H:%M"
ENDPOINTS_SHOWN = 4


@click.command()
@click.argument("names", nargs=-1, metavar="[SERVICE]...")
@click.option("--since", metavar="DATE", help="Only runs from this day (UTC) on.")
@click.option("--until", metavar="DATE", help="Only runs up to this day (UTC).")
@click.option("--network", metavar="NAME", help="Only this one, as in DE or DE/AS3320.")
@click.option(
    "--event-days",
    type=click.IntRange(min=0, max=36_525),
    default=EVENT_DAYS,
    show_default=True,
    help="How near an event has to be to be shown.",
)
@world_option
@database_option
@targets_option
@json_option
def command(
    names: tuple[str, ...],
    since: str | None,
    until: str | None,
    network: str | None,
    event_days: int,
    world: str | None,
    database: Path | None,
    targets: Path | None,
    as_json: bool,
) -> None:
    """Show when verdicts changed, per service and network, with an interval for each date.

    Single failures and gaps make no change. Known events of those days stand beside; that they
    fit in time does not make them the cause.
    """
    catalogue = load_catalogue(targets)
    chosen = frozenset(service_id(name, catalogue) for name in names)
    with reading(database) as reader:
        history = (
            (run, [v for v in verdicts if not chosen or v.service in chosen])
            for run, verdicts in reader.history(
                stored_world(world), since=day_of(since), until=day_of(until, end=True)
            )
        )
        every = series(history)
    kept = {key: r for key, r in every.items() if network is None or is_within(key, network)}
    found = service_changes(kept)
    near = timedelta(days=event_days)
    events = load_events(targets)
    beside = [tuple(events_beside(change, events, near)) for change in found]
    if as_json:
        click.echo(
            json.dumps(
                {
                    "series": len(kept),
                    "readings": sum(map(len, kept.values())),
                    "changes": [
                        _object(change, shown) for change, shown in zip(found, beside, strict=True)
                    ],
                },
                indent=2,
            )
        )
        return
    service_names = {service.id: service.name for service in catalogue.services}
    for change, shown in zip(found, beside, strict=True):
        for line in _lines(change, shown, service_names.get(change.service, change.service)):
            click.echo(line)
    click.echo(_summary(len(found), len(kept), sum(map(len, kept.values()))))


def events_beside(
    change: ServiceChange, events: Sequence[Event], near: timedelta
) -> Iterator[Event]:
    """Yield the events about that service and country at most so far from the change."""
    for event in events:
        if (
            concerns(event, change.service, change.network.country or None)
            and event.earliest <= change.latest + near
            and change.earliest - near <= event.latest
        ):
            yield event


def service_id(name: str, catalogue: Catalogue) -> str:
    """Return the id of a service that a person named; stored ones may be older than the list."""
    for service in catalogue.services:
        if name.lower() in {service.id.lower(), service.name.lower()}:
            return service.id
    return name


def is_within(key: SeriesKey, network: str) -> bool:
    """Tell whether a series is of a network, or of a country, as in DE/AS3320 or DE."""
    return network in {str(key.network), key.network.country}


def day_of(text: str | None, *, end: bool = False) -> datetime | None:
    """Return when a day begins, or ends; None where none is named."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=int(end))
    except (ValueError, OverflowError):
        raise UsageError(f"{text}: is no date; write it as 2022-03-14") from None
    return datetime.combine(day, time(), UTC)


def _lines(change: ServiceChange, events: Sequence[Event], name: str) -> Iterator[str]:
    indent = " " * 12
    yield f"{change.at:%Y-%m-%d}  {name}, {change.network}: {change.before} -> {change.after}"
    endpoints = change.endpoints
    more = f" and {len(endpoints) - ENDPOINTS_SHOWN} more" * (len(endpoints) > ENDPOINTS_SHOWN)
    yield (
        f"{indent}between {change.earliest.strftime(MINUTE)} and "
        f"{change.latest.strftime(MINUTE)} UTC; {', '.join(endpoints[:ENDPOINTS_SHOWN])}{more}"
    )
    first = change.parts[0][1]
    yield f"{indent}before: {_behind(first.before)}; after: {_behind(first.after)}"
    for event in events:
        yield f"{indent}event {_when(event)}: {event.title}"
        yield from (f"{indent}      {source}" for source in event.sources)


def _behind(regime: Regime) -> str:
    days = "1 day" if regime.days == 1 else f"{regime.days} days"
    return f"{days}, {regime.agreeing} of {regime.readings} readings agree"


def _when(event: Event) -> str:
    if event.earliest == event.latest:
        return f"{event.earliest.strftime(MINUTE)} UTC"
    last = (event.latest - timedelta(microseconds=1)).date()
    first = event.earliest.date()
    return f"{first}" if first == last else f"{first} to {last}"


def _summary(changes: int, number: int, readings: int) -> str:
    if not number:
        return "Nothing stored fits; `roadblock report --list` shows all runs."
    return (
        f"{changes or 'No'} change{'s' * (changes != 1)} in {number} series of {readings} verdicts."
    )


def _object(change: ServiceChange, events: Sequence[Event]) -> dict[str, Any]:
    return {
        "service": change.service,
        "network": str(change.network),
        "country": change.network.country or None,
        "asn": change.network.asn or None,
        "before": {"state": change.before.state, "category": change.before.category},
        "after": {"state": change.after.state, "category": change.after.category},
        "at": change.at.isoformat(),
        "earliest": change.earliest.isoformat(),
        "latest": change.latest.isoformat(),
        "series": [_part(key, one) for key, one in change.parts],
        "events": [event.model_dump(mode="json") for event in events],
    }


def _part(key: SeriesKey, change: Change) -> dict[str, Any]:
    return {
        "endpoint": key.endpoint,
        "protocol": key.protocol,
        "family": None if key.family == "-" else key.family,
        "at": change.at.isoformat(),
        "earliest": change.earliest.isoformat(),
        "latest": change.latest.isoformat(),
        "before": _counts(change.before),
        "after": _counts(change.after),
    }


def _counts(regime: Regime) -> dict[str, int]:
    return {"days": regime.days, "readings": regime.readings, "agreeing": regime.agreeing}
