"""Ask over a connection: plain TCP, or TLS (DoT) by our own stream, its chain kept."""

from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial

import trio

from probe.model.words import Operation
from probe.wire import failures, tls
from probe.wire.dns import message
from probe.wire.dns.asked import ANSWERS_KEPT, NOT_A_NAME, Asked, FirstAnswer, conclude, failed_all
from probe.wire.dns.connection import Kept, Open, StreamTimes, Turn, Way, ask_over
from probe.wire.dns.message import Question

TCP_PORT = 53
DOT_PORT = 853


async def ask_tcp(
    server: str,
    name: str,
    query_types: Sequence[str],
    *,
    times: StreamTimes,
    first: FirstAnswer | None = None,
    port: int = TCP_PORT,
) -> tuple[Asked, ...]:
    """Ask over one TCP connection, both questions at once (RFC 7766 section 6.2.1.1).

    It serves once: whoever reads along may remember it for what was asked on it.
    """
    way = Way(server, port, times, encrypt=False)
    return await _ask(way, name, query_types, first)


async def ask_dot(
    server: str,
    name: str,
    query_types: Sequence[str],
    *,
    server_name: str | None,
    times: StreamTimes,
    first: FirstAnswer | None = None,
    port: int = DOT_PORT,
    kept: Kept | None = None,
    turn: Turn = nullcontext,
) -> tuple[Asked, ...]:
    """Ask over TLS (RFC 7858); the chain is kept and judged afterwards."""
    way = Way(server, port, times, server_name, kept=kept, turn=turn)
    return await _ask(way, name, query_types, first)


async def _ask(
    way: Way, name: str, query_types: Sequence[str], first: FirstAnswer | None
) -> tuple[Asked, ...]:
    questions = message.ask(name, query_types)
    if questions is None:
        return failed_all(query_types, NOT_A_NAME, trio.current_time())
    converse = partial(_converse, answer_s=way.times.answer_s, first=first)
    return await ask_over(way, questions, converse)


async def _converse(
    connection: Open,
    questions: Sequence[Question],
    batch: Sequence[Asked],
    *,
    answer_s: float,
    first: FirstAnswer | None,
) -> None:
    """Send all questions, read answers until each has one."""
    stream = connection.tls or connection.stream
    by_id: dict[int | None, Asked] = {q.id: a for q, a in zip(questions, batch, strict=True)}
    sent_at = trio.current_time()
    failure = failures.timeout(Operation.READ, f"total {answer_s:g} s")
    operation = Operation.WRITE
    buffer = bytearray()
    try:
        with trio.move_on_after(answer_s):
            await stream.send_all(
                b"".join(len(q.wire).to_bytes(2, "big") + q.wire for q in questions)
            )
            operation = Operation.READ
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
    connection.count(batch[0])
    for asked in batch:
        conclude(asked, failure)
    connection.is_done = not buffer and all(len(asked.answers) == 1 for asked in batch)


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
