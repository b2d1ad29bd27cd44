"""`roadblock lab`: the worlds, and any command as the client of one."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from probe.trial.foreign import Censor
    from probe.trial.grid import Plan
    from probe.trial.packets import Trace
    from probe.trial.playing import LineOutcome
    from probe.trial.scenario import Line
    from probe.trial.score import Score

from probe.cli.choice import PROFILES
from probe.cli.options import WordyGroup, json_option, targets_option
from probe.errors import UsageError
from probe.lab.worlds import WORLDS, build_world
from probe.reference.catalogue import load_catalogue
from probe.report.grid import Cell, Grid, show


def _load(censors: tuple[str, ...]) -> "list[Censor]":
    from probe.trial.foreign import load_censor

    return [load_censor(text) for text in censors]


_censor_option = click.option(
    "--censor",
    "censors",
    multiple=True,
    metavar="FILE[:CLASS]",
    help="A censor of your own (docs/guides/write-a-censor.md); may be repeated.",
)


@click.group(cls=WordyGroup)
def command() -> None:
    """Use the censored internet in a box. Nothing leaves this machine."""


@command.command(name="list")
@_censor_option
@json_option
def list_worlds(censors: tuple[str, ...], as_json: bool) -> None:
    """List the worlds, and what scenarios are made of."""
    _load(censors)
    from probe.trial.blocking import BLOCKING
    from probe.trial.environments import ENVIRONMENTS
    from probe.trial.innocent import INNOCENT

    worlds = [
        {"sort": "world", "id": spec.id, "title": spec.title, "story": spec.story}
        for spec in WORLDS.values()
    ]
    parts = [
        {"sort": sort, "id": one.id, "title": one.words, "story": ""}
        for sort, rows in (
            ("technique", BLOCKING),
            ("innocent", INNOCENT),
            ("environment", ENVIRONMENTS),
        )
        for one in rows.values()
    ]
    if as_json:
        click.echo(json.dumps([*worlds, *parts]))
        return
    headings = {
        "world": ("World", "What happens there (lab exec, demo --world)"),
        "technique": ("Technique", "What is done to a target (lab show, lab run)"),
        "innocent": ("Innocent kind", "What ails a target, and nobody means it"),
        "environment": ("Environment", "What holds for everything on a line"),
    }
    for sort, heading in headings.items():
        rows_of_cells = tuple(
            (Cell(row["id"]), Cell(row["title"]))
            for row in (*worlds, *parts)
            if row["sort"] == sort
        )
        show([Grid(heading, rows_of_cells), ""], sys.stdout)


_setting_option = click.option(
    "--setting",
    type=click.Choice(["none", "snapshot", "one", "two"]),
    help="What is learnt from elsewhere. Default: as drawn, else none.",
)
_tier_option = click.option(
    "--tier",
    type=click.Choice(["virtual", "kernel"]),
    default="virtual",
    show_default=True,
    help="On a clock that jumps over waits, or on real packets in network namespaces.",
)
_profile_option = click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default="quick",
    show_default=True,
    help="How far each run goes.",
)


@command.command(name="show")
@click.argument("scenario", metavar="ID")
@_setting_option
@_profile_option
@_censor_option
def show_scenario(
    scenario: str, setting: str | None, profile: str, censors: tuple[str, ...]
) -> None:
    """Tell a scenario's story, and show the packets that matter.

    ID: a technique, innocent kind or environment of `lab list`, a run of a campaign (1-b7), or one
    scenario of it (1-b7/S02.3), written as `lab score` prints it.
    """
    from probe.trial.campaign import play_one
    from probe.trial.named import alone, find_line
    from probe.trial.packets import Trace
    from probe.trial.scenario import Setting
    from probe.trial.story import packet_blocks, story_blocks

    _load(censors)
    line, only = find_line(scenario, Setting(setting) if setting else None)
    for one in line.scenarios:
        if only in (None, one.id):
            show(story_blocks(line, one), sys.stdout)
            trace, by_itself = Trace(), alone(line, one.id)
            play_one(by_itself, profile=profile, on_open=trace.attach)
            show([*packet_blocks(trace, by_itself, one), ""], sys.stdout)


@command.command(name="run")
@click.argument("scenario", metavar="ID")
@_setting_option
@_profile_option
@_censor_option
@_tier_option
@click.option("--trace", is_flag=True, help="Print every packet of the client, and every deed.")
def run_scenario(
    scenario: str,
    setting: str | None,
    profile: str,
    censors: tuple[str, ...],
    tier: str,
    trace: bool,
) -> None:
    """Play a scenario, and show what the run says beside what is true.

    ID: as for `lab show`. A run of a campaign is played whole, with all of its scenarios.
    """
    from probe.trial.campaign import play_one
    from probe.trial.named import find_line
    from probe.trial.packets import Trace, print_line
    from probe.trial.scenario import Setting
    from probe.trial.story import outcome_blocks

    _load(censors)
    line, only = find_line(scenario, Setting(setting) if setting else None)
    tap = Trace(on_line=print_line) if trace else Trace(keeps=False)
    if tier == "kernel":
        played = _on_kernel(line, profile, tap)
    else:
        played = play_one(line, profile=profile, on_open=tap.attach)
    show(outcome_blocks(played, only), sys.stdout)


def _on_kernel(line: "Line", profile: str, tap: "Trace") -> "LineOutcome":
    from probe.trial.kernel import play_on_kernel
    from probe.trial.kernel_campaign import need_kernel
    from probe.trial.scenario import Setting

    need_kernel()
    if line.setting is not Setting.NONE:
        raise UsageError("the kernel's lab plays no helpers; use --setting none")
    return play_on_kernel(line, profile=profile, on_open=tap.attach)


@command.command(name="exec", context_settings={"ignore_unknown_options": True})
@click.argument("world")
@click.argument("argv", nargs=-1, type=click.UNPROCESSED, required=True, metavar="COMMAND...")
@targets_option
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the world.")
@_censor_option
def execute(
    world: str, argv: tuple[str, ...], targets: Path | None, seed: int, censors: tuple[str, ...]
) -> int:
    """Run COMMAND inside WORLD: its names, its resolver, its censor; nothing else.

    The command's exit code is this one's. LAB_CA_FILE names the lab's certificate authority, which
    common programs trust inside; for the probe: roadblock lab exec WORLD -- roadblock run.
    """
    from probe.lab.kernel import run_command

    built = build_world(world, load_catalogue(targets), seed=seed)
    if censors:
        from probe.trial.foreign import censored

        built = censored(built, _load(censors))
    return run_command(built, argv)


@command.command(name="score")
@click.option(
    "--scenarios",
    type=click.IntRange(min=0),
    default=200,
    show_default=True,
    help="How many scenarios in which something interferes.",
)
@click.option(
    "--benign",
    type=click.IntRange(min=0),
    default=400,
    show_default=True,
    help="How many in which nobody does; as many come along beside the others.",
)
@click.option(
    "--setting",
    type=click.Choice(["none", "snapshot", "one", "two"]),
    help="What is learnt from elsewhere. Default: drawn for each run.",
)
@_profile_option
@_tier_option
@click.option("--seed", type=int, default=1, show_default=True, help="Of the whole campaign.")
@click.option("--kind", "kinds", multiple=True, help="Only these kinds; may be repeated.")
@click.option(
    "--environment", "environments", multiple=True, help="Only these lines; may be repeated."
)
@_censor_option
@click.option(
    "--processes", type=click.IntRange(min=1), default=2, show_default=True, help="Side by side."
)
@click.option(
    "--db",
    "database",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Store the campaign there; one that is stored there already is judged anew, not played.",
)
@click.option(
    "--html",
    "picture",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the scoreboard as one HTML file, too.",
)
@json_option
@click.pass_context
def score(
    ctx: click.Context,
    scenarios: int,
    benign: int,
    setting: str | None,
    profile: str,
    tier: str,
    seed: int,
    kinds: tuple[str, ...],
    environments: tuple[str, ...],
    censors: tuple[str, ...],
    processes: int,
    database: Path | None,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Play drawn scenarios and count how often the judge was right; nothing leaves the machine.

    With --censor and without --kind, only those censors are drawn, beside targets that are fine.
    With --tier kernel the same lines are played on the virtual clock as well, and the verdicts are
    compared; without numbers and kinds every technique and innocent kind is played once.
    """
    from probe.trial.campaign import score_plan, score_stored
    from probe.trial.grid import Plan
    from probe.trial.picture import page
    from probe.trial.scenario import Setting
    from probe.trial.scoreboard import score_blocks

    foreign = _load(censors)
    if foreign and not kinds:
        kinds = (*(censor.id for censor in foreign), "plain")
    if database is not None and database.exists():
        counted = score_stored(database, processes=processes, tell=_tell)
    else:
        chosen = Setting(setting) if setting else None
        plan = Plan(scenarios, benign, seed, chosen, environments, kinds)
        if tier == "kernel":
            is_list = not (kinds or environments) and not any(map(_is_given(ctx), _NUMBERS))
            counted = _score_on_kernel(plan, is_list, profile, processes, database)
        else:
            counted = score_plan(
                plan, profile=profile, processes=processes, database=database, tell=_tell
            )
    if picture is not None:
        picture.write_text(page(counted), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(counted.as_json()))
    else:
        show(score_blocks(counted), sys.stdout)


_NUMBERS = ("scenarios", "benign")


def _is_given(ctx: click.Context) -> Callable[[str], bool]:
    return lambda name: ctx.get_parameter_source(name) is not ParameterSource.DEFAULT


def _score_on_kernel(
    plan: "Plan", is_list: bool, profile: str, processes: int, database: Path | None
) -> "Score":
    from probe.trial import kernel_campaign as kernel
    from probe.trial.grid import lines
    from probe.trial.roll import roll

    kernel.need_kernel()
    drawn = roll(plan.seed) if is_list else lines(kernel.kernel_plan(plan))
    return kernel.score_on_kernel(
        drawn, profile=profile, processes=processes, database=database, tell=_tell
    )


def _tell(done: int, of: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done} of {of} runs", nl=done == of, err=True)
