"""How long a read may take: patience that every byte renews, within a total."""

from types import TracebackType
from typing import Self

import trio


class Patience:
    """A cancel scope that gives up after `first_s` without a byte, then `idle_s` between bytes.

    A policed connection that brings one byte a second is slow, not silent: whoever counts from the
    start takes throttling for a drop.
    """

    __slots__ = ("_end", "_first_s", "_heard", "_idle_s", "_scope", "_total_s")

    def __init__(self, *, first_s: float, idle_s: float, total_s: float) -> None:
        now = trio.current_time()
        self._first_s = first_s
        self._idle_s = idle_s
        self._total_s = total_s
        self._end = now + total_s
        self._heard = False
        self._scope = trio.CancelScope(deadline=min(now + first_s, self._end))

    def __enter__(self) -> Self:
        self._scope.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        return self._scope.__exit__(kind, error, traceback)

    def heard(self, now: float) -> None:
        """Renew: a byte came."""
        self._heard = True
        self._scope.deadline = min(now + self._idle_s, self._end)

    def sent(self, now: float) -> None:
        """Start waiting for the first byte: the request has left."""
        if not self._heard:
            self._scope.deadline = min(now + self._first_s, self._end)

    @property
    def expired(self) -> str | None:
        """Say what ran out, `idle 20 s` or `total 60 s`; None while there is patience left."""
        if not self._scope.cancelled_caught:
            return None
        if self._scope.deadline >= self._end:
            return f"total {self._total_s:g} s"
        return f"idle {self._idle_s if self._heard else self._first_s:g} s"


class Progress:
    """(seconds, bytes) of a transfer, thinned so that at most 64 points remain."""

    # observation.py promises at most 64; techniques: the first reads matter for policers, and
    # halving keeps the earliest spacing fine for as long as it can.
    LIMIT = 64

    __slots__ = ("_count", "_last", "_points", "_start", "_stride")

    def __init__(self, start: float) -> None:
        self._start = start
        self._points: list[tuple[float, int]] = []
        self._stride = 1
        self._count = 0
        self._last: tuple[float, int] | None = None

    def mark(self, now: float, size_bytes: int) -> None:
        """Note that so many bytes had come by now."""
        self._last = (round(now - self._start, 6), size_bytes)
        self._count += 1
        if self._count % self._stride == 0:
            self._points.append(self._last)
            if len(self._points) >= self.LIMIT:
                self._points = self._points[1::2]
                self._stride *= 2

    @property
    def points(self) -> tuple[tuple[float, int], ...]:
        """All points, the last one always among them."""
        if self._last is None or (self._points and self._points[-1] == self._last):
            return tuple(self._points)
        return (*self._points, self._last)
