"""A check as a monitoring plug-in prints it: one line with performance data, then the details.

The line and the codes are those of the monitoring-plugins guidelines: 0 OK, 1 WARNING, 2 CRITICAL,
3 UNKNOWN.
"""

from typing import Final

from probe.exchange.checks.words import about, of
from probe.model.check import CheckReport, Severity

WORDS: Final = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
UNKNOWN: Final = 3
DETAILS_MAX: Final = 20


def nagios(report: CheckReport) -> str:
    """Write the line and up to twenty lines of details."""
    head = f"ROADBLOCK {WORDS[nagios_code(report)]} - {_bare(_headline(report))}"
    shown = of(report, Severity.FAILURE, Severity.INCONCLUSIVE, Severity.WARNING)
    lines = [_bare(f"{about(result)}: {result.message}") for result in shown[:DETAILS_MAX]]
    if len(shown) > DETAILS_MAX:
        lines.append(f"and {len(shown) - DETAILS_MAX} more")
    return "\n".join([f"{head} | {_performance(report)}", *lines]) + "\n"


def nagios_code(report: CheckReport) -> int:
    """Return the plug-in's exit code."""
    if report.result == "failed":
        return 2
    if report.result != "passed":
        return UNKNOWN
    return int(any(result.severity is Severity.WARNING for result in report.results))


def nagios_trouble(message: str) -> str:
    """Write the line for a check that could not be made."""
    return f"ROADBLOCK {WORDS[UNKNOWN]} - {_bare(' '.join(message.split()))}\n"


def _headline(report: CheckReport) -> str:
    if report.result == "failed":
        failing = [line.name for line in report.services if line.failures]
        return f"{report.failures} unexpected from {report.vantage.name}: {', '.join(failing)}"
    if report.result == "passed":
        return f"{len(report.results)} results as expected from {report.vantage.name}"
    if report.result == "nothing_selected":
        return "nothing was selected"
    return report.notes[0] if report.notes else f"inconclusive from {report.vantage.name}"


def _performance(report: CheckReport) -> str:
    """Write `label=value[unit];warn;crit;min` for each number that is worth a graph."""
    total = len(report.results)
    parts = [
        f"unexpected={report.failures};;0;0;{total}",
        f"bytes={report.bytes_sent + report.bytes_received}B;;;0",
    ]
    parts += [
        f"'{phase.service}_{phase.phase}'={phase.median_s:.3f}s;;;0" for phase in report.phases
    ]
    return " ".join(parts)


def _bare(text: str) -> str:
    """Take the bar out: what follows one is read as performance data."""
    return text.replace("|", "/")
