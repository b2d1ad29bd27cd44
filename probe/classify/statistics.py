"""Exact tests over what was randomised, and nothing else. Pure arithmetic, no tables.

The p-value of every test here is conditional on what is fixed by the design (how many attempts of
each arm a block held), so its reference set is exactly the set of orders that the scheduler could
have drawn: `C(n + m, n)` equally likely ones for a block of n target and m control attempts.
Blocks, addresses, families and endpoints are strata: orders are drawn within a stratum only.

Stopping. The first block (3 + 3) can end an investigation but declares nothing: giving up early
only loses power, whatever decides on it. The second (9 + 9) ends it in any case. Nothing is
declared at an interim look, so the whole alpha is spent at the end and P(p <= x) <= x holds
unadjusted (`make null` counts it). A block that a budget cut short is tested with the attempts that
were made: why it was cut does not depend on their outcome.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median


@dataclass(frozen=True, slots=True)
class Stratum:
    """Attempts whose order was drawn together: `target` and `control` of them, so many failed."""

    target: int
    control: int
    target_failed: int
    control_failed: int


def discordance_p(strata: Sequence[Stratum]) -> float | None:
    """Return P(at least this many failures fall on the target arm | the margins), None if empty.

    One-sided. In each stratum the number of failing target attempts is hypergeometric under the
    null; over independent strata the sum's distribution is their convolution.
    """
    used = [s for s in strata if s.target > 0 and s.control > 0]
    if not used:
        return None
    distribution = [1.0]
    for stratum in used:
        distribution = _convolve(distribution, _hypergeometric(stratum))
    seen = sum(s.target_failed for s in used)
    return min(1.0, math.fsum(distribution[seen:]))


def fully_discordant(strata: Sequence[Stratum]) -> bool:
    """Whether every target attempt failed and every control attempt passed, with at least one."""
    used = [s for s in strata if s.target > 0 and s.control > 0]
    return bool(used) and all(s.target_failed == s.target and s.control_failed == 0 for s in used)


def often_discordant(strata: Sequence[Stratum]) -> bool:
    """Whether at least half of the target attempts failed, and not one control attempt."""
    used = [s for s in strata if s.target > 0 and s.control > 0]
    failed = sum(s.target_failed for s in used)
    no_control = not any(s.control_failed for s in used)
    return failed > 0 and no_control and 2 * failed >= sum(s.target for s in used)


def sooner_than_all_p(sooner: int, of: int, samples: int) -> float:
    """Return a bound of P(so many of so many times are below all samples | all drawn alike).

    By exchangeability a given set of `sooner` times lies below `samples` others in one order of
    C(samples + sooner, sooner); the sets of that size are summed.
    """
    if not sooner or not samples:
        return 1.0
    return min(1.0, math.comb(of, sooner) / math.comb(samples + sooner, sooner))


def _hypergeometric(stratum: Stratum) -> list[float]:
    """Return [P(0 failures on the target arm), P(1), ...] given the stratum's margins."""
    total = stratum.target + stratum.control
    failed = stratum.target_failed + stratum.control_failed
    orders = math.comb(total, stratum.target)
    return [
        math.comb(failed, hits) * math.comb(total - failed, stratum.target - hits) / orders
        for hits in range(stratum.target + 1)
    ]


def _convolve(left: Sequence[float], right: Sequence[float]) -> list[float]:
    out = [0.0] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            out[i + j] += a * b
    return out


def rank_sum_p(slow: Sequence[float], fast: Sequence[float]) -> float | None:
    """Return the exact one-sided Mann-Whitney p that `slow` is smaller than `fast`.

    Ties count half against us: with them the statistic's worst case is taken.
    """
    n, m = len(slow), len(fast)
    if n == 0 or m == 0:
        return None
    wins = sum(1 for s in slow for f in fast if s >= f)
    counts = _win_counts(n, m)
    return min(1.0, sum(counts[: wins + 1]) / math.comb(n + m, n))


def _win_counts(n: int, m: int) -> list[int]:
    """Return how many orders give 0, 1, ... n*m wins (Mann and Whitney's recurrence)."""
    table = [[[1] for _ in range(m + 1)] for _ in range(n + 1)]
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            one, other = table[i - 1][j], table[i][j - 1]
            out = [0] * (i * j + 1)
            for wins, count in enumerate(one):
                out[wins + j] += count
            for wins, count in enumerate(other):
                out[wins] += count
            table[i][j] = out
    return table[n][m]


def ratio_interval(
    slow: Sequence[float], fast: Sequence[float], *, confidence: float = 0.99
) -> tuple[float, float] | None:
    """Return a confidence interval of the ratio of medians slow/fast by pairwise ratios.

    The interval of Hodges and Lehmann: the order statistics of all pairwise ratios whose ranks the
    exact rank-sum distribution gives; no shape of the distributions is assumed.
    """
    n, m = len(slow), len(fast)
    if n == 0 or m == 0 or min(fast) <= 0:
        return None
    ratios = sorted(s / f for s in slow for f in fast)
    counts, total = _win_counts(n, m), math.comb(n + m, n)
    tail, cut = 0, 0
    for wins, count in enumerate(counts):
        tail += count
        if tail / total > (1 - confidence) / 2:
            cut = wins
            break
    return ratios[cut], ratios[len(ratios) - 1 - cut]


def spread(values: Sequence[float]) -> float | None:
    """Return (max - min) / median, None below two values."""
    if len(values) < 2:
        return None
    middle = median(values)
    return (max(values) - min(values)) / middle if middle > 0 else None


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p-values, in the order given."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, running = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, p_values[index] * (len(p_values) - rank)))
        adjusted[index] = running
    return adjusted


def listed_rank_sum_p(slow: Sequence[float], fast: Sequence[float]) -> float:
    """Return `rank_sum_p` by listing all orders: the definition, for tests of the recurrence."""
    values = [*slow, *fast]
    wins = sum(1 for s in slow for f in fast if s >= f)
    hits = orders = 0
    for chosen in combinations(range(len(values)), len(slow)):
        one = [values[i] for i in chosen]
        other = [values[i] for i in range(len(values)) if i not in chosen]
        orders += 1
        hits += sum(1 for s in one for f in other if s >= f) <= wins
    return hits / orders
