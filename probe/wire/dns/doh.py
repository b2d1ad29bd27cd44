"""Ask over HTTPS (DoH): our own POST of the wire format through our own HTTP step."""

from collections.abc import Sequence

import trio

from probe.model.observation import Failure
from probe.model.words import FailureWord, Operation
from probe.wire import failures, http
from probe.wire.dns import message
from probe.wire.dns.asked import (
    MESSAGE_MAX_BYTES,
    NOT_A_NAME,
    Asked,
    FirstAnswer,
    conclude,
    failed_all,
)
from probe.wire.dns.message import Question
from probe.wire.dns.stream import Open, Refused, StreamTimes, count_bytes, open_stream, take

PORT = 443


async def ask_doh(
    server: str,
    name: str,
    query_types: Sequence[str],
    *,
    server_name: str,
    path: str,
    times: StreamTimes,
    first: FirstAnswer | None = None,
    port: int = PORT,
) -> tuple[Asked, ...]:
    """Ask by POST of the wire format (RFC 8484) over our own HTTP step, one after the other."""
    started = trio.current_time()
    questions = message.ask(name, query_types)
    if questions is None:
        return failed_all(query_types, NOT_A_NAME, started)
    batch = tuple(Asked(q.query_type, started) for q in questions)
    connection = await open_stream(
        server, port, server_name=server_name, times=times, alpn=("h2", "http/1.1"), encrypt=True
    )
    if isinstance(connection, Refused):
        now = trio.current_time()
        for asked in batch:
            asked.failure, asked.chain, asked.ended = connection.failure, connection.chain, now
        count_bytes(batch, connection.bytes_sent, connection.bytes_received)
        return batch
    assert connection.tls is not None
    url = f"https://{server_name}" + ("" if port == PORT else f":{port}") + path
    try:
        await _post_all(connection, url, questions, batch, times, first)
    finally:
        connection.stream.close()
    return batch


async def _post_all(
    connection: Open,
    url: str,
    questions: Sequence[Question],
    batch: Sequence[Asked],
    times: StreamTimes,
    first: FirstAnswer | None,
) -> None:
    assert connection.tls is not None
    counted_sent = counted_received = 0
    port = connection.stream.source_port
    session = http.Session(connection.stream, connection.tls, url)
    failure: Failure | None = None
    for question, asked in zip(questions, batch, strict=True):
        asked.source_port, asked.chain = port, connection.chain
        if failure is None:
            # RFC 8484 section 4.1: id 0 for caches. Ours stays, a cache is not what we ask.
            result = await session.exchange(
                method="POST",
                headers=http.DOH_HEADERS,
                content=question.wire,
                body_limit_bytes=MESSAGE_MAX_BYTES,
                first_s=times.answer_s,
                idle_s=times.answer_s,
                total_s=times.answer_s,
            )
            failure = result.failure
            if failure is None and result.status != 200:
                asked.failure = Failure(
                    word=FailureWord.HTTP_REQUEST_FAILED,
                    operation=Operation.RESOLVE,
                    raw=f"status {result.status}",
                )
            elif failure is None:
                take(result.body, {question.id: asked}, asked, result.started, first)
                conclude(asked, failures.eof(Operation.READ))
        if failure is not None:
            asked.failure = failure
        asked.ended = trio.current_time()
        asked.bytes_sent = connection.stream.bytes_sent - counted_sent
        asked.bytes_received = connection.stream.bytes_received - counted_received
        counted_sent = connection.stream.bytes_sent
        counted_received = connection.stream.bytes_received
