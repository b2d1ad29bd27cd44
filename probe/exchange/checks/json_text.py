"""A check as one JSON document, or as JSON Lines: the report, then one result per line."""

from probe.model.base import Value
from probe.model.check import CheckReport, CheckResult


class CheckLine(Value):
    """One line of the JSON Lines format: `check` (first) or `result`."""

    check: CheckReport | None = None
    """The report without its results."""
    result: CheckResult | None = None


def json_text(report: CheckReport) -> str:
    """Write the report as it stands; results/schema/check.json is its JSON Schema."""
    return report.model_dump_json(indent=2) + "\n"


def json_lines(report: CheckReport) -> str:
    """Write the report without results, then each result."""
    lines = [CheckLine(check=report.model_copy(update={"results": ()}))]
    lines += [CheckLine(result=result) for result in report.results]
    return "".join(line.model_dump_json(exclude_none=True) + "\n" for line in lines)
