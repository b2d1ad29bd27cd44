from dataclasses import replace

import pytest

from probe.analyse.check import Plan, Take, check, vantage_name, worth_another_attempt
from probe.analyse.timings import Timing
from probe.model.check import Severity
from probe.model.run import Vantage
from probe.model.verdict import VantageVerdict
from probe.model.words import Family, Layer, State, VantageState
from tests.analyse.samples import (
    GERMANY,
    ONLINE,
    SERVICES,
    TODAY,
    bad,
    baseline,
    good,
    restricted,
    run,
    service_verdict,
    unclear,
)

OFFLINE = VantageVerdict(state=VantageState.OFFLINE, sentence="No control answers.")


def judge_service(service, verdicts):
    worst = State.BLOCKED if any(v.state is State.BLOCKED for v in verdicts) else State.OK
    return service_verdict(service.id, worst)


def plan(text="", *, services=SERVICES[:1], **changes):
    standard = Plan(
        services=SERVICES,
        endpoints=tuple(e for s in services for e in s.endpoints[:1]),
        baseline=baseline(text),
        today=TODAY,
        judge_service=judge_service,
        tool_version="0.1.0",
    )
    return replace(standard, **changes)


def take(*verdicts, gates=ONLINE, **fields):
    return Take(run(**fields), gates, verdicts)


@pytest.mark.parametrize(
    ("takes", "result", "code"),
    [
        pytest.param([take(good())], "passed", 0, id="as expected"),
        pytest.param([take(restricted())], "passed", 0, id="bot wall"),
        pytest.param([take(bad())], "failed", 1, id="unexpected"),
        pytest.param([take(unclear())], "inconclusive", 3, id="no verdict"),
        pytest.param([take(gates=OFFLINE)], "inconclusive", 3, id="offline"),
        pytest.param([take(bad(), status="offline")], "inconclusive", 3, id="offline at the end"),
        pytest.param([take(bad(), status="invalid")], "inconclusive", 3, id="moved"),
        pytest.param([take(good(), status="budget")], "inconclusive", 3, id="budget used"),
        pytest.param([take(bad(), status="budget")], "failed", 1, id="1 goes before 3"),
        pytest.param([take()], "inconclusive", 3, id="not measured"),
    ],
)
def test_a_check_ends_with_one_of_its_codes(takes, result, code):
    report = check(takes, plan())

    assert (report.result, report.exit_code) == (result, code)


def test_nothing_selected_has_a_code_of_its_own():
    assert check([take()], plan(services=())).exit_code == 5


def test_an_offline_vantage_point_judges_nothing_and_says_why():
    report = check([take(bad(), gates=OFFLINE)], plan())

    assert [result.message for result in report.results] == ["No control answers."]
    assert report.notes == ("Nothing was judged: No control answers.",)
    assert report.services[0].state is State.INSUFFICIENT


def test_what_politeness_left_out_does_not_make_a_check_inconclusive():
    both = plan(services=SERVICES, left_out=frozenset({"instagram.web"}))

    assert check([take(good("rt.web"))], both).result == "passed"


def test_a_check_that_politeness_left_nothing_of_does_not_pass():
    report = check([take()], plan(left_out=frozenset({"instagram.web"})))

    assert (report.result, report.exit_code) == ("nothing_selected", 5)


def test_one_failure_of_two_attempts_passes_as_flaky():
    report = check(
        [take(bad(), id="run-1"), take(good(), id="run-2")],
        plan(max_attempts=2, failures_needed=2),
    )

    assert report.exit_code == 0
    flaky = [result for result in report.results if result.flaky]
    assert [(a.run, a.unexpected) for a in flaky[0].attempts] == [
        ("run-1", True),
        ("run-2", False),
    ]


def test_only_what_failed_is_worth_another_attempt():
    both = plan(services=SERVICES, max_attempts=2, failures_needed=2)
    first = take(good("rt.web"), bad("instagram.web"))

    assert worth_another_attempt([first], both) == ("instagram.web",)
    assert worth_another_attempt([first, take(bad("instagram.web"))], both) == ()


def test_an_attempt_from_an_offline_line_does_not_count():
    report = check(
        [take(bad(), id="run-1"), take(good(), id="run-2", gates=OFFLINE)],
        plan(max_attempts=2, failures_needed=2),
    )

    assert report.exit_code == 1
    assert "Attempt 2 does not count: No control answers." in report.notes


def test_new_and_fixed_failures_are_told_apart():
    before = check([take(bad("rt.web"), good("instagram.web"))], plan(services=SERVICES))
    now = check(
        [take(good("rt.web"), bad("instagram.web"), id="run-9")],
        plan(services=SERVICES, previous=before),
    )

    assert now.new == ("instagram.web/https/ipv4/tls",)
    assert now.fixed == ("rt.web/https/ipv4/tls",)
    assert now.compared_with == "run-1"


def test_what_was_not_measured_now_is_not_fixed():
    before = check([take(bad("rt.web"))], plan(services=SERVICES[1:]))
    now = check([take(good())], plan(previous=before))

    assert now.fixed == ()


def test_old_failures_may_be_let_pass():
    before = check([take(bad())], plan())
    now = check([take(bad(), id="run-2")], plan(previous=before, only_new=True))

    assert now.exit_code == 0
    assert [r.severity for r in now.results if r.is_new is False] == [Severity.WARNING]


def test_an_unknown_country_is_said_when_the_baseline_asks_for_one():
    text = '[[when]]\ncountry = "DE"\nexpect.rt = "ok"'

    report = check([take(good(), vantage=Vantage())], plan(text))

    assert any("--vantage" in note for note in report.notes)


def test_durations_are_summed_up_per_service_and_phase():
    timed = Take(
        run(),
        ONLINE,
        (good(),),
        {("instagram.web", Family.IPV4): Timing({Layer.TLS: [0.3, 0.1, 0.2]})},
    )

    (phase,) = check([timed], plan()).phases

    assert (phase.service, phase.phase, phase.n, phase.median_s) == ("instagram", "tls", 3, 0.2)


@pytest.mark.parametrize(
    ("vantage", "name"),
    [
        (GERMANY, "DE/AS64501"),
        (GERMANY.model_copy(update={"label": "office"}), "office"),
        (Vantage(country="FR"), "FR"),
        (Vantage(), "unknown"),
    ],
)
def test_a_vantage_point_has_a_short_name(vantage, name):
    assert vantage_name(vantage) == name
