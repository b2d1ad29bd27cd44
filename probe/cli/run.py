"""`roadblock run`: measure services from here."""

import secrets
import sys
from functools import partial

import click
import trio

from probe.cli.choice import PROFILES, Choice, choice_options, prepare, request_of
from probe.cli.consent import agreed
from probe.cli.elsewhere import Elsewhere
from probe.cli.measuring import INTERRUPTED, measure_and_store
from probe.cli.notifying import Notifier, notify_option
from probe.cli.options import json_option
from probe.cli.outputs import OUTPUTS, parse_output, write_output
from probe.cli.selection import country_notes
from probe.cli.telling import Teller
from probe.report.document import document_json
from probe.report.grid import show
from probe.report.progress import progress
from probe.report.text import report_blocks
from probe.report.words import wording

__all__ = ["EXIT_CODES", "PROFILES", "command"]

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
@choice_options
@json_option
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="FORMAT=FILE",
    help=f"Also write a file: {', '.join(OUTPUTS)}. May be repeated.",
)
@notify_option
@click.option("--seed", type=int, help="Seed of all orders that are drawn. Default: a new one.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def command(
    choice: Choice,
    as_json: bool,
    outputs: tuple[str, ...],
    notify: tuple[str, ...],
    seed: int | None,
    quiet: bool,
) -> int:
    """Measure services from here and say what stands in the way.

    Without names: the core endpoints of the first tier. A name is a service (instagram) or an
    endpoint (instagram.web).
    """
    wanted = [parse_output(text) for text in outputs]
    notifier = Notifier(notify)
    words = wording(choice.language)
    prepared = prepare(choice)
    if not prepared.endpoints:
        click.echo("Nothing is selected.", err=True)
        return NOTHING_SELECTED
    agreement = None
    if prepared.lab_world is None:
        for note in country_notes(prepared.services):
            click.echo(f"Note. {note}", err=True)
        names = [service.name for service in prepared.services]
        agreement = agreed(choice.consent, language=choice.language, services=names).sha256
    request = request_of(
        choice,
        prepared,
        seed=secrets.randbelow(2**31) if seed is None else seed,
        consent_sha256=agreement,
    )
    if request is None:
        hours = prepared.knowledge.catalogue.pacing.session_hours
        click.echo(words.phrases["nothing_due"].format(hours=hours), err=True)
        return NOTHING_SELECTED
    with progress(sys.stderr, quiet=quiet) as shown:
        found = trio.run(
            partial(measure_and_store, elsewhere=prepared.elsewhere),
            request,
            prepared.knowledge,
            prepared.machine,
            prepared.database,
            Teller(shown, words),
        )
    if prepared.elsewhere != Elsewhere():
        for note in found.run.notes:
            click.echo(f"Note. {note}", err=True)
    for output in wanted:
        write_output(output, found, words)
    if as_json:
        click.echo(document_json(found, words))
    else:
        show(report_blocks(found, words), sys.stdout)
    notifier.tell(found, prepared.database, words)
    return EXIT_CODES.get(found.run.status, INTERNAL_ERROR)
