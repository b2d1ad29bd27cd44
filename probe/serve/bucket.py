"""A token bucket: how often something may be done, with a burst; trio's clock."""

import trio


class Bucket:
    """Holds up to `burst` tokens and gains `per_minute` of them a minute."""

    __slots__ = ("_burst", "_filled_at", "_per_second", "_tokens")

    def __init__(self, *, per_minute: float, burst: float) -> None:
        self._per_second = per_minute / 60.0
        self._burst = burst
        self._tokens = burst
        self._filled_at: float | None = None

    def take(self, tokens: float = 1.0) -> float | None:
        """Take tokens and return None; or take none and return after how many seconds to try."""
        now = trio.current_time()
        if self._filled_at is not None:
            gained = (now - self._filled_at) * self._per_second
            self._tokens = min(self._burst, self._tokens + gained)
        self._filled_at = now
        if self._tokens >= tokens:
            self._tokens -= tokens
            return None
        return (tokens - self._tokens) / self._per_second
