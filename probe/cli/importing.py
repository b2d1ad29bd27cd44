"""`roadblock import`: other projects' measurements, judged by our rules or counted by day."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from probe.cli.options import (
    ca_file_option,
    geo_option,
    json_option,
    language_option,
    targets_option,
)
from probe.cli.second_opinion import Opinion, opinion_json, opinion_on, reason
from probe.exchange.censored_planet import BadRow, DailyCount, daily, import_censored_planet
from probe.exchange.ooni import import_ooni
from probe.model.knowledge import Knowledge
from probe.reference import load_knowledge
from probe.reference.catalogue import load_catalogue
from probe.report.escape import escape, escape_json
from probe.report.grid import Cell, Grid, show
from probe.report.language.wording import Wording
from probe.report.table import category
from probe.report.words import wording

# A file of another kind would complain a million times.
_COMPLAINTS_MAX = 10

files_argument = click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)


@click.group()
def command() -> None:
    """Read other projects' measurements: what they say, and what we make of the same facts."""


@command.command()
@files_argument
@targets_option
@ca_file_option
@geo_option
@language_option
@json_option
def ooni(
    files: tuple[Path, ...],
    targets: Path | None,
    ca_file: Path | None,
    geo_db: Path | None,
    language: str,
    as_json: bool,
) -> None:
    """Judge OONI's web_connectivity measurements anew, without the network.

    Documents of versions 0.4 and 0.5, one or many in a file, gzipped or not. --json prints one
    object per document, one a line. OONI's own verdict is shown, and not read.
    """
    knowledge = load_knowledge(targets, ca_file, geo_db)
    words = wording(language)
    count: Counter[str] = Counter()
    for opinion in _opinions(files, knowledge):
        count[opinion.verdict.state.value] += 1
        if as_json:
            sys.stdout.write(escape_json(json.dumps(opinion_json(opinion, words))) + "\n")
        else:
            click.echo("\n".join(map(escape, _lines(opinion, words))))
    told = ", ".join(f"{n} {state}" for state, n in count.most_common())
    click.echo(f"Judged {count.total()} documents" + (f": {told}." if told else "."), err=True)


def _opinions(files: tuple[Path, ...], knowledge: Knowledge) -> Iterator[Opinion]:
    for file in files:
        for measurement in import_ooni(file, knowledge.catalogue):
            yield opinion_on(measurement, knowledge)


def _lines(opinion: Opinion, words: Wording) -> Iterator[str]:
    measurement, verdict = opinion.measurement, opinion.verdict
    where = " ".join(filter(None, (measurement.probe_cc, measurement.probe_asn)))
    when = f"{measurement.measured_at:%Y-%m-%d %H:%M}" if measurement.measured_at else ""
    yield "  ".join(filter(None, (measurement.input or "(no input)", where, when)))
    grade = f", {verdict.grade.value}" if verdict.grade else ""
    yield f"  OONI  {_said(measurement.ooni_blocking, measurement.ooni_accessible)}"
    yield f"  ours  {verdict.state.value}: {category(verdict)}{grade}  [{verdict.rule_id}]"
    yield f"        {reason(opinion, words)}"
    yield from (f"  note  {problem}" for problem in measurement.problems)


def _said(blocking: str | bool | None, accessible: bool | None) -> str:
    if blocking is None:
        return "no verdict"
    if blocking is False:
        return {True: "accessible", False: "down", None: "not blocked"}[accessible]
    return f"blocked: {blocking}"


@command.command(name="censored-planet")
@files_argument
@targets_option
@json_option
def censored_planet(files: tuple[Path, ...], targets: Path | None, as_json: bool) -> None:
    """Add up Censored Planet's reduced scans (CSV) by day, country, domain and protocol.

    A count says how often an answer was not the expected one; it is no verdict of ours.
    """
    catalogue = load_catalogue(targets)
    bad = 0

    def rows() -> Iterator[DailyCount | BadRow]:
        nonlocal bad
        for file in files:
            for row in import_censored_planet(file, catalogue):
                if isinstance(row, BadRow):
                    bad += 1
                    if bad <= _COMPLAINTS_MAX:
                        click.echo(f"{file}: line {row.line}: {row.why}", err=True)
                yield row

    totals = tuple(daily(rows()).values())
    if bad > _COMPLAINTS_MAX:
        click.echo(f"... {bad} rows could not be read.", err=True)
    if as_json:
        for total in totals:
            sys.stdout.write(escape_json(json.dumps(_count_json(total))) + "\n")
    elif totals:
        show([_count_grid(totals)], sys.stdout)


def _count_json(total: DailyCount) -> dict[str, object]:
    return {
        "day": total.day.isoformat(),
        "source": total.source,
        "country": total.country,
        "domain": total.domain,
        "service": total.service,
        "is_control": total.is_control,
        "count": total.count,
        "unexpected": total.unexpected,
    }


def _count_grid(totals: tuple[DailyCount, ...]) -> Grid:
    rows = tuple(
        (
            Cell(f"{total.day}"),
            Cell(total.country),
            Cell(total.domain),
            Cell(total.source),
            Cell(str(total.count)),
            Cell(str(total.unexpected)),
        )
        for total in totals
    )
    return Grid(("Day", "Country", "Domain", "Over", "Measured", "Unexpected"), rows)
