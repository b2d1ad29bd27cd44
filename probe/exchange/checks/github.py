"""A check for GitHub Actions: annotations within their limits, and a fence around the rest.

A job's log is a control channel: any line that begins with `::` is a command, and the log carries
text that came from a censor. So the report stands between `stop-commands` and a token that nobody
can guess, and only our own annotations stand outside.
"""

import secrets
from collections.abc import Iterator, Mapping
from typing import Final

from probe.exchange.checks.text import text
from probe.exchange.checks.words import failed_attempts, heading, of
from probe.model.check import CheckReport, CheckResult, Severity

# 10 annotations of each kind per step are shown, the rest vanish silently (actions/toolkit's
# docs/problem-matchers.md): nine, and one that says how many more there are.
ANNOTATIONS_MAX: Final = 9
COMMANDS: Final[Mapping[str, tuple[Severity, ...]]] = {
    "error": (Severity.FAILURE,),
    "warning": (Severity.INCONCLUSIVE, Severity.WARNING),
    "notice": (Severity.NOTICE,),
}


def github(report: CheckReport, *, token: str | None = None) -> str:
    """Write the fenced text report, then the annotations; the token is drawn unless given."""
    fence = token or f"roadblock-{secrets.token_hex(16)}"
    return "".join(
        (
            f"::stop-commands::{fence}\n",
            text(report),
            f"::{fence}::\n",
            *(f"{line}\n" for line in annotations(report)),
        )
    )


def annotations(report: CheckReport) -> Iterator[str]:
    """Yield workflow commands, at most ten of each kind, the worst first."""
    for command, severities in COMMANDS.items():
        lines = [_annotation(command, result, report) for result in of(report, *severities)]
        if command == "warning" and report.result == "inconclusive":
            why = report.notes[0] if report.notes else "not everything was concluded"
            lines.insert(0, f"::warning title=Roadblock inconclusive::{escape_data(why)}")
        yield from lines[:ANNOTATIONS_MAX]
        more = len(lines) - ANNOTATIONS_MAX
        if more > 0:
            yield f"::{command} title=Roadblock::and {more} more, see the job summary"


def outputs(report: CheckReport, *, report_path: str = "") -> str:
    """Return the lines for `$GITHUB_OUTPUT`."""
    values = {
        "result": report.result,
        "exit_code": str(report.exit_code),
        "unexpected": str(report.failures),
        "report_path": " ".join(report_path.split()),
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def escape_data(text: str) -> str:
    """Escape a command's message (actions/toolkit, packages/core/src/command.ts)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """Escape a command's property, whose separators are `:` and `,`."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def _annotation(command: str, result: CheckResult, report: CheckReport) -> str:
    properties = [f"title={escape_property(heading(result, report))}"]
    if result.expected.line is not None:
        file = escape_property(result.expected.file)
        properties[:0] = [f"file={file}", f"line={result.expected.line}"]
    attempts = failed_attempts(result)
    told = result.message + (f", {attempts}" if attempts else "")
    where = f" [{result.layer} {result.host}]" if result.layer and result.host else ""
    return f"::{command} {','.join(properties)}::{escape_data(told + where)}"
