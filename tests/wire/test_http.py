"""One exchange against servers that behave, and against those that do not."""

import gzip
import zlib

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from probe.model.experiment import Hello
from probe.model.words import FailureWord, Operation
from probe.wire import http, tls
from probe.wire.tcp import TcpStream

LIMIT = 65_536
OK = b"HTTP/1.1 200 OK\r\n"


async def fetch(stream, encrypted=None, url="http://www.instagram.com/", **changes):
    options = {"body_limit_bytes": LIMIT, "first_s": 20, "idle_s": 20, "total_s": 60, **changes}
    try:
        return await http.Session(stream, encrypted, url).exchange(**options)
    finally:
        stream.close()


@pytest.fixture
def answering(serve, connect):
    """Fetch from a server that reads the request and sends pieces of bytes, with pauses."""

    async def fetched(*pieces, then="close", **changes):
        requests = []

        async def handler(stream):
            requests.append(await stream.receive_some(65536))
            for piece in pieces:
                if isinstance(piece, bytes):
                    await stream.send_all(piece)
                else:
                    await trio.sleep(piece)
            if then == "hang":
                await trio.sleep_forever()

        async with serve(handler, port=80):
            return await fetch(await connect(80), **changes), requests[0]

    return fetched


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


@pytest.mark.parametrize(
    "rubbish",
    [
        pytest.param(b"\x00" * 100, id="zeros"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 abc OK\r\n\r\n", id="status of letters"),
        pytest.param(b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", id="a line without a colon"),
        pytest.param(OK + b"Content-Length: -5\r\n\r\n", id="negative length"),
        pytest.param(OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345", id="two lengths"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", id="bad chunk size"),
    ],
)
async def test_rubbish_is_a_failure_with_a_name(autojump_clock, answering, rubbish):
    result, _ = await answering(rubbish)

    assert result.failure is not None
    assert result.failure.word in {FailureWord.HTTP_REQUEST_FAILED, FailureWord.EOF_ERROR}


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


async def shaken(stream, alpn):
    result = await tls.handshake(
        stream,
        server_name="www.instagram.com",
        hello=Hello.SSL,
        alpn=alpn,
        first_s=10,
        idle_s=20,
        total_s=60,
    )
    assert result.stream is not None
    return result.stream


@pytest.mark.parametrize("notice", [True, False])
async def test_an_end_without_close_notify_is_truncated(autojump_clock, serve_tls, connect, notice):
    """A box that cuts the connection cannot forge the notice; a server's end has it."""

    async def handler(stream):
        await stream.receive_some(65536)
        await stream.send_all(OK + b"\r\nwithout a length")
        if notice:
            await stream.aclose()
        else:
            await stream.transport_stream.aclose()

    async with serve_tls(handler):
        stream = await connect()
        result = await fetch(stream, await shaken(stream, ("http/1.1",)), "https://x.example/")

    assert result.body == b"without a length"
    assert result.how == ("complete" if notice else "truncated")
    assert result.failure is None


async def test_rubbish_frames_are_a_failure_with_a_name(autojump_clock, serve_tls, connect):
    async def handler(stream):
        await stream.receive_some(65536)
        # A DATA frame on stream 0, which RFC 9113 section 6.1 forbids.
        await stream.send_all(b"\x00\x00\x04\x00\x00\x00\x00\x00\x00abcd")
        await trio.sleep_forever()

    async with serve_tls(handler, alpn=("h2",)):
        stream = await connect()
        result = await fetch(stream, await shaken(stream, ("h2",)), "https://x.example/")

    assert result.failure.word is FailureWord.HTTP_REQUEST_FAILED


async def test_a_status_of_letters_over_http2_is_a_failure(autojump_clock, serve_tls, connect):
    import h2.config
    import h2.connection
    import h2.events

    async def handler(stream):
        config = h2.config.H2Configuration(
            client_side=False, validate_outbound_headers=False, normalize_outbound_headers=False
        )
        connection = h2.connection.H2Connection(config)
        connection.initiate_connection()
        await stream.send_all(connection.data_to_send())
        while True:
            for event in connection.receive_data(await stream.receive_some(65536)):
                if isinstance(event, h2.events.RequestReceived):
                    connection.send_headers(event.stream_id, [(b":status", b"abc")])
            await stream.send_all(connection.data_to_send())

    async with serve_tls(handler, alpn=("h2",)):
        stream = await connect()
        result = await fetch(stream, await shaken(stream, ("h2",)), "https://x.example/")

    assert result.failure.word is FailureWord.HTTP_REQUEST_FAILED


class Canned(TcpStream):
    """A stream that hands out given pieces, then the end."""

    def __init__(self, pieces):
        self._pieces = list(pieces)
        self.bytes_sent = self.bytes_received = 0
        self.head = b""
        self.on_receive = self.on_send = None

    async def send_all(self, data):
        await trio.lowlevel.checkpoint()
        self.bytes_sent += len(data)

    async def receive_some(self, max_bytes=65536):
        await trio.lowlevel.checkpoint()
        piece = self._pieces.pop(0) if self._pieces else b""
        self.bytes_received += len(piece)
        if self.on_receive is not None:
            self.on_receive(trio.current_time(), piece)
        return piece

    def close(self):
        pass


HEADS = st.sampled_from(
    [
        OK,
        b"HTTP/1.1 302 Found\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: x\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Content-Type: text/html; charset=koi8-r\r\n",
        b"Location: //\xff\r\n",
        b"Set-Cookie: a=b\r\n",
        b": \r\n",
        b"\r\n",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"<meta charset=utf-16><title>\xd1\x82",
    ]
)


@given(st.lists(st.one_of(HEADS, st.binary(max_size=60)), max_size=12))
def test_no_bytes_make_an_exchange_raise(pieces):
    result = trio.run(fetch, Canned(p for p in pieces if p))

    assert result.failure is not None or result.status is not None


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
