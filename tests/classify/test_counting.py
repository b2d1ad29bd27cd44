"""What connections of nothing but PINGs say beside downloads that stop: literal evidence."""

import pytest

from probe.model.observation import TcpInfo
from tests.classify.build import A1
from tests.classify.cases_pace import STOPS, _frozen, _line_is_fast, _read_on_elsewhere

LOST = TcpInfo(unacked=1, retransmits=4)
TAKEN = TcpInfo(unacked=0, retransmits=0)


def said(*, elsewhere=False, **pings):
    told = _frozen(*STOPS)
    told = _read_on_elsewhere(told) if elsewhere else _line_is_fast(told)
    told.pings(A1, **pings)
    verdict = told.verdict()
    return verdict.rule_id, verdict.grade and verdict.grade.value


def test_packets_are_counted_where_next_to_nothing_was_carried():
    assert said(ended="silent", info=LOST) == ("pace.frozen_after_packets", "probable")


def test_with_another_vantage_it_is_strong():
    assert said(ended="silent", info=LOST, elsewhere=True) == (
        "pace.frozen_after_packets",
        "strong",
    )


@pytest.mark.parametrize(
    "pings",
    [
        pytest.param({"ended": "silent", "info": TAKEN}, id="its-kernel-took-the-last-ping"),
        pytest.param({"ended": "silent", "times": 1}, id="once"),
        pytest.param({"ended": "silent", "received": 12_000}, id="as-many-bytes-as-a-download"),
        pytest.param({"ended": "closed"}, id="the-server-has-enough-of-pings"),
        pytest.param({"ended": "complete"}, id="bytes-or-the-server-and-nobody-else-looked"),
    ],
)
def test_anything_else_accuses_nobody(pings):
    assert said(**pings) == ("pace.stalled", None)


def test_mixed_ends_say_nothing():
    told = _read_on_elsewhere(_frozen(*STOPS))
    told.pings(A1, "silent", times=1)
    told.pings(A1, "complete", times=1)

    assert told.verdict().rule_id == "pace.frozen"
