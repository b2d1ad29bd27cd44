"""A whole check: attempts, comparison, what is new since the last one, and how it ends."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Literal

from probe.analyse.attempts import Settled, settle
from probe.analyse.baseline import ROW_LAYERS, Baseline
from probe.analyse.compare import Measured, compare, inconclusive, is_unexpected
from probe.analyse.timings import Timing, TimingKey, merged, percentile
from probe.model.check import (
    CheckReport,
    CheckResult,
    CheckVantage,
    Outcome,
    Phase,
    ServiceLine,
    Severity,
)
from probe.model.run import Run, Vantage
from probe.model.target import Endpoint, Service
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict
from probe.model.words import State

JudgeService = Callable[[Service, Sequence[Verdict]], ServiceVerdict]
RANK = tuple(Severity)
"""Worst first."""
PARTIAL = frozenset({"budget", "interrupted", "running", "failed"})
"""How runs end that did not come to their plan's end."""


@dataclass(frozen=True, slots=True)
class Take:
    """One attempt: a run and what it says."""

    run: Run
    gates: VantageVerdict
    verdicts: tuple[Verdict, ...]
    timings: Mapping[TimingKey, Timing] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What was to be checked, and by which rules."""

    services: tuple[Service, ...]
    endpoints: tuple[Endpoint, ...]
    baseline: Baseline
    today: date
    judge_service: JudgeService
    tool_version: str
    left_out: AbstractSet[str] = frozenset()
    max_attempts: int = 1
    failures_needed: int = 1
    previous: CheckReport | None = None
    only_new: bool = False
    """Failures that the previous document has do not fail this check."""


def check(takes: Sequence[Take], plan: Plan, *, notes: Sequence[str] = ()) -> CheckReport:
    """Return the report over all attempts."""
    first = takes[0]
    vantage = first.run.vantage
    settled = settled_verdicts(takes, plan)
    timings = _all_timings(takes)
    measured = Measured(settled, plan.endpoints, plan.left_out, timings)
    why = _why_not(first)
    if why:
        results = inconclusive(measured, why=why)
    else:
        results = compare(measured, plan.baseline, vantage=vantage, today=plan.today)
    results, new, fixed = _against(plan.previous, results, only_new=plan.only_new)
    failures = sum(result.severity is Severity.FAILURE for result in results)
    unclear = any(result.severity is Severity.INCONCLUSIVE for result in results)
    is_partial = any(take.run.status in PARTIAL for take in takes)
    nothing = all(endpoint.id in plan.left_out for endpoint in plan.endpoints)
    ending, code = _ending(
        nothing=nothing, failures=failures, unclear=bool(why) or unclear or is_partial
    )
    return CheckReport(
        result=ending,
        exit_code=code,
        tool_version=plan.tool_version,
        runs=tuple(take.run.id for take in takes),
        started_at=first.run.started_at,
        ended_at=takes[-1].run.ended_at,
        vantage=_vantage(vantage, first.gates),
        baseline=plan.baseline.file,
        baseline_sha256=plan.baseline.sha256,
        strict=plan.baseline.strict,
        fail_on=plan.baseline.fail_on,
        min_grade=plan.baseline.min_grade,
        counts=_counts(results),
        failures=failures,
        services=tuple(_services(plan, settled, results, may_judge=not why)),
        results=results,
        phases=tuple(_phases(plan.endpoints, timings)),
        bytes_sent=sum(take.run.bytes_sent for take in takes),
        bytes_received=sum(take.run.bytes_received for take in takes),
        compared_with=next(iter(plan.previous.runs), "") if plan.previous else None,
        new=new,
        fixed=fixed,
        notes=(*notes, *_notes(takes, plan, why)),
    )


def nothing_selected(plan: Plan) -> CheckReport:
    """Return the report of a check that measures nothing: nothing was chosen, or nothing is due."""
    measured = Measured((), plan.endpoints, plan.left_out)
    results = compare(measured, plan.baseline, vantage=Vantage(), today=plan.today)
    return CheckReport(
        result="nothing_selected",
        exit_code=5,
        tool_version=plan.tool_version,
        vantage=CheckVantage(name=vantage_name(Vantage())),
        baseline=plan.baseline.file,
        baseline_sha256=plan.baseline.sha256,
        counts=_counts(results),
        services=tuple(_services(plan, (), results, may_judge=False)),
        results=results,
        notes=(
            ("Everything was measured less than the pause between sessions ago.",)
            if plan.endpoints
            else ("Nothing was selected.",)
        ),
    )


def settled_verdicts(takes: Sequence[Take], plan: Plan) -> tuple[Settled, ...]:
    """Fold the attempts whose vantage point was fit to judge from."""
    unexpected = partial(
        is_unexpected,
        baseline=plan.baseline,
        vantage=takes[0].run.vantage,
        today=plan.today,
        own=frozenset(endpoint.id for endpoint in plan.endpoints if endpoint.own),
    )
    chosen = {endpoint.id for endpoint in plan.endpoints}
    return settle(
        [
            (take.run.id, [v for v in take.verdicts if v.endpoint in chosen])
            for take in takes
            if not _why_not(take)
        ],
        is_unexpected=unexpected,
        failures_needed=plan.failures_needed,
        max_attempts=plan.max_attempts,
    )


def worth_another_attempt(takes: Sequence[Take], plan: Plan) -> tuple[str, ...]:
    """Return the endpoints whose failure is not settled yet, in the catalogue's order."""
    if _why_not(takes[0]) or len(takes) >= plan.max_attempts:
        return ()
    open_ones: set[str] = set()
    for one in settled_verdicts(takes, plan):
        failed = sum(attempt.unexpected for attempt in one.attempts)
        left = plan.max_attempts - len(one.attempts)
        if 0 < failed < plan.failures_needed <= failed + left:
            open_ones.add(one.verdict.endpoint)
    return tuple(endpoint.id for endpoint in plan.endpoints if endpoint.id in open_ones)


def _why_not(take: Take) -> str:
    """Say why nothing may be judged from this run; empty when it may."""
    if not take.gates.may_judge:
        return take.gates.sentence or f"the vantage point is {take.gates.state}"
    if take.run.status == "invalid":
        return "the network changed during the run"
    if take.run.status == "offline":
        return "the vantage point went offline during the run"
    return ""


def _ending(
    *, nothing: bool, failures: int, unclear: bool
) -> tuple[Literal["passed", "failed", "inconclusive", "nothing_selected"], Literal[0, 1, 3, 5]]:
    if nothing:
        return "nothing_selected", 5
    if failures:
        return "failed", 1
    if unclear:
        return "inconclusive", 3
    return "passed", 0


def _against(
    previous: CheckReport | None, results: tuple[CheckResult, ...], *, only_new: bool
) -> tuple[tuple[CheckResult, ...], tuple[str, ...], tuple[str, ...]]:
    """Mark what failed before already; return results, new failures and fixed ones."""
    if previous is None:
        return results, (), ()
    before = {r.id for r in previous.results if r.severity is Severity.FAILURE}
    marked: list[CheckResult] = []
    for result in results:
        if result.severity is not Severity.FAILURE:
            marked.append(result)
            continue
        is_new = result.id not in before
        severity = Severity.WARNING if only_new and not is_new else result.severity
        marked.append(result.model_copy(update={"is_new": is_new, "severity": severity}))
    now = {result.id: result for result in results}
    fixed = tuple(sorted(name for name in before if _is_fixed(name, now)))
    new = tuple(result.id for result in marked if result.is_new)
    return tuple(marked), new, fixed


def _is_fixed(name: str, now: Mapping[str, CheckResult]) -> bool:
    """Whether what failed before passes now; an entry that is gone is fixed."""
    result = now.get(name)
    if result is None:
        return name.startswith("entry:")
    return result.outcome is Outcome.EXPECTED


def _services(
    plan: Plan, settled: Sequence[Settled], results: Sequence[CheckResult], *, may_judge: bool
) -> Iterable[ServiceLine]:
    chosen = {endpoint.service for endpoint in plan.endpoints}
    verdicts_of: dict[str, list[Verdict]] = {}
    for one in settled:
        verdicts_of.setdefault(one.verdict.service, []).append(one.verdict)
    results_of: dict[str, list[CheckResult]] = {}
    for result in results:
        results_of.setdefault(result.service, []).append(result)
    for service in plan.services:
        if service.id not in chosen:
            continue
        verdicts = verdicts_of.get(service.id, [])
        judged = plan.judge_service(service, verdicts) if verdicts and may_judge else None
        ours = results_of.get(service.id, [])
        yield ServiceLine(
            service=service.id,
            name=service.name,
            state=judged.state if judged else State.INSUFFICIENT,
            category=judged.category if judged else None,
            grade=judged.grade if judged else None,
            sentence=judged.sentence if judged else "",
            worst=min((r.severity for r in ours), key=RANK.index, default=Severity.NONE),
            results=len(ours),
            failures=sum(result.severity is Severity.FAILURE for result in ours),
        )


def _counts(results: Sequence[CheckResult]) -> dict[Outcome, int]:
    counted = Counter(result.outcome for result in results)
    return {outcome: counted[outcome] for outcome in Outcome if counted[outcome]}


def _all_timings(takes: Sequence[Take]) -> dict[TimingKey, Timing]:
    keys = dict.fromkeys(key for take in takes for key in take.timings)
    return {key: merged(take.timings[key] for take in takes if key in take.timings) for key in keys}


def _phases(endpoints: Sequence[Endpoint], timings: Mapping[TimingKey, Timing]) -> Iterable[Phase]:
    services = {endpoint.id: endpoint.service for endpoint in endpoints}
    parts: dict[str, list[Timing]] = {service: [] for service in services.values()}
    for (endpoint, _), timing in timings.items():
        if endpoint in services:
            parts[services[endpoint]].append(timing)
    for service, together in parts.items():
        phases = merged(together)
        for layer in ROW_LAYERS:
            seconds = phases.seconds.get(layer)
            if seconds:
                yield Phase(
                    service=service,
                    phase=layer,
                    n=len(seconds),
                    median_s=percentile(seconds, 0.5),
                    p95_s=percentile(seconds, 0.95),
                )


def vantage_name(vantage: Vantage) -> str:
    """Return `DE/AS64501`, the person's own label, or `unknown`."""
    if vantage.label:
        return vantage.label
    asn = next((family.asn for family in vantage.families if family.asn is not None), None)
    parts = [part for part in (vantage.country, f"AS{asn}" if asn else None) if part]
    return "/".join(parts) or "unknown"


def _vantage(vantage: Vantage, gates: VantageVerdict) -> CheckVantage:
    asns = {family.asn for family in vantage.families if family.asn is not None}
    return CheckVantage(
        name=vantage_name(vantage),
        label=vantage.label,
        country=vantage.country,
        asns=tuple(sorted(asns)),
        state=gates.state,
        sentence=gates.sentence,
    )


def _notes(takes: Sequence[Take], plan: Plan, why: str) -> Iterable[str]:
    if why:
        yield f"Nothing was judged: {why.rstrip('.')}."
    vantage = takes[0].run.vantage
    conditions = [entry.when for entry in plan.baseline.entries if entry.when is not None]
    if vantage.country is None and any(when.countries for when in conditions):
        yield (
            "The country of this vantage point is not known: no [[when]] with a country was "
            "applied. Name it with --vantage."
        )
    for number, take in enumerate(takes, start=1):
        if take.run.status in PARTIAL:
            yield f"Attempt {number} ended before its plan ({take.run.status})."
        if number > 1 and (reason := _why_not(take)):
            yield f"Attempt {number} does not count: {reason.rstrip('.')}."
        yield from (f"Attempt {number}: {note}" for note in take.run.notes)
