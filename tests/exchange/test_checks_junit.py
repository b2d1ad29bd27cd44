"""JUnit of a check, read back by junitparser."""

import junitparser
import pytest

from probe.exchange.checks import written
from tests.exchange.check_samples import REPORTS, mixed

every_report = pytest.mark.parametrize("name", REPORTS)


def suite_of(report):
    return next(iter(junitparser.JUnitXml.fromstring(written(report, "junit").encode())))


@every_report
def test_junit_counts_what_it_lists(name):
    xml = junitparser.JUnitXml.fromstring(written(REPORTS[name](), "junit").encode())
    (suite,) = xml
    told = (xml.tests, xml.failures, xml.errors, xml.skipped)
    kinds = [type(result) for case in suite for result in case.result]

    assert told == (suite.tests, suite.failures, suite.errors, suite.skipped)
    assert told == (
        len(list(suite)),
        kinds.count(junitparser.Failure),
        kinds.count(junitparser.Error),
        kinds.count(junitparser.Skipped),
    )


@every_report
def test_junit_cases_are_unique_since_gitlab_tells_them_apart_by_name(name):
    cases = [(case.classname, case.name) for case in suite_of(REPORTS[name]())]

    assert len(cases) == len(set(cases))


def test_junit_names_the_vantage_point_and_the_baseline():
    suite = suite_of(mixed())
    properties = {each.name: each.value for each in suite.properties()}

    assert (suite.name, suite.hostname) == ("roadblock.DE/AS64501", "DE/AS64501")
    assert suite.timestamp == "2026-11-23T12:00:00"
    assert (properties["vantage.asn"], properties["vantage.cc"]) == ("64501", "DE")
    assert properties["tool.version"] == "0.1.0"
    assert len(properties["baseline.sha256"]) == 64


def test_a_junit_failure_says_what_was_expected_and_shows_the_evidence():
    failing = [
        case
        for case in suite_of(mixed())
        for result in case.result
        if isinstance(result, junitparser.Failure) and result.type == "unexpected_block"
    ]

    assert [(case.classname, case.name) for case in failing] == [
        (
            "roadblock.instagram",
            "tls www.instagram.example (instagram.web, https, ipv6) from DE/AS64501",
        )
    ]
    (failure,) = failing[0].result
    assert failure.message == "expected ok, got blocked: tls_sni_reset/injected (probable)"
    assert "reset 16 ms after the name" in failure.text


def test_a_junit_error_is_a_measurement_that_concluded_nothing():
    errors = [
        result
        for case in suite_of(mixed())
        for result in case.result
        if isinstance(result, junitparser.Error)
    ]

    assert [error.type for error in errors] == ["measurement_error"]


def test_junit_shows_a_flaky_case_with_all_its_attempts():
    flaky = [
        case
        for case in suite_of(mixed())
        if any(each.name == "flaky" for each in case.child(junitparser.Properties) or ())
    ]

    assert len(flaky) == 1
    assert flaky[0].is_passed
    assert flaky[0].system_out.splitlines() == [
        "attempt 1 of 2: blocked at tls: tls_sni_reset/injected (probable), run run-1",
        "attempt 2 of 2: ok, run run-2",
    ]


# --- Prometheus
