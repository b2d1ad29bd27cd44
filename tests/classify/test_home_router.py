"""A router at home may filter names as a provider does: said, until something speaks against it."""

import pytest

from probe.model.observation import TraceHop, TraceObservation
from probe.model.words import Arm, RivalStatus
from tests.classify.build import A1, HOST, RESET, RTT, Story


def _cut(after: float) -> Story:
    told = Story()
    told.honest_dns(A1)
    for number in range(2):
        told.tls(A1, RESET, after=after, acked=1, attempt=number)
        told.tls(A1, arm=Arm.C1, attempt=number)
    return told


def _home_router(told: Story) -> RivalStatus:
    return next(r.status for r in told.verdict().rivals if r.id == "home_router")


@pytest.mark.parametrize(
    ("after", "status"),
    [
        pytest.param(0.003, RivalStatus.NOT_ASKED, id="at once"),
        pytest.param(0.8 * RTT, RivalStatus.RULED_OUT, id="later than anything in a house"),
    ],
)
def test_time_tells_a_filter_at_home_from_one_farther_away(after, status):
    assert _home_router(_cut(after)) is status


@pytest.mark.parametrize(
    ("hop", "status"),
    [
        pytest.param(TraceHop(ttl=1, outcome="expired"), RivalStatus.NOT_ASKED, id="at the router"),
        pytest.param(TraceHop(ttl=2, outcome="reset"), RivalStatus.NOT_ASKED, id="cut before"),
        pytest.param(TraceHop(ttl=2, outcome="expired"), RivalStatus.RULED_OUT, id="passed it"),
    ],
)
def test_a_walk_beyond_the_house_tells_as_well(hop, status):
    told = _cut(0.003)
    base = told._base(Arm.TARGET, A1)
    told.observations.append(TraceObservation(**base, method="hello", name=HOST, hops=(hop,)))

    assert _home_router(told) is status
