"""Words that several formats of a check share."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from probe.model.check import CheckReport, CheckResult, Outcome, ServiceLine, Severity
from probe.model.words import Grade, Layer, State

LAYERS: Final = (Layer.DNS, Layer.TCP, Layer.TLS, Layer.HTTP, Layer.QUIC)
ENDINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "passed": "passed",
        "failed": "FAILED",
        "inconclusive": "INCONCLUSIVE",
        "nothing_selected": "NOTHING SELECTED",
    }
)
# Which of several states of one cell is told: the one that matters most.
WORST_STATES: Final = (
    State.BLOCKED,
    State.DOWN,
    State.REFUSED,
    State.IMPAIRED,
    State.RESTRICTED,
    State.INSUFFICIENT,
    State.OK,
)
_SEVERITIES: Final = tuple(Severity)
_GRADES: Final = (*Grade, None)


def names(report: CheckReport) -> dict[str, str]:
    """Return what people call each service: {"instagram": "Instagram"}."""
    return {line.service: line.name for line in report.services}


def about(result: CheckResult) -> str:
    """Say what a result is about, unique in a check: `tls www.x.example (x.web, https, ipv4)`."""
    if result.kind == "entry":
        return f"baseline {result.expected.entry}"
    if result.kind == "threshold":
        return f"{result.id.rpartition('/')[2]} {result.host} ({result.endpoint})"
    if result.layer is None:
        return f"{result.host or result.endpoint} ({result.endpoint})"
    details = [result.endpoint, result.protocol, result.family]
    return (
        f"{result.layer} {result.host or result.endpoint} "
        f"({', '.join(str(detail) for detail in details if detail)})"
    )


def heading(result: CheckResult, report: CheckReport) -> str:
    """Say a failure in a few words: `Instagram blocked from DE/AS64501`."""
    name = names(report).get(result.service, result.service)
    where = f"from {report.vantage.name}"
    if result.outcome is Outcome.EXPIRED:
        return f"{name}: exception has run out"
    if result.outcome is Outcome.XPASS:
        return f"{name}: exception not needed {where}"
    if result.kind == "threshold":
        return f"{name}: limit not kept {where}"
    if result.outcome is Outcome.ERROR:
        return f"{name}: no verdict {where}"
    return f"{name} {result.state} {where}"


def worst_first(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Sort by severity, then new before old, then by grade; the catalogue's order otherwise."""
    return sorted(
        results,
        key=lambda result: (
            _SEVERITIES.index(result.severity),
            result.is_new is False,
            _GRADES.index(result.grade),
        ),
    )


def of(report: CheckReport, *severities: Severity) -> list[CheckResult]:
    """Return the results of these severities, worst first."""
    return worst_first(result for result in report.results if result.severity in severities)


def failed_attempts(result: CheckResult) -> str:
    """Say how many attempts failed, `2 of 3 attempts`; empty when there was only one."""
    if len(result.attempts) < 2:
        return ""
    failed = sum(attempt.unexpected for attempt in result.attempts)
    return f"{failed} of {len(result.attempts)} attempts"


def attempt_lines(result: CheckResult) -> list[str]:
    """Tell each attempt in a line."""
    return [
        f"attempt {attempt.attempt} of {attempt.max_attempts}: {attempt.state}"
        + (f" at {attempt.layer}" if attempt.layer else "")
        + (f": {attempt.category}" if attempt.category.value != attempt.state.value else "")
        + ("/" + attempt.subtype if attempt.subtype else "")
        + (f" ({attempt.grade})" if attempt.grade else "")
        + f", run {attempt.run}"
        for attempt in result.attempts
    ]


def summary(report: CheckReport) -> str:
    """Say the whole check in a line."""
    total = len(report.results)
    tally = ", ".join(f"{number} {outcome}" for outcome, number in report.counts.items())
    return f"{ENDINGS[report.result]}: {report.failures} of {total} results fail ({tally})"


def by_service_and_layer(report: CheckReport) -> dict[tuple[str, Layer], list[CheckResult]]:
    """Group the results that say something: {("instagram", Layer.TLS): [...]}, limits among them.

    A cell about which nothing was measured is absent: no data must not look like ok.
    """
    cells: dict[tuple[str, Layer], list[CheckResult]] = {}
    for result in report.results:
        if result.kind == "layer" and result.layer is not None and result.state is not None:
            cells.setdefault((result.service, result.layer), []).append(result)
    for result in report.results:
        if result.kind == "threshold" and result.layer is not None:
            cells.get((result.service, result.layer), []).append(result)
    return cells


def cell_state(results: Iterable[CheckResult]) -> State:
    """Return the state of one cell: what fails decides, then what is worse."""
    shown = [result for result in results if result.state is not None]
    failing = [result for result in shown if result.severity is Severity.FAILURE]
    concluded = [result for result in shown if result.state is not State.INSUFFICIENT]
    states = {result.state for result in failing or concluded or shown}
    return next(state for state in WORST_STATES if state in states)


def measured_services(report: CheckReport) -> list[ServiceLine]:
    """Return the lines of services, those that fail first."""
    return sorted(report.services, key=lambda line: _SEVERITIES.index(line.worst))
