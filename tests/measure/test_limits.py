"""The one door to measured addresses: what it refuses, and how politely it opens."""

from datetime import UTC, datetime

import pytest
import trio

from probe.errors import ForbiddenAddressError
from probe.lab.box import Where
from probe.lab.boxes.ip import Blackhole
from probe.measure import NoLimiter, Tools
from probe.measure.flow import open_flow
from probe.measure.recorder import Recorder
from probe.model.experiment import Hello, Kind
from probe.wire.clock import Clock
from tests.measure.conftest import V4, V4_TOO, V6
from tests.measure.test_perform import experiment

ANCHOR = datetime(2026, 11, 20, tzinfo=UTC)


async def test_the_door_refuses_what_nobody_checked():
    """Defence in depth: a caller that forgets to ask still cannot knock at a private address."""
    tools = Tools(clock=Clock.start(ANCHOR))
    recorder = Recorder(experiment(Kind.CONNECT), "x", tools.clock)

    with pytest.raises(ForbiddenAddressError):
        async with open_flow(recorder, tools, "10.0.0.1", 443, named=False):
            pass


class Counting(NoLimiter):
    """Counts the flows that are open at once, by address and whether they carry a name."""

    def __init__(self):
        self.entered = []
        self.open = 0
        self.most = 0

    def flow(self, address, *, named):
        return self._hold(address, named)

    def _hold(self, address, named):
        import contextlib

        @contextlib.asynccontextmanager
        async def hold():
            self.entered.append((address, named))
            self.open += 1
            self.most = max(self.most, self.open)
            try:
                yield
            finally:
                self.open -= 1

        return hold()


async def test_the_limiter_holds_every_flow(autojump_clock, internet):
    limiter = Counting()
    async with internet() as it:
        await it.screen(limiter=limiter)

    assert {address for address, _ in limiter.entered} == {V4, V4_TOO, V6}
    assert all(named for _, named in limiter.entered)
    assert limiter.open == 0


async def test_a_connection_alone_carries_no_name(autojump_clock, internet):
    limiter = Counting()
    async with internet() as it:
        await it.perform(experiment(Kind.CONNECT, address=V4), limiter=limiter)
        await it.perform(
            experiment(Kind.HANDSHAKE, address=V4, hello=Hello.NO_NAME), limiter=limiter
        )

    assert limiter.entered == [(V4, False), (V4, False)]


async def test_a_cancelled_flow_is_given_back_and_closed(autojump_clock, internet):
    limiter = Counting()
    hole = Blackhole(where=Where(prefixes=("157.240.0.0/16", "2a03:2880::/32")))
    async with internet(boxes={0: [hole]}) as it:
        with trio.move_on_after(1):
            await it.screen(limiter=limiter)
        left = list(it.net.client.connections)

    assert limiter.open == 0
    assert left == []
