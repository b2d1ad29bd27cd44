"""How late our own event loop was: times taken while it was busy are worth no more than that."""

from collections import deque
from collections.abc import Callable

import trio

# Longer than any step: read_total_s and handshake_total_s are 60 s by default.
_REMEMBERED_S = 180.0


class LoopLag(trio.abc.Instrument):
    """Notes how long each pass of trio's loop took; a byte that came meanwhile waited that long.

    Also how much later than it had asked for the loop was woken: on a busy machine others run
    first. Costs two calls per pass, however many tasks run in it, and nothing per step.
    """

    def __init__(self, now: Callable[[], float] = trio.current_time) -> None:
        self._now = now
        self._woke = self._slept = now()
        # Times ascend, lengths descend: what is shorter than a later pass can never be the worst.
        self._worst: deque[tuple[float, float]] = deque()

    def after_io_wait(self, timeout: float) -> None:
        """Note that tasks begin to run, and how late."""
        self._woke = self._now()
        late_s = self._woke - self._slept - timeout
        if late_s > 0:
            self._note(self._woke, late_s)

    def before_io_wait(self, timeout: float) -> None:
        """Note how long they ran."""
        del timeout
        self._slept = self._now()
        self._note(self._slept, self._slept - self._woke)

    def _note(self, now: float, lost_s: float) -> None:
        worst = self._worst
        while worst and worst[-1][1] <= lost_s:
            worst.pop()
        worst.append((now, lost_s))
        while now - worst[0][0] > _REMEMBERED_S:
            worst.popleft()

    def worst_since(self, moment: float) -> float:
        """Return the longest that the loop did not look since a moment, the present included."""
        present_s = self._now() - self._woke
        past_s = next((lost_s for ended, lost_s in self._worst if ended >= moment), 0.0)
        return round(max(present_s, past_s), 6)


_watch: trio.lowlevel.RunVar[LoopLag] = trio.lowlevel.RunVar("probe.wire.lag")


def watch() -> LoopLag:
    """Return this trio run's watch; started at the first call."""
    try:
        return _watch.get()
    except LookupError:
        # A mock clock stands still while tasks run, and jumps within a pass: nothing to note.
        is_mock = hasattr(trio.lowlevel.current_clock(), "autojump_threshold")
        started = _NoLag() if is_mock else LoopLag()
        if not is_mock:
            trio.lowlevel.add_instrument(started)
        _watch.set(started)
        return started


class _NoLag(LoopLag):
    """The lab's: never late."""

    def worst_since(self, moment: float) -> float:
        """Return 0."""
        del moment
        return 0.0
