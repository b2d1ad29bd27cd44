"""Paired transfers at a helper's own responder: nothing differs but the name (techniques 4.3)."""

import pytest

from probe.model.experiment import Kind
from probe.model.words import Arm, Category, Grade, State
from tests.classify.build import A1, HOST, NEUTRAL, OTHER, Story, online
from tests.classify.cases_pace import at_responder, bursts, flow


@pytest.mark.parametrize(
    ("own", "subtype"),
    [
        pytest.param(bursts(140_000), "sni_police", id="in-bursts"),
        pytest.param(flow(128_000), "shape", id="packet-by-packet"),
        pytest.param(flow(5_200, 65_536), "sni_extreme", id="at-650-bytes-a-second"),
    ],
)
def test_throttle_by_name_is_strong_and_says_how(own, subtype) -> None:
    verdict = at_responder(own).verdict()

    assert (verdict.state, verdict.category) == (State.IMPAIRED, Category.THROTTLE)
    assert (verdict.subtype, verdict.grade) == (subtype, Grade.STRONG)
    assert verdict.p_value is not None
    assert verdict.p_value < 1e-4


def test_name_that_is_as_fast_as_another_is_not_throttled_by_name() -> None:
    """A slow server: its own page creeps, and its name does not matter elsewhere."""
    verdict = at_responder(flow(8e6)).verdict()

    assert verdict.rule_id == "pace.slow"
    assert verdict.state is State.INSUFFICIENT


def test_slow_line_to_the_responder_accuses_nobody() -> None:
    verdict = at_responder(flow(150_000), flow(200_000)).verdict()

    assert not verdict.rule_id.startswith("pace.throttled")


def test_few_pairs_are_not_enough() -> None:
    assert at_responder(bursts(140_000), rounds=2).verdict().rule_id == "pace.slow"


def test_pairs_are_no_witness_of_the_handshake() -> None:
    """They are asked of pages at HTTP's C2 as well: a sized object says nothing about those."""
    story = at_responder(bursts(140_000))

    assert story.verdict().rule_id == "pace.throttled_sni_police"
    assert "the name at a neutral host" not in story.verdict().detail


def slow_page(**facts: object) -> Story:
    story = Story()
    story.vantage = online(**facts)
    story.honest_dns(A1)
    story.tls(A1)
    story.http(A1, progress=flow(150_000))
    return story


def test_pairs_are_asked_of_a_responder() -> None:
    asked = [e for e in slow_page(responders=(OTHER,)).asked("standard") if e.arm is Arm.C2]

    assert {e.kind for e in asked} == {Kind.TRANSFER}
    assert {e.address for e in asked} == {OTHER}
    assert {name: sum(e.name == name for e in asked) for name in (HOST, NEUTRAL)} == {
        HOST: 8,
        NEUTRAL: 8,
    }


def test_without_a_responder_nobody_elses_server_is_asked_for_objects() -> None:
    asked = slow_page().asked("standard")

    assert not [e for e in asked if e.kind is Kind.TRANSFER and e.arm is Arm.C2]
