"""`roadblock demo`: a whole run in a censored internet in a box, beside what the censor did."""

import sys
import tempfile
from pathlib import Path

import click

from probe.cli.choice import PROFILES
from probe.cli.options import language_option
from probe.cli.selection import select
from probe.cli.telling import Teller
from probe.lab.kernel import kernel_available
from probe.lab.worlds import build_world
from probe.reference import load_knowledge
from probe.report.grid import show
from probe.report.progress import progress
from probe.report.text import report_blocks
from probe.report.words import wording
from probe.trial.demo import comparison_blocks, kernel_demo, virtual_demo

WORLD = "march-2022"
# The core of the first tier, and RT: its resolver lie is a part of that month's story, and inside
# the lab nobody is at risk.
SENSITIVE = ("rt",)


@click.command()
@click.argument("names", nargs=-1, metavar="[SERVICE]...")
@click.option("--world", default=WORLD, show_default=True, help="Which world to play.")
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default="look",
    show_default=True,
    help="How far the run goes after a failure.",
)
@click.option("--virtual", is_flag=True, help="Use the virtual lab although the kernel's works.")
@click.option(
    "--db",
    "database",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="ROADBLOCK_DB",
    metavar="FILE",
    help="Database. Default: a new one in a temporary folder.",
)
@language_option
def command(
    names: tuple[str, ...],
    world: str,
    profile: str,
    virtual: bool,
    database: Path | None,
    language: str,
) -> int:
    """Play a run in the censored internet of March 2022; nothing leaves this machine.

    Starts the installed `roadblock run` inside the lab, on real packets where this machine allows
    network namespaces, and shows beside each verdict what the censor's own log says.
    """
    knowledge = load_knowledge()
    built = build_world(world, knowledge.catalogue)
    endpoints = select(knowledge.catalogue, names)
    if not names:
        chosen = {e.id for e in (*endpoints, *select(knowledge.catalogue, SENSITIVE))}
        endpoints = tuple(e for e in knowledge.catalogue.endpoints if e.id in chosen)
    path = database or Path(tempfile.mkdtemp(prefix="roadblock-demo-")) / "roadblock.db"
    refusal = "asked for" if virtual else kernel_available()
    click.echo(f"World {built.id}: {built.story}", err=True)
    if refusal is None:
        click.echo("Playing on the kernel's network stack, in namespaces of its own.", err=True)
        services = tuple(dict.fromkeys(endpoint.service for endpoint in endpoints))
        code, shown = kernel_demo(
            built,
            knowledge,
            names or services,
            path,
            ("--profile", profile, "--language", language),
        )
    else:
        click.echo(f"Playing on the virtual lab ({refusal}).", err=True)
        words = wording(language)
        with progress(sys.stderr) as telling:
            shown = virtual_demo(
                built,
                knowledge,
                endpoints,
                path,
                profile=profile,
                on_event=Teller(telling, words),
            )
        show(report_blocks(shown.found, words), sys.stdout)
        code = 0
    if shown is None:
        return code
    show(["", *comparison_blocks(shown)], sys.stdout)
    click.echo(
        f"The run is stored in {path} (a plain SQLite file). To read it again:\n"
        f"  roadblock report --world {built.id} --db {path}",
        err=True,
    )
    return code
