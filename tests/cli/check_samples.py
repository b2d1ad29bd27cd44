"""Stored runs and documents that the tests of `check`, `baseline` and `changes` read."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import trio

from probe.model.run import FamilyVantage, Run, Vantage
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict
from probe.model.words import Category, Family, Grade, Layer, Protocol, State, VantageState
from probe.reference.catalogue import load_catalogue
from probe.report.document import document_json
from probe.report.findings import findings
from probe.report.words import wording
from probe.store import open_writer

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GERMANY = Vantage(
    families=(FamilyVantage(family=Family.IPV4, asn=64501, country="DE"),), country="DE"
)
ONLINE = VantageVerdict(state=VantageState.ONLINE)
OFFLINE = VantageVerdict(state=VantageState.OFFLINE, sentence="No control answers.")


def run(name: str, **fields: object) -> Run:
    given: dict[str, object] = {
        "id": name,
        "started_at": NOW,
        "ended_at": NOW,
        "status": "complete",
        "seed": 1,
        "vantage": GERMANY,
    }
    return Run.model_validate(given | fields)


def verdict(endpoint: str, state: State = State.OK, **fields: object) -> Verdict:
    given: dict[str, object] = {
        "endpoint": endpoint,
        "service": endpoint.partition(".")[0],
        "protocol": Protocol.HTTPS,
        "family": Family.IPV4,
        "state": state,
        "category": Category.OK,
        "rule_id": "test.rule",
    }
    if state is State.BLOCKED:
        given |= {
            "category": Category.TLS_SNI_RESET,
            "layer": Layer.TLS,
            "grade": Grade.PROBABLE,
            "detail": "reset 16 ms after the name",
        }
    if state is State.RESTRICTED:
        given |= {"category": Category.REACHABLE_BOTWALL, "layer": Layer.HTTP}
    if state is State.INSUFFICIENT:
        given |= {"category": Category.INSUFFICIENT}
    return Verdict.model_validate(given | fields)


def store(
    database: Path,
    *runs: tuple[Run, Sequence[Verdict]],
    gates: VantageVerdict = ONLINE,
) -> Path:
    """Write runs as `roadblock run` would."""
    trio.run(_store, database, runs, gates)
    return database


async def _store(
    database: Path, runs: Sequence[tuple[Run, Sequence[Verdict]]], gates: VantageVerdict
) -> None:
    async with open_writer(database) as writer:
        for one, verdicts in runs:
            await writer.begin_run(one)
            await writer.add_verdicts(one.id, verdicts, services(verdicts), gates, set_id=one.id)
            await writer.finish_run(one)


def services(verdicts: Sequence[Verdict]) -> tuple[ServiceVerdict, ...]:
    """Say each service's state the simplest way."""
    worst = {v.service: v for v in sorted(verdicts, key=lambda v: v.state is not State.OK)}
    return tuple(
        ServiceVerdict(service=name, state=v.state, category=v.category)
        for name, v in worst.items()
    )


def document(path: Path, one: Run, verdicts: Sequence[Verdict]) -> Path:
    """Write what `roadblock run --json` would print."""
    found = findings(one, ONLINE, services(verdicts), tuple(verdicts), load_catalogue())
    path.write_text(document_json(found, wording("en")), encoding="utf-8")
    return path
