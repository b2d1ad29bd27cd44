"""Packets: what is written is read again, and checksums are those of real captures."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.lab.packet import (
    ACK,
    ICMP,
    ICMPV6,
    SYN,
    TCP,
    UDP,
    Flow,
    MalformedPacketError,
    Packet,
    Side,
    checksum,
    parse,
    read_tcp_options,
    tcp_options,
)

ENDS = {4: ("192.0.2.2", "157.240.1.174"), 6: ("2001:db8::2", "2a03:2880::1")}

packets = st.builds(
    lambda version, protocol, ports, numbers, flags, payload, ttl: Packet(
        version,
        *ENDS[version],
        ttl,
        protocol,
        *ports,
        *(numbers if protocol == TCP else (0, 0)),
        flags if protocol == TCP else 0,
        4096 if protocol == TCP else 0,
        payload=payload,
    ),
    st.sampled_from([4, 6]),
    st.sampled_from([TCP, UDP]),
    st.tuples(st.integers(1, 65535), st.integers(1, 65535)),
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
    st.integers(0, 31),
    st.binary(max_size=1400),
    st.integers(1, 255),
)


def fields(packet: Packet) -> tuple[object, ...]:
    names = Packet.__slots__
    return tuple(getattr(packet, name) for name in names if name != "raw")


def folded(data: bytes) -> int:
    """Sum as RFC 1071 writes it, word by word."""
    data += b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@given(packets)
def test_what_is_written_is_read_again(packet: Packet) -> None:
    raw = packet.to_bytes()

    assert fields(parse(raw)) == fields(packet)
    assert len(raw) == packet.size_bytes


@given(packets)
def test_checksums_verify(packet: Packet) -> None:
    raw = packet.to_bytes()
    if packet.version == 4:
        assert folded(raw[:20]) == 0xFFFF
        addresses, body = raw[12:20], raw[20:]
    else:
        addresses, body = raw[8:40], raw[40:]
    pseudo = addresses + len(body).to_bytes(4, "big") + packet.protocol.to_bytes(4, "big")

    assert folded(pseudo + body) == 0xFFFF


@given(packets, st.integers(1, 5))
def test_forwarding_changes_the_ttl_alone(packet: Packet, hops: int) -> None:
    packet.ttl += hops
    packet.ttl = min(packet.ttl, 255)
    original = parse(packet.to_bytes())
    aged = original.aged(hops)

    assert aged.ttl == original.ttl - hops
    assert fields(parse(aged.to_bytes())) == fields(aged)
    if packet.version == 4:
        assert folded(aged.to_bytes()[:20]) == 0xFFFF


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(MalformedPacketError):
        parse(raw)


def test_header_checksum_of_a_known_packet() -> None:
    # The example of RFC 1071's usual illustration (Wikipedia, "Internet checksum").
    header = bytes.fromhex("450000730000400040110000c0a80001c0a800c7")

    assert checksum(header) == 0xB861


@pytest.mark.parametrize("version", [4, 6])
def test_icmp_error_quotes_the_packet(version: int) -> None:
    client, server = ENDS[version]
    lost = Packet(version, client, server, 1, TCP, 40000, 443, 7, 0, SYN)
    protocol = ICMP if version == 4 else ICMPV6
    error = Packet(version, server, client, 64, protocol, payload=lost.to_bytes(), icmp=(11, 0, 0))

    again = parse(error.to_bytes())
    assert again.icmp == (11, 0, 0)
    assert fields(parse(again.payload)) == fields(lost)


def test_flow_is_written_from_the_clients_side_both_ways() -> None:
    out = Packet(4, "192.0.2.2", "8.8.8.8", 64, UDP, 40000, 53)
    back = Packet(4, "8.8.8.8", "192.0.2.2", 64, UDP, 53, 40000)

    assert out.flow(Side.SERVER) == back.flow(Side.CLIENT)
    assert out.flow(Side.SERVER) == Flow(UDP, "192.0.2.2", 40000, "8.8.8.8", 53)


def test_options_of_a_syn_are_read() -> None:
    options = read_tcp_options(tcp_options(mss=1460, window_scale=7))

    assert options == {2: (1460).to_bytes(2, "big"), 3: b"\x07"}
    assert read_tcp_options(b"\x02") == {}
    assert read_tcp_options(b"\x08\x00\x01") == {}


def test_fragments_keep_their_bytes() -> None:
    raw = bytearray(Packet(4, "192.0.2.2", "8.8.8.8", 64, UDP, 1, 2, payload=b"abc").to_bytes())
    raw[6] |= 0x20  # more fragments
    packet = parse(bytes(raw))

    assert packet.fragment
    assert packet.source_port == 0
    assert packet.to_bytes() == bytes(raw)


def test_acknowledgement_numbers_wrap() -> None:
    packet = Packet(4, "192.0.2.2", "8.8.8.8", 64, TCP, 1, 2, 2**32 + 5, 2**32 + 6, ACK)

    assert (parse(packet.to_bytes()).seq, parse(packet.to_bytes()).ack) == (5, 6)
