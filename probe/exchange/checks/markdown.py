"""A check as Markdown: a table of services and layers, then each failure with its evidence."""

import html
import re
from collections.abc import Iterator
from typing import Final

from probe.exchange.checks.words import (
    LAYERS,
    about,
    attempt_lines,
    by_service_and_layer,
    cell_state,
    heading,
    measured_services,
    of,
    summary,
)
from probe.model.check import CheckReport, CheckResult, Severity
from probe.model.words import State

# GitHub takes 1 MiB per step and drops a larger summary without failing the step
# (docs.github.com, workflow commands); the step may write a summary of its own.
SUMMARY_MAX_BYTES: Final = 900 * 1024
MARKS: Final = {
    State.OK: "✅",
    State.RESTRICTED: "🔶",
    State.REFUSED: "🔶",
    State.IMPAIRED: "❌",
    State.BLOCKED: "❌",
    State.DOWN: "❌",
    State.INSUFFICIENT: "❔",
}
NO_DATA: Final = "· no data"
# Everything that Markdown, GitHub's mentions or a table would read as more than a letter.
SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|~@<>&$:])")


def markdown(report: CheckReport) -> str:
    """Write the report, cut at what a job summary may hold."""
    return cut(_blocks(report), SUMMARY_MAX_BYTES)


def cut(blocks: Iterator[str], limit_bytes: int) -> str:
    """Join whole blocks while they fit; say how many did not."""
    note = "\n_{} further parts did not fit here._\n"
    kept: list[str] = []
    left = limit_bytes - len(note.encode()) - 10
    dropped = 0
    for block in blocks:
        size = len(block.encode())
        if dropped or size > left:
            dropped += 1
            continue
        kept.append(block)
        left -= size
    return "".join(kept) + (note.format(dropped) if dropped else "")


def escaped(text: str) -> str:
    """Make text from anywhere plain words in Markdown."""
    return SPECIAL.sub(r"\\\1", text)


def _blocks(report: CheckReport) -> Iterator[str]:
    yield f"## Roadblock from {escaped(report.vantage.name)}: {escaped(summary(report))}\n\n"
    for note in report.notes:
        yield f"> {escaped(note)}\n\n"
    yield from _table(report)
    if report.compared_with is not None:
        yield (
            f"Since run `{_code(report.compared_with)}`: {len(report.new)} new, "
            f"{len(report.fixed)} fixed.\n\n"
        )
    for severity, words in (
        (Severity.FAILURE, "Failures"),
        (Severity.INCONCLUSIVE, "Nothing concluded"),
        (Severity.WARNING, "Warnings"),
        (Severity.NOTICE, "Notices"),
    ):
        results = of(report, severity)
        if results:
            yield f"### {words}\n\n"
        for result in results:
            yield _details(result, report)
    flaky = [result for result in report.results if result.flaky]
    if flaky:
        yield "### Flaky\n\n"
    for result in flaky:
        yield _details(result, report)
    yield f"{_footer(report)}\n"


def _table(report: CheckReport) -> Iterator[str]:
    if not report.services:
        return
    cells = by_service_and_layer(report)
    yield f"| Service | State | {' | '.join(LAYERS)} | Fails |\n"
    yield f"|---|---|{'---|' * len(LAYERS)}--:|\n"
    for line in measured_services(report):
        row = [
            escaped(line.name),
            f"{MARKS[line.state]} {line.state}",
            *(_cell(cells.get((line.service, layer))) for layer in LAYERS),
            f"{line.failures} of {line.results}" if line.failures else "0",
        ]
        yield f"| {' | '.join(row)} |\n"
    yield "\n"


def _cell(results: list[CheckResult] | None) -> str:
    if not results:
        return NO_DATA
    state = cell_state(results)
    expected = all(r.severity is not Severity.FAILURE for r in results if r.state is state)
    if state in {State.BLOCKED, State.DOWN, State.IMPAIRED} and expected:
        return f"🔷 {state}, no failure"
    return f"{MARKS[state]} {state}"


def _details(result: CheckResult, report: CheckReport) -> str:
    facts = [*result.evidence, *(attempt_lines(result) if len(result.attempts) > 1 else ())]
    if result.expected.line is not None:
        reason = f": {result.expected.reason}" if result.expected.reason else ""
        facts.append(f"{result.expected.file}:{result.expected.line}{reason}")
    new = " <b>new</b>" if result.is_new else ""
    # A preformatted block reads no Markdown; its one danger is HTML.
    lines = "\n".join(html.escape(fact) for fact in (f"{about(result)}", result.message, *facts))
    return (
        f"<details><summary>{html.escape(heading(result, report))}{new}</summary>\n\n"
        f"<pre>\n{lines}\n</pre>\n\n</details>\n\n"
    )


def _footer(report: CheckReport) -> str:
    baseline = "no baseline"
    if report.baseline:
        baseline = f"baseline `{_code(report.baseline)}` ({report.baseline_sha256[:12]})"
    return (
        f"Roadblock {escaped(report.tool_version)}, {baseline}, "
        f"runs {', '.join(f'`{_code(run)}`' for run in report.runs) or 'none'}."
    )


def _code(text: str) -> str:
    return text.replace("`", "'")
