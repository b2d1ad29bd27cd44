"""`roadblock doctor`: is this machine fit to measure? Sends nothing by itself."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from probe.cli.checks import Check, local_checks
from probe.cli.consent import agreed, consent_option
from probe.cli.options import (
    database_option,
    geo_option,
    json_option,
    language_option,
    targets_option,
)
from probe.config.consent import Language
from probe.config.settings import default_database
from probe.reference import load_catalogue, open_geo
from probe.report.grid import Cell, Grid, Tone, show

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
        agreed(consent, language=language, services=())
        from probe.cli.network_checks import network_checks

        checks = (*(c for c in checks if c.state != "not tested"), *network_checks(targets, geo_db))
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
