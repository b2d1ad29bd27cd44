"""Ask over HTTPS (DoH): our own POST of the wire format through our own HTTP step."""

from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial

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
from probe.wire.dns.connection import Kept, Open, StreamTimes, Turn, Way, ask_over
from probe.wire.dns.message import Question
from probe.wire.dns.stream import take

PORT = 443
_ALPN = ("h2", "http/1.1")


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
    kept: Kept | None = None,
    turn: Turn = nullcontext,
) -> tuple[Asked, ...]:
    """Ask by POST of the wire format (RFC 8484) over our own HTTP step, one after the other."""
    questions = message.ask(name, query_types)
    if questions is None:
        return failed_all(query_types, NOT_A_NAME, trio.current_time())
    url = f"https://{server_name}" + ("" if port == PORT else f":{port}") + path
    way = Way(server, port, times, server_name, _ALPN, kept=kept, turn=turn)
    converse = partial(_post_all, url=url, answer_s=times.answer_s, first=first)
    return await ask_over(way, questions, converse)


async def _post_all(
    connection: Open,
    questions: Sequence[Question],
    batch: Sequence[Asked],
    *,
    url: str,
    answer_s: float,
    first: FirstAnswer | None,
) -> None:
    session = connection.session or http.Session(connection.stream, connection.tls, url)
    connection.session = session
    failure: Failure | None = None
    for question, asked in zip(questions, batch, strict=True):
        if failure is None:
            # RFC 8484 section 4.1: id 0 for caches. Ours stays, a cache is not what we ask.
            result = await session.exchange(
                method="POST",
                headers=http.DOH_HEADERS,
                content=question.wire,
                body_limit_bytes=MESSAGE_MAX_BYTES,
                first_s=answer_s,
                idle_s=answer_s,
                total_s=answer_s,
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
        connection.count(asked)
    connection.is_done = failure is None
