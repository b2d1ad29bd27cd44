"""A translator of addresses that has run out of ports: one is free now and then."""

from datetime import timedelta

import pytest

from probe.lab.pki import LAB_ANCHOR
from probe.model.words import Arm, Category, Grade, State
from tests.classify.build import A1, OTHER, TIMEOUT, Story, last, online

FAILING_S = (0, 30, 40, 50)


def _silent(neutral_s: tuple[int, ...]) -> Story:
    """Four connections in vain, three of them repeats; a neighbour at home makes its own."""
    told = Story()
    told.vantage = online(country="RU")
    told.honest_dns(A1)
    for arm, address, times in (
        (Arm.TARGET, A1, FAILING_S),
        (Arm.C5, OTHER, neutral_s),
    ):
        for attempt, at_s in enumerate(times, start=arm is Arm.C5):
            told.tcp(address, TIMEOUT if arm is Arm.TARGET else None, arm=arm, duration=10.0)
            told.observations[-1] = told.observations[-1].model_copy(
                update={"started_at": LAB_ANCHOR + timedelta(seconds=at_s), "attempt": attempt}
            )
    told.tcp(A1)
    told.elsewhere("h/RU", last(told))
    return told


@pytest.mark.parametrize(
    ("neutral_s", "grade"),
    [
        pytest.param((35, 45, 55), Grade.PROBABLE, id="open all along"),
        pytest.param((45, 45, 46), Grade.SUSPECTED, id="open for one moment"),
    ],
)
def test_a_neutral_host_reached_in_one_moment_says_little(neutral_s, grade) -> None:
    verdict = _silent(neutral_s).verdict()

    assert (verdict.state, verdict.category) == (State.BLOCKED, Category.IP_BLOCK)
    assert verdict.grade is grade


def test_the_neutral_host_is_tried_between_the_targets() -> None:
    told = Story()
    told.honest_dns(A1)
    told.tcp(A1, TIMEOUT)
    waits = {e.arm: e.wait_s for e in told.asked("quick") if e.round and e.kind.value == "connect"}

    assert waits == {Arm.TARGET: None, Arm.C5: 10.0}
