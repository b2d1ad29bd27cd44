"""One question and all that came back; how its outcome is named."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import trio

from probe.model.observation import DnsAnswer, Failure
from probe.model.words import FailureWord, Operation
from probe.wire import failures

# A flood of answers is evidence after the first few; what follows is counted and dropped.
ANSWERS_KEPT = 32
# RFC 1035 section 4.2.2: a length of two bytes before each message.
MESSAGE_MAX_BYTES = 65_535

FirstAnswer = Callable[[str, tuple[str, ...]], None]
"""Called at once with the query type and addresses of each question's first readable answer."""


@dataclass(slots=True)
class Asked:
    """One question and all that came back."""

    query_type: str
    started: float
    ended: float = 0.0
    answers: list[DnsAnswer] = field(default_factory=list)
    failure: Failure | None = None
    bytes_sent: int = 0
    bytes_received: int = 0
    source_port: int | None = None
    window_s: float = 0.0
    chain: tuple[bytes, ...] = ()

    @property
    def readable(self) -> DnsAnswer | None:
        """The first answer that an ordinary client would take."""
        return next((a for a in self.answers if a.malformed is None and not a.wrong_id), None)


def conclude(asked: Asked, otherwise: Failure) -> None:
    """Name the outcome by the first readable answer; `otherwise` when there is none."""
    answer = asked.readable
    if answer is None:
        asked.failure = _of_unreadable(asked.answers) or otherwise
        return
    asked.failure = failures.from_rcode(answer.rcode or 0)
    wants_addresses = asked.query_type in ("A", "AAAA")
    if asked.failure is None and wants_addresses and not answer.addresses:
        asked.failure = Failure(
            word=FailureWord.DNS_NO_ANSWER,
            operation=Operation.RESOLVE,
            raw="truncated" if answer.truncated else "rcode 0",
        )


def _of_unreadable(answers: Sequence[DnsAnswer]) -> Failure | None:
    if not answers:
        return None
    if answers[0].wrong_id:
        word, raw = FailureWord.DNS_REPLY_WITH_WRONG_QUERY_ID, "wrong id"
    else:
        word, raw = FailureWord.DNS_SERVER_MISBEHAVING, answers[0].malformed or ""
    return Failure(word=word, operation=Operation.RESOLVE, raw=raw)


def failed_all(query_types: Sequence[str], failure: Failure, started: float) -> tuple[Asked, ...]:
    """Return every question as failed for the same reason: nothing could be asked."""
    now = trio.current_time()
    return tuple(Asked(t, started, now, failure=failure) for t in query_types)


NOT_A_NAME = Failure(
    word=FailureWord.INVALID_ARGUMENT, operation=Operation.RESOLVE, raw="not a DNS name"
)
