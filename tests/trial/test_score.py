"""The arithmetic of the scoreboard, on made-up verdicts."""

import pytest

from probe.model.words import Family, Grade, Protocol, VantageState
from probe.trial.marking import fault
from probe.trial.playing import LineOutcome, Outcome, Said, Unit
from probe.trial.scenario import Expected, Line, Scenario
from probe.trial.score import count

RESET = ("blocked", "tls_sni_reset", "injected")
SILENT = ("blocked", "ip_block", "silent")
FINE = Expected(("ok",), reachable=("ok",))
IS_RESET = Expected(RESET, "S01", RESET)
IS_SILENT = Expected(SILENT, "T01", ())
IS_DOWN = Expected(("down", "down"), "dead", ())


def unit(said, expected, grade=None):
    return Unit(Said(said, Protocol.HTTPS, Family.IPV4, grade), expected)


def outcome(*units, kind="S01", failed=False, disagreement=""):
    scenario = Scenario(f"{kind}.1", kind, "instagram.web")
    return Outcome(scenario, units, failed, disagreement)


def played(*outcomes, environment="plain", vantage=VantageState.ONLINE):
    line = Line("1-b1", "ru", environment, scenarios=tuple(o.scenario for o in outcomes))
    return LineOutcome(line, vantage, "complete", outcomes, (), 1.0, 0.1, 10)


@pytest.mark.parametrize(
    ("said", "expected", "why"),
    [
        pytest.param(RESET, FINE, "accusation", id="a block where there is none"),
        pytest.param(("impaired", "throttle"), IS_DOWN, "accusation", id="a throttle of the dead"),
        pytest.param(("ok",), IS_RESET, "missed", id="ok"),
        pytest.param(("down", "down", "tls"), IS_RESET, "excuse", id="down"),
        pytest.param(("restricted", "server_geoblock"), IS_RESET, "excuse", id="geoblock"),
        pytest.param(SILENT, IS_RESET, "wrong", id="another block"),
        pytest.param(RESET[:2], IS_RESET, "", id="the category, without its subtype"),
        pytest.param(RESET, IS_RESET, "", id="the whole truth"),
        pytest.param((), IS_RESET, "", id="silence is counted, not listed"),
        pytest.param(SILENT, IS_SILENT, "guess", id="true, and no evidence can tell"),
        pytest.param(("ok",), IS_DOWN, "wrong", id="a dead one called ok"),
    ],
)
def test_a_verdict_is_faulted_for_what_it_says(said, expected, why):
    assert fault(unit(said, expected)) == why


def test_a_subtype_that_the_truth_leaves_open_may_be_said_either_way():
    expected = Expected(("blocked", "tls_sni_drop"), "S05", ("blocked", "tls_sni_drop"))

    assert fault(unit(("blocked", "tls_sni_drop", "after_ack"), expected)) == ""


def test_other_words_for_the_same_deed_are_as_true():
    blockpage = ("blocked", "dns_lie", "blockpage")
    stranger = ("blocked", "dns_lie", "wrong_address")
    expected = Expected(blockpage, "D06", blockpage, frozenset({stranger}))

    assert fault(unit(stranger, expected)) == ""


def test_false_accusations_are_counted_once_per_scenario_and_by_the_strongest_grade():
    accused = outcome(
        unit(RESET, FINE, Grade.SUSPECTED), unit(RESET, FINE, Grade.STRONG), kind="plain"
    )
    clear = outcome(unit(("ok",), FINE), kind="plain")

    document = count([played(accused, clear)]).as_json()

    assert document["benign_runs"] == 2
    assert document["false_accusations"] == 1
    by_grade = document["by_environment"]["all"]["false_accusations_by_grade"]
    assert by_grade["strong"]["count"] == 1
    assert by_grade["suspected"]["count"] == 0


def test_accusations_are_bounded_apart_where_the_target_failed():
    """Most benign targets answer at once: they would hide what happens to the others."""
    failing = outcome(unit(RESET, IS_DOWN, Grade.PROBABLE), kind="dead", failed=True)
    fine = [outcome(unit(("ok",), FINE), kind="plain") for _ in range(9)]

    whole = count([played(failing, *fine)]).as_json()["by_environment"]["all"]

    assert whole["benign_runs_with_a_failure"] == 1
    assert whole["false_accusations_with_a_failure"] == 1
    assert whole["false_accusation_with_a_failure_upper95"] == 1.0
    assert whole["false_accusation_upper95"] == pytest.approx(0.394, abs=1e-3)


def test_silence_never_counts_as_right():
    silent = outcome(unit((), IS_RESET))

    document = count([played(silent)]).as_json()

    assert document["insufficient"] == 1
    assert document["reached"] == 0.0
    assert document["right_state"] is None


def test_reaching_is_counted_only_where_evidence_can_tell():
    document = count([played(outcome(unit((), IS_SILENT)), outcome(unit(RESET, IS_RESET)))])

    assert document.as_json()["reached"] == 1.0


def test_a_guess_lowers_the_precision_though_it_hit():
    tally = count([played(outcome(unit(SILENT, IS_SILENT)), outcome(unit(RESET, IS_RESET)))]).all

    assert tally.precision == 0.5


def test_scenarios_whose_author_and_log_disagree_are_not_counted():
    broken = outcome(unit(RESET, FINE, Grade.STRONG), disagreement="S01 was to strike and did not")

    document = count([played(broken)]).as_json()

    assert document["benign_runs"] == 0
    assert document["by_environment"]["all"]["errors"] == 1
    assert document["wrong"][0]["why"] == "error"


def test_a_run_that_judges_nothing_is_counted_as_without_verdict():
    document = count([played(outcome(), vantage=VantageState.OFFLINE)]).as_json()

    assert document["by_environment"]["all"]["without_verdict"] == 1
    assert document["wrong"][0]["why"] == "vantage"


def test_a_grade_s_record_counts_only_what_was_right():
    wrong = outcome(unit(SILENT, IS_RESET, Grade.STRONG))
    right = outcome(unit(RESET, IS_RESET, Grade.STRONG))

    grades = count([played(wrong, right)]).as_json()["by_environment"]["all"]["grades"]

    assert grades["strong"] == {"claims": 2, "right": 0.5}


def test_the_document_has_the_keys_that_others_rely_on():
    assert list(count([]).as_json()) == [
        "schema_version",
        "scenarios",
        "right_state",
        "right_category",
        "right_subtype",
        "reached",
        "benign_runs",
        "false_accusations",
        "false_accusation_upper95",
        "false_excuses",
        "insufficient",
        "missed",
        "tier_disagreements",
        "by_technique",
        "by_environment",
        "wrong",
        "tiers",
    ]
