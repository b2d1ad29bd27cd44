"""What our own responder saw of a hello that met silence: literal evidence."""

import pytest

from tests.classify.build import OTHER
from tests.classify.cases_tls import GOOD, MUTE, TAKEN, UNTOLD, _shakes


def told(received, acked):
    return {"far_received_bytes": received, "far_acked_bytes": acked}


@pytest.mark.parametrize(
    ("ends", "far", "rule", "subtype"),
    [
        pytest.param(TAKEN, told(517, 0), "tls.silent_answers_lost", "after_ack", id="S05"),
        pytest.param(TAKEN, told(517, 1400), "tls.silent_after_some", "after_ack", id="S03"),
        pytest.param(TAKEN, {}, "tls.silent_after_ack", "after_ack", id="nobody-asked"),
        pytest.param(MUTE, told(0, 0), "tls.silent_unacked", "unacked", id="S04"),
        pytest.param(UNTOLD, told(0, 0), "tls.silent_unacked", "unacked", id="S04-no-tcp-info"),
        pytest.param(
            UNTOLD, told(517, 0), "tls.silent_answers_lost", "after_ack", id="S05-no-tcp-info"
        ),
        pytest.param(UNTOLD, {}, "tls.silent_by_name", None, id="no-tcp-info-nobody-asked"),
    ],
)
def test_both_ends_together_tell_what_was_swallowed(ends, far, rule, subtype):
    verdict = _shakes(ends, control=GOOD, c2=ends | far).verdict()

    assert (verdict.rule_id, verdict.subtype) == (rule, subtype)


def test_what_arrived_of_a_neutral_name_says_nothing_of_the_targets():
    story = _shakes(TAKEN, control=GOOD)
    story.tls(OTHER, arm="c2", name="neutr.example.com", **TAKEN, **told(0, 0))

    assert story.verdict().rule_id == "tls.silent_after_ack"


def test_two_of_three_decide():
    story = _shakes(TAKEN, control=GOOD, c2=TAKEN | told(517, 0))
    for acked in (0, 1400):
        story.tls(OTHER, arm="c2", **TAKEN, **told(517, acked))

    assert story.verdict().rule_id == "tls.silent_answers_lost"
