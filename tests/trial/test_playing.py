"""Whole runs on the lab's clock, beside the boxes' log."""

from datetime import timedelta

import pytest

from probe.model.words import Arm, Family, Protocol
from probe.store import LAB, open_reader
from probe.trial.campaign import play_one
from probe.trial.named import find_line
from probe.trial.packets import Trace
from probe.trial.scenario import Setting
from probe.trial.story import outcome_blocks, packet_blocks, story_blocks


@pytest.fixture(scope="module")
def reset():
    trace = Trace()
    line, _ = find_line("S02")
    return line, play_one(line, profile="look", on_open=trace.attach), trace


def test_the_log_says_which_verdicts_were_interfered_with(reset):
    _, played, _ = reset
    (outcome,) = played.outcomes

    struck = {u.said.protocol.value for u in outcome.units if u.expected.is_interfered}
    assert struck == {"https"}
    assert outcome.disagreement == ""
    assert outcome.target_failed


def test_the_same_line_gives_the_same_outcome(reset):
    line, played, _ = reset

    again = play_one(line, profile="look")

    assert again.outcomes == played.outcomes
    assert again.lab_s == played.lab_s


def test_an_environment_is_judged_by_its_gates():
    line, _ = find_line("captive-portal")

    played = play_one(line, profile="look")

    assert played.is_vantage_right
    assert played.outcomes[0].units == ()


def test_a_helper_abroad_is_asked_where_the_setting_has_one():
    line, _ = find_line("dead", Setting.ONE)

    (outcome,) = play_one(line).outcomes

    assert {u.expected.reachable for u in outcome.units} == {("down", "down")}


def test_the_story_shows_the_connection_that_the_box_laid_hands_on(reset):
    line, _, trace = reset

    text = "\n".join(str(block) for block in packet_blocks(trace, line, line.scenarios[0]))

    assert "hello for www.instagram.com, 517 bytes" in text
    assert text.index("hello for") < text.index("box S02 rewrote") < text.index("RST+ACK")


def test_the_story_says_what_evidence_can_tell_and_why_not_more():
    line, _ = find_line("T01")

    text = "\n".join(str(block) for block in story_blocks(line, line.scenarios[0]))

    assert "nobody is there" in text


def test_what_was_said_is_shown_beside_what_is_true(reset):
    _, played, _ = reset

    text = "\n".join(str(block) for block in outcome_blocks(played))

    assert "blocked: tls_sni_reset/rewrite" in text


@pytest.mark.parametrize("technique", ["R01", "R02", "R03", "R04"])
def test_a_helpers_responder_tells_how_a_name_is_slowed(technique):
    """The probe's transfers there differ in nothing but the name; the log is the witness."""
    line, _ = find_line(technique, Setting.ONE)

    (outcome,) = play_one(line, profile="standard").outcomes

    wrong = [
        (unit.said.node, unit.said.detail)
        for unit in outcome.units
        if unit.said.protocol is Protocol.HTTPS and unit.said.node != unit.expected.node
    ]
    assert wrong == []
    assert any(unit.expected.is_interfered for unit in outcome.units)


def test_the_neutral_host_is_connected_to_all_the_while(tmp_path):
    """Not in one moment: a translator that has run out of ports has one free now and then."""
    line, _ = find_line("T01", Setting.TWO)
    play_one(line, database=tmp_path / "one.db")
    with open_reader(tmp_path / "one.db") as reader:
        (run,) = reader.runs(world=LAB)
        made = [
            o.started_at
            for o in reader.observations(run.id)
            if o.arm is Arm.C5 and o.family is Family.IPV4 and o.step.value == "tcp"
        ]

    assert len(made) == 3
    assert max(made) - min(made) >= timedelta(seconds=20)
