"""`roadblock plan`: what a run would send, before anything is sent."""

import importlib.util
import json
import sys
from pathlib import Path

import click

from probe.cli.options import json_option, selection_arguments, targets_option
from probe.cli.selection import country_notes, select, services_of
from probe.reference.catalogue import load_catalogue
from probe.report.grid import show
from probe.report.plan import plan, plan_blocks, plan_json

NAMES, EVERY, TIER = selection_arguments


@click.command()
@NAMES
@EVERY
@TIER
@targets_option
@json_option
@click.option("--no-quic", is_flag=True, help="Leave HTTP/3 out.")
def command(
    names: tuple[str, ...],
    every: bool,
    tier: int,
    targets: Path | None,
    as_json: bool,
    no_quic: bool,
) -> int:
    """Show every host, step, byte and second of a run. Sends nothing."""
    from probe.run.machine import read_machine
    from probe.run.setup import screen_resolvers

    catalogue = load_catalogue(targets)
    endpoints = select(catalogue, names, tier=tier, every=every)
    planned = plan(
        endpoints,
        catalogue,
        resolvers=screen_resolvers(catalogue, read_machine()),
        quic=not no_quic and importlib.util.find_spec("aioquic") is not None,
    )
    if as_json:
        click.echo(json.dumps(plan_json(planned)))
    else:
        show(plan_blocks(planned, {s.id: s.name for s in catalogue.services}), sys.stdout)
        for note in country_notes(services_of(catalogue, endpoints)):
            click.echo(f"Note. {note}", err=True)
    return 0 if endpoints else 5
