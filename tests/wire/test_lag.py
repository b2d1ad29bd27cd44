import time

import trio
import trio.lowlevel

from probe.wire import lag


async def test_a_blocked_loop_is_noticed_afterwards():
    watch = lag.watch()
    before = trio.current_time()
    await trio.lowlevel.checkpoint()
    until = time.perf_counter() + 0.03
    while time.perf_counter() < until:
        pass
    await trio.sleep(0.001)
    after = trio.current_time()
    await trio.sleep(0.001)

    assert 0.03 <= watch.worst_since(before) < 1
    assert watch.worst_since(after) < 0.03


async def test_there_is_one_watch_per_run():
    assert lag.watch() is lag.watch()


async def test_the_labs_clock_is_never_late(autojump_clock):
    watch = lag.watch()
    await trio.sleep(100)

    assert watch.worst_since(0) == 0
