"""What a machine that is busy with other things may not read into the moment of a reset."""

import pytest

from tests.classify.build import A1, RESET, RTT, Arm, Story


def _cut(after_s: float, lag_s: float) -> Story:
    told = Story()
    told.honest_dns(A1)
    told.tls(A1, fails=RESET, after=after_s, acked=1, loop_lag_s=lag_s)
    told.tls(A1, arm=Arm.C1)
    return told


@pytest.mark.parametrize(
    ("after_s", "lag_s", "rule"),
    [
        pytest.param(RTT, 0.0, "tls.reset_rewritten", id="with the server's own timing"),
        pytest.param(RTT, 0.03, "tls.reset_by_name", id="or read 30 ms late"),
        pytest.param(0.3 * RTT, 0.0, "tls.reset_injected", id="sooner than the server could"),
        pytest.param(0.3 * RTT, 0.03, "tls.reset_by_name", id="or measured badly"),
    ],
)
def test_timing_says_no_more_than_our_own_loop_allows(after_s, lag_s, rule) -> None:
    assert _cut(after_s, lag_s).verdict().rule_id == rule
