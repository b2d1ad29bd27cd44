"""`roadblock check`: measure (or read what was measured) and compare with what is expected."""

import math
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click

from probe.analyse.check import check
from probe.cli.check_plan import (
    ATTEMPTS,
    BASELINE_FILE,
    Measuring,
    Wanted,
    make_plan,
    named,
    parse_states,
)
from probe.cli.check_sources import Stored, stored_documents, stored_runs
from probe.cli.check_writing import default_format, parse_check_output, write_report
from probe.cli.consent import consent_option
from probe.cli.options import (
    Finite,
    ca_file_option,
    database_option,
    geo_option,
    language_option,
    selection_arguments,
    targets_option,
)
from probe.errors import ProbeError, UsageError
from probe.exchange.checks import FORMATS
from probe.exchange.checks.nagios import UNKNOWN, nagios_code, nagios_trouble
from probe.model.check import CheckReport
from probe.model.words import Grade

T = TypeVar("T")
NAMES, EVERY, TIER = selection_arguments
PROFILES = ("look", "quick", "standard", "deep")
REPORTED = frozenset({1, 3})
"""Exit codes that `--exit-zero` takes back."""


@click.command()
@NAMES
@EVERY
@TIER
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=f"What is expected. Default: {BASELINE_FILE} here, if there is one; else all is ok.",
)
@click.option(
    "--fail-on",
    callback=parse_states,
    default="",
    metavar="STATE,...",
    help="Which unexpected states fail. Default: the baseline's, else blocked,impaired,down.",
)
@click.option(
    "--min-grade",
    type=click.Choice([grade.value for grade in Grade]),
    help="Weaker findings only warn. Default: the baseline's, else suspected: all count.",
)
@click.option("--strict", is_flag=True, help="Fail on exceptions that are not needed any more.")
@click.option(
    "--compare",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="An earlier check's JSON (or a run's): say what is new and what is fixed.",
)
@click.option(
    "--new-only", "only_new", is_flag=True, help="With --compare: old failures only warn."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    help="What is printed. Default: github on a GitHub runner, else text.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="FORMAT=FILE",
    help="Also write a file, in any of these formats. May be repeated.",
)
@click.option(
    "--attempts",
    type=click.IntRange(min=1),
    help=f"How often at most what fails is measured. Default: {ATTEMPTS}.",
)
@click.option(
    "--failures",
    type=click.IntRange(min=1),
    help="How many attempts have to fail. Default: all of them.",
)
@click.option(
    "--retry-wait",
    "retry_wait_s",
    type=Finite(min=0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Pause before another attempt.",
)
@click.option(
    "--deadline",
    "deadline_s",
    type=Finite(min=0, min_open=True),
    default=math.inf,
    metavar="SECONDS",
    help="Stop after this time; what was finished counts.",
)
@click.option("--exit-zero", is_flag=True, help="End with 0 where it would be 1 or 3.")
@click.option(
    "--from-run",
    "run_ids",
    multiple=True,
    metavar="ID",
    help="Check a stored run. Repeated: further attempts.",
)
@click.option(
    "--from-json",
    "documents",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Check what `roadblock run --json` printed. Repeated: further attempts.",
)
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default="quick",
    show_default=True,
    help="How far to go after a failure.",
)
@click.option("--again", is_flag=True, help="Measure although the pause of six hours is not over.")
@consent_option
@targets_option
@ca_file_option
@geo_option
@database_option
@click.option("--vantage", default="", metavar="LABEL", help="Where this is, as in DE/AS3320.")
@click.option("--seed", type=int, help="Seed of all orders that are drawn. Default: a new one.")
@click.option(
    "--pace-factor",
    type=Finite(min=0, min_open=True),
    default=1.0,
    help="Scales waits, never timeouts.",
)
@click.option("--no-quic", is_flag=True, help="Leave HTTP/3 out.")
@click.option("--control", "controls", multiple=True, metavar="URL", help="A control vantage.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@language_option
def command(
    form: str | None,
    as_json: bool,
    outputs: tuple[str, ...],
    exit_zero: bool,
    run_ids: tuple[str, ...],
    documents: tuple[Path, ...],
    **options: Any,  # noqa: ANN401 - the fields of Wanted and Measuring, read below
) -> int:
    """Check that services are as expected from here; made for CI.

    Measures like `run`, compares with a baseline, and ends with 1 when something unexpected was
    found, with 3 when nothing can be said (offline, budget or deadline used).
    """
    form = form or ("json" if as_json else default_format())
    if options["min_grade"] is not None:
        options["min_grade"] = Grade(options["min_grade"])
    wanted, measuring = _picked(Wanted, options), _picked(Measuring, options)
    try:
        files = [parse_check_output(text) for text in outputs]
        if run_ids and documents:
            raise UsageError("--from-run and --from-json do not go together; choose one")
        if run_ids:
            stored = stored_runs(measuring.database, run_ids, measuring.targets)
            report, ended = _check_stored(stored, wanted, measuring.names), None
        elif documents:
            stored = stored_documents(documents, measuring.targets)
            report, ended = _check_stored(stored, wanted, measuring.names), None
        else:
            from probe.cli.check_live import check_here

            report, ended = check_here(wanted, measuring)
        write_report(report, form, files)
    except ProbeError as error:
        if form != "nagios":
            raise
        click.echo(nagios_trouble(str(error)), nl=False)
        return UNKNOWN
    if ended is not None:
        return ended
    code = nagios_code(report) if form == "nagios" else report.exit_code
    return 0 if exit_zero and report.exit_code in REPORTED else code


def _picked(kind: type[T], options: dict[str, Any]) -> T:
    """Make a dataclass of the options that are its fields."""
    return kind(**{field.name: options[field.name] for field in fields(kind)})  # type: ignore[arg-type]


def _check_stored(stored: Stored, wanted: Wanted, names: Sequence[str]) -> CheckReport:
    endpoints = named(stored.endpoints, stored.services, names)
    plan = make_plan(wanted, stored.services, endpoints, attempts=len(stored.takes))
    return check(stored.takes, plan)
