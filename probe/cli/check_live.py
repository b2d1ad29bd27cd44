"""A check by a measurement from here: the path of `run`, and further attempts at what fails."""

import math
import secrets
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import click
import trio

from probe.analyse.check import Plan, Take, check, nothing_selected, worth_another_attempt
from probe.cli.check_plan import ATTEMPTS, Measuring, Wanted, make_plan
from probe.cli.check_sources import take_of
from probe.cli.consent import agreed
from probe.cli.main import INTERNAL_ERROR, INTERRUPTED
from probe.cli.measuring import INTERNET, knowledge_here, measure_and_store, past_of
from probe.cli.selection import country_notes, select, services_of
from probe.cli.telling import Teller
from probe.config.settings import default_database
from probe.lab.mark import world_of
from probe.model.check import CheckReport
from probe.model.knowledge import Knowledge
from probe.model.run import Machine
from probe.model.target import Endpoint
from probe.report.progress import progress
from probe.report.words import wording
from probe.run import RunRequest
from probe.run.machine import read_machine
from probe.store import open_reader


def check_here(wanted: Wanted, measuring: Measuring) -> tuple[CheckReport, int | None]:
    """Measure and check; return the report, and the exit code where it is not the report's.

    A signal and a run that failed by our own fault have codes of their own.
    """
    machine = read_machine()
    lab_world = world_of(machine.resolv_conf)
    knowledge = knowledge_here(lab_world, measuring.targets, measuring.ca_file, measuring.geo_db)
    catalogue = knowledge.catalogue
    endpoints = select(catalogue, measuring.names, tier=measuring.tier, every=measuring.every)
    plan = make_plan(wanted, catalogue.services, endpoints, attempts=ATTEMPTS)
    database = measuring.database or default_database()
    past = past_of(database, catalogue.pacing)
    again = measuring.again or lab_world is not None
    left_out = [e.id for e in endpoints if e.id in past.recent and not (again or e.own)]
    plan = replace(plan, left_out=frozenset(left_out))
    if len(left_out) == len(endpoints):
        return nothing_selected(plan), None
    services = services_of(catalogue, endpoints)
    agreement = None
    if lab_world is None:
        for note in country_notes(services):
            click.echo(f"Note. {note}", err=True)
        names = [service.name for service in services]
        agreement = agreed(measuring.consent, language=measuring.language, services=names).sha256
    request = RunRequest(
        endpoints=endpoints,
        services=tuple(service.id for service in services),
        profile=measuring.profile,
        seed=secrets.randbelow(2**31) if measuring.seed is None else measuring.seed,
        world=INTERNET if lab_world is None else f"lab:{lab_world}",
        vantage_label=measuring.vantage,
        again=again,
        consent_sha256=agreement,
        quic=not measuring.no_quic,
        pace_factor=measuring.pace_factor,
        controls=measuring.controls,
        recent=past.recent,
        bytes_left=past.bytes_left if lab_world is None else None,
    )
    live = Live(
        request=request,
        knowledge=knowledge,
        machine=machine,
        database=database,
        language=measuring.language,
        quiet=measuring.quiet,
        deadline_s=measuring.deadline_s,
        retry_wait_s=measuring.retry_wait_s,
    )
    takes, notes, code = trio.run(attempts, live, plan)
    return check(takes, plan, notes=notes), code


ENDINGS = {"interrupted": INTERRUPTED, "failed": INTERNAL_ERROR}
"""Exit codes of runs that did not end by themselves."""


@dataclass(frozen=True, slots=True)
class Live:
    """A measurement from here, and how often and how long it may try."""

    request: RunRequest
    knowledge: Knowledge
    machine: Machine
    database: Path
    language: str
    quiet: bool
    deadline_s: float = math.inf
    retry_wait_s: float = 0.0


async def attempts(live: Live, plan: Plan) -> tuple[tuple[Take, ...], tuple[str, ...], int | None]:
    """Measure, and again what failed; return attempts, notes, and how it ended if not by itself."""
    ends_at = trio.current_time() + live.deadline_s
    takes: list[Take] = []
    request = live.request
    while True:
        takes.append(await _attempt(live, request, ends_at - trio.current_time()))
        if trio.current_time() >= ends_at:
            note = f"The deadline of {live.deadline_s:g} s was reached; what was finished counts."
            return tuple(takes), (note,), None
        if takes[-1].run.status in ENDINGS:
            return tuple(takes), (), ENDINGS[takes[-1].run.status]
        again = _may_retry(live, worth_another_attempt(takes, plan))
        if not again or trio.current_time() + live.retry_wait_s >= ends_at:
            return tuple(takes), (), None
        await trio.sleep(live.retry_wait_s)
        request = replace(
            live.request,
            endpoints=again,
            services=tuple(dict.fromkeys(endpoint.service for endpoint in again)),
            seed=secrets.randbelow(2**31),
            again=True,
            bytes_left=past_of(live.database, live.knowledge.catalogue.pacing).bytes_left
            if live.request.bytes_left is not None
            else None,
        )


async def _attempt(live: Live, request: RunRequest, left_s: float) -> Take:
    with progress(sys.stderr, quiet=live.quiet) as shown:
        found = await measure_and_store(
            request,
            live.knowledge,
            live.machine,
            live.database,
            Teller(shown, wording(live.language)),
            left_s,
        )
    with open_reader(live.database) as reader:
        return take_of(found, reader)


def _may_retry(live: Live, endpoints: Iterable[str]) -> tuple[Endpoint, ...]:
    """Return those that may be measured again at once: one's own, or whatever `--again` allows."""
    wanted = set(endpoints)
    return tuple(
        endpoint
        for endpoint in live.request.endpoints
        if endpoint.id in wanted and (endpoint.own or live.request.again)
    )
