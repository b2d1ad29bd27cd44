"""DNS over connections: TCP, TLS."""

import dns.message
import dns.rrset
import pytest
import trio

from probe.lab.virtual import virtual_net
from probe.model.words import FailureWord, Operation
from probe.wire.dns import StreamTimes, ask_dot, ask_tcp

ADDRESS = "157.240.1.174"
NAME = "www.instagram.com"
TIMES = StreamTimes(
    connect_s=5, handshake_idle_s=5, read_idle_s=5, handshake_total_s=10, answer_s=5
)


def framed(wire):
    return len(wire).to_bytes(2, "big") + wire


def truth(wire):
    reply = dns.message.make_response(dns.message.from_wire(wire))
    kind = reply.question[0].rdtype.name
    address = "157.240.1.174" if kind == "A" else "2a03:2880::1"
    reply.answer.append(dns.rrset.from_text(f"{NAME}.", 60, "IN", kind, address))
    return framed(reply.to_wire())


async def questions_of(stream, buffer=b""):
    while True:
        while len(buffer) >= 2 and len(buffer) >= 2 + int.from_bytes(buffer[:2], "big"):
            size = int.from_bytes(buffer[:2], "big")
            yield buffer[2 : 2 + size]
            buffer = buffer[2 + size :]
        data = await stream.receive_some(4096)
        if not data:
            return
        buffer += data


async def honest(stream):
    async for wire in questions_of(stream):
        await stream.send_all(truth(wire))


async def ask(**changes):
    asked = await ask_tcp(ADDRESS, NAME, ("A", "AAAA"), times=TIMES, **changes)
    return {question.query_type: question for question in asked}


async def test_both_questions_travel_on_one_connection(autojump_clock, serve):
    async with serve(honest, port=53):
        asked = await ask()
        took_s = trio.current_time()

    assert asked["A"].readable.addresses == ("157.240.1.174",)
    assert asked["AAAA"].readable.addresses == ("2a03:2880::1",)
    assert took_s == pytest.approx(0.1, abs=0.01)
    assert asked["A"].bytes_received > 0
    assert asked["AAAA"].bytes_received == 0


async def test_a_server_that_closes_after_one_answer_is_asked_again(autojump_clock, serve):
    async def one_only(stream):
        async for wire in questions_of(stream):
            await stream.send_all(truth(wire))
            return

    async with serve(one_only, port=53):
        asked = await ask()

    assert asked["A"].failure is asked["AAAA"].failure is None


async def test_an_answer_in_single_bytes_is_put_together(autojump_clock, serve):
    async def drip(stream):
        async for wire in questions_of(stream):
            for byte in truth(wire):
                await stream.send_all(bytes([byte]))
                await trio.sleep(0.001)

    async with serve(drip, port=53):
        asked = await ask()

    assert asked["AAAA"].readable.addresses == ("2a03:2880::1",)


async def test_a_reset_after_the_question_is_the_answer(autojump_clock, serve, hang_up):
    async def cut(stream):
        await stream.receive_some(4096)
        hang_up(stream)

    async with serve(cut, port=53):
        asked = await ask()

    assert {a.failure.word for a in asked.values()} == {FailureWord.CONNECTION_RESET}
    assert {a.failure.operation for a in asked.values()} == {Operation.READ}


@pytest.mark.parametrize(
    "rubbish",
    [b"", b"\x00", b"\x00\x00" * 10, b"\xff\xff" + b"x" * 100, framed(b"rubbish")],
    ids=["nothing", "half a length", "empty messages", "too short", "no message"],
)
async def test_rubbish_ends_within_the_time(autojump_clock, serve, rubbish):
    async def handler(stream):
        await stream.receive_some(4096)
        await stream.send_all(rubbish)
        await trio.sleep_forever()

    async with serve(handler, port=53):
        asked = await ask()

    assert all(a.failure is not None for a in asked.values())
    assert trio.current_time() == pytest.approx(5.05, abs=0.1)


async def test_messages_that_never_end_do(autojump_clock, serve):
    async def flood(stream):
        await stream.receive_some(4096)
        while True:
            await stream.send_all(framed(b"\x00\x01" + b"x" * 100) * 100)

    async with serve(flood, port=53):
        asked = await ask()

    assert all(len(a.answers) <= 32 for a in asked.values())
    assert trio.current_time() < 6


async def test_a_refused_connection_fails_every_question(autojump_clock):
    async with virtual_net():
        asked = await ask()

    assert {a.failure.word for a in asked.values()} == {FailureWord.CONNECTION_REFUSED}
    assert {a.failure.operation for a in asked.values()} == {Operation.CONNECT}


async def test_over_tls_the_chain_is_kept(autojump_clock, serve_tls):
    async with serve_tls(honest, port=853, alpn=(), name="dns.google"):
        asked = await ask_dot(ADDRESS, NAME, ("A",), server_name="dns.google", times=TIMES)

    assert asked[0].readable.addresses == ("157.240.1.174",)
    assert len(asked[0].chain) == 2


async def test_a_failed_handshake_is_named_as_one(autojump_clock, serve, hang_up):
    async def cut(stream):
        await stream.receive_some(4096)
        hang_up(stream)

    async with serve(cut, port=853):
        asked = await ask_dot(ADDRESS, NAME, ("A",), server_name="dns.google", times=TIMES)

    assert asked[0].failure.word is FailureWord.CONNECTION_RESET
    assert asked[0].failure.operation is Operation.HANDSHAKE
    assert asked[0].bytes_sent > 200
