import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from probe.wire.patience import Patience, Progress


async def wait(patience, *gaps):
    with patience:
        for gap in gaps:
            await trio.sleep(gap)
            patience.heard(trio.current_time())
        await trio.sleep_forever()
    return patience.expired


async def test_nothing_heard_costs_the_first_patience(autojump_clock):
    assert await wait(Patience(first_s=10, idle_s=20, total_s=60)) == "idle 10 s"
    assert trio.current_time() == pytest.approx(10)


async def test_a_byte_renews_the_patience(autojump_clock):
    assert await wait(Patience(first_s=10, idle_s=20, total_s=60), 9, 19) == "idle 20 s"
    assert trio.current_time() == pytest.approx(48)


async def test_the_total_ends_even_a_steady_drip(autojump_clock):
    expired = await wait(Patience(first_s=10, idle_s=20, total_s=60), *[1] * 100)

    assert expired == "total 60 s"
    assert trio.current_time() == pytest.approx(60)


async def test_sending_late_starts_the_wait_late(autojump_clock):
    patience = Patience(first_s=10, idle_s=20, total_s=60)
    with patience:
        await trio.sleep(5)
        patience.sent(trio.current_time())
        await trio.sleep_forever()

    assert trio.current_time() == pytest.approx(15)


async def test_what_ended_in_time_is_not_expired(autojump_clock):
    patience = Patience(first_s=10, idle_s=20, total_s=60)
    with patience:
        await trio.sleep(1)

    assert patience.expired is None


@given(st.lists(st.integers(1, 10_000), max_size=400))
def test_progress_keeps_at_most_64_points_and_the_last(sizes):
    progress = Progress(0.0)
    total = 0
    for number, size in enumerate(sizes):
        total += size
        progress.mark(float(number), total)

    points = progress.points
    assert len(points) <= 64
    assert list(points) == sorted(points)
    assert (points[-1] if points else None) == ((len(sizes) - 1.0, total) if sizes else None)
