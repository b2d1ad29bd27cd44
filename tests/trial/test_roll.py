"""The list that both executors play: every kind once, and each line found again by its name."""

from collections import Counter

import pytest

from probe.trial.blocking import BLOCKING
from probe.trial.innocent import INNOCENT
from probe.trial.named import find_line
from probe.trial.roll import roll
from probe.trial.scenario import Setting


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_kind_is_on_the_roll_once(seed):
    kinds = Counter(scenario.kind for line in roll(seed) for scenario in line.scenarios)

    assert kinds == Counter({*BLOCKING, *INNOCENT})


def test_no_line_of_the_roll_loses_packets_or_has_helpers():
    assert {(line.link.loss, line.setting) for line in roll(1)} == {(0.0, Setting.NONE)}
    assert min(line.link.rtt_s for line in roll(1)) >= 0.06


def test_a_line_of_the_roll_is_found_by_its_name():
    line = roll(7)[2]

    assert find_line("7-k3") == (line, None)
    assert find_line(f"7-k3/{line.scenarios[0].id}") == (line, line.scenarios[0].id)


def test_another_seed_deals_otherwise():
    assert [line.scenarios for line in roll(1)] != [line.scenarios for line in roll(2)]
