"""Many small packets over one connection: whether it stops after a number of them.

techniques 4.4. HTTP/2 and QUIC have PINGs of their own (RFC 9113 section 6.7, RFC 9000 section
19.2): a peer must answer them, no page is asked for, and the bytes are few. A filter that counts
packets stops such a connection as soon as a download; one that counts bytes, or a server that stops
sending, does not.
"""

import ssl
from dataclasses import dataclass
from typing import Any, Literal

import trio
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, PingAckReceived
from h2.exceptions import ProtocolError

from probe.model.observation import Failure
from probe.model.words import FailureWord, Operation
from probe.wire import failures
from probe.wire.patience import Patience
from probe.wire.quic import CONFUSED, TIMER_GRAIN_S, Line, QuicResult, talk
from probe.wire.tls import TlsStream

Ended = Literal["complete", "silent", "closed", "failed"]


@dataclass(slots=True)
class PingResult:
    """One connection's PINGs."""

    started: float
    ended: float = 0.0
    sent: int = 0
    answered: int = 0
    how: Ended = "failed"
    failure: Failure | None = None


async def ping_h2(stream: TlsStream, *, count: int, gap_s: float, idle_s: float) -> PingResult:
    """Ping over a fresh connection that agreed on `h2`; each PING waits for the last one's answer.

    Gives up after `idle_s` without an answer.
    """
    result = PingResult(trio.current_time())
    connection = H2Connection(config=H2Configuration(client_side=True, header_encoding=None))
    connection.initiate_connection()
    try:
        for number in range(count):
            connection.ping(number.to_bytes(8, "big"))
            result.sent += 1
            with trio.move_on_after(idle_s) as patience:
                await stream.send_all(connection.data_to_send())
                if not await _is_answered(stream, connection):
                    result.how = "closed"
                    break
            if patience.cancelled_caught:
                result.how = "silent"
                result.failure = failures.timeout(Operation.READ, f"idle {idle_s:g} s")
                break
            result.answered += 1
            await trio.sleep(gap_s)
        else:
            result.how = "complete"
    except OSError as error:
        result.failure = failures.from_oserror(error, Operation.READ)
    except (ProtocolError, ssl.SSLError) as error:
        result.failure = Failure(
            word=FailureWord.HTTP_REQUEST_FAILED, operation=Operation.READ, raw=type(error).__name__
        )
    result.ended = trio.current_time()
    return result


async def _is_answered(stream: TlsStream, connection: H2Connection) -> bool:
    """Read until a PING is answered; False at the peer's end."""
    while True:
        data = await stream.receive_some()
        if not data:
            return False
        events = connection.receive_data(data)
        if any(isinstance(event, ConnectionTerminated) for event in events):
            return False
        if any(isinstance(event, PingAckReceived) for event in events):
            return True
        # The peer's settings want an acknowledgement.
        await stream.send_all(connection.data_to_send())


async def ping_quic(
    address: str,
    server_name: str,
    *,
    port: int,
    count: int,
    gap_s: float,
    first_s: float,
    idle_s: float,
    total_s: float,
) -> tuple[PingResult, QuicResult]:
    """Shake hands over QUIC and ping; the second result counts datagrams and bytes."""
    line_result = QuicResult("1", server_name, trio.current_time())
    patience = Patience(first_s=first_s, idle_s=idle_s, total_s=total_s)
    pinging = _QuicPings(server_name, count, gap_s, PingResult(line_result.started), line_result)

    async def conversation(line: Line) -> None:
        await pinging.run(line, (address, port))

    await talk(line_result, address, port, patience, conversation)
    result = pinging.result
    result.ended, result.failure = line_result.ended, line_result.failure
    if patience.expired is not None and line_result.handshake_done:
        result.how = "silent"
    return result, line_result


class _QuicPings:
    """A connection that does nothing but ping. aioquic's objects are Any here as elsewhere."""

    def __init__(
        self,
        server_name: str,
        count: int,
        gap_s: float,
        result: PingResult,
        line_result: QuicResult,
    ) -> None:
        from aioquic.h3.connection import H3_ALPN
        from aioquic.quic.configuration import QuicConfiguration
        from aioquic.quic.connection import QuicConnection

        configuration = QuicConfiguration(
            alpn_protocols=H3_ALPN, server_name=server_name, verify_mode=ssl.CERT_NONE
        )
        self._quic: Any = QuicConnection(configuration=configuration)
        self._count, self._gap_s = count, gap_s
        self.result, self._line_result = result, line_result
        self._next_at = float("inf")
        self._is_over = False

    async def run(self, line: Line, peer: tuple[str, int]) -> None:
        """Send, wait for a datagram, a timer or the next PING's time; until it is over."""
        quic = self._quic
        quic.connect(peer, now=trio.current_time())
        while True:
            for data, _ in quic.datagrams_to_send(now=trio.current_time()):
                await line.send(data)
            if self._is_over:
                return
            timer = quic.get_timer()
            timer_at = float("inf") if timer is None else timer + TIMER_GRAIN_S
            datagram: bytes | None = None
            with trio.move_on_at(min(timer_at, self._next_at)):
                datagram = await line.receive()
            now = trio.current_time()
            try:
                if datagram is not None:
                    quic.receive_datagram(datagram, peer, now=now)
                elif now >= timer_at:
                    quic.handle_timer(now=now)
                self._take_events(now)
            except CONFUSED:
                return
            if now >= self._next_at:
                self._next_at = float("inf")
                quic.send_ping(self.result.sent)
                self.result.sent += 1

    def _take_events(self, now: float) -> None:
        from aioquic.quic import events

        while (event := self._quic.next_event()) is not None:
            if isinstance(event, events.HandshakeCompleted):
                self._line_result.handshake_done = True
                self._next_at = now
            elif isinstance(event, events.PingAcknowledged):
                self.result.answered += 1
                self._next_at = now + self._gap_s
                if self.result.answered == self._count:
                    self.result.how = "complete"
                    self._next_at = float("inf")
                    self._is_over = True
                    self._quic.close()
            elif isinstance(event, events.ConnectionTerminated):
                self._is_over = True
                if self._line_result.handshake_done:
                    self.result.how = "closed"
