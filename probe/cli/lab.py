"""`roadblock lab`: the worlds, and any command as the client of one."""

import json
import sys
from pathlib import Path

import click

from probe.cli.options import json_option, targets_option
from probe.lab.worlds import WORLDS, build_world
from probe.reference.catalogue import load_catalogue
from probe.report.grid import Cell, Grid, show


@click.group()
def command() -> None:
    """Use the censored internet in a box. Nothing leaves this machine."""


@command.command(name="list")
@json_option
def list_worlds(as_json: bool) -> None:
    """List the worlds."""
    if as_json:
        rows = [
            {"id": spec.id, "title": spec.title, "story": spec.story} for spec in WORLDS.values()
        ]
        click.echo(json.dumps(rows))
        return
    rows_of_cells = tuple((Cell(spec.id), Cell(spec.title)) for spec in WORLDS.values())
    show([Grid(("World", "What happens there"), rows_of_cells)], sys.stdout)


@command.command(name="exec", context_settings={"ignore_unknown_options": True})
@click.argument("world")
@click.argument("argv", nargs=-1, type=click.UNPROCESSED, required=True, metavar="COMMAND...")
@targets_option
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the world.")
def execute(world: str, argv: tuple[str, ...], targets: Path | None, seed: int) -> int:
    """Run COMMAND inside WORLD: its names, its resolver, its censor; nothing else.

    The command's exit code is this one's. LAB_CA_FILE names the lab's certificate authority, which
    common programs trust inside; for the probe: roadblock lab exec WORLD -- roadblock run.
    """
    from probe.lab.kernel import run_command

    return run_command(build_world(world, load_catalogue(targets), seed=seed), argv)
