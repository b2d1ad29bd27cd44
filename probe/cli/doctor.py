"""`roadblock doctor`: is this machine fit to measure? Sends nothing by itself."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from probe.cli.checks import Check, local_checks
from probe.cli.consent import agreed, consent_option
from probe.cli.measuring import knowledge_here
from probe.cli.options import (
    database_option,
    geo_option,
    json_option,
    language_option,
    targets_option,
)
from probe.config.consent import Language
from probe.config.settings import default_database
from probe.lab.mark import world_of
from probe.reference import load_catalogue, open_geo
from probe.report.grid import Cell, Grid, Tone, show
from probe.run.machine import read_machine

TONES = {"ok": Tone.GOOD, "note": Tone.WARN, "bad": Tone.BAD, "not tested": Tone.DIM}


@click.command()
@click.option("--network", is_flag=True, help="Ask the control hosts too; needs consent.")
@consent_option
@targets_option
@geo_option
@database_option
@language_option
@json_option
def command(
    network: bool,
    consent: str | None,
    targets: Path | None,
    geo_db: Path | None,
    database: Path | None,
    language: Language,
    as_json: bool,
) -> int:
    """Look at clock, resolver, IPv6, disk, rights, optional parts and the lab.

    Exit code 0 when a run can work here, else 2. Sends nothing without --network.
    """
    catalogue = load_catalogue(targets)
    checks = local_checks(database or default_database(), catalogue, open_geo(geo_db))
    if network:
        from probe.cli.network_checks import network_checks

        machine = read_machine()
        lab_world = world_of(machine.resolv_conf)
        if lab_world is None:
            agreed(consent, language=language, services=())
        asked = network_checks(knowledge_here(lab_world, targets, None, geo_db), machine)
        checks = (*(check for check in checks if check.state != "not tested"), *asked)
    if as_json:
        click.echo(json.dumps([asdict(check) for check in checks]))
    else:
        show([_grid(checks)], sys.stdout)
    return 2 if any(check.state == "bad" for check in checks) else 0


def _grid(checks: tuple[Check, ...]) -> Grid:
    rows = tuple(
        (Cell(check.name), Cell(check.state, TONES[check.state]), Cell(check.text))
        for check in checks
    )
    return Grid(("What", "State", "Found"), rows)
