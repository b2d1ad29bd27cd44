"""Ask over UDP and keep every answer of the window; the first one is reported at once."""

import socket
from collections.abc import Sequence

import trio

from probe.model.observation import Failure
from probe.model.words import Operation
from probe.wire import failures, sockets
from probe.wire.dns import message
from probe.wire.dns.asked import ANSWERS_KEPT, NOT_A_NAME, Asked, FirstAnswer, conclude, failed_all
from probe.wire.dns.message import Question

PORT = 53


async def ask_udp(
    server: str,
    name: str,
    query_types: Sequence[str],
    *,
    timeout_s: float,
    window_s: float,
    first: FirstAnswer | None = None,
    heard: list[Asked] | None = None,
    source_port: int | None = None,
    port: int = PORT,
) -> tuple[Asked, ...]:
    """Ask over one connected socket; listen `window_s` longer after each first answer.

    `first` is called as soon as a question has its answer, so that nobody waits for the window;
    `heard` gets the questions at once, so that a cancelled window loses no answer.
    """
    started = trio.current_time()
    questions = message.ask(name, query_types)
    if questions is None:
        return failed_all(query_types, NOT_A_NAME, started)
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    try:
        sock = trio.socket.socket(family, socket.SOCK_DGRAM)
    except OSError as error:
        failure = failures.from_oserror(error, Operation.CONNECT)
        return failed_all(query_types, failure, started)
    exchange = _UdpExchange(questions, started, timeout_s, window_s, first)
    if heard is not None:
        heard.extend(exchange.asked)
    with sock:
        failure_or_none = await exchange.send(sock, family, (server, port), source_port)
        if failure_or_none is None:
            await exchange.listen(sock)
        else:
            exchange.fail(failure_or_none)
    return exchange.asked


class _UdpExchange:
    """Questions in flight over one socket."""

    def __init__(
        self,
        questions: tuple[Question, ...],
        started: float,
        timeout_s: float,
        window_s: float,
        first: FirstAnswer | None,
    ) -> None:
        self.asked = tuple(Asked(q.query_type, started, window_s=window_s) for q in questions)
        self._by_id: dict[int | None, Asked] = {
            q.id: a for q, a in zip(questions, self.asked, strict=True)
        }
        self._questions = questions
        self._timeout_s = timeout_s
        self._window_s = window_s
        self._first = first
        self._until = {id(a): started + timeout_s for a in self.asked}

    async def send(
        self,
        sock: trio.socket.SocketType,
        family: int,
        peer: tuple[str, int],
        source_port: int | None,
    ) -> Failure | None:
        sockets.want_arrival_facts(sock, family)
        try:
            if source_port is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                await sock.bind(("", source_port))
            await sock.connect(peer)
            used_port = sockets.source_port(sock)
            for question, asked in zip(self._questions, self.asked, strict=True):
                asked.source_port = used_port
                asked.started = trio.current_time()
                self._until[id(asked)] = asked.started + self._timeout_s
                await sock.send(question.wire)
                asked.bytes_sent = len(question.wire)
        except OSError as error:
            return failures.from_oserror(error, Operation.CONNECT)
        return None

    async def listen(self, sock: trio.socket.SocketType) -> None:
        """Keep every answer until each question's time is over."""
        with trio.CancelScope(deadline=max(self._until.values())) as scope:
            while trio.current_time() < scope.deadline:
                try:
                    data, arrived, ip_ttl = await sockets.receive_datagram(sock)
                except OSError as error:
                    # ICMP came back: for a connected UDP socket the kernel says so by errno.
                    self._refuse(failures.from_oserror(error, Operation.READ))
                else:
                    self._take(data, arrived, ip_ttl)
                scope.deadline = max(self._until.values())
        now = trio.current_time()
        for asked in self.asked:
            asked.ended = asked.ended or min(now, self._until[id(asked)])
            if asked.failure is None and asked.readable is None:
                conclude(asked, failures.timeout(Operation.READ, f"total {self._timeout_s:g} s"))

    def _refuse(self, failure: Failure) -> None:
        """Give up on questions without an answer."""
        now = trio.current_time()
        for asked in self.asked:
            if asked.readable is None:
                asked.failure = failure
                asked.ended = now
                self._until[id(asked)] = now

    def fail(self, failure: Failure) -> None:
        """Nothing could be sent."""
        now = trio.current_time()
        for asked in self.asked:
            asked.failure = failure
            asked.ended = now

    def _take(self, data: bytes, arrived: float, ip_ttl: int | None) -> None:
        message_id = message.id_of(data)
        asked = self._by_id.get(message_id)
        wrong_id = asked is None and message_id is not None
        if asked is None:
            asked = self._whose(data)
        asked.bytes_received += len(data)
        if len(asked.answers) >= ANSWERS_KEPT:
            return
        after_s = max(0.0, arrived - asked.started)
        answer = message.read(data, after_s=after_s, ip_ttl=ip_ttl, wrong_id=wrong_id)
        had_one = asked.readable is not None
        asked.answers.append(answer)
        if had_one or asked.readable is None:
            return
        conclude(asked, failures.timeout(Operation.READ))
        now = trio.current_time()
        asked.ended = now
        self._until[id(asked)] = now + self._window_s
        if self._first is not None:
            self._first(asked.query_type, answer.addresses)

    def _whose(self, data: bytes) -> Asked:
        """Find the question that an answer with a foreign id names; else blame the first."""
        named = message.question_of(data)
        for question, asked in zip(self._questions, self.asked, strict=True):
            if named is not None and named[1] == question.query_type:
                return asked
        return self.asked[0]
