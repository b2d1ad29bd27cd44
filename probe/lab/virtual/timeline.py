"""What happens at its time, in an order that does not vary; and a clock that jumps to it."""

import heapq
import math
from collections.abc import Callable
from itertools import count
from typing import Final

import trio

# A clock may reach a moment as a sum of floats, which misses it by a hair.
_HAIR_S: Final = 1e-9
# No real clock wakes anybody at the very moment asked for. aioquic (1.7) loses a packet once
# `sent <= now - delay`, and sets its timer for `sent + delay`: woken exactly then, and rounded
# down, it would set the same timer for ever.
_LATE_S: Final = 1e-9


class Timeline:
    """A heap of callbacks. Two for the same moment are called in the order they were asked for.

    `run` is the task that calls them. On a lab's own clock the clock calls them, and the task
    only waits for what goes wrong.
    """

    def __init__(self) -> None:
        self._start = trio.current_time()
        self._clock = trio.lowlevel.current_clock()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self._scope = trio.CancelScope()
        self._is_running = False

    def now(self) -> float:
        """Return the seconds since the timeline was made."""
        # trio.current_time() finds the clock anew each time, and this is asked for every packet.
        return self._clock.current_time() - self._start

    @property
    def next_at(self) -> float:
        """Return when the next callback is due, on trio's clock; infinity if none is."""
        return self._start + self._heap[0][0] if self._heap else math.inf

    def call_at(self, at_s: float, callback: Callable[[], None]) -> None:
        """Call back at a time; a time in the past means as soon as what runs now is done."""
        heap = self._heap
        heapq.heappush(heap, (at_s, next(self._number), callback))
        if not self._is_running and heap[0][0] == at_s:
            self._scope.deadline = self._start + at_s

    def call_due(self) -> None:
        """Call what is due."""
        heap = self._heap
        now = self.now() + _HAIR_S
        self._is_running = True
        try:
            while heap and heap[0][0] <= now:
                heapq.heappop(heap)[2]()
        finally:
            self._is_running = False

    async def run(self) -> None:
        """Call what is due, for ever."""
        clock = trio.lowlevel.current_clock()
        if isinstance(clock, LabClock):
            await clock.drive(self)
        while True:
            with trio.CancelScope(deadline=self.next_at) as self._scope:
                await trio.sleep_forever()
            self.call_due()


class LabClock(trio.abc.Clock):
    """Jumps over every wait, and calls what a lab's timeline has for the moments on the way.

    Most of what happens in a lab is a packet reaching the next router, of which no task knows.
    A task that woke for each would cost ten times what the packet does.
    """

    autojump_threshold: Final = 0.0
    """As trio's MockClock has it: by this attribute the probe knows a clock that is not real."""

    def __init__(self) -> None:
        self._now = 0.0
        self._timeline: Timeline | None = None
        self._error: BaseException | None = None
        self._failed = trio.Event()

    def start_clock(self) -> None:
        """Do nothing: this clock stands still until everybody waits."""

    def current_time(self) -> float:
        """Return the seconds since the clock was made."""
        return self._now

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Go to the next moment at which something happens; trio asks when no task can run."""
        timeline = self._timeline
        if timeline is not None and (at := timeline.next_at) <= deadline and at < math.inf:
            self._now = max(self._now, at)
            try:
                timeline.call_due()
            except BaseException as error:  # noqa: BLE001  (raised anew where a task can)
                self._error = error
                self._failed.set()
            return 0.0
        if deadline < math.inf:
            self._now = max(self._now, deadline + _LATE_S)
            return 0.0
        return math.inf

    async def drive(self, timeline: Timeline) -> None:
        """Call what the timeline has, for ever; raise what a callback raised."""
        assert self._timeline is None, "one lab at a time"
        self._timeline = timeline
        try:
            await self._failed.wait()
        finally:
            self._timeline = None
        assert self._error is not None
        raise self._error
