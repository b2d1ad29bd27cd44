"""Connections to encrypted resolvers that serve for more than one question."""

import contextlib

import dns.message
import dns.rrset
import pytest
import trio

from probe.model.words import FailureWord
from probe.wire.dns import Kept, StreamTimes, ask_doh, ask_dot

ADDRESS = "157.240.1.174"
NAMES = ("www.instagram.com", "www.facebook.com", "www.bbc.com")
TIMES = StreamTimes(
    connect_s=5, handshake_idle_s=5, read_idle_s=5, handshake_total_s=10, answer_s=5
)


class Resolver:
    """A DoT server that counts its connections, and hangs up after some answers."""

    def __init__(self, answers_max=1000, *, says_nothing_on=()):
        self.connections = 0
        self.answers_max = answers_max
        self.says_nothing_on = says_nothing_on

    async def __call__(self, stream):
        self.connections += 1
        number, given, buffer = self.connections, 0, b""
        while given < self.answers_max:
            data = await stream.receive_some(4096)
            if not data:
                return
            buffer += data
            while len(buffer) >= 2 and len(buffer) >= 2 + int.from_bytes(buffer[:2], "big"):
                size = int.from_bytes(buffer[:2], "big")
                query = dns.message.from_wire(buffer[2 : 2 + size])
                buffer = buffer[2 + size :]
                if given and number in self.says_nothing_on:
                    continue
                given += 1
                await stream.send_all(answer_to(query))


def answer_to(query):
    reply = dns.message.make_response(query)
    question = reply.question[0]
    reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", ADDRESS))
    wire = reply.to_wire()
    return len(wire).to_bytes(2, "big") + wire


@pytest.fixture
async def kept():
    kept = Kept()
    yield kept
    kept.close()


async def ask(kept, name=NAMES[0], **changes):
    (asked,) = await ask_dot(
        ADDRESS, name, ("A",), server_name="dns.google", times=TIMES, kept=kept, **changes
    )
    return asked


async def test_names_that_follow_each_other_travel_on_one_connection(
    autojump_clock, serve_tls, kept
):
    resolver = Resolver()
    async with serve_tls(resolver, port=853, alpn=(), name="dns.google"):
        asked = [await ask(kept, name) for name in NAMES]

    assert resolver.connections == 1
    assert [a.failure for a in asked] == [None] * 3
    assert len({a.source_port for a in asked}) == 1
    assert all(len(a.chain) == 2 for a in asked)
    # The handshake's bytes are the first question's.
    assert asked[0].bytes_received > 10 * asked[1].bytes_received > 0


async def test_without_a_place_to_keep_it_a_connection_serves_once(autojump_clock, serve_tls):
    resolver = Resolver()
    async with serve_tls(resolver, port=853, alpn=(), name="dns.google"):
        for name in NAMES:
            await ask(None, name)

    assert resolver.connections == 3


async def test_questions_beside_each_other_have_connections_of_their_own(
    autojump_clock, serve_tls, kept
):
    resolver = Resolver()
    served = serve_tls(resolver, port=853, alpn=(), name="dns.google")
    async with served, trio.open_nursery() as nursery:
        for name in NAMES:
            nursery.start_soon(ask, kept, name)

    assert resolver.connections == 3


async def test_who_waited_for_a_turn_takes_what_became_free_meanwhile(
    autojump_clock, serve_tls, kept
):
    resolver, limit = Resolver(), trio.CapacityLimiter(1)
    served = serve_tls(resolver, port=853, alpn=(), name="dns.google")
    async with served, trio.open_nursery() as nursery:
        for name in NAMES:
            nursery.start_soon(lambda name=name: ask(kept, name, turn=lambda: limit))

    assert resolver.connections == 1


async def test_a_connection_that_lay_idle_is_not_used_again(autojump_clock, serve_tls, kept):
    resolver = Resolver()
    async with serve_tls(resolver, port=853, alpn=(), name="dns.google"):
        await ask(kept)
        await trio.sleep(6)
        await ask(kept)

    assert resolver.connections == 2


async def test_what_lies_idle_is_closed_without_being_asked_for(autojump_clock, serve_tls, kept):
    """Each holds a port of whoever translates addresses."""
    ended = []

    async def until_closed(stream):
        with contextlib.suppress(trio.BrokenResourceError):
            await Resolver()(stream)
        ended.append(trio.current_time())

    async with serve_tls(until_closed, port=853, alpn=(), name="dns.google"):
        await ask(kept)
        kept.tidy()
        await trio.sleep(6)
        assert ended == []
        kept.tidy()
        await trio.sleep(1)

    assert len(ended) == 1


async def test_one_that_the_server_closed_meanwhile_is_no_failure(autojump_clock, serve_tls, kept):
    resolver = Resolver(answers_max=1)
    async with serve_tls(resolver, port=853, alpn=(), name="dns.google"):
        await ask(kept)
        asked = await ask(kept)

    assert asked.failure is None
    assert resolver.connections == 2


async def test_one_that_died_unnoticed_is_no_failure(autojump_clock, serve_tls, kept):
    resolver = Resolver(says_nothing_on={1})
    async with serve_tls(resolver, port=853, alpn=(), name="dns.google"):
        await ask(kept)
        asked = await ask(kept)

    assert asked.failure is None
    # What the dead one took is not the answer's time.
    assert asked.ended - asked.started < 1


async def test_a_new_one_that_fails_as_well_is_the_answer(autojump_clock, serve_tls, kept):
    resolver = Resolver(answers_max=1)
    async with serve_tls(resolver, port=853, alpn=(), name="dns.google"):
        await ask(kept)
        resolver.answers_max = 0
        asked = await ask(kept)

    assert asked.failure.word is FailureWord.CONNECTION_RESET
    assert resolver.connections == 2


async def test_a_connection_that_was_cut_off_is_not_kept(autojump_clock, serve_tls, kept):
    resolver = Resolver(says_nothing_on={1})
    async with serve_tls(resolver, port=853, alpn=(), name="dns.google"):
        await ask(kept)
        with trio.move_on_after(1):
            await ask(kept)
        await ask(kept)

    assert resolver.connections == 2


async def test_over_https_too(autojump_clock, serve_tls, kept):
    connections = []

    async def handler(stream):
        connections.append(stream)
        buffer = b""
        while data := await stream.receive_some(4096):
            buffer += data
            head, ended, body = buffer.partition(b"\r\n\r\n")
            size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)
            if not ended or len(body) < size:
                continue
            buffer = body[size:]
            wire = answer_to(dns.message.from_wire(body[:size]))[2:]
            await stream.send_all(
                b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % len(wire) + wire
            )

    async with serve_tls(handler, name="dns.google"):
        for name in NAMES:
            (asked,) = await ask_doh(
                ADDRESS,
                name,
                ("A",),
                server_name="dns.google",
                path="/dns-query",
                times=TIMES,
                kept=kept,
            )
            assert asked.failure is None

    assert len(connections) == 1
