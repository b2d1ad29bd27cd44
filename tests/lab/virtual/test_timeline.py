"""The lab's clock: what it calls, in which order, and what becomes of a callback's error."""

import pytest
import trio

from probe.lab.virtual import run_virtual
from probe.lab.virtual.timeline import Timeline
from probe.wire.lag import watch


def test_what_is_due_comes_before_the_tasks_that_wake_at_that_moment() -> None:
    """A packet that arrives as a timeout ends was in time, whatever the scheduler draws."""
    seen: list[str] = []

    async def waits() -> None:
        await trio.sleep(1)
        seen.append("task")

    async def inside() -> None:
        async with trio.open_nursery() as nursery:
            timeline = Timeline()
            nursery.start_soon(timeline.run)
            await trio.lowlevel.checkpoint()
            nursery.start_soon(waits)
            timeline.call_at(1, lambda: seen.append("second"))
            timeline.call_at(0.5, lambda: timeline.call_at(1, lambda: seen.append("third")))
            timeline.call_at(0.5, lambda: seen.append("first"))
            await trio.sleep(2)
            nursery.cancel_scope.cancel()

    run_virtual(inside)

    assert seen == ["first", "second", "third", "task"]


def test_a_callback_sees_the_moment_it_was_for() -> None:
    """Round trips are read off this clock."""
    at: list[float] = []

    async def inside() -> None:
        async with trio.open_nursery() as nursery:
            await trio.sleep(0.3)
            timeline = Timeline()
            nursery.start_soon(timeline.run)
            timeline.call_at(0.7, lambda: at.append(timeline.now()))
            await trio.sleep(5)
            nursery.cancel_scope.cancel()

    run_virtual(inside)

    assert at == [pytest.approx(0.7, abs=1e-8)]


def test_a_callbacks_error_is_raised_in_the_lab() -> None:
    """A broken box ends the play with its own words, not with an error of trio's."""

    def breaks() -> None:
        raise ValueError("the box is broken")

    async def inside() -> None:
        async with trio.open_nursery() as nursery:
            timeline = Timeline()
            nursery.start_soon(timeline.run)
            timeline.call_at(1, breaks)
            await trio.sleep(10)

    with pytest.RaisesGroup(pytest.RaisesExc(ValueError, match="the box is broken")):
        run_virtual(inside)


def test_a_timer_wakes_after_its_moment() -> None:
    """A library that asks for a moment and compares sums of floats must not find itself early."""

    async def inside() -> float:
        await trio.sleep_until(0.1 + 0.2)
        return trio.current_time()

    assert run_virtual(inside) > 0.1 + 0.2


def test_the_probes_loop_is_never_late_in_the_lab() -> None:
    """A jump of the clock is no pass that took long: times in the lab are as good as any."""

    async def inside() -> float:
        lag = watch()
        began = trio.current_time()
        await trio.sleep(3)
        return lag.worst_since(began)

    assert run_virtual(inside) == 0
