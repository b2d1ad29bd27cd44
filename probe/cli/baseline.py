"""`roadblock baseline`: look over the file of expectations, bring it up to date with a check."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from probe.analyse.baseline import Baseline, When
from probe.analyse.baseline_file import parse_baseline
from probe.analyse.baseline_update import (
    Why,
    answers_unlike,
    difference,
    exceptions_needed,
    updated,
)
from probe.analyse.check import check
from probe.cli.check_plan import BASELINE_FILE, Wanted, make_plan, today
from probe.cli.check_sources import read_report, read_text, stored_documents, stored_runs
from probe.cli.check_writing import replace_file
from probe.cli.options import WordyGroup, database_option, json_option, targets_option
from probe.cli.reading import chosen_run, reading
from probe.errors import UsageError
from probe.model.check import CheckReport, CheckVantage
from probe.model.target import Service
from probe.reference.catalogue import load_catalogue

file_option = click.option(
    "--baseline",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=BASELINE_FILE,
    show_default=True,
    metavar="FILE",
    help="The file of expectations.",
)


@click.group(cls=WordyGroup)
def command() -> None:
    """Look over the file of expectations, or bring it up to date with a check."""


@command.command(name="show")
@file_option
@targets_option
@json_option
def show(file: Path, targets: Path | None, as_json: bool) -> None:
    """Read the file, and say each expectation in a line; every fault is told at once."""
    baseline = parse_baseline(
        read_text(file), file=str(file), services=load_catalogue(targets).services
    )
    if as_json:
        entries = [baseline.expected(entry).model_dump(mode="json") for entry in baseline.entries]
        click.echo(json.dumps({"sha256": baseline.sha256, "entries": entries}))
        return
    for entry in baseline.entries:
        states = " or ".join(entry.states) or "ok"
        limits = "".join(f", {name} {limit:g}" for name, limit in entry.thresholds.items())
        until = f", until {entry.until}" if entry.until else ""
        expired = " (has run out)" if entry.expired(today()) else ""
        reason = f": {entry.reason}" if entry.reason else ""
        where = f"{file}:{entry.first_line}"
        click.echo(f"{where}: {entry.id}: {states}{limits}{until}{expired}{reason}")


@command.command(name="update")
@file_option
@click.option("--from-run", "run_id", metavar="ID", help="A stored run. Default: the last one.")
@click.option(
    "--from-json",
    "document",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="What `roadblock run --json` printed.",
)
@click.option(
    "--from-check",
    "report_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="What `roadblock check --json` printed.",
)
@click.option("--reason", default="", metavar="TEXT", help="Why the new exceptions are there.")
@click.option("--until", metavar="DATE", help="The last day of the new exceptions.")
@click.option(
    "--here",
    type=click.Choice(("country", "asn", "vantage")),
    help="New exceptions hold only in this country or network, or under this label.",
)
@click.option("--write", is_flag=True, help="Change the file; else only show the difference.")
@database_option
@targets_option
@json_option
def update(
    file: Path,
    run_id: str | None,
    document: Path | None,
    report_file: Path | None,
    reason: str,
    until: str | None,
    here: str | None,
    write: bool,
    database: Path | None,
    targets: Path | None,
    as_json: bool,
) -> None:
    """Show how the file has to change for a measurement to pass; --write changes it.

    What failed becomes an exception with --reason; exceptions that have run out or are not needed
    any more are removed.
    """
    text = read_text(file) if file.exists() else ""
    if report_file is not None:
        report = _report_of(report_file)
        services: Sequence[Service] = load_catalogue(targets).services
        baseline = parse_baseline(text, file=str(file), services=services)
        if report.baseline_sha256 not in {"", baseline.sha256}:
            raise UsageError(f"{file}: has changed since {report_file} was made; check once more")
    else:
        report, services, baseline = _checked(file, text, run_id, document, database, targets)
    if not reason.strip() and exceptions_needed(report):
        raise UsageError("--reason TEXT is missing: every exception says why it is there")
    why = Why(reason.strip(), _until(until), _place(here, report.vantage))
    new = updated(text, baseline, report, why)
    # A safety net: what is written must be read again.
    parse_baseline(new, file=str(file), services=services)
    changed = difference(text, new, file=str(file))
    for endpoint in dict.fromkeys(r.endpoint or r.service for r in answers_unlike(report)):
        click.echo(
            f"{endpoint} was reached, and its answer or its pace is not as expected: change its"
            " target file, or the limit; no exception covers that.",
            err=True,
        )
    if changed and write:
        replace_file(file, new)
    if as_json:
        click.echo(json.dumps({"difference": changed, "written": bool(changed) and write}))
        return
    click.echo(changed, nl=False)
    if not changed:
        click.echo(f"{file} needs no change.", err=True)
    elif write:
        click.echo(f"Changed {file}.", err=True)
    else:
        click.echo(f"{file} was not changed; --write changes it.", err=True)


def _checked(
    file: Path,
    text: str,
    run_id: str | None,
    document: Path | None,
    database: Path | None,
    targets: Path | None,
) -> tuple[CheckReport, Sequence[Service], Baseline]:
    """Check a stored measurement against the file as it is now."""
    if document is not None:
        stored = stored_documents([document], targets)
    else:
        if run_id is None:
            with reading(database) as reader:
                run_id = chosen_run(reader, None, None).id
        stored = stored_runs(database, [run_id], targets)
    baseline = parse_baseline(text, file=str(file), services=stored.services)
    plan = make_plan(Wanted(), stored.services, stored.endpoints, attempts=1, baseline=baseline)
    return check(stored.takes, plan), stored.services, baseline


def _report_of(file: Path) -> CheckReport:
    report = read_report(file)
    if report is None:
        raise UsageError(f"{file}: is no report of `roadblock check --json`")
    return report


def _until(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--until {text}: write a date as 2027-01-31") from None


def _place(here: str | None, vantage: CheckVantage) -> When | None:
    """Return the condition that holds at the check's vantage point."""
    if here is None:
        return None
    known = {
        "country": When(0, countries=(vantage.country,)) if vantage.country else None,
        "asn": When(0, asns=vantage.asns[:1]) if vantage.asns else None,
        "vantage": When(0, labels=(vantage.label,)) if vantage.label else None,
    }
    if known[here] is None:
        raise UsageError(f"--here {here}: the measurement does not know its {here}")
    return known[here]
