"""DNS over HTTPS by our own POST."""

import dns.message
import pytest
import trio

from probe.model.words import FailureWord
from probe.wire.dns import StreamTimes, ask_doh

ADDRESS = "157.240.1.174"
NAME = "www.instagram.com"
TIMES = StreamTimes(
    connect_s=5, handshake_idle_s=5, read_idle_s=5, handshake_total_s=10, answer_s=5
)


def http_server(respond):
    """Serve HTTP/1.1 with keep-alive; `respond(body)` gives (status, body)."""

    async def handler(stream):
        buffer = b""
        while True:
            while b"\r\n\r\n" not in buffer:
                data = await stream.receive_some(4096)
                if not data:
                    return
                buffer += data
            head, _, buffer = buffer.partition(b"\r\n\r\n")
            size = next(
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            )
            while len(buffer) < size:
                buffer += await stream.receive_some(4096)
            status, body = respond(head, buffer[:size])
            buffer = buffer[size:]
            await stream.send_all(
                b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body
            )

    return handler


async def ask(types=("A", "AAAA")):
    asked = await ask_doh(
        ADDRESS, NAME, types, server_name="dns.google", path="/dns-query", times=TIMES
    )
    return {question.query_type: question for question in asked}


async def test_the_wire_format_is_posted(autojump_clock, serve_tls):
    heads = []

    def respond(head, body):
        heads.append(head.decode().lower())
        return 200, dns.message.make_response(dns.message.from_wire(body)).to_wire()

    async with serve_tls(http_server(respond), name="dns.google"):
        asked = await ask()

    assert {a.failure.word for a in asked.values()} == {FailureWord.DNS_NO_ANSWER}
    assert heads[0].startswith("post /dns-query http/1.1\r\nhost: dns.google\r\n")
    assert "content-type: application/dns-message" in heads[0]
    assert all(len(a.chain) == 2 for a in asked.values())
    assert asked["A"].bytes_sent > asked["AAAA"].bytes_sent > 0


@pytest.mark.parametrize("status", [302, 403, 500])
async def test_another_status_is_no_answer(autojump_clock, serve_tls, status):
    async with serve_tls(http_server(lambda *_: (status, b"blocked")), name="dns.google"):
        asked = await ask(("A",))

    assert asked["A"].failure.word is FailureWord.HTTP_REQUEST_FAILED
    assert asked["A"].failure.raw == f"status {status}"


async def test_rubbish_in_a_good_response_is_kept(autojump_clock, serve_tls):
    async with serve_tls(http_server(lambda *_: (200, b"rubbish")), name="dns.google"):
        asked = await ask(("A",))

    assert asked["A"].answers[0].malformed
    assert asked["A"].failure is not None


async def test_silence_after_the_handshake_costs_the_answers_time(autojump_clock, serve_tls):
    async def silent(stream):
        await stream.receive_some(4096)
        await trio.sleep_forever()

    async with serve_tls(silent, name="dns.google"):
        asked = await ask()

    assert {a.failure.word for a in asked.values()} == {FailureWord.GENERIC_TIMEOUT_ERROR}
    assert trio.current_time() == pytest.approx(5.15, abs=0.1)
