"""How a check compares: the baseline, the options that override it, and the earlier report."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import click

import probe
from probe.analyse.baseline import Baseline
from probe.analyse.baseline_file import parse_baseline
from probe.analyse.check import Plan, Take, check
from probe.classify.service import judge_service
from probe.cli.check_sources import read_document, read_report, read_text
from probe.cli.selection import select
from probe.config.consent import Language
from probe.errors import UsageError
from probe.model.check import CheckReport
from probe.model.target import Catalogue, Endpoint, Service
from probe.model.words import Grade, State

BASELINE_FILE = Path("roadblock.toml")
ATTEMPTS = 2
"""How often at most a measurement from here tries what fails."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options say about comparing; None: as the baseline says."""

    baseline: Path | None = None
    fail_on: tuple[State, ...] = ()
    min_grade: Grade | None = None
    strict: bool = False
    compare: Path | None = None
    only_new: bool = False
    attempts: int | None = None
    failures: int | None = None


@dataclass(frozen=True, slots=True)
class Measuring:
    """What the options say about measuring."""

    names: tuple[str, ...]
    every: bool
    tier: int
    profile: str
    again: bool
    consent: str | None
    targets: Path | None
    ca_file: Path | None
    geo_db: Path | None
    database: Path | None
    vantage: str
    seed: int | None
    pace_factor: float
    no_quic: bool
    controls: tuple[str, ...]
    deadline_s: float
    retry_wait_s: float
    quiet: bool
    language: Language


def make_plan(
    wanted: Wanted,
    services: Sequence[Service],
    endpoints: Sequence[Endpoint],
    *,
    attempts: int,
    baseline: Baseline | None = None,
) -> Plan:
    """Return the plan; every fault of the baseline is told before anything is measured.

    The baseline is read as the options say, unless one is given.
    """
    if wanted.only_new and wanted.compare is None:
        raise UsageError("--new-only needs --compare FILE: new since when?")
    at_most = wanted.attempts or attempts
    if wanted.failures is not None and wanted.failures > at_most:
        raise UsageError(
            f"--failures {wanted.failures}: there are only {at_most} attempts; raise --attempts"
        )
    plan = Plan(
        services=tuple(services),
        endpoints=tuple(endpoints),
        baseline=_overridden(baseline or read_baseline(wanted.baseline, services), wanted),
        today=today(),
        judge_service=judge_service,
        tool_version=probe.__version__,
        max_attempts=at_most,
        failures_needed=wanted.failures or at_most,
        only_new=wanted.only_new,
    )
    return replace(plan, previous=_previous(wanted.compare, plan)) if wanted.compare else plan


def read_baseline(file: Path | None, services: Sequence[Service]) -> Baseline:
    """Read the named baseline, or the one that lies here; without one all is expected to be ok."""
    if file is None and not BASELINE_FILE.is_file():
        return Baseline()
    path = file or BASELINE_FILE
    return parse_baseline(read_text(path), file=str(path), services=services)


def today() -> date:
    """Return the day by which exceptions expire: SOURCE_DATE_EPOCH's, else this one (UTC)."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch:
        return datetime.now(UTC).date()
    if not epoch.isdecimal():
        raise UsageError(f"SOURCE_DATE_EPOCH={epoch}: write seconds since 1970")
    return datetime.fromtimestamp(int(epoch), UTC).date()


def named(
    endpoints: Sequence[Endpoint], services: Sequence[Service], names: Sequence[str]
) -> tuple[Endpoint, ...]:
    """Return those of the measured endpoints that the names ask for; all without names."""
    if not names:
        return tuple(endpoints)
    catalogue = Catalogue(services=tuple(services))
    chosen = {endpoint.id for endpoint in select(catalogue, names, tier=3, every=True)}
    return tuple(endpoint for endpoint in endpoints if endpoint.id in chosen)


def parse_states(context: click.Context, option: click.Parameter, text: str) -> tuple[State, ...]:
    """Read `blocked,down` into states."""
    del context, option
    words = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in list(State)]
    if unknown:
        raise click.BadParameter(f"there is no state {unknown[0]!r}; use {', '.join(State)}")
    return tuple(State(word) for word in words)


def _overridden(baseline: Baseline, wanted: Wanted) -> Baseline:
    return replace(
        baseline,
        fail_on=wanted.fail_on or baseline.fail_on,
        min_grade=wanted.min_grade or baseline.min_grade,
        strict=wanted.strict or baseline.strict,
    )


def _previous(file: Path, plan: Plan) -> CheckReport:
    """Read an earlier report; a run's document is checked by the same plan."""
    report = read_report(file)
    if report is not None:
        return report
    document = read_document(file)
    measured = {verdict.endpoint for verdict in document.verdicts}
    then = replace(plan, endpoints=tuple(e for e in plan.endpoints if e.id in measured))
    return check((Take(document.run, document.vantage, document.verdicts),), then)
