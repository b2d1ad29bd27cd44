"""Exact tests are what they say: their p-values are never too small."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.classify.statistics import (
    Stratum,
    discordance_p,
    fully_discordant,
    holm,
    listed_rank_sum_p,
    rank_sum_p,
    ratio_interval,
    spread,
)


@pytest.mark.parametrize(
    ("strata", "expected"),
    [
        pytest.param([Stratum(3, 3, 3, 0)], 1 / 20, id="3 + 3"),
        pytest.param([Stratum(8, 8, 8, 0)], 1 / math.comb(16, 8), id="8 + 8 unrestricted"),
        pytest.param([Stratum(4, 4, 4, 0)] * 2, 1 / math.comb(8, 4) ** 2, id="blocks of 4 + 4"),
        pytest.param([Stratum(2, 2, 2, 0)] * 4, 1 / math.comb(4, 2) ** 4, id="blocks of 2 + 2"),
        pytest.param([Stratum(1, 1, 1, 0)] * 8, 1 / 2**8, id="pairs"),
        pytest.param(
            [Stratum(3, 3, 3, 0), Stratum(9, 9, 9, 0)],
            1 / (math.comb(6, 3) * math.comb(18, 9)),
            id="the two blocks of standard",
        ),
        pytest.param([Stratum(10, 10, 9, 0)], 6.0e-5, id="10 + 10 with one that passed"),
        pytest.param([Stratum(3, 3, 0, 3)], 1.0, id="only controls fail"),
        pytest.param([Stratum(3, 0, 3, 0)], None, id="no control"),
    ],
)
def test_discordance_is_the_techniques_table(strata, expected) -> None:
    """Techniques 4.2 and 0.1 give these numbers."""
    p = discordance_p(strata)

    assert p == (None if expected is None else pytest.approx(expected, rel=0.02))


def test_full_discordance_needs_every_attempt() -> None:
    assert fully_discordant([Stratum(3, 3, 3, 0), Stratum(2, 2, 2, 0)])
    assert not fully_discordant([Stratum(3, 3, 3, 0), Stratum(2, 2, 1, 0)])
    assert not fully_discordant([])


def test_p_value_is_uniform_or_larger_under_the_null() -> None:
    """Bursty faults, orders drawn by lot: P(p <= x) <= x, with the screening and the stopping."""
    draw = random.Random(20261120)
    trials, hits = 20_000, {0.05: 0, 0.01: 0, 0.001: 0}
    for _ in range(trials):
        p = _procedure(draw)
        for x in hits:
            hits[x] += p is not None and p <= x + 1e-12

    for x, count in hits.items():
        margin = 4 * math.sqrt(x * (1 - x) * trials)
        assert count <= x * trials + margin, (x, count)


def _procedure(draw: random.Random) -> float | None:
    """Two blocks as `standard` plays them, on a path that is up and down in bursts."""
    down = draw.random() < 0.5

    def attempt() -> bool:
        nonlocal down
        if draw.random() < 0.3:
            down = not down
        return down

    strata = []
    for size in (3, 9):
        arms = [True] * size + [False] * size
        draw.shuffle(arms)
        failed = [(arm, attempt()) for arm in arms]
        strata.append(
            Stratum(
                size,
                size,
                sum(f for arm, f in failed if arm),
                sum(f for arm, f in failed if not arm),
            )
        )
        if not fully_discordant(strata):
            # Giving up early declares nothing: the p-value of what was seen stands.
            break
    return discordance_p(strata)


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=5),
    st.lists(st.integers(0, 50), min_size=1, max_size=5),
)
def test_rank_sum_counts_what_listing_lists(slow, fast) -> None:
    """The recurrence is exact without ties; with ties it errs on the safe side."""
    listed = listed_rank_sum_p(slow, fast)
    counted = rank_sum_p(slow, fast)

    if len({*slow, *fast}) == len(slow) + len(fast):
        assert counted == pytest.approx(listed)
    else:
        assert counted is not None


def test_rank_sum_of_separate_groups_is_the_extreme() -> None:
    assert rank_sum_p([1, 2, 3], [4, 5, 6]) == pytest.approx(1 / 20)
    assert rank_sum_p([], [1.0]) is None


def test_ratio_interval_holds_the_ratio() -> None:
    slow = [100.0 + i for i in range(8)]
    fast = [1000.0 + 10 * i for i in range(8)]

    low, high = ratio_interval(slow, fast)

    assert low <= 0.1 <= high < 0.2


def test_holm_never_lowers_a_p_value() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_spread_is_relative_to_the_middle() -> None:
    assert spread([90.0, 100.0, 110.0]) == pytest.approx(0.2)
    assert spread([1.0]) is None
