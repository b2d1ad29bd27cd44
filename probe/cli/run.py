"""`roadblock run`: measure services from here; the one verb that sends packets to the outside."""

import secrets
import sys
from functools import partial
from pathlib import Path

import click
import trio

from probe.cli.consent import agreed, consent_option
from probe.cli.elsewhere import Elsewhere, elsewhere_of, elsewhere_options
from probe.cli.measuring import INTERNET, INTERRUPTED, knowledge_here, measure_and_store, past_of
from probe.cli.options import (
    ca_file_option,
    database_option,
    fingerprints_option,
    geo_option,
    json_option,
    language_option,
    selection_arguments,
    targets_option,
)
from probe.cli.outputs import OUTPUTS, parse_output, write_output
from probe.cli.selection import country_notes, select, services_of
from probe.cli.telling import Teller
from probe.config.consent import Language
from probe.config.settings import default_database
from probe.lab.mark import world_of
from probe.report.document import document_json
from probe.report.grid import show
from probe.report.progress import progress
from probe.report.text import report_blocks
from probe.report.words import wording
from probe.run import RunRequest
from probe.run.machine import read_machine

NAMES, EVERY, TIER = selection_arguments
PROFILES = ("look", "quick", "standard", "deep")
NOTHING_SELECTED = 5
INCONCLUSIVE = 3
INTERNAL_ERROR = 4
EXIT_CODES = {
    "complete": 0,
    "offline": INCONCLUSIVE,
    "budget": INCONCLUSIVE,
    "invalid": INCONCLUSIVE,
    "interrupted": INTERRUPTED,
}


@click.command()
@NAMES
@EVERY
@TIER
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default="look",
    show_default=True,
    help="How far to go after a failure.",
)
@click.option("--again", is_flag=True, help="Measure although the pause of six hours is not over.")
@consent_option
@targets_option
@ca_file_option
@geo_option
@fingerprints_option
@database_option
@json_option
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="FORMAT=FILE",
    help=f"Also write a file: {', '.join(OUTPUTS)}. May be repeated.",
)
@click.option("--vantage", default="", metavar="LABEL", help="Where this is, as in DE/AS3320.")
@click.option("--seed", type=int, help="Seed of all orders that are drawn. Default: a new one.")
@click.option(
    "--pace-factor",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    help="Scales waits, never timeouts.",
)
@click.option("--no-quic", is_flag=True, help="Leave HTTP/3 out.")
@elsewhere_options
@click.option("--quiet", is_flag=True, help="Show no progress.")
@language_option
def command(
    names: tuple[str, ...],
    every: bool,
    tier: int,
    profile: str,
    again: bool,
    consent: str | None,
    targets: Path | None,
    ca_file: Path | None,
    geo_db: Path | None,
    fingerprints: Path | None,
    database: Path | None,
    as_json: bool,
    outputs: tuple[str, ...],
    vantage: str,
    seed: int | None,
    pace_factor: float,
    no_quic: bool,
    controls: tuple[str, ...],
    control_keys: Path | None,
    snapshots: tuple[Path, ...],
    snapshot_key: str | None,
    quiet: bool,
    language: Language,
) -> int:
    """Measure services from here and say what stands in the way.

    Without names: the core endpoints of the first tier. A name is a service (instagram) or an
    endpoint (instagram.web).
    """
    wanted = [parse_output(text) for text in outputs]
    machine = read_machine()
    lab_world = world_of(machine.resolv_conf)
    knowledge = knowledge_here(lab_world, targets, ca_file, geo_db, fingerprints)
    elsewhere = elsewhere_of(
        knowledge.catalogue,
        controls,
        control_keys=control_keys,
        snapshots=snapshots,
        snapshot_key=snapshot_key,
    )
    endpoints = select(knowledge.catalogue, names, tier=tier, every=every)
    if not endpoints:
        click.echo("Nothing is selected.", err=True)
        return NOTHING_SELECTED
    services = services_of(knowledge.catalogue, endpoints)
    agreement = None
    if lab_world is None:
        for note in country_notes(services):
            click.echo(f"Note. {note}", err=True)
        agreement = agreed(consent, language=language, services=[s.name for s in services]).sha256
    database = database or default_database()
    pacing = knowledge.catalogue.pacing
    past = past_of(database, pacing)
    again = again or lab_world is not None
    if not again and all(e.id in past.recent and not e.own for e in endpoints):
        phrase = wording(language).phrases["nothing_due"]
        click.echo(phrase.format(hours=pacing.session_hours), err=True)
        return NOTHING_SELECTED
    request = RunRequest(
        endpoints=endpoints,
        services=tuple(service.id for service in services),
        profile=profile,
        seed=secrets.randbelow(2**31) if seed is None else seed,
        world=INTERNET if lab_world is None else f"lab:{lab_world}",
        vantage_label=vantage,
        again=again,
        consent_sha256=agreement,
        quic=not no_quic,
        pace_factor=pace_factor,
        controls=controls,
        recent=past.recent,
        bytes_left=past.bytes_left if lab_world is None else None,
    )
    words = wording(language)
    with progress(sys.stderr, quiet=quiet) as shown:
        found = trio.run(
            partial(measure_and_store, elsewhere=elsewhere),
            request,
            knowledge,
            machine,
            database,
            Teller(shown, words),
        )
    if elsewhere != Elsewhere():
        for note in found.run.notes:
            click.echo(f"Note. {note}", err=True)
    for output in wanted:
        write_output(output, found, words)
    if as_json:
        click.echo(document_json(found, words))
    else:
        show(report_blocks(found, words), sys.stdout)
    return EXIT_CODES.get(found.run.status, INTERNAL_ERROR)
