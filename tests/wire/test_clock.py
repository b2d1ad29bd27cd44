from datetime import UTC, datetime, timedelta, timezone

import pytest
import trio

from probe.wire.clock import Clock

ANCHOR = datetime(2022, 3, 14, tzinfo=UTC)


async def test_the_clock_goes_with_trios(autojump_clock):
    clock = Clock.start(ANCHOR)

    await trio.sleep(90)

    assert clock.now() == ANCHOR + timedelta(seconds=90)
    assert clock.at(clock.trio_anchor) == ANCHOR


async def test_any_time_zone_becomes_utc(autojump_clock):
    moscow = ANCHOR.astimezone(timezone(timedelta(hours=3)))

    assert Clock.start(moscow).now().utcoffset() == timedelta(0)


async def test_a_time_without_a_zone_is_refused(autojump_clock):
    with pytest.raises(ValueError, match="aware"):
        Clock.start(ANCHOR.replace(tzinfo=None))
