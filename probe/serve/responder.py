"""The responder: TLS under any name, sized objects, and what arrived; nothing on UDP/53.

Its address is the neutral one of control C2 and, because no DNS is served there, a canary: an
answer from its port 53 was made on the way.
"""

import ipaddress
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import trio

from probe.serve.arrivals import ArrivalLog
from probe.serve.certificates import NameAuthority
from probe.serve.counted import CountedStream
from probe.serve.sized import Objects

HANDSHAKE_S: Final = 20.0
LIFETIME_S: Final = 180.0
"""A transfer that is slowed to 16 KB a second takes a minute for 1 MB."""
CONNECTIONS_MAX: Final = 256
PER_PEER_MAX: Final = 16
"""As many flows as a run has in all."""


class Responder:
    """Answers connections; knows no addresses but those of connections that are open."""

    def __init__(
        self,
        authority: NameAuthority,
        log: ArrivalLog,
        objects: Objects,
        *,
        on_fault: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self.log = log
        self._authority = authority
        self._objects = objects
        self._on_fault = on_fault
        self._open: Counter[str] = Counter()

    async def serve(
        self,
        encrypted: Sequence[trio.SocketListener],
        plain: Sequence[trio.SocketListener] = (),
    ) -> None:
        """Serve TLS and cleartext listeners, for ever."""
        async with trio.open_nursery() as nursery:
            if encrypted:
                nursery.start_soon(trio.serve_listeners, self.handle_tls, list(encrypted))
            if plain:
                nursery.start_soon(trio.serve_listeners, self.handle_plain, list(plain))

    async def handle_tls(self, stream: trio.SocketStream) -> None:
        """Shake hands under whatever name comes, and serve objects."""
        await self._handle(stream, self._shake)

    async def handle_plain(self, stream: trio.SocketStream) -> None:
        """Serve objects in cleartext, whatever Host is asked for."""
        await self._handle(stream, self._objects.serve)

    async def _shake(self, stream: trio.SocketStream) -> None:
        counted = CountedStream(stream, self.log)
        secure = trio.SSLStream(
            counted, self._authority.context, server_side=True, https_compatible=True
        )
        try:
            with trio.move_on_after(HANDSHAKE_S) as patience:
                await secure.do_handshake()
            if not patience.cancelled_caught:
                await self._objects.serve(secure)
                await secure.aclose()
        finally:
            with trio.CancelScope(shield=True):
                await trio.aclose_forcefully(counted)

    async def _handle(
        self,
        stream: trio.SocketStream,
        serve: Callable[[trio.SocketStream], Awaitable[None]],
    ) -> None:
        try:
            peer = _peer_of(stream)
            if self._open.total() >= CONNECTIONS_MAX or self._open[peer] >= PER_PEER_MAX:
                return
            self._open[peer] += 1
            try:
                with trio.move_on_after(LIFETIME_S):
                    await serve(stream)
            finally:
                self._open[peer] -= 1
                if not self._open[peer]:
                    # Of whoever has gone, nothing stays.
                    del self._open[peer]
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            # Hung up, or spoke no TLS.
            return
        except Exception as fault:  # noqa: BLE001 - one connection must not end the others
            self._on_fault(fault)
        finally:
            await trio.aclose_forcefully(stream)


def _peer_of(stream: trio.SocketStream) -> str:
    """Return what counts as one peer: an IPv4 address, or an IPv6 /64."""
    address = ipaddress.ip_address(str(stream.socket.getpeername()[0]).partition("%")[0])
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))
