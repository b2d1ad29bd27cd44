"""Keeps our own clock honest: holds back new work while this process uses too much CPU."""

import time
from typing import Protocol

import trio

# Measured on two cores: above about 60 % of one core a TLS step of 53 ms is read as 90 ms and more
# (decisions/0009).
CPU_SHARE_MAX = 0.6
WINDOW_S = 0.1


class Governor(Protocol):
    """Lets workers start."""

    async def start(self) -> None:
        """Return when one more start would keep the timings honest."""


class FreeGovernor:
    """Never holds back: a virtual clock and CPU time have nothing in common."""

    async def start(self) -> None:
        """Return at once."""


class CpuGovernor:
    """Spaces starts to a rate, and pauses them while the last window used too much CPU."""

    def __init__(self, starts_per_second: float) -> None:
        self._gap_s = 1.0 / starts_per_second
        self._next = 0.0
        self._window_start: float | None = None
        self._cpu_start = 0.0
        self._share = 0.0

    async def start(self) -> None:
        """Return when one more start would keep the timings honest."""
        now = trio.current_time()
        turn = max(now, self._next)
        self._next = turn + self._gap_s
        if turn > now:
            await trio.sleep_until(turn)
        # The share is polled: nobody could set an event when our own CPU use falls.
        while self._share_now() > CPU_SHARE_MAX:  # noqa: ASYNC110
            await trio.sleep(WINDOW_S)

    def _share_now(self) -> float:
        now, cpu = trio.current_time(), time.process_time()
        if self._window_start is None:
            self._window_start, self._cpu_start = now, cpu
        elif now - self._window_start >= WINDOW_S:
            self._share = (cpu - self._cpu_start) / (now - self._window_start)
            self._window_start, self._cpu_start = now, cpu
        return self._share
