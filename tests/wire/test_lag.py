"""How late our own loop is; told by a clock of the tests' own."""

import math

import trio
import trio.lowlevel

from probe.wire import lag


class Loop:
    """A loop that runs and waits for as long as it is told."""

    def __init__(self):
        self.now = 100.0
        self.watch = lag.LoopLag(lambda: self.now)

    def runs(self, seconds):
        self.now += seconds
        self.watch.before_io_wait(0)

    def waits(self, seconds, timeout=math.inf):
        self.now += seconds
        self.watch.after_io_wait(timeout)


def test_a_pass_that_took_long_is_noticed_afterwards():
    loop = Loop()
    before = loop.now
    loop.runs(0.03)
    loop.waits(5.0)
    after = loop.now
    loop.runs(0.001)

    assert loop.watch.worst_since(before) == 0.03
    assert loop.watch.worst_since(after) == 0.001


def test_waking_late_is_noticed_and_waiting_for_bytes_is_not():
    loop = Loop()
    loop.runs(0.001)
    loop.waits(0.25, timeout=0.2)
    loop.runs(0.001)

    assert loop.watch.worst_since(100.0) == 0.05


def test_the_pass_under_way_counts():
    loop = Loop()
    loop.waits(1.0)
    loop.now += 0.4

    assert loop.watch.worst_since(loop.now) == 0.4


def test_what_is_long_past_is_forgotten():
    loop = Loop()
    loop.runs(3.0)
    loop.waits(1000.0)
    loop.runs(0.5)

    assert loop.watch.worst_since(0.0) == 0.5


async def test_a_run_of_trios_is_watched():
    watch = lag.watch()
    before = trio.current_time()
    await trio.lowlevel.checkpoint()

    assert watch.worst_since(before) > 0


async def test_there_is_one_watch_per_run():
    assert lag.watch() is lag.watch()


async def test_the_labs_clock_is_never_late(autojump_clock):
    watch = lag.watch()
    await trio.sleep(100)

    assert watch.worst_since(0) == 0
