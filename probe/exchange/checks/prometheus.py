"""A check for Prometheus's textfile collector: no timestamps, bounded labels, one last newline.

Names follow blackbox_exporter's (`probe_success`), with the reason its users ask for (its #1077).
Labels are services, layers, phases and words of closed lists: never an address, never a URL.
"""

from collections.abc import Iterable, Iterator, Mapping

from probe.exchange.checks.words import (
    LAYERS,
    by_service_and_layer,
    cell_state,
    worst_first,
)
from probe.model.check import CheckReport, CheckResult, Severity
from probe.model.verdict import VantageVerdict
from probe.model.words import State

Labels = Mapping[str, str]
Sample = tuple[Labels, float]


def prometheus(report: CheckReport) -> str:
    """Write every metric with its help and type; one without samples is left out."""
    return "".join(_families(report))


def _families(report: CheckReport) -> Iterator[str]:
    cells = _cells(report)
    yield from _family(
        "roadblock_check_success",
        "1 when nothing at this layer of the service fails the check, else 0.",
        ((labels, float(_passes(results))) for labels, results in cells),
    )
    yield from _family(
        "roadblock_check_state",
        "1 for the state that this layer of the service is in, 0 for every other one.",
        (
            ({**labels, "state": state}, float(cell_state(results) is state))
            for labels, results in cells
            for state in State
        ),
    )
    yield from _family(
        "roadblock_check_cause_info",
        "What stands in the way: category and subtype.",
        (
            ({**labels, "cause": cause}, 1.0)
            for labels, results in cells
            for cause in _causes(results)
        ),
    )
    where = {"vantage": report.vantage.name}
    yield from _family(
        "roadblock_phase_duration_seconds",
        "Median duration of one kind of step over a service's endpoints.",
        (
            ({"service": phase.service, "phase": phase.phase, **where}, phase.median_s)
            for phase in report.phases
        ),
    )
    made = _attempts(report)
    yield from _family(
        "roadblock_attempts",
        "Attempts that the check made at a service.",
        (
            ({"service": line.service, **where}, float(made.get(line.service, 0)))
            for line in report.services
        ),
    )
    yield from _whole_check(report, where)


def _whole_check(report: CheckReport, where: Labels) -> Iterator[str]:
    state = report.vantage.state
    may_judge = None if state is None else float(VantageVerdict(state=state).may_judge)
    single: tuple[tuple[str, str, float | None], ...] = (
        (
            "roadblock_run_bytes",
            "Bytes that the check sent and received.",
            float(report.bytes_sent + report.bytes_received),
        ),
        (
            "roadblock_last_run_timestamp_seconds",
            "When the check ended, in seconds since 1970.",
            report.ended_at.timestamp() if report.ended_at else None,
        ),
        (
            "roadblock_baseline_unexpected",
            "Results that fail the check.",
            float(report.failures),
        ),
        (
            "roadblock_vantage_online",
            "1 when services can be judged from this vantage point, else 0.",
            may_judge,
        ),
        (
            "roadblock_check_conclusive",
            "1 when the check passed or failed, 0 when it could not tell.",
            float(report.result in {"passed", "failed"}),
        ),
    )
    for name, help_text, value in single:
        yield from _family(name, help_text, [(where, value)] if value is not None else [])


def _cells(report: CheckReport) -> list[tuple[Labels, list[CheckResult]]]:
    found = by_service_and_layer(report)
    return [
        (
            {"service": service, "layer": layer, "vantage": report.vantage.name},
            found[service, layer],
        )
        for service in dict.fromkeys(result.service for result in report.results)
        for layer in LAYERS
        if (service, layer) in found
    ]


def _passes(results: Iterable[CheckResult]) -> bool:
    return all(r.severity not in {Severity.FAILURE, Severity.INCONCLUSIVE} for r in results)


def _causes(results: Iterable[CheckResult]) -> list[str]:
    """Return what causes the state that is shown, the best proved first."""
    shown = list(results)
    state = cell_state(shown)
    if state in {State.OK, State.INSUFFICIENT}:
        return []
    causes = (r.cause.replace("/", ".") for r in worst_first(shown) if r.state is state)
    return list(dict.fromkeys(causes))


def _attempts(report: CheckReport) -> dict[str, int]:
    made: dict[str, int] = {}
    for result in report.results:
        made[result.service] = max(made.get(result.service, 0), len(result.attempts))
    return made


def _family(name: str, help_text: str, samples: Iterable[Sample]) -> Iterator[str]:
    lines = [f"{name}{_braced(labels)} {_number(value)}\n" for labels, value in samples]
    if lines:
        yield f"# HELP {name} {help_text}\n# TYPE {name} gauge\n"
        yield from lines


def _braced(labels: Labels) -> str:
    # The exposition format escapes backslash, quote and newline in label values.
    pairs = (
        f'{name}="{value.replace(chr(92), 2 * chr(92)).replace(chr(34), chr(92) + chr(34))}"'
        for name, value in labels.items()
    )
    return "{" + ",".join(pairs) + "}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
