"""`roadblock targets`: what is measured, and whether the files that say so hold together."""

import json
import sys
from pathlib import Path

import click

from probe.cli.options import WordyGroup, json_option, selection_arguments, targets_option
from probe.cli.selection import select
from probe.model.target import Catalogue, Endpoint
from probe.reference.catalogue import load_catalogue
from probe.report.grid import Cell, Grid, show

NAMES, EVERY, TIER = selection_arguments


@click.group(cls=WordyGroup)
def command() -> None:
    """List and check what is measured: services, controls, resolvers, pacing."""


@command.command()
@targets_option
@json_option
def check(targets: Path | None, as_json: bool) -> None:
    """Check the target files; every complaint is shown at once."""
    catalogue = load_catalogue(targets)
    counts = {
        "services": len(catalogue.services),
        "endpoints": len(catalogue.endpoints),
        "core": sum(endpoint.core for endpoint in catalogue.endpoints),
        "controls": len(catalogue.controls),
        "resolvers": len(catalogue.resolvers),
    }
    if as_json:
        click.echo(json.dumps({"sha256": catalogue.sha256, **counts}))
        return
    click.echo(
        "The targets hold together: "
        f"{_counted(counts['services'], 'service')}, {_counted(counts['endpoints'], 'endpoint')} "
        f"({counts['core']} core), {_counted(counts['controls'], 'control')}, "
        f"{_counted(counts['resolvers'], 'resolver')}."
    )


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'s' * (count != 1)}"


@command.command(name="list")
@NAMES
@EVERY
@TIER
@targets_option
@json_option
def list_targets(
    names: tuple[str, ...], every: bool, tier: int, targets: Path | None, as_json: bool
) -> int:
    """List endpoints: host, role, risk tier, and how sure we are of what we expect."""
    catalogue = load_catalogue(targets)
    endpoints = select(catalogue, names, tier=tier, every=every)
    if as_json:
        click.echo(json.dumps([endpoint.model_dump(mode="json") for endpoint in endpoints]))
    else:
        show([_grid(catalogue, endpoints)], sys.stdout)
    return 0 if endpoints else 5


def _grid(catalogue: Catalogue, endpoints: tuple[Endpoint, ...]) -> Grid:
    names = {service.id: service.name for service in catalogue.services}
    rows = tuple(
        (
            Cell(names[endpoint.service]),
            Cell(endpoint.id),
            Cell(endpoint.url),
            Cell(endpoint.role.value),
            Cell("core" if endpoint.core else ""),
            Cell(str(endpoint.risk_tier)),
            Cell(endpoint.sureness),
        )
        for endpoint in endpoints
    )
    return Grid(("Service", "Endpoint", "URL", "Role", "", "Tier", "Sure"), rows)
