"""One handshake against servers that behave, and against those that do not."""

import gc
import hashlib
import ssl
import struct
import sys
import weakref

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from probe.model.experiment import Hello
from probe.model.words import FailureWord, Operation
from probe.wire import contexts, tls
from probe.wire.tcp import TcpStream

NAME = "www.instagram.com"


async def shake(stream, **changes):
    options = {
        "server_name": NAME,
        "hello": Hello.SSL,
        "alpn": ("h2", "http/1.1"),
        "first_s": 10,
        "idle_s": 20,
        "total_s": 60,
        **changes,
    }
    try:
        return await tls.handshake(stream, **options)
    finally:
        stream.close()


@pytest.fixture
def against(serve, connect):
    """Shake hands with a server that reads the hello and does as the handler says."""

    async def shaken(handler, **changes):
        hellos = []

        async def read_first(stream):
            hellos.append(await stream.receive_some(65536))
            await handler(stream)

        async with serve(read_first):
            return await shake(await connect(), **changes), hellos[0]

    return shaken


def sending(*pieces, then="close"):
    async def handler(stream):
        for piece in pieces:
            if isinstance(piece, bytes):
                await stream.send_all(piece)
            else:
                await trio.sleep(piece)
        if then == "hang":
            await trio.sleep_forever()

    return handler


async def idle(stream):
    await stream.receive_some(65536)
    await trio.sleep_forever()


@pytest.mark.parametrize(
    ("hello", "version"),
    [
        (Hello.SSL, "TLSv1.3"),
        (Hello.TLS12, "TLSv1.2"),
        (Hello.TLS13, "TLSv1.3"),
        (Hello.NO_NAME, "TLSv1.3"),
    ],
)
async def test_each_hello_shakes_hands_and_keeps_the_chain(
    autojump_clock, serve_tls, connect, hello, version
):
    async with serve_tls(idle, alpn=("h2",)):
        result = await shake(await connect(), hello=hello)

    assert result.failure is None
    assert (result.version, result.alpn) == (version, "h2")
    assert result.cipher
    assert result.server_name == (None if hello is Hello.NO_NAME else NAME)
    assert len(result.chain) == 2
    assert result.chain[0].startswith(b"\x30\x82")


async def test_a_browsers_hello_is_another_hello(autojump_clock, serve_tls, connect):
    pytest.importorskip("utls")
    async with serve_tls(idle, alpn=("h2",)):
        ours = await shake(await connect())
        chrome = await shake(await connect(), hello=Hello.CHROME)

    assert chrome.failure is None
    assert chrome.chain == ours.chain
    # X25519MLKEM768 alone has 1216 bytes: a browser's hello no longer fits into one segment.
    assert chrome.hello_bytes > 1460 > ours.hello_bytes


@pytest.mark.parametrize("hello", [Hello.SSL, Hello.CHROME])
async def test_a_handshake_leaves_no_garbage_behind(autojump_clock, serve_tls, connect, hello):
    """What only the collector frees is 170 KB per browser's hello until it runs."""
    if contexts.unavailable(hello):
        pytest.skip("the extra is not installed")
    async with serve_tls(idle, alpn=("h2",)):
        stream = await connect()
        gc.collect()
        gc.disable()
        try:
            result = await shake(stream, hello=hello)
            kept = weakref.ref(result.stream)
            del result
            left = kept()
        finally:
            gc.enable()

    assert left is None


async def test_a_self_signed_certificate_is_kept_and_not_refused(
    autojump_clock, serve_tls, connect
):
    """The forged certificate is the evidence; the page behind it is still fetched."""
    async with serve_tls(idle, name="blockpage.example"):
        result = await shake(await connect())

    assert result.failure is None
    assert result.chain


async def test_the_hellos_bytes_are_counted_and_hashed(autojump_clock, against):
    result, hello = await against(sending(then="hang"), first_s=1)

    assert result.hello_bytes == len(hello)
    assert result.hello_sha256 == hashlib.sha256(hello).hexdigest()
    assert NAME.encode() in hello


async def test_without_a_name_none_is_sent(autojump_clock, against):
    _, hello = await against(sending(then="hang"), first_s=1, hello=Hello.NO_NAME)

    assert NAME.encode() not in hello


@pytest.mark.parametrize(("code", "name"), [(112, "unrecognized_name"), (40, "handshake_failure")])
async def test_an_alert_is_read_from_raw_bytes(autojump_clock, against, code, name):
    alert = b"\x15\x03\x03\x00\x02\x02" + bytes([code])
    result, _ = await against(sending(alert, then="hang"))

    assert result.failure.word is FailureWord.SSL_FAILED_HANDSHAKE
    assert result.failure.raw == f"alert {code} {name}"
    assert result.alert == code
    assert result.received_head == alert


async def test_a_reset_after_the_hello_is_timed(autojump_clock, against, hang_up):
    async def handler(stream):
        await trio.sleep(0.01)
        hang_up(stream)

    result, _ = await against(handler)

    assert result.failure.word is FailureWord.CONNECTION_RESET
    assert result.failure.operation is Operation.HANDSHAKE
    assert result.failed_after_s == pytest.approx(0.06, abs=0.001)
    assert result.first_byte_s is None


async def test_a_close_after_the_hello_is_an_eof(autojump_clock, against):
    result, _ = await against(sending())

    assert result.failure.word is FailureWord.EOF_ERROR


@pytest.mark.parametrize(
    "page",
    [
        b"HTTP/1.1 302 Found\r\nLocation: http://warning.rt.ru/\r\n\r\n",
        b"\x00" * 40,
        b"\x16\x03\x03\x00\x20" + b"\xff" * 32,
        b"\x16\x03\x03\xff\xff" + b"\xff" * 2000,
    ],
    ids=["a page in clear", "zeros", "a record of rubbish", "a record too long"],
)
async def test_rubbish_fails_and_its_head_is_kept(autojump_clock, against, page):
    result, _ = await against(sending(page, then="hang"))

    assert result.failure is not None
    assert result.received_head == page[:512]
    assert result.alert is None


async def test_silence_costs_the_first_patience(autojump_clock, against):
    result, _ = await against(sending(then="hang"))

    assert result.failure.word is FailureWord.GENERIC_TIMEOUT_ERROR
    assert result.failure.raw == "idle 10 s"
    assert result.failed_after_s == pytest.approx(10, abs=0.01)


async def test_silence_after_some_bytes_costs_the_longer_patience(autojump_clock, against):
    result, _ = await against(sending(b"\x16\x03\x03\x40\x00", then="hang"))

    assert result.failure.raw == "idle 20 s"
    assert result.first_byte_s == pytest.approx(0.05, abs=0.001)


async def test_a_byte_a_second_ends_with_the_total(autojump_clock, against):
    drip = [piece for _ in range(100) for piece in (1, b"a")]
    result, _ = await against(sending(b"\x16\x03\x03\x40\x00", *drip))

    assert result.failure.raw == "total 60 s"
    assert 55 <= len(result.progress) <= 64


@pytest.mark.parametrize("name", [".instagram.com", "a" * 64 + ".com", ""])
async def test_what_is_no_server_name_is_not_sent(autojump_clock, serve, connect, name):
    async with serve(idle):
        result = await shake(await connect(), server_name=name)

    assert result.failure.word is FailureWord.INVALID_ARGUMENT
    assert result.hello_bytes == 0


async def test_contexts_are_shared():
    """A context costs 141 us; ALPN lives on it, so there is one per list."""
    assert contexts.context(("h2",), Hello.SSL) is contexts.context(("h2",), Hello.SSL)
    assert contexts.context(("h2",), Hello.SSL) is not contexts.context((), Hello.SSL)


def test_nothing_is_verified_and_nothing_trusted():
    context = contexts.context((), Hello.SSL)

    assert context.verify_mode == ssl.CERT_NONE
    assert context.cert_store_stats()["x509"] == 0


def test_a_missing_extra_is_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "utls", None)

    assert "roadblock[browser]" in contexts.unavailable(Hello.CHROME)
    assert contexts.unavailable(Hello.SSL) is None
    assert contexts.unavailable(Hello.ECH)


async def test_large_transfers_arrive_whole_both_ways(autojump_clock, serve_tls, connect):
    sent = bytes(range(256)) * 2000

    async def echo(stream):
        got = b""
        while len(got) < len(sent):
            got += await stream.receive_some(65536)
        await stream.send_all(got)
        await trio.sleep_forever()

    async with serve_tls(echo):
        stream = await connect()
        result = await tls.handshake(
            stream,
            server_name=NAME,
            hello=Hello.SSL,
            alpn=(),
            first_s=10,
            idle_s=20,
            total_s=60,
        )
        await result.stream.send_all(sent)
        got = b""
        while len(got) < len(sent):
            got += await result.stream.receive_some()
        stream.close()

    assert got == sent


async def test_a_hello_record_can_be_told_from_the_start(autojump_clock, against):
    """What is counted as the hello is exactly one handshake record."""
    result, hello = await against(sending(then="hang"), first_s=1)

    assert hello[0] == 22
    assert struct.unpack(">H", hello[3:5])[0] + 5 == result.hello_bytes


class Canned(TcpStream):
    """A stream that hands out given pieces, then the end."""

    def __init__(self, pieces):
        self._pieces = list(pieces)
        self.bytes_sent = self.bytes_received = 0
        self.head = b""
        self.on_receive = self.on_send = None
        self.sent_at = 0.0

    async def send_all(self, data):
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes=65536):
        await trio.lowlevel.checkpoint()
        piece = self._pieces.pop(0) if self._pieces else b""
        self.bytes_received += len(piece)
        if self.on_receive is not None:
            self.on_receive(trio.current_time(), piece)
        return piece

    def close(self):
        pass


RECORDS = st.builds(
    lambda kind, version, body: bytes([kind, 3, version]) + len(body).to_bytes(2, "big") + body,
    st.sampled_from([20, 21, 22, 23, 24, 0, 255]),
    st.integers(0, 4),
    st.binary(max_size=80),
)
HELLOS = [Hello.SSL, Hello.TLS12] + ([] if contexts.unavailable(Hello.CHROME) else [Hello.CHROME])


@given(st.lists(st.one_of(RECORDS, st.binary(max_size=40)), max_size=8), st.sampled_from(HELLOS))
def test_no_records_make_a_handshake_raise(pieces, hello):
    result = trio.run(lambda: shake(Canned(p for p in pieces if p), hello=hello))

    assert result.failure is not None
    assert result.stream is None
