"""One run after the other, for as long as one is let: when the next begins, and what ends it."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import trio

from probe.errors import UsageError

# A line that is down is tried again sooner than a whole pause later, but ever less often.
OFFLINE_WAIT_S = 600.0
# Without a lower bound a typo would make the watch a flood: nobody's pause is shorter than this.
SHORTEST_S = 60.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How runs follow each other, in seconds."""

    interval_s: float
    """From the end of one run to the beginning of the next, before the jitter."""
    jitter: float = 0.1
    """Waits are drawn between one interval and (1 + jitter) of it: a fixed hour is a fingerprint,
    and thousands of probes must not begin at once."""
    offline_wait_s: float = OFFLINE_WAIT_S

    def __post_init__(self) -> None:
        if self.interval_s < SHORTEST_S:
            raise UsageError(f"an interval is at least {SHORTEST_S:.0f} s, not {self.interval_s} s")

    def wait_s(self, misses: int, rng: random.Random) -> float:
        """Return how long to wait after this many runs in a row that could not measure."""
        wait_s = self.interval_s
        if misses:
            wait_s = min(wait_s, self.offline_wait_s * 2.0 ** min(misses - 1, 16))
        return wait_s * (1.0 + self.jitter * rng.random())


@dataclass(frozen=True, slots=True)
class Turn:
    """How one turn of a watch ended."""

    status: str
    """A run's status, `nothing_due`, or `store`: what was measured could not be kept."""
    wait_s: float | None = None
    """What the turn knows better than the rhythm: until the earliest pause is over."""
    is_last: bool = False

    @property
    def is_miss(self) -> bool:
        """Whether nothing could be measured for want of a line, or kept for want of a disk."""
        return self.status in {"offline", "store"}


async def watch(
    turn: Callable[[], Awaitable[Turn]],
    rhythm: Rhythm,
    *,
    rng: random.Random,
    on_wait: Callable[[Turn, float], None] = lambda _turn, _wait_s: None,
) -> Turn:
    """Take turns until one is the last or was interrupted, and return it.

    Cancelling ends a wait at once. `on_wait` is told how a turn ended and how long the wait is.
    """
    misses = 0
    while True:
        taken = await turn()
        if taken.is_last or taken.status == "interrupted":
            return taken
        misses = misses + 1 if taken.is_miss else 0
        wait_s = rhythm.wait_s(misses, rng)
        if taken.wait_s is not None and not misses:
            sooner_s = max(SHORTEST_S, taken.wait_s) * (1.0 + rhythm.jitter * rng.random())
            wait_s = min(wait_s, sooner_s)
        on_wait(taken, wait_s)
        await trio.sleep(wait_s)
