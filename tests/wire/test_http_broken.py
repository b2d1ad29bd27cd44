"""Answers that break the rules: each end has a name, and none raises."""

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from probe.model.experiment import Hello
from probe.model.words import FailureWord
from probe.wire import tls
from probe.wire.tcp import TcpStream
from tests.wire.conftest import fetch
from tests.wire.test_http import OK


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
