"""Pages that stop over QUIC: whose doing it is depends on what else carries further here."""

import pytest

from tests.classify.build import online
from tests.classify.cases_quic import _freezes


@pytest.mark.parametrize(
    ("carried", "rule"),
    [
        (40_000, "quic.frozen_after_packets"),
        (17_000, "quic.stalled"),
        (None, "quic.stalled"),
    ],
)
def test_a_line_on_which_all_quic_stops_accuses_nobody(carried, rule):
    story = _freezes("silent")
    story.vantage = online(quic_bytes=carried)

    assert rule in {verdict.rule_id for verdict in story.verdicts()}
