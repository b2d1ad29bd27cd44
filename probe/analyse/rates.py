"""How often something is blocked: a share with its interval, its n and its number of networks."""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from probe.analyse.series import Network, Reading, SeriesKey
from probe.model.words import State

K = TypeVar("K", bound=Hashable)
# The 97.5 % quantile of the normal distribution: a 95 % interval.
Z_95: Final = 1.959963984540054
BLOCKED: Final = frozenset({State.BLOCKED})


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of readings. Without readings there is no share: it is never 0."""

    hits: int
    n: int
    networks_hit: int
    networks: int
    """Networks with a reading; readings of one network are not independent of each other."""

    @property
    def share(self) -> float | None:
        """Return hits of n; None when nothing was read."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return the Wilson interval of the share (95 %)."""
        return wilson(self.hits, self.n)

    @property
    def networks_interval(self) -> tuple[float, float] | None:
        """Return the Wilson interval of the share of networks with a hit (95 %)."""
        return wilson(self.networks_hit, self.networks)


def wilson(hits: int, n: int, *, z: float = Z_95) -> tuple[float, float] | None:
    """Return Wilson's score interval for a share; None for n = 0."""
    if n == 0:
        return None
    share = hits / n
    denominator = 1 + z * z / n
    middle = (share + z * z / (2 * n)) / denominator
    half = z / denominator * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At the ends the interval touches 0 and 1 exactly; floating point does not.
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == n else min(1.0, middle + half)
    return low, high


def rates(
    found: Mapping[SeriesKey, Sequence[Reading]],
    *,
    by: Callable[[SeriesKey, Reading], K],
    states: frozenset[State] = BLOCKED,
) -> Mapping[K, Rate]:
    """Count readings in these states, grouped by whatever `by` returns.

    by=lambda key, _: key.service       {"instagram": Rate(hits=3, n=9, ...)}
    """
    counts: dict[K, list[int]] = {}
    networks: dict[K, dict[Network, bool]] = {}
    for key, readings in found.items():
        for reading in readings:
            group = by(key, reading)
            hit = reading.label.state in states
            count = counts.setdefault(group, [0, 0])
            count[0] += hit
            count[1] += 1
            seen = networks.setdefault(group, {})
            seen[key.network] = seen.get(key.network, False) or hit
    return {
        group: Rate(
            hits=hits,
            n=n,
            networks_hit=sum(networks[group].values()),
            networks=len(networks[group]),
        )
        for group, (hits, n) in counts.items()
    }
