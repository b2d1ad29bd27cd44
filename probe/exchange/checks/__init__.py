"""What a check is written as, one module per format; all of it deterministic."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from probe.exchange.checks.cleaning import cleaned
from probe.exchange.checks.github import github
from probe.exchange.checks.json_text import json_lines, json_text
from probe.exchange.checks.junit import junit
from probe.exchange.checks.markdown import markdown
from probe.exchange.checks.nagios import nagios
from probe.exchange.checks.prometheus import prometheus
from probe.exchange.checks.text import text
from probe.model.check import CheckReport

FORMATS: Mapping[str, Callable[[CheckReport], str]] = MappingProxyType(
    {
        "text": text,
        "json": json_text,
        "jsonl": json_lines,
        "junit": junit,
        "github": github,
        "prom": prometheus,
        "markdown": markdown,
        "nagios": nagios,
    }
)
"""{format: what makes its text}; every text ends with a newline."""


def written(report: CheckReport, form: str) -> str:
    """Return a report in one of the formats, without anything a terminal or a log would obey."""
    return FORMATS[form](cleaned(report))
