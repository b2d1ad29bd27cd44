"""Two plays of the same lines beside each other: what counts as a difference, and of which sort."""

from dataclasses import replace

import pytest

from probe.errors import UsageError
from probe.lab.path import Link
from probe.model.words import Family, Grade, Protocol
from probe.trial.campaign import play_one
from probe.trial.grid import Plan, line_named
from probe.trial.kernel_campaign import PLAYABLE, kernel_plan
from probe.trial.playing import LineOutcome, Outcome, Said, Unit
from probe.trial.scenario import Expected, Line, Scenario, Setting
from probe.trial.score import Score
from probe.trial.tiers import compare

RESET, SILENT = ("blocked", "tls_sni_reset"), ("blocked", "tls_sni_drop")


def played(*verdicts, kind="S01", grade=None, loss=0.0):
    """One scenario; each verdict is (node, family)."""
    scenario = Scenario(f"{kind}.1", kind, "instagram.web", options=(("link", 2),))
    units = tuple(
        Unit(Said(node, Protocol.HTTPS, family, grade), Expected(RESET, kind, RESET))
        for node, family in verdicts
    )
    line = Line("1-b1", "ru", link=Link(loss=loss), scenarios=(scenario,))
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


def test_what_a_second_play_does_not_show_is_no_longer_unexplained():
    one = played((RESET, V4), (RESET, V6))
    first, second = played((SILENT, V4), (SILENT, V6)), played((RESET, V4), (SILENT, V6))

    found = compare([one], [first]).after_second_look(compare([one], [second]))

    assert [(d.family, d.because) for d in found.differences] == [
        (V4, "not again"),
        (V6, "unexplained"),
    ]
    assert found.as_json()["not_again"] == 1


def test_a_second_play_excuses_no_verdict_that_it_shows_otherwise_again():
    one, first, second = (played((node, V4)) for node in (RESET, SILENT, ("ok",)))

    found = compare([one], [first]).after_second_look(compare([one], [second]))

    assert len(found.unexplained) == 1


def test_on_lines_that_lose_packets_rates_are_compared_and_not_each_verdict():
    virtual = [played((RESET, V4), loss=0.01)] * 8
    kernel = [played((RESET, V4), loss=0.01)] * 2 + [played(((), V4), loss=0.01)] * 6

    found = compare(virtual, kernel)

    assert found.unexplained == ()
    assert (found.with_loss.both, found.with_loss.virtual_alone) == (2, 6)
    # Six of six on one side: 2 / 2**6.
    assert found.with_loss.p_value == pytest.approx(0.03125)
    assert compare(virtual, virtual).with_loss.p_value == 1.0


def test_the_truth_beside_a_difference_is_that_verdicts_own():
    one, other = played((RESET, V4), (("ok",), V6)), played((SILENT, V4), (("ok",), V6))

    (difference,) = compare([one], [other]).differences

    assert difference.true == "/".join(RESET)


def test_a_score_tells_null_until_both_have_played():
    score = Score()
    assert score.as_json()["tier_disagreements"] is None

    score.tiers = compare([played((RESET, V4))], [played((SILENT, V4))])

    told = score.as_json()
    assert told["tier_disagreements"] == 1
    assert told["tiers"]["differences"][0]["kernel"] == "blocked/tls_sni_drop"


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


def test_a_download_that_stops_is_a_stall_at_either_tempo():
    """A freeze ends by a read's patience, which is shorter in a hurried play."""
    from probe.trial.kernel import QUICKENED
    from probe.trial.named import find_line
    from probe.trial.playing import play_line
    from probe.trial.worlds import ORDINARY

    line, _ = find_line("T09")

    ordinary, hurried = (
        [u.said.node for u in play_line(line, tempo=tempo).outcomes[0].units]
        for tempo in (ORDINARY, QUICKENED)
    )

    assert hurried == ordinary
    assert ordinary[0][:2] == ("impaired", "transfer_freeze")
