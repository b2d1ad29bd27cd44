"""One exchange against servers that behave, and against those that do not."""

import gzip
import zlib

import pytest
import trio

from probe.model.words import FailureWord, Operation
from probe.wire import http
from tests.wire.conftest import LIMIT, fetch

OK = b"HTTP/1.1 200 OK\r\n"


async def test_the_request_is_a_browsers_and_minimal(autojump_clock, answering):
    result, request = await answering(OK + b"Content-Length: 0\r\n\r\n")

    lines = request.decode().split("\r\n")
    assert lines[0] == "GET / HTTP/1.1"
    assert lines[1].lower() == "host: www.instagram.com"
    assert [line.split(":")[0].lower() for line in lines[1:-2]] == [
        "host",
        "user-agent",
        "accept",
        "accept-language",
        "accept-encoding",
    ]
    assert result.request_headers[0] == ("host", "www.instagram.com")
    assert len(result.request_headers) == 5


async def test_a_whole_page_is_complete(autojump_clock, answering):
    body = b"<html><title>Hi</title>" + b"x" * 50_000
    result, _ = await answering(OK + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    assert (result.status, result.http_version, result.how) == (200, "1.1", "complete")
    assert result.body == body
    assert result.declared_bytes == result.body_bytes == len(body)
    assert result.failure is None
    assert result.title == "Hi"
    assert result.first_byte_s == pytest.approx(0.05, abs=0.001)


async def test_reading_stops_at_the_limit(autojump_clock, answering):
    result, _ = await answering(OK + b"Content-Length: 900000\r\n\r\n" + b"x" * 900_000)

    assert result.how == "limit"
    assert result.body_bytes == LIMIT
    assert result.failure is None


async def test_a_body_that_never_ends_ends_at_the_limit(autojump_clock, serve, connect):
    async def handler(stream):
        await stream.receive_some(65536)
        await stream.send_all(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            await stream.send_all(b"400\r\n" + b"x" * 1024 + b"\r\n")

    async with serve(handler, port=80):
        result = await fetch(await connect(80))

    assert (result.how, result.body_bytes) == ("limit", LIMIT)


async def test_framing_without_a_body_ends_too(autojump_clock, serve, connect):
    """One byte a chunk with a long extension: the wire's allowance ends it, not the body's."""

    async def handler(stream):
        await stream.receive_some(65536)
        await stream.send_all(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            await stream.send_all((b"1;" + b"e" * 1000 + b"\r\nx\r\n") * 50)

    async with serve(handler, port=80):
        stream = await connect(80)
        result = await fetch(stream)

    assert result.how == "limit"
    assert stream.bytes_received < 7 * LIMIT


async def test_headers_that_never_end_are_no_http(autojump_clock, serve, connect):
    async def handler(stream):
        await stream.receive_some(65536)
        await stream.send_all(OK)
        while True:
            await stream.send_all(b"X-Filler: " + b"a" * 1000 + b"\r\n")

    async with serve(handler, port=80):
        stream = await connect(80)
        result = await fetch(stream)

    assert result.failure.word is FailureWord.HTTP_REQUEST_FAILED
    assert result.how == "none"
    assert stream.bytes_received < 300_000


async def test_interim_responses_that_never_end_are_no_http(autojump_clock, serve, connect):
    async def handler(stream):
        await stream.receive_some(65536)
        while True:
            await stream.send_all(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 50)

    async with serve(handler, port=80):
        stream = await connect(80)
        result = await fetch(stream)

    assert result.failure.word is FailureWord.HTTP_REQUEST_FAILED
    assert stream.bytes_received < 400_000


async def test_one_byte_a_second_is_slow_and_not_silent(autojump_clock, serve, connect):
    """Patience counts from the last byte: throttling must not look like a drop."""

    async def handler(stream):
        await stream.receive_some(65536)
        await stream.send_all(OK + b"Content-Length: 1000\r\n\r\n")
        while True:
            await trio.sleep(1)
            await stream.send_all(b"x")

    async with serve(handler, port=80):
        started = trio.current_time()
        result = await fetch(await connect(80))
        took_s = trio.current_time() - started

    assert result.failure.word is FailureWord.GENERIC_TIMEOUT_ERROR
    assert result.failure.raw == "total 60 s"
    assert result.how == "failed"
    assert 58 <= result.body_bytes <= 60
    assert 55 <= len(result.progress) <= 64
    assert took_s == pytest.approx(60, abs=0.2)


async def test_silence_after_the_request_costs_the_first_patience(autojump_clock, answering):
    result, _ = await answering(then="hang", first_s=20)

    assert result.failure.word is FailureWord.GENERIC_TIMEOUT_ERROR
    assert result.failure.raw == "idle 20 s"
    assert result.how == "none"
    assert result.failed_after_s == pytest.approx(20, abs=0.01)


async def test_silence_within_the_body_costs_the_idle_patience(autojump_clock, answering):
    result, _ = await answering(
        OK + b"Content-Length: 50000\r\n\r\n" + b"x" * 16_000, then="hang", idle_s=20
    )

    assert result.failure.raw == "idle 20 s"
    assert result.how == "failed"
    assert result.body_bytes == 16_000
    assert result.progress[-1][1] == pytest.approx(16_000, abs=200)


async def test_a_bomb_costs_what_its_cap_costs(autojump_clock, answering):
    bomb = gzip.compress(b"\x00" * 50_000_000)
    result, _ = await answering(
        OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb
    )

    assert result.body_bytes == LIMIT
    assert len(result.body) == LIMIT


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        pytest.param(b"gzip", gzip.compress, id="gzip"),
        pytest.param(b"deflate", zlib.compress, id="deflate as zlib"),
        pytest.param(b"deflate", lambda b: zlib.compress(b, wbits=-15), id="deflate, raw"),
        pytest.param(b"gzip", bytes, id="said to be gzip and is not"),
    ],
)
async def test_a_compressed_page_is_read(autojump_clock, answering, encoding, encode):
    page = b"<html><title>Compressed</title>"
    body = encode(page)
    head = OK + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (encoding, len(body))

    result, _ = await answering(head + body)

    assert (result.body, result.title, result.how) == (page, "Compressed", "complete")


async def test_a_body_that_is_cut_is_truncated(autojump_clock, answering):
    result, _ = await answering(OK + b"Content-Length: 5000\r\n\r\n" + b"x" * 1000)

    assert result.how == "truncated"
    assert result.failure.word is FailureWord.EOF_ERROR
    assert result.body_bytes == 1000


async def test_a_close_without_an_answer_is_an_eof(autojump_clock, answering):
    result, _ = await answering()

    assert result.failure.word is FailureWord.EOF_ERROR
    assert result.failure.operation is Operation.READ
    assert result.how == "none"


async def test_a_body_without_a_length_ends_with_the_connection(autojump_clock, answering):
    result, _ = await answering(b"HTTP/1.0 200 OK\r\n\r\nold")

    assert (result.http_version, result.body, result.how) == ("1.0", b"old", "complete")


async def test_a_reset_within_the_body_keeps_what_came(autojump_clock, serve, connect, hang_up):
    async def handler(stream):
        await stream.receive_some(65536)
        await stream.send_all(OK + b"Content-Length: 5000\r\n\r\n" + b"x" * 1000)
        await trio.sleep(1)
        hang_up(stream)

    async with serve(handler, port=80):
        result = await fetch(await connect(80))

    assert result.failure.word is FailureWord.CONNECTION_RESET
    assert result.failure.errno is not None
    assert (result.how, result.status, result.body_bytes) == ("failed", 200, 1000)


async def test_cookies_leave_their_values_behind(autojump_clock, answering):
    result, _ = await answering(
        OK + b"Set-Cookie: session=secret; Path=/\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n"
    )

    assert [v for k, v in result.headers if k == "set-cookie"] == ["session", "b"]
    assert "secret" not in repr(result)


async def test_a_redirect_is_a_value(autojump_clock, answering):
    result, _ = await answering(
        b"HTTP/1.1 302 Found\r\nLocation: http://warning.rt.ru/\r\nContent-Length: 0\r\n\r\n"
    )

    assert (result.status, result.location) == (302, "http://warning.rt.ru/")


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://www.instagram.com/x?y", True),
        ("http://www.instagram.com/", True),
        ("https://www.instagram.com:443/", True),
        ("http://www.instagram.com:443/", False),
        ("https://www.instagram.com:8443/", False),
        ("https://user@www.instagram.com/", False),
        ("https://www.инстаграм.com/", False),
        ("ftp://www.instagram.com/", False),
        ("https:///x", False),
        ("https://[::1/", False),
        ("https://x:99999/", False),
        ("", False),
    ],
)
def test_only_plain_urls_may_be_followed(url, may):
    assert (http.split_url(url) is not None) is may
