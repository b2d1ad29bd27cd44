"""QUIC against the lab's server, and against silence, boxes and rubbish."""

import errno
import sys

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from probe.lab.virtual import virtual_net
from probe.model.words import FailureWord, Operation
from probe.wire import quic, quic_packet

pytest.importorskip("aioquic")

ADDRESS = "157.240.1.174"
NAME = "www.instagram.com"
PATIENCE = {"first_s": 10, "idle_s": 20, "total_s": 60}


async def get(**changes):
    options = {"server_name": NAME, "body_limit_bytes": 65_536, **PATIENCE, **changes}
    return await quic.exchange(ADDRESS, f"https://{NAME}/x?y", **options)


def test_the_probes_datagram_is_as_rfc_9000_wants_it():
    datagram, source = quic_packet.probe()

    assert len(datagram) == 1200
    assert datagram[0] & 0xC0 == 0xC0
    assert int.from_bytes(datagram[1:5], "big") & 0x0F0F0F0F == 0x0A0A0A0A
    assert source in datagram
    assert NAME.encode() not in datagram


def negotiation(source, *versions):
    body = b"".join(version.to_bytes(4, "big") for version in versions)
    return b"\xc0" + bytes(4) + bytes([8]) + source + bytes([3]) + b"abc" + body


def test_versions_are_named_and_reserved_ones_left_out():
    source = b"12345678"

    versions = quic_packet.versions_in(
        negotiation(source, 1, 0x6B3343CF, 0xFF00001D, 0x1A2A3A4A), source
    )

    assert versions == ("1", "2", "ff00001d")


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\xc0",
        negotiation(b"87654321", 1),
        b"\x40" + negotiation(b"12345678", 1)[1:],
        b"\xc0\x00\x00\x00\x01" + negotiation(b"12345678", 1)[5:],
        b"\xc0" + bytes(4) + b"\xff" + b"x" * 20,
    ],
    ids=["nothing", "one byte", "another's", "short header", "a version", "id cut"],
)
def test_what_is_no_negotiation_for_us_is_none(datagram):
    assert quic_packet.versions_in(datagram, b"12345678") is None


@given(st.binary(max_size=200))
def test_no_datagram_makes_the_reader_raise(datagram):
    quic_packet.versions_in(datagram, b"12345678")


async def test_a_server_tells_its_versions_without_any_name(autojump_clock, serve_udp):
    def answer(data):
        size = data[5]
        source = data[7 + size : 7 + size + data[6 + size]]
        return [(0, b"rubbish"), (0.01, negotiation(source, 1, 2))]

    async with serve_udp(answer, port=443):
        result = await quic.ask_versions(ADDRESS, **PATIENCE)

    assert result.server_versions == ("1", "00000002")
    assert result.failure is None
    assert (result.datagrams_sent, result.datagrams_received) == (1, 2)
    assert result.first_byte_s == pytest.approx(0.05, abs=0.001)


async def test_a_silent_server_is_asked_again_and_given_up(autojump_clock, serve_udp):
    async with serve_udp(lambda data: [], port=443):
        result = await quic.ask_versions(ADDRESS, **PATIENCE)

    assert result.failure.word is FailureWord.GENERIC_TIMEOUT_ERROR
    assert result.datagrams_sent == 4
    assert trio.current_time() == pytest.approx(10)


async def test_a_closed_port_is_told_by_icmp(autojump_clock):
    async with virtual_net():
        versions = await quic.ask_versions(ADDRESS, **PATIENCE)
        page = await get()

    for result in (versions, page):
        assert result.failure.word is FailureWord.CONNECTION_REFUSED
        assert result.failure.errno == errno.ECONNREFUSED
    assert trio.current_time() < 1


async def test_silence_costs_the_first_patience(autojump_clock, serve_udp):
    async with serve_udp(lambda data: [], port=443):
        result = await get()

    assert result.failure.word is FailureWord.GENERIC_TIMEOUT_ERROR
    assert result.failure.operation is Operation.HANDSHAKE
    assert result.datagrams_sent > 2
    assert trio.current_time() == pytest.approx(10)


async def test_only_other_versions_are_incompatible(autojump_clock, serve_udp):
    def answer(data):
        size = data[5]
        destination = data[6 : 6 + size]
        source = data[7 + size : 7 + size + data[6 + size]]
        head = b"\xc0" + bytes(4) + bytes([len(source)]) + source
        head += bytes([len(destination)]) + destination
        return [(0, head + (0xFF00001D).to_bytes(4, "big"))]

    async with serve_udp(answer, port=443):
        result = await get()

    assert result.failure.word is FailureWord.QUIC_INCOMPATIBLE_VERSION


@pytest.mark.parametrize("seed", range(20))
async def test_rubbish_datagrams_end_within_the_patience(autojump_clock, serve_udp, seed):
    import random

    noise = random.Random(seed)

    def answer(data):
        kept = bytearray(data[: noise.randrange(1, len(data))])
        for _ in range(noise.randrange(1, 9)):
            kept[noise.randrange(len(kept))] = noise.randrange(256)
        return [(0, bytes(kept)), (0.01, noise.randbytes(noise.randrange(1, 1300)))]

    async with serve_udp(answer, port=443):
        result = await get()

    assert result.failure is not None
    assert trio.current_time() <= 60.1


def test_a_missing_extra_is_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "aioquic.h3.connection", None)

    assert "roadblock[quic]" in quic.unavailable()
