"""`roadblock import`: other projects' measurements, judged by our rules or counted by day."""

import gc
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain, islice
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.pool import Pool
from pathlib import Path

import click

from probe.cli.options import (
    WordyGroup,
    ca_file_option,
    fingerprints_option,
    geo_option,
    json_option,
    language_option,
    targets_option,
)
from probe.cli.second_opinion import Opinion, opinion_json, opinion_on, reason
from probe.exchange.censored_planet import BadRow, DailyCount, daily, import_censored_planet
from probe.exchange.ooni import read_measurement, unreadable
from probe.exchange.ooni.endpoints import by_url, resolver_ids
from probe.exchange.ooni.files import check_form, documents
from probe.model.knowledge import Knowledge
from probe.reference import load_knowledge
from probe.reference.catalogue import load_catalogue
from probe.report.escape import escape, escape_json
from probe.report.grid import Cell, Grid, show
from probe.report.language.wording import Wording
from probe.report.table import category
from probe.report.words import wording

# Documents that are in memory at once, some 50 KB each.
_BATCH = 256
_ODDITIES = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)
# A file of another kind would complain a million times.
_COMPLAINTS_MAX = 10

files_argument = click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)


@click.group(cls=WordyGroup)
def command() -> None:
    """Read other projects' measurements: what they say, and what we make of the same facts."""


@command.command()
@files_argument
@targets_option
@ca_file_option
@geo_option
@fingerprints_option
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=lambda: os.cpu_count() or 1,
    show_default="one a processor",
    help="Processes that judge large archives.",
)
@language_option
@json_option
def ooni(
    files: tuple[Path, ...],
    targets: Path | None,
    ca_file: Path | None,
    geo_db: Path | None,
    fingerprints: Path | None,
    jobs: int,
    language: str,
    as_json: bool,
) -> None:
    """Judge OONI's web_connectivity measurements anew, without the network.

    Documents of versions 0.4 and 0.5, one or many in a file, gzipped or not. --json prints one
    object per document, one a line. OONI's own verdict is shown, and not read.
    """
    for file in files:
        check_form(file)
    judging = _Judging(
        load_knowledge(targets, ca_file, geo_db, fingerprints), wording(language), as_json
    )
    count: Counter[str] = Counter()
    unread = 0
    with _collecting_rarely(), _workers(judging, jobs) as judge_all:
        for batch in _batches(files):
            for state, is_read, text in judge_all(batch):
                count[state] += 1
                unread += not is_read
                sys.stdout.write(text)
    told = ", ".join(f"{n} {state}" for state, n in count.most_common())
    click.echo(f"Judged {count.total()} documents" + (f": {told}." if told else "."), err=True)
    if unread:
        click.echo(f"Of {unread} nothing could be read; why is said beside each.", err=True)


class _Judging:
    """Turns one document into its verdict's state, whether it was read, and its lines."""

    def __init__(self, knowledge: Knowledge, words: Wording, as_json: bool) -> None:
        self.knowledge, self.words, self.as_json = knowledge, words, as_json
        self.endpoints = by_url(knowledge.catalogue)
        self.resolvers = resolver_ids(knowledge.catalogue)

    def judged(self, document: object) -> tuple[str, bool, str]:
        measurement = read_measurement(document, endpoints=self.endpoints, resolvers=self.resolvers)
        try:
            opinion = opinion_on(measurement, self.knowledge)
        except _ODDITIES as error:
            # Nothing that the tests think of comes here; a stranger's archive must not stop for it.
            measurement = unreadable(measurement.input, f"not judged: {error!r:.200}")
            opinion = opinion_on(measurement, self.knowledge)
        if self.as_json:
            text = escape_json(json.dumps(opinion_json(opinion, self.words)))
        else:
            text = "\n".join(map(escape, _lines(opinion, self.words)))
        return opinion.verdict.state.value, measurement.is_read, f"{text}\n"


@contextmanager
def _collecting_rarely() -> Iterator[None]:
    """Look for cycles less often: documents have many parts and no cycles; it saves 7%."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _batches(files: tuple[Path, ...]) -> Iterator[list[object]]:
    found = chain.from_iterable(map(documents, files))
    while batch := list(islice(found, _BATCH)):
        yield batch


@contextmanager
def _workers(
    judging: _Judging, jobs: int
) -> Iterator[Callable[[list[object]], Iterable[tuple[str, bool, str]]]]:
    """Lend what judges a batch, in order: this process, and others beside it for large archives."""
    with ExitStack() as stack:
        pool: Pool | None = None

        def judge_all(batch: list[object]) -> Iterable[tuple[str, bool, str]]:
            nonlocal pool
            if len(batch) < _BATCH or jobs == 1 or "fork" not in get_all_start_methods():
                return map(judging.judged, batch)
            if pool is None:
                # Forked, so that what is known need not be read again.
                made = get_context("fork").Pool(jobs, _remember, (judging,))
                pool = stack.enter_context(made)
            try:
                return pool.map(_judged, batch, chunksize=16)
            except RecursionError:
                # Nested more deeply than can be handed to another process.
                return map(judging.judged, batch)

        yield judge_all


_here: list[_Judging] = []


def _remember(judging: _Judging) -> None:
    """Keep in a worker what it judges by."""
    _here[:] = [judging]


def _judged(document: object) -> tuple[str, bool, str]:
    return _here[0].judged(document)


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
