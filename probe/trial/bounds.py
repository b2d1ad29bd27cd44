"""Exact bounds for counts: what a share may be at worst, given what was seen."""

import math
from collections.abc import Callable
from typing import Final

# What the project states its bounds at: one-sided, 95 of 100.
CONFIDENCE: Final = 0.95
# Halvings of the interval 0 to 1: to the last bit of a float.
_STEPS: Final = 60


def upper_bound(events: int, trials: int, *, confidence: float = CONFIDENCE) -> float:
    """Return the one-sided upper Clopper-Pearson bound of a share.

    The largest p under which seeing at most `events` in `trials` is still as likely as
    1 - confidence: 0 of 5,000 gives 0.0006. Without trials nothing is known: 1.
    """
    if trials <= 0 or events >= trials:
        return 1.0
    return _solve(lambda p: _at_most(events, trials, p) > 1 - confidence)


def lower_bound(events: int, trials: int, *, confidence: float = CONFIDENCE) -> float:
    """Return the one-sided lower bound: how small the share may be at worst."""
    if trials <= 0 or events <= 0:
        return 0.0
    return 1 - upper_bound(trials - events, trials, confidence=confidence)


def _solve(is_too_small: Callable[[float], bool]) -> float:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if is_too_small(middle):
            low = middle
        else:
            high = middle
    return high


def _at_most(events: int, trials: int, p: float) -> float:
    """Return the probability of at most `events` in `trials` at a share of p."""
    log_p, log_q = math.log(p), math.log1p(-p)
    whole = math.lgamma(trials + 1)
    return math.fsum(
        math.exp(
            whole
            - math.lgamma(k + 1)
            - math.lgamma(trials - k + 1)
            + k * log_p
            + (trials - k) * log_q
        )
        for k in range(events + 1)
    )
