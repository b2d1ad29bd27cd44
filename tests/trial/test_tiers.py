"""Two plays of the same lines beside each other: what counts as a difference, and of which sort."""

from dataclasses import replace

import pytest

from probe.errors import UsageError
from probe.model.words import Family, Grade, Protocol
from probe.trial.blocking import BLOCKING
from probe.trial.campaign import play_one
from probe.trial.grid import Plan, line_named
from probe.trial.innocent import INNOCENT
from probe.trial.kernel_campaign import PLAYABLE, each_kind_once, kernel_plan
from probe.trial.playing import LineOutcome, Outcome, Said, Unit
from probe.trial.scenario import Expected, Line, Scenario, Setting
from probe.trial.score import Score
from probe.trial.tiers import compare

RESET, SILENT = ("blocked", "tls_sni_reset"), ("blocked", "tls_sni_drop")


def played(*verdicts, kind="S01", grade=None):
    """One scenario; each verdict is (node, family)."""
    scenario = Scenario(f"{kind}.1", kind, "instagram.web", options=(("link", 2),))
    units = tuple(
        Unit(Said(node, Protocol.HTTPS, family, grade), Expected(RESET, kind))
        for node, family in verdicts
    )
    line = Line("1-b1", "ru", scenarios=(scenario,))
    outcome = Outcome(scenario, units, target_failed=True)
    return LineOutcome(line, "online", "complete", (outcome,), (), 1.0, 1.0, 1)


V4, V6 = Family.IPV4, Family.IPV6


def test_equal_words_are_no_difference_whatever_the_grade():
    one = played((RESET, V4), (RESET, V6), grade=Grade.STRONG)
    other = played((RESET, V4), (RESET, V6), grade=Grade.SUSPECTED)

    found = compare([one], [other])

    assert (found.verdicts, found.differences) == (2, ())


def test_other_words_fewer_words_and_no_verdict_are_differences():
    one = played((RESET, V4), ((*RESET, "injected"), V6))
    other = played((SILENT, V4), (RESET, V6), (RESET, None))

    found = compare([one], [other])

    assert found.verdicts == 3
    assert [d.said for d in found.differences] == [
        ("blocked/tls_sni_reset", "blocked/tls_sni_drop"),
        ("blocked/tls_sni_reset/injected", "blocked/tls_sni_reset"),
        ("no verdict", "blocked/tls_sni_reset"),
    ]
    assert found.unexplained == found.differences


@pytest.mark.parametrize(
    ("kind", "because"), [("S20", "chance"), ("R01", "throughput"), ("S01", "unexplained")]
)
def test_a_difference_says_what_accounts_for_it(kind, because):
    found = compare([played((RESET, V4), kind=kind)], [played(((), V4), kind=kind)])

    assert [d.because for d in found.differences] == [because]
    assert len(found.unexplained) == (because == "unexplained")


def test_a_score_tells_null_until_both_have_played():
    score = Score()
    assert score.as_json()["tier_disagreements"] is None

    score.tiers = compare([played((RESET, V4))], [played((SILENT, V4))])

    told = score.as_json()
    assert told["tier_disagreements"] == 1
    assert told["tiers"]["differences"][0]["kernel"] == "blocked/tls_sni_drop"


def test_a_line_of_the_list_is_found_again_by_its_name():
    line = each_kind_once(1)[2]

    assert line_named(line.id) == line
    assert (line.link.loss, line.environment, line.setting) == (0.0, "plain", Setting.NONE)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_list_has_every_kind(seed):
    """But `tracker`, which needs another environment."""
    kinds = {s.kind for line in each_kind_once(seed) for s in line.scenarios}

    assert {*BLOCKING, *INNOCENT} - kinds == {"tracker"}


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (Plan(1, 1, 1, setting=Setting.ONE), "no helpers"),
        (Plan(1, 1, 1, environments=("captive-portal",)), "cannot play the line"),
    ],
)
def test_what_the_kernels_lab_cannot_play_is_refused(plan, words):
    with pytest.raises(UsageError, match=words):
        kernel_plan(plan)


def test_a_campaign_is_narrowed_to_what_it_can_play():
    plan = kernel_plan(Plan(10, 10, 1))

    assert (plan.setting, plan.environments) == (Setting.NONE, PLAYABLE)


def test_the_quickened_virtual_play_says_what_the_ordinary_one_says():
    """Shorter waits and timeouts change no verdict where nothing depends on them."""
    from probe.trial.kernel import QUICKENED
    from probe.trial.playing import play_line

    line = replace(line_named("3-b1:kind=S04+plain:setting=none:loss=0"), environment="plain")

    found = compare([play_one(line)], [play_line(line, tempo=QUICKENED)])

    assert found.verdicts > 4
    assert found.differences == ()
