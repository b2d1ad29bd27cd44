"""`roadblock rates`: how often something was found, with the interval, its n and its networks."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from probe.analyse.rates import BLOCKED, Rate, rates
from probe.analyse.series import UNUSABLE, SeriesKey, label_of, series, series_of
from probe.cli.changes import day_of, is_within, service_id
from probe.cli.options import database_option, json_option, targets_option
from probe.cli.reading import reading, stored_world, world_option
from probe.model.run import Run
from probe.model.verdict import Verdict
from probe.model.words import State
from probe.reference.catalogue import load_catalogue
from probe.report.grid import Block, Cell, Grid, show

Group = tuple[str, ...]
_BY: Final[dict[str, Callable[[SeriesKey, datetime], str]]] = {
    "service": lambda key, _: key.service,
    "endpoint": lambda key, _: key.endpoint,
    "country": lambda key, _: key.network.country or "unknown",
    "network": lambda key, _: str(key.network),
    "protocol": lambda key, _: key.protocol.value,
    "family": lambda key, _: key.family,
    "month": lambda _, at: f"{at:%Y-%m}",
    "week": lambda _, at: f"{at:%G-W%V}",
    "day": lambda _, at: f"{at:%Y-%m-%d}",
}
# What is cut over HTTPS often works over QUIC: taken together it would be "half blocked".
_DEFAULT: Final = ("service", "protocol", "network")
_TOLD: Final = tuple(state.value for state in State if state is not State.INSUFFICIENT)
_NOTE: Final = (
    "Shares are of the verdicts that could tell; what could not is in none of them. Verdicts of "
    "one network are not independent of each other: the networks' own interval is the careful one."
)


@click.command()
@click.argument("names", nargs=-1, metavar="[SERVICE]...")
@click.option(
    "--by",
    "groups",
    multiple=True,
    type=click.Choice(tuple(_BY)),
    help="A row for each; may be given again. Default: service, protocol and network.",
)
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(_TOLD),
    help="What is counted; may be given again. Default: blocked.",
)
@click.option("--since", metavar="DATE", help="Only runs from this day (UTC) on.")
@click.option("--until", metavar="DATE", help="Only runs up to this day (UTC).")
@click.option("--network", metavar="NAME", help="Only this one, as in DE or DE/AS3320.")
@world_option
@database_option
@targets_option
@json_option
def command(
    names: tuple[str, ...],
    groups: tuple[str, ...],
    states: tuple[str, ...],
    since: str | None,
    until: str | None,
    network: str | None,
    world: str | None,
    database: Path | None,
    targets: Path | None,
    as_json: bool,
) -> None:
    """Show how often endpoints were found blocked, with 95 % intervals, n and networks.

    A share of nothing is none, and never 0.
    """
    catalogue = load_catalogue(targets)
    chosen = frozenset(service_id(name, catalogue) for name in names)
    by = groups or _DEFAULT
    unclear: Counter[Group] = Counter()

    def group(key: SeriesKey, at: datetime) -> Group:
        return tuple(_BY[name](key, at) for name in by)

    def kept(run: Run, verdicts: Sequence[Verdict]) -> Iterator[Verdict]:
        for verdict in verdicts:
            key = series_of(run, verdict)
            if (chosen and verdict.service not in chosen) or run.status in UNUSABLE:
                continue
            if network is not None and not is_within(key, network):
                continue
            if label_of(verdict) is None:
                unclear[group(key, run.started_at)] += 1
            yield verdict

    with reading(database) as reader:
        history = reader.history(
            stored_world(world), since=day_of(since), until=day_of(until, end=True)
        )
        found = series((run, tuple(kept(run, verdicts))) for run, verdicts in history)
    counted = rates(
        found,
        by=lambda key, read: group(key, read.at),
        states=frozenset(map(State, states)) or BLOCKED,
    )
    nothing = Rate(0, 0, 0, 0)
    rows = [
        (name, counted.get(name, nothing), unclear[name]) for name in sorted({*counted, *unclear})
    ]
    if as_json:
        click.echo(json.dumps([_object(by, *row) for row in rows], indent=2))
        return
    show(_blocks(by, rows, " or ".join(states) or "blocked"), sys.stdout)


def _blocks(by: Sequence[str], rows: Sequence[tuple[Group, Rate, int]], what: str) -> list[Block]:
    if not rows:
        return ["Nothing stored fits; `roadblock report --list` shows all runs."]
    headings = (*(name.capitalize() for name in by), what.capitalize(), "Of", "Share", "95 %",
                "Networks", "95 % of networks", "Could not tell")  # fmt: skip
    return [
        Grid(headings, tuple(_row(*row) for row in rows)),
        _NOTE,
    ]


def _row(group: Group, rate: Rate, unclear: int) -> tuple[Cell, ...]:
    share = "none" if rate.share is None else f"{rate.share:.0%}"
    cells = (
        *group, str(rate.hits), str(rate.n), share, _interval(rate.interval),
        f"{rate.networks_hit} of {rate.networks}", _interval(rate.networks_interval), str(unclear),
    )  # fmt: skip
    return tuple(Cell(text) for text in cells)


def _interval(interval: tuple[float, float] | None) -> str:
    return "none" if interval is None else f"{interval[0]:.0%} to {interval[1]:.0%}"


def _object(by: Sequence[str], group: Group, rate: Rate, unclear: int) -> dict[str, Any]:
    return dict(zip(by, group, strict=True)) | {
        "hits": rate.hits,
        "n": rate.n,
        "share": rate.share,
        "interval": rate.interval,
        "networks_hit": rate.networks_hit,
        "networks": rate.networks,
        "networks_interval": rate.networks_interval,
        "insufficient": unclear,
    }
