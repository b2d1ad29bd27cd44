"""Answers in cleartext that came sooner than the server's: once it may be jitter."""

import pytest

from probe.model.experiment import Kind
from probe.model.words import Arm, State
from tests.classify.build import A1, Story, endpoint

HTTP = endpoint("http://www.instagram.com/")
MOVED = {"status": 301, "location": "http://www.moved.example/"}


def _answered(times: int, **page: object) -> Story:
    told = Story(HTTP)
    told.honest_dns(A1)
    for _ in range(times):
        told.tcp(A1, port=80)
        told.tcp(A1, port=80)
        told.http(A1, first_byte=0.01, **page)
    return told


@pytest.mark.parametrize("page", [{}, MOVED], ids=["page", "redirect"])
def test_one_is_no_accusation_and_is_looked_at_again(page) -> None:
    told = _answered(1, **page)

    assert told.verdict().state is State.INSUFFICIENT
    asked = [e for e in told.asked("quick") if e.kind is Kind.FETCH and e.arm is Arm.TARGET]
    assert len(asked) >= 2


@pytest.mark.parametrize(("page", "subtype"), [({}, "page"), (MOVED, "redirect")])
def test_three_of_three_are_no_chance(page, subtype) -> None:
    verdict = _answered(3, **page).verdict()

    assert (verdict.state, verdict.subtype) == (State.BLOCKED, subtype)
