import pytest
import trio

from probe.serve.bucket import Bucket


async def test_a_burst_is_free_and_then_the_rate_counts(autojump_clock):
    bucket = Bucket(per_minute=60, burst=3)

    assert [bucket.take() for _ in range(3)] == [None] * 3
    assert bucket.take() == pytest.approx(1.0)
    await trio.sleep(1.0)
    assert bucket.take() is None


async def test_rest_fills_it_no_further_than_the_burst(autojump_clock):
    bucket = Bucket(per_minute=60, burst=2)

    await trio.sleep(3600)

    assert [bucket.take() is None for _ in range(3)] == [True, True, False]


async def test_a_refusal_costs_nothing(autojump_clock):
    bucket = Bucket(per_minute=60, burst=1)
    bucket.take()

    for _ in range(100):
        bucket.take()
    await trio.sleep(1.0)

    assert bucket.take() is None
