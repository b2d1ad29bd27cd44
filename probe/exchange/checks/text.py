"""A check in plain words, without colours: the same on a terminal, in a pipe and in a log."""

from collections.abc import Iterator

from probe.exchange.checks.words import about, attempt_lines, failed_attempts, of, summary
from probe.model.check import CheckReport, CheckResult, ServiceLine, Severity
from probe.model.words import State

MARKS = {
    Severity.FAILURE: "FAIL",
    Severity.INCONCLUSIVE: "????",
    Severity.WARNING: "WARN",
    Severity.NOTICE: "NOTE",
}


def text(report: CheckReport) -> str:
    """Write services in a line each, then everything that was not as expected."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: CheckReport) -> Iterator[str]:
    yield f"Roadblock check from {report.vantage.name}: {summary(report)}"
    yield from (f"Note: {note}" for note in report.notes)
    if report.services:
        yield ""
        yield from _services(report)
    shown = of(report, *MARKS)
    if shown:
        yield ""
    for result in shown:
        yield from _result(result)
    flaky = [result for result in report.results if result.flaky and result not in shown]
    for result in flaky:
        yield f"FLAKY {about(result)}: {failed_attempts(result)} failed"
        yield from (f"      {line}" for line in attempt_lines(result))
    if report.compared_with is not None:
        yield ""
        yield f"Since {report.compared_with}: {len(report.new)} new, {len(report.fixed)} fixed"
        yield from (f"  new    {name}" for name in report.new)
        yield from (f"  fixed  {name}" for name in report.fixed)
    yield ""
    yield _baseline(report)


def _services(report: CheckReport) -> Iterator[str]:
    name_width = max(len(line.name) for line in report.services)
    state_width = max(len(line.state) for line in report.services)
    for line in report.services:
        yield f"{line.name:<{name_width}}  {line.state:<{state_width}}  {_ending(line)}"


def _ending(line: ServiceLine) -> str:
    if line.failures:
        return f"{line.failures} of {line.results} fail"
    if line.state is State.INSUFFICIENT:
        return "nothing concluded"
    if line.worst is Severity.INCONCLUSIVE:
        return "not all concluded"
    return "as expected" if line.worst is Severity.NONE else "no failure, see below"


def _result(result: CheckResult) -> Iterator[str]:
    new = {True: " (new)", False: " (as before)", None: ""}[result.is_new]
    yield f"{MARKS[result.severity]}  {about(result)}{new}"
    yield f"      {result.message}"
    if result.severity in {Severity.FAILURE, Severity.INCONCLUSIVE}:
        yield from (f"      {line}" for line in result.evidence)
    if len(result.attempts) > 1:
        yield from (f"      {line}" for line in attempt_lines(result))
    if result.expected.line is not None:
        because = f": {result.expected.reason}" if result.expected.reason else ""
        yield f"      {result.expected.file}:{result.expected.line}{because}"


def _baseline(report: CheckReport) -> str:
    if not report.baseline:
        return "No baseline: every endpoint was expected to be ok."
    strict = ", strict" if report.strict else ""
    return f"Baseline {report.baseline} ({report.baseline_sha256[:12]}{strict})"
