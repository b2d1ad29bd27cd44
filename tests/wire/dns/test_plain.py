"""The quick reader says what the general one says, or nothing."""

import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.wire.dns import message
from probe.wire.dns.plain import read_plain

NAME = "www.instagram.com"


def made(query_type, *answer, authority=(), edns=True, rcode=0):
    (question,) = message.ask(NAME, [query_type])
    reply = dns.message.make_response(dns.message.from_wire(question.wire))
    reply.set_rcode(rcode)
    if not edns:
        reply.use_edns(False)
    for section, records in ((reply.answer, answer), (reply.authority, authority)):
        for owner, ttl, kind, *values in records:
            section.append(dns.rrset.from_text(owner, ttl, "IN", kind, *values))
    return reply.to_wire()


SOA = ("instagram.com.", 900, "SOA", "a.ns.instagram.com. dns.facebook.com. 1 2 3 4 5")
PLAIN = [
    made("A", (NAME + ".", 60, "A", "157.240.1.174", "157.240.1.175")),
    made("AAAA", (NAME + ".", 60, "AAAA", "2a03:2880::1")),
    made("A", (NAME + ".", 60, "A", "157.240.1.174"), edns=False),
    made(
        "A",
        (NAME + ".", 30, "CNAME", "z-p42.c10r.instagram.com."),
        ("z-p42.c10r.instagram.com.", 60, "A", "157.240.1.174"),
    ),
    made("A", rcode=3),
    made("AAAA", authority=[SOA]),
    made("A"),
]
RICH = [
    made("AAAA", (NAME + ".", 60, "AAAA", "::ffff:10.0.0.1")),
    made("TXT", (NAME + ".", 60, "TXT", '"text"')),
    made("HTTPS", (NAME + ".", 60, "HTTPS", '1 . alpn="h3"')),
]


def both(wire):
    quick = message.read(wire, after_s=0)
    general = message._read_any(wire, 0, None, wrong_id=False)
    return quick, general


def _numbered(wire):
    """Name a message by what repeats in it: its own id is random, and xdist compares names."""
    return f"{len(wire)}-bytes"


@pytest.mark.parametrize("wire", PLAIN, ids=_numbered)
def test_a_plain_answer_is_read_quickly_and_the_same(wire):
    assert read_plain(wire) is not None
    quick, general = both(wire)
    assert quick == general


@pytest.mark.parametrize("wire", RICH, ids=_numbered)
def test_a_rich_answer_is_read_the_same(wire):
    quick, general = both(wire)
    assert quick == general


@pytest.mark.parametrize("wire", PLAIN + RICH, ids=_numbered)
@pytest.mark.parametrize("missing", [1, 2, 5, 9, 30])
def test_a_cut_answer_is_never_plain(wire, missing):
    assert read_plain(wire[:-missing]) is None


@given(st.sampled_from(PLAIN + RICH), st.data())
def test_a_damaged_answer_is_read_the_same_or_not_at_all(wire, data):
    """Where the quick reader would err, a forged answer could hide from the judge."""
    damaged = bytearray(wire)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(2, len(wire) - 1))] = data.draw(st.integers(0, 255))
    damaged += data.draw(st.binary(max_size=8))

    quick, general = both(bytes(damaged))

    assert quick == general


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(wire):
    read_plain(wire)
