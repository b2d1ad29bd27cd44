"""The server's TLS, over trio's memory streams."""

import ssl

import pytest
import trio
from trio.testing import memory_stream_pair

from probe.lab.pki import LAB_ANCHOR, authority
from probe.lab.servers.site import TlsManner
from probe.lab.servers.tls import Answer, accept_tls

CA = authority(LAB_ANCHOR)


def client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def serving(name):
    return Answer(TlsManner.SERVE, CA.context(name or "default.example"))


async def shake_hands(answer, name, context=None):
    client, server = memory_stream_pair()
    stream = trio.SSLStream(client, context or client_context(), server_hostname=name)
    accepted = []

    async def accept():
        accepted.append(await accept_tls(server, answer))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(accept)
        await stream.do_handshake()
    return stream, accepted[0]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_the_name_in_the_hello_chooses_the_certificate(version):
    context = client_context()
    context.minimum_version = context.maximum_version = version

    stream, accepted = await shake_hands(serving, "www.example.org", context)

    assert stream.getpeercert(binary_form=True) == CA.issue("www.example.org").chain[0]
    assert stream.selected_alpn_protocol() == "h2"
    assert accepted.alpn == "h2"


async def test_bytes_pass_both_ways_after_the_handshake():
    stream, accepted = await shake_hands(serving, "www.example.org")

    await stream.send_all(b"question")
    question = await accepted.receive_some()
    await accepted.send_all(b"a" * 100_000)
    answer = b""
    while len(answer) < 100_000:
        answer += await stream.receive_some()

    assert question == b"question"
    assert answer == b"a" * 100_000


@pytest.mark.parametrize(
    ("manner", "expected"),
    [
        pytest.param(TlsManner.ALERT, "unrecognized", id="alert"),
        pytest.param(TlsManner.CLOSE, "EOF", id="close"),
        pytest.param(TlsManner.RUBBISH, "WRONG_VERSION|RECORD", id="rubbish"),
        pytest.param(TlsManner.RUBBISH_RECORD, "", id="rubbish record"),
    ],
)
async def test_a_server_that_does_not_serve_the_name_fails_the_handshake(manner, expected):
    def refuse(name):
        return Answer(manner, CA.context("default.example"))

    with pytest.RaisesGroup(trio.BrokenResourceError) as caught:
        await shake_hands(refuse, "www.example.org")

    cause = caught.value.exceptions[0].__cause__
    assert isinstance(cause, ssl.SSLError)
    assert not expected or any(word.lower() in str(cause).lower() for word in expected.split("|"))


async def test_a_silent_server_never_answers(autojump_clock):
    def silent(name):
        return Answer(TlsManner.SILENCE, CA.context("default.example"))

    with trio.move_on_after(30) as waited:
        await shake_hands(silent, "www.example.org")

    assert waited.cancelled_caught


async def test_a_slow_server_answers_late(autojump_clock):
    def slow(name):
        return Answer(TlsManner.SERVE, CA.context(name), delay_s=7)

    await shake_hands(slow, "www.example.org")

    assert trio.current_time() >= 7
