"""Ask over a connection: plain TCP, or TLS (DoT) by our own stream, its chain kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import trio

from probe.model.experiment import Hello
from probe.model.observation import Failure
from probe.model.words import FailureWord, Operation
from probe.wire import failures, tcp, tls
from probe.wire.dns import message
from probe.wire.dns.asked import ANSWERS_KEPT, NOT_A_NAME, Asked, FirstAnswer, conclude, failed_all
from probe.wire.dns.message import Question

TCP_PORT = 53
DOT_PORT = 853


@dataclass(frozen=True, slots=True)
class StreamTimes:
    """How long the steps of a question over a connection may take."""

    connect_s: float
    handshake_idle_s: float
    read_idle_s: float
    handshake_total_s: float
    answer_s: float


async def ask_tcp(
    server: str,
    name: str,
    query_types: Sequence[str],
    *,
    times: StreamTimes,
    first: FirstAnswer | None = None,
    port: int = TCP_PORT,
) -> tuple[Asked, ...]:
    """Ask over one TCP connection, both questions at once (RFC 7766 section 6.2.1.1)."""
    return await _ask_stream(
        server, port, name, query_types, times=times, first=first, server_name=None, encrypt=False
    )


async def ask_dot(
    server: str,
    name: str,
    query_types: Sequence[str],
    *,
    server_name: str | None,
    times: StreamTimes,
    first: FirstAnswer | None = None,
    port: int = DOT_PORT,
) -> tuple[Asked, ...]:
    """Ask over TLS (RFC 7858); the chain is kept and judged afterwards."""
    return await _ask_stream(
        server,
        port,
        name,
        query_types,
        times=times,
        first=first,
        server_name=server_name,
        encrypt=True,
    )


async def _ask_stream(
    server: str,
    port: int,
    name: str,
    query_types: Sequence[str],
    *,
    times: StreamTimes,
    first: FirstAnswer | None,
    server_name: str | None,
    encrypt: bool,
) -> tuple[Asked, ...]:
    started = trio.current_time()
    questions = message.ask(name, query_types)
    if questions is None:
        return failed_all(query_types, NOT_A_NAME, started)
    done: list[Asked] = []
    pending = list(questions)
    while pending:
        # A server that closes after one answer is asked the rest on a new connection.
        batch = [Asked(q.query_type, trio.current_time()) for q in pending]
        connection = await open_stream(
            server, port, server_name=server_name, times=times, alpn=(), encrypt=encrypt
        )
        if isinstance(connection, Refused):
            for asked in batch:
                asked.failure, asked.chain = connection.failure, connection.chain
            count_bytes(batch, connection.bytes_sent, connection.bytes_received)
        else:
            await _converse(connection, pending, batch, times.answer_s, first)
        now = trio.current_time()
        for asked in batch:
            asked.ended = asked.ended or now
        rest = [
            q
            for q, a in zip(pending, batch, strict=True)
            if a.failure is not None and a.failure.word == FailureWord.EOF_ERROR
        ]
        if not rest or len(rest) == len(pending):
            done += batch
            break
        done += [a for a in batch if a.failure is None or a.failure.word != FailureWord.EOF_ERROR]
        pending = rest
    return tuple(done)


@dataclass(frozen=True, slots=True)
class Open:
    """A connection ready for questions."""

    stream: tcp.TcpStream
    tls: tls.TlsStream | None
    chain: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A connection that did not come about."""

    failure: Failure
    chain: tuple[bytes, ...]
    bytes_sent: int
    bytes_received: int


async def open_stream(
    server: str,
    port: int,
    *,
    server_name: str | None,
    times: StreamTimes,
    alpn: tuple[str, ...],
    encrypt: bool,
) -> Open | Refused:
    """Connect, and shake hands if the questions go encrypted."""
    connected = await tcp.connect(server, port, timeout_s=times.connect_s)
    stream = connected.stream
    if stream is None:
        assert connected.failure is not None
        return Refused(connected.failure, (), 0, 0)
    if not encrypt:
        return Open(stream, None, ())
    try:
        shaken = await tls.handshake(
            stream,
            server_name=server_name,
            hello=Hello.SSL,
            alpn=alpn,
            first_s=times.handshake_idle_s,
            idle_s=times.read_idle_s,
            total_s=times.handshake_total_s,
        )
    except BaseException:
        stream.close()
        raise
    if shaken.stream is None:
        stream.close()
        assert shaken.failure is not None
        return Refused(shaken.failure, shaken.chain, stream.bytes_sent, stream.bytes_received)
    return Open(stream, shaken.stream, shaken.chain)


async def _converse(
    connection: Open,
    questions: Sequence[Question],
    batch: Sequence[Asked],
    answer_s: float,
    first: FirstAnswer | None,
) -> None:
    """Send all questions, read answers until each has one."""
    stream = connection.tls or connection.stream
    by_id: dict[int | None, Asked] = {q.id: a for q, a in zip(questions, batch, strict=True)}
    port = connection.stream.source_port
    sent_at = trio.current_time()
    for asked in batch:
        asked.source_port, asked.chain = port, connection.chain
    failure = failures.timeout(Operation.READ, f"total {answer_s:g} s")
    operation = Operation.WRITE
    try:
        with trio.move_on_after(answer_s):
            await stream.send_all(
                b"".join(len(q.wire).to_bytes(2, "big") + q.wire for q in questions)
            )
            operation = Operation.READ
            buffer = bytearray()
            while any(asked.readable is None for asked in batch):
                wire = _cut(buffer)
                if wire is None:
                    data = await stream.receive_some()
                    if not data:
                        failure = failures.eof(Operation.READ)
                        break
                    buffer += data
                    continue
                take(wire, by_id, batch[0], sent_at, first)
    except OSError as error:
        failure = tls.name_error(error, operation)
    finally:
        connection.stream.close()
    count_bytes(batch, connection.stream.bytes_sent, connection.stream.bytes_received)
    for asked in batch:
        conclude(asked, failure)


def take(
    wire: bytes,
    by_id: dict[int | None, Asked],
    fallback: Asked,
    sent_at: float,
    first: FirstAnswer | None,
) -> None:
    """Keep one answer; report it if it is the first that its question has."""
    message_id = message.id_of(wire)
    asked = by_id.get(message_id)
    wrong_id = asked is None and message_id is not None
    asked = asked or fallback
    if len(asked.answers) >= ANSWERS_KEPT:
        return
    now = trio.current_time()
    had_one = asked.readable is not None
    answer = message.read(wire, after_s=now - sent_at, wrong_id=wrong_id)
    asked.answers.append(answer)
    asked.ended = now
    if first is not None and not had_one and asked.readable is answer:
        first(asked.query_type, answer.addresses)


def _cut(buffer: bytearray) -> bytes | None:
    """Take the next whole message off the buffer, None while it is not complete."""
    if len(buffer) < 2:
        return None
    size = int.from_bytes(buffer[:2], "big")
    if len(buffer) < 2 + size:
        return None
    wire = bytes(buffer[2 : 2 + size])
    del buffer[: 2 + size]
    return wire


def count_bytes(batch: Sequence[Asked], sent: int, received: int) -> None:
    """Book the connection's bytes on its first question, so that a sum counts them once."""
    if batch:
        batch[0].bytes_sent += sent
        batch[0].bytes_received += received
