"""What arrived at the responder: bytes by connection, known by the hash of its ClientHello.

A client that hears nothing after its hello cannot tell a box that swallows the hello from one that
swallows the answer (techniques S04, S05); this end can. No address is kept, nothing is written, and
after a quarter of an hour nothing is left.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import trio

from probe.model.elsewhere import Arrival
from probe.wire.clock import Clock

KEPT_S: Final = 900.0
KEPT_MAX: Final = 10_000


@dataclass(slots=True)
class Connection:
    """One connection while it is open, and for a while afterwards."""

    hello_sha256: str
    started_at: datetime
    trio_time: float
    acked: Callable[[], int | None]
    """Asks the kernel how much of what was sent is acknowledged."""
    received_bytes: int = 0
    sent_bytes: int = 0
    acked_bytes: int | None = None
    is_open: bool = True

    def close(self) -> None:
        """Take the kernel's last word, while there is a socket to ask."""
        if self.is_open:
            self.acked_bytes = self.acked()
            self.is_open = False


class ArrivalLog:
    """The connections of the last quarter of an hour, at most ten thousand."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._connections: OrderedDict[str, Connection] = OrderedDict()

    def note(self, hello_sha256: str, acked: Callable[[], int | None]) -> Connection:
        """Remember a connection from its whole ClientHello on.

        Of several with the same hello only the first counts: some censors repeat what they saw, to
        look at the server themselves, and that is no arrival of the client's.
        """
        now = trio.current_time()
        connection = Connection(hello_sha256, self._clock.now(), now, acked)
        self._connections.setdefault(hello_sha256, connection)
        self._forget(now)
        return connection

    def of(self, hello_sha256: str) -> Arrival | None:
        """Return what is known of the connection with this ClientHello; None: it did not arrive."""
        self._forget(trio.current_time())
        found = self._connections.get(hello_sha256)
        if found is None:
            return None
        return Arrival(
            hello_sha256=found.hello_sha256,
            started_at=found.started_at,
            received_bytes=found.received_bytes,
            sent_bytes=found.sent_bytes,
            acked_bytes=found.acked() if found.is_open else found.acked_bytes,
            is_open=found.is_open,
        )

    def _forget(self, now: float) -> None:
        while self._connections:
            oldest = next(iter(self._connections.values()))
            if len(self._connections) <= KEPT_MAX and now - oldest.trio_time < KEPT_S:
                return
            self._connections.popitem(last=False)
