"""A check as JUnit XML: one suite for the vantage point, one case per result.

There is no standard. GitLab shows `classname` and `name` and tells cases apart by them, so both
are the same from run to run and unique within one. `failure` is an expectation that was not met,
`error` a measurement that concluded nothing (Ant's junit schema says the same).
"""

import xml.etree.ElementTree as ET
from collections import Counter

from probe.exchange.checks.words import about, attempt_lines
from probe.model.check import CheckReport, CheckResult, Outcome, Severity
from probe.model.words import State


def junit(report: CheckReport) -> str:
    """Write the report as `testsuites > testsuite > testcase`."""
    cases = [_case(result, report) for result in report.results]
    counts = Counter(case[0].tag for case in cases if len(case))
    totals = {
        "tests": str(len(cases)),
        "failures": str(counts["failure"]),
        "errors": str(counts["error"]),
        "skipped": str(counts["skipped"]),
        "time": f"{_seconds(report):.3f}",
    }
    root = ET.Element("testsuites", {"name": "roadblock", **totals})
    suite = ET.SubElement(
        root,
        "testsuite",
        {
            "name": f"roadblock.{report.vantage.name}",
            "timestamp": f"{report.started_at:%Y-%m-%dT%H:%M:%S}" if report.started_at else "",
            # Where it was measured from; the machine's own name is nobody's business.
            "hostname": report.vantage.name,
            **totals,
        },
    )
    _properties(
        suite,
        {
            "vantage.asn": " ".join(map(str, report.vantage.asns)),
            "vantage.cc": report.vantage.country or "",
            "vantage.state": report.vantage.state or "",
            "tool.version": report.tool_version,
            "baseline.sha256": report.baseline_sha256,
            "runs": " ".join(report.runs),
        },
    )
    suite.extend(cases)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(result: CheckResult, report: CheckReport) -> ET.Element:
    where = "/".join(
        [report.vantage.country or "ZZ", *(f"AS{asn}" for asn in report.vantage.asns[:1])]
    )
    case = ET.Element(
        "testcase",
        {
            "classname": f"roadblock.{result.service}",
            "name": f"{about(result)} from {where}",
            "time": f"{result.duration_s or 0:.3f}",
        },
    )
    if result.severity is Severity.FAILURE:
        failure = ET.SubElement(case, "failure", {"type": _type(result), "message": result.message})
        failure.text = "\n".join((*result.evidence, *_entry(result)))
    elif result.outcome is Outcome.ERROR:
        kind = {"type": "measurement_error", "message": result.message}
        ET.SubElement(case, "error", kind).text = "\n".join(result.evidence)
    elif result.outcome is Outcome.SKIPPED:
        ET.SubElement(case, "skipped", {"message": result.message})
    notes = attempt_lines(result) if len(result.attempts) > 1 else []
    if result.severity in {Severity.WARNING, Severity.NOTICE}:
        notes.insert(0, f"{result.severity}: {result.message}")
    if result.flaky:
        _properties(case, {"flaky": "true"})
    if notes:
        ET.SubElement(case, "system-out").text = "\n".join(notes)
    return case


def _type(result: CheckResult) -> str:
    if result.outcome is Outcome.EXPIRED:
        return "expired_exception"
    if result.outcome is Outcome.XPASS:
        return "unexpected_pass"
    if result.kind == "threshold":
        return "limit"
    return "unexpected_block" if result.state is State.BLOCKED else f"unexpected_{result.state}"


def _entry(result: CheckResult) -> list[str]:
    expected = result.expected
    return [] if expected.line is None else [f"{expected.file}:{expected.line} ({expected.entry})"]


def _properties(parent: ET.Element, values: dict[str, str]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", {"name": name, "value": value})


def _seconds(report: CheckReport) -> float:
    if report.started_at is None or report.ended_at is None:
        return 0.0
    return (report.ended_at - report.started_at).total_seconds()
