"""Politeness, enforced: how many flows at once, and how far apart, by network."""

import ipaddress
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import trio

from probe.model.target import Pacing


def network_key(address: str) -> str:
    """Return the network that pacing counts: the IPv4 /24 or IPv6 /48."""
    parsed = ipaddress.ip_address(address)
    bits = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))


class PacedLimiter:
    """Bounds flows in all and by network, and spaces handshakes that carry a name.

    One object serves a whole run; `confirming()` gives a view that also keeps the slower rate for
    names under confirmation.
    """

    def __init__(self, pacing: Pacing) -> None:
        self._pacing = pacing
        self._all = trio.CapacityLimiter(pacing.flows_max)
        self._networks: defaultdict[str, trio.CapacityLimiter] = defaultdict(
            lambda: trio.CapacityLimiter(pacing.flows_per_network)
        )
        self._next_start: defaultdict[str, float] = defaultdict(float)

    def flow(self, address: str, *, named: bool) -> AbstractAsyncContextManager[None]:
        """Hold a place for one flow to `address`."""
        gap_s = self._pacing.handshake_gap_s if named else 0.0
        return self._flow(network_key(address), gap_s)

    def confirming(self) -> "ConfirmingLimiter":
        """Return a view of this limiter that keeps the rate for names under confirmation."""
        return ConfirmingLimiter(self, 60.0 / self._pacing.names_per_network_per_minute)

    @asynccontextmanager
    async def _flow(self, network: str, gap_s: float) -> AsyncIterator[None]:
        # The place in the network is taken first: a network that is waited for must not hold one
        # of the few places that all networks share.
        async with self._networks[network]:
            await self._wait_turn(network, gap_s * self._pacing.pace_factor)
            async with self._all:
                yield

    async def _wait_turn(self, network: str, gap_s: float) -> None:
        now = trio.current_time()
        turn = max(now, self._next_start[network])
        self._next_start[network] = turn + gap_s
        if turn > now:
            await trio.sleep_until(turn)


class ConfirmingLimiter:
    """The same limits, with the longer gap between names under confirmation."""

    def __init__(self, limiter: PacedLimiter, gap_s: float) -> None:
        self._limiter = limiter
        self._gap_s = gap_s

    def flow(self, address: str, *, named: bool) -> AbstractAsyncContextManager[None]:
        """Hold a place for one flow to `address`."""
        if not named:
            return self._limiter.flow(address, named=False)
        return self._limiter._flow(network_key(address), self._gap_s)
