"""One task that lets things happen at their time, in an order that does not vary."""

import heapq
from collections.abc import Callable
from itertools import count

import trio


class Timeline:
    """A heap of callbacks. Two for the same moment are called in the order they were asked for."""

    def __init__(self) -> None:
        self._start = trio.current_time()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self._scope = trio.CancelScope()
        self._is_running = False

    def now(self) -> float:
        """Return the seconds since the timeline was made."""
        return trio.current_time() - self._start

    def call_at(self, at_s: float, callback: Callable[[], None]) -> None:
        """Call back at a time; a time in the past means as soon as what runs now is done."""
        heap = self._heap
        heapq.heappush(heap, (at_s, next(self._number), callback))
        if not self._is_running and heap[0][0] == at_s:
            self._scope.deadline = self._start + at_s

    async def run(self) -> None:
        """Call what is due, for ever."""
        heap = self._heap
        while True:
            deadline = self._start + heap[0][0] if heap else float("inf")
            with trio.CancelScope(deadline=deadline) as self._scope:
                await trio.sleep_forever()
            self._is_running = True
            now = self.now()
            # The clock jumps to a sum of floats, which may miss the time asked for by a hair.
            while heap and heap[0][0] <= now + 1e-9:
                heapq.heappop(heap)[2]()
            self._is_running = False
