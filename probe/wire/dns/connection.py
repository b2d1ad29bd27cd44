"""Connections to resolvers: made, and kept for another question where they are encrypted.

Stub resolvers keep them, too (RFC 7858 section 3.4, RFC 9113 section 9.1). A handshake costs both
sides many times what a question does, and shows what the one before it showed.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Final

import trio

from probe.model.experiment import Hello
from probe.model.observation import Failure
from probe.model.words import FailureWord
from probe.wire import http, tcp, tls
from probe.wire.dns.asked import Asked
from probe.wire.dns.message import Question

Turn = Callable[[], AbstractAsyncContextManager[None]]
"""Waits until a new connection may be made, and holds its place."""

# Shorter than the idle time of public resolvers, and than any router's memory of a connection.
_SPARE_S: Final = 5.0
_SPARE_MAX: Final = 4


@dataclass(frozen=True, slots=True)
class StreamTimes:
    """How long the steps of a question over a connection may take."""

    connect_s: float
    handshake_idle_s: float
    read_idle_s: float
    handshake_total_s: float
    answer_s: float


@dataclass(slots=True)
class Open:
    """A connection ready for questions, of one task at a time."""

    stream: tcp.TcpStream
    tls: tls.TlsStream | None
    chain: tuple[bytes, ...]
    session: http.Session | None = None
    """Exchanges over it, for DoH."""
    is_done: bool = False
    """Whether all that was asked was answered, and nothing else came."""
    is_spare: bool = False
    """Whether it has served before: its end may have nothing to do with what is asked now."""
    _counted: tuple[int, int] = (0, 0)

    def count(self, asked: Asked) -> None:
        """Book on one question the bytes since the last time: a sum counts each once."""
        sent, received = self._counted
        self._counted = self.stream.bytes_sent, self.stream.bytes_received
        asked.bytes_sent += self.stream.bytes_sent - sent
        asked.bytes_received += self.stream.bytes_received - received


@dataclass(frozen=True, slots=True)
class Refused:
    """A connection that did not come about."""

    failure: Failure
    chain: tuple[bytes, ...]
    bytes_sent: int
    bytes_received: int


class Kept:
    """Encrypted connections that may carry another question, by where they lead."""

    def __init__(self) -> None:
        self._spare: defaultdict[Hashable, list[tuple[float, Open]]] = defaultdict(list)

    def take(self, key: Hashable) -> Open | None:
        """Return the connection that was used last; None where none is fresh enough."""
        self.tidy()
        spare = self._spare[key]
        if not spare:
            return None
        _, connection = spare.pop()
        connection.is_done, connection.is_spare = False, True
        return connection

    def give(self, key: Hashable, connection: Open) -> None:
        """Keep a connection."""
        self.tidy()
        spare = self._spare[key]
        spare.append((trio.current_time(), connection))
        if len(spare) > _SPARE_MAX:
            spare.pop(0)[1].stream.close()

    def tidy(self) -> None:
        """Close what lay idle for too long: each holds a port of whoever translates addresses."""
        oldest = trio.current_time() - _SPARE_S
        for spare in self._spare.values():
            while spare and spare[0][0] < oldest:
                spare.pop(0)[1].stream.close()

    def close(self) -> None:
        """Close them all."""
        for spare in self._spare.values():
            for _, connection in spare:
                connection.stream.close()
        self._spare.clear()


@dataclass(frozen=True, slots=True)
class Way:
    """How connections to one resolver come about; without `kept` each serves once."""

    server: str
    port: int
    times: StreamTimes
    server_name: str | None = None
    alpn: tuple[str, ...] = ()
    encrypt: bool = True
    kept: Kept | None = None
    turn: Turn = nullcontext

    @asynccontextmanager
    async def connected(self, *, anew: bool) -> AsyncIterator[Open | Refused]:
        """Lend a connection: a spare one, unless it is to be made anew."""
        spare = None if anew else self._spare()
        async with nullcontext() if spare is not None else self.turn():
            # While we waited for our turn another question may have been answered.
            connection = spare or (None if anew else self._spare()) or await self._open()
            try:
                yield connection
            finally:
                if isinstance(connection, Open):
                    if self.kept is not None and connection.is_done:
                        self.kept.give(self._key, connection)
                    else:
                        connection.stream.close()

    @property
    def _key(self) -> Hashable:
        return (self.server, self.port, self.server_name, self.alpn)

    def _spare(self) -> Open | None:
        return None if self.kept is None else self.kept.take(self._key)

    async def _open(self) -> Open | Refused:
        """Connect, and shake hands if the questions go encrypted."""
        connected = await tcp.connect(self.server, self.port, timeout_s=self.times.connect_s)
        stream = connected.stream
        if stream is None:
            assert connected.failure is not None
            return Refused(connected.failure, (), 0, 0)
        if not self.encrypt:
            return Open(stream, None, ())
        try:
            shaken = await tls.handshake(
                stream,
                server_name=self.server_name,
                hello=Hello.SSL,
                alpn=self.alpn,
                first_s=self.times.handshake_idle_s,
                idle_s=self.times.read_idle_s,
                total_s=self.times.handshake_total_s,
            )
        except BaseException:
            stream.close()
            raise
        if shaken.stream is None:
            stream.close()
            assert shaken.failure is not None
            return Refused(shaken.failure, shaken.chain, stream.bytes_sent, stream.bytes_received)
        return Open(stream, shaken.stream, shaken.chain)


Converse = Callable[[Open, Sequence[Question], Sequence[Asked]], Awaitable[None]]
"""Asks every question over a connection, and writes into its `Asked` what came of it."""


async def ask_over(
    way: Way, questions: Sequence[Question], converse: Converse
) -> tuple[Asked, ...]:
    """Ask all; what a connection left open is asked once more over a new one.

    That is the rest when a server closes after an answer, and everything when a spare connection
    had died meanwhile.
    """
    asked: dict[str, Asked] = {}
    pending = list(questions)
    anew = False
    while pending:
        batch = [Asked(q.query_type, trio.current_time()) for q in pending]
        async with way.connected(anew=anew) as connection:
            if isinstance(connection, Refused):
                for one in batch:
                    one.failure, one.chain = connection.failure, connection.chain
                batch[0].bytes_sent = connection.bytes_sent
                batch[0].bytes_received = connection.bytes_received
            else:
                for one in batch:
                    one.source_port, one.chain = connection.stream.source_port, connection.chain
                await converse(connection, pending, batch)
                connection.is_done = connection.is_done and all(one.answers for one in batch)
        now = trio.current_time()
        for one in batch:
            one.ended = one.ended or now
        asked |= {one.query_type: one for one in batch}
        open_still = [
            q
            for q, one in zip(pending, batch, strict=True)
            if one.failure is not None and not one.answers and _may_be_the_end(one, connection)
        ]
        was_spare = isinstance(connection, Open) and connection.is_spare
        if len(open_still) == len(pending) and not was_spare:
            break
        pending, anew = open_still, True
    return tuple(asked[q.query_type] for q in questions)


def _may_be_the_end(asked: Asked, connection: Open | Refused) -> bool:
    """Whether the connection's end may be all that is wrong."""
    if isinstance(connection, Open) and connection.is_spare:
        return True
    return asked.failure is not None and asked.failure.word is FailureWord.EOF_ERROR
