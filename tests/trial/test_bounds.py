import pytest

from probe.trial.bounds import lower_bound, upper_bound


@pytest.mark.parametrize(
    ("events", "trials", "expected"),
    [
        # No event: 1 - 0.05 ** (1 / n), the "rule of three".
        pytest.param(0, 10, 0.258866, id="none of ten"),
        pytest.param(0, 5000, 0.000598968, id="none of five thousand"),
        # R: binom.test(1, 30, alternative = "less")$conf.int, and (5, 100).
        pytest.param(1, 30, 0.1485958, id="one of thirty"),
        pytest.param(5, 100, 0.1022533, id="five of a hundred"),
    ],
)
def test_the_upper_bound_is_clopper_and_pearson_s(events, trials, expected):
    assert upper_bound(events, trials) == pytest.approx(expected, rel=1e-4)


def test_nothing_is_known_without_trials():
    assert upper_bound(0, 0) == 1.0
    assert lower_bound(0, 0) == 0.0


def test_an_event_every_time_bounds_nothing_from_above():
    assert upper_bound(7, 7) == 1.0


def test_the_lower_bound_mirrors_the_upper_one():
    assert lower_bound(30, 30) == pytest.approx(0.05 ** (1 / 30))
    assert lower_bound(29, 30) == pytest.approx(1 - upper_bound(1, 30))


def test_a_coverage_of_95_in_100_is_kept_by_counting():
    """Under a true share of 2 %, at most one campaign in twenty may state less than 2 %."""
    p, trials = 0.02, 150
    import math

    too_low = sum(
        math.comb(trials, k) * p**k * (1 - p) ** (trials - k)
        for k in range(trials + 1)
        if upper_bound(k, trials) < p
    )

    assert too_low <= 0.05


def test_many_events_are_no_trouble():
    assert upper_bound(9_000, 30_000) == pytest.approx(0.3044, abs=2e-4)
