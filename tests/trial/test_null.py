"""The exact test and its stopping where the name makes no difference; that the count can fail."""

import random

import pytest

from probe.classify.statistics import Stratum
from probe.trial import null
from probe.trial.null import BOUNDS, PROCESSES, RULES, count

SEQUENCES = 180_000


def too_often(shares):
    return [(s.process, s.rule, s.bound) for s in shares if s.is_too_often]


def test_nothing_is_claimed_more_often_than_its_p_value_says():
    shares = count(SEQUENCES, seed=3)

    assert {(s.process, s.rule) for s in shares} == {(p, r) for p in PROCESSES for r in RULES}
    assert {s.bound for s in shares} == set(BOUNDS)
    assert too_often(shares) == []
    # It is no empty claim: something is found at nearly the rate that is allowed.
    assert max(s.hits / s.of / s.bound for s in shares) > 0.3


def test_stopping_to_declare_is_found(monkeypatch):
    """Whoever takes the better of two looks claims too much."""

    def better_of_two(goes_on):
        honest, found = original(goes_on), {}
        for (a, b, c, d), p in honest.items():
            second = null.discordance_p((Stratum(9, 9, c, d),)) or 1.0
            first = null.discordance_p((Stratum(3, 3, a, b),)) or 1.0
            found[a, b, c, d] = min(p, first, second)
        return found

    original = null._table
    monkeypatch.setattr(null, "_table", better_of_two)

    assert too_often(count(SEQUENCES, seed=3))


def test_an_order_that_is_not_drawn_is_found(monkeypatch):
    """The name first in each pair is no randomisation: every second connection follows it."""
    (firsts, seconds) = null._orders()
    pairs = sum(1 << slot for slot in range(0, null._SLOTS, 2))
    low = (1 << 6) - 1
    assert pairs & low in firsts
    assert pairs & ~low in seconds
    monkeypatch.setattr(null, "_orders", lambda: ((pairs & low,), (pairs & ~low,)))

    assert ("every second connection", "ever", 1e-4) in too_often(count(SEQUENCES, seed=3))


@pytest.mark.parametrize("process", PROCESSES)
def test_processes_fail_sometimes_and_not_always(process):
    attempts = PROCESSES[process](random.Random(1))
    drawn = [next(attempts) for _ in range(20_000)]

    assert 0.02 < sum(drawn) / len(drawn) < 0.8
