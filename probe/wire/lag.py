"""How late our own event loop was: times taken while it was busy are worth no more than that."""

from collections import deque

import trio

# Longer than any step: read_total_s and handshake_total_s are 60 s by default.
_REMEMBERED_S = 180.0


class LoopLag(trio.abc.Instrument):
    """Notes how long each pass of trio's loop took; a byte that came meanwhile waited that long.

    Costs two calls per pass, however many tasks run in it, and nothing per step.
    """

    def __init__(self) -> None:
        self._woke = trio.current_time()
        # Times ascend, lengths descend: what is shorter than a later pass can never be the worst.
        self._worst: deque[tuple[float, float]] = deque()

    def after_io_wait(self, timeout: float) -> None:
        """Note that tasks begin to run."""
        del timeout
        self._woke = trio.current_time()

    def before_io_wait(self, timeout: float) -> None:
        """Note how long they ran."""
        del timeout
        now = trio.current_time()
        busy_s = now - self._woke
        worst = self._worst
        while worst and worst[-1][1] <= busy_s:
            worst.pop()
        worst.append((now, busy_s))
        while now - worst[0][0] > _REMEMBERED_S:
            worst.popleft()

    def worst_since(self, moment: float) -> float:
        """Return the longest pass since a moment, the present one included."""
        present_s = trio.current_time() - self._woke
        past_s = next((busy_s for ended, busy_s in self._worst if ended >= moment), 0.0)
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
