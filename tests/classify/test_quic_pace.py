"""Slow pages over QUIC: beside the line, and beside a neutral name at the same address."""

import pytest

from probe.model.words import Arm, Category, State
from tests.classify.build import A1, Story
from tests.classify.cases_pace import flow


def _page(own_bps: float, neutral_bps: float | None) -> Story:
    told = Story()
    told.honest_dns(A1)
    told.tls(A1)
    told.http(A1, headers=[("alt-svc", 'h3=":443"')])
    for arm, bps in ((Arm.TARGET, own_bps), (Arm.C1, neutral_bps)):
        if bps is not None:
            told.quic(A1, arm=arm, done=True)
            told.observations[-1] = told.observations[-1].model_copy(
                update={"progress": flow(bps, size=65_536)}
            )
    return told


def _over_quic(told: Story) -> tuple[State, Category]:
    verdict = next(v for v in told.verdicts() if v.protocol.value == "quic")
    return verdict.state, verdict.category


def test_a_slow_page_is_asked_about() -> None:
    told = _page(260_000.0, None)

    assert _over_quic(told) == (State.INSUFFICIENT, Category.THROTTLE)
    assert any(e.arm is Arm.C1 and e.kind.value == "quic" for e in told.asked())


def test_one_that_comes_as_slowly_whatever_the_name_is_no_throttle() -> None:
    """A busy machine, on which QUIC costs most, or a slow server; the line itself is fast."""
    assert _over_quic(_page(260_000.0, 1_000_000.0)) == (State.OK, Category.OK)


@pytest.mark.parametrize("neutral_bps", [3_000_000.0, 20_000_000.0])
def test_one_that_comes_ten_times_as_fast_under_another_name_stays_open(neutral_bps) -> None:
    told = _page(150_000.0, neutral_bps)

    assert _over_quic(told) == (State.INSUFFICIENT, Category.THROTTLE)
