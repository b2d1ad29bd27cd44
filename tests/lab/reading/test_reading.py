"""What boxes read in payloads: hellos, requests, questions, Initials, put together from pieces."""

import ssl

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.lab.packet import ACK, SYN, TCP, Packet
from probe.lab.reading.dns import NXDOMAIN, Forgery, forge_answer, read_question
from probe.lab.reading.hello import looks_like_tls, read_hello
from probe.lab.reading.http import looks_like_http, read_request
from probe.lab.reading.prefix import Prefix, TcpPrefix
from probe.lab.reading.quic import read_initials, read_long_header, seal_server_initial

# RFC 9001 appendix A.2: the destination id of the sample client Initial.
SAMPLE_ID = bytes.fromhex("8394c8f03e515708")


def hello_bytes(name: str) -> bytes:
    out = ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    half = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        half.do_handshake()
    return out.read()


HELLO = hello_bytes("www.instagram.com")


def test_hello_shows_name_versions_and_alpn() -> None:
    hello = read_hello(HELLO)

    assert hello is not None
    assert hello.name == "www.instagram.com"
    assert hello.offers_tls_1_3
    assert hello.alpn == ("h2", "http/1.1")
    assert not hello.has_ech


def test_hello_is_read_only_when_whole() -> None:
    assert read_hello(HELLO[:-1]) is None
    assert all(looks_like_tls(HELLO[:size]) for size in range(10))
    assert not looks_like_tls(b"GET / HTTP/1.1")


@given(st.binary(max_size=300))
def test_any_bytes_are_no_hello_or_one(data: bytes) -> None:
    read_hello(data)
    read_hello(HELLO[:9] + data)
    read_request(data)
    read_question(data)
    list(read_initials(data))
    read_long_header(data)


@given(st.permutations(range(0, len(HELLO), 50)), st.sampled_from([0, 2**32 - 100]))
def test_pieces_in_any_order_give_the_stream(order: list[int], start: int) -> None:
    syn = Packet(4, "192.0.2.2", "8.8.8.8", 64, TCP, 1, 443, start, flags=SYN)
    prefix = TcpPrefix.after(syn)
    for at in [*order, *order[:3]]:
        piece = HELLO[at : at + 60]  # overlaps with the next
        seq = (start + 1 + at) % 2**32
        prefix.feed(
            Packet(4, "192.0.2.2", "8.8.8.8", 64, TCP, 1, 443, seq, flags=ACK, payload=piece)
        )

    assert prefix.data == HELLO


def test_stream_is_not_kept_for_ever() -> None:
    prefix = Prefix()

    assert not prefix.feed(100_000, b"x")


def test_request_shows_method_path_and_host_without_port() -> None:
    request = read_request(b"GET /a?b HTTP/1.1\r\nAccept: */*\r\nhOsT: BBC.co.uk:80\r\n\r\n")

    assert request is not None
    assert (request.method, request.path, request.host) == ("GET", "/a?b", "bbc.co.uk")
    assert read_request(b"GET / HTTP/1.1\r\nHost: bbc.co.uk\r\n") is None
    assert looks_like_http(b"GE")
    assert not looks_like_http(b"\x16\x03")


def test_question_and_forged_answer_agree() -> None:
    query = dns.message.make_query("www.bbc.com", "A", use_edns=True)
    question = read_question(query.to_wire())
    assert question is not None
    forgery = Forgery(("1.2.3.4", "::1"), cname="block.isp.example", ttl=7, authoritative=True)
    answer = dns.message.from_wire(forge_answer(question, forgery))

    assert query.is_response(answer)
    assert [rrset.to_text() for rrset in answer.answer] == [
        "www.bbc.com. 7 IN CNAME block.isp.example.",
        "block.isp.example. 7 IN A 1.2.3.4",
    ]
    assert read_question(answer.to_wire()) is None


def test_forged_error_without_edns_carries_no_extended_error() -> None:
    query = dns.message.make_query("www.bbc.com", "A")
    question = read_question(query.to_wire())
    assert question is not None
    answer = dns.message.from_wire(forge_answer(question, Forgery(rcode=NXDOMAIN, ede=(16, "x"))))

    assert answer.rcode() == NXDOMAIN
    assert answer.options == ()


def test_initial_keys_are_those_of_the_standard() -> None:
    """RFC 9001 appendix A.1 and RFC 9369 appendix A.1."""
    from probe.lab.reading.quic import VERSION_1, VERSION_2, _keys

    one = _keys(VERSION_1, SAMPLE_ID, b"client in")
    two = _keys(VERSION_2, SAMPLE_ID, b"client in")

    assert one.key.hex() == "1f369613dd76d5467730efcbe3b1a22d"
    assert one.iv.hex() == "fa044b2f42a3fd3b46fb255c"
    assert one.protection.hex() == "9f50449e04a0e810283a1e9933adedd2"
    assert two.key.hex() == "8b1a0bc121284290a29e0971b5cd045d"
    assert two.iv.hex() == "91f73e2351d8fa91660e909f"


def test_no_server_initial_is_read_as_a_clients() -> None:
    header = read_long_header(b"\xc3\0\0\0\1" + bytes((8,)) + SAMPLE_ID + b"\x04abcd" + b"\0" * 30)
    assert header is not None

    assert list(read_initials(seal_server_initial(header, b"\x1c\0\0\0" + b"\0" * 20))) == []
