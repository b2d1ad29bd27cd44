import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from probe.wire.dns import message

NAME = "www.instagram.com"
OWNER = NAME + "."


def reply(question, *records, rcode=0, authority=(), ede=()):
    answer = dns.message.make_response(dns.message.from_wire(question.wire))
    answer.set_rcode(rcode)
    for owner, ttl, kind, *values in records:
        answer.answer.append(dns.rrset.from_text(owner, ttl, "IN", kind, *values))
    for owner, ttl, kind, *values in authority:
        answer.authority.append(dns.rrset.from_text(owner, ttl, "IN", kind, *values))
    if ede:
        answer.use_edns(0, options=[dns.edns.EDEOption(code, text) for code, text in ede])
    return answer


def ask_one(query_type="A"):
    (question,) = message.ask(NAME, [query_type])
    return question


@given(st.integers(1, 8))
def test_the_ids_of_one_name_are_always_distinct(count):
    """Drawn independently, one pair in 65,536 clashes and an A answer passes for the AAAA."""
    questions = message.ask(NAME, ["A"] * count)

    assert len({question.id for question in questions}) == count


def test_a_question_asks_for_one_type_with_recursion_and_edns():
    sent = dns.message.from_wire(ask_one("AAAA").wire)

    assert sent.question[0].to_text() == f"{NAME}. IN AAAA"
    assert sent.flags & dns.flags.RD
    assert sent.payload == 1232


@pytest.mark.parametrize("name", ["a" * 64 + ".com", "x." * 200, "a..b"])
def test_what_is_no_dns_name_is_not_asked(name):
    assert message.ask(name, ["A"]) is None


def test_an_answer_is_read_whole():
    question = ask_one()
    wire = reply(
        question,
        (OWNER, 30, "CNAME", "z-p42.instagram.com."),
        ("z-p42.instagram.com.", 60, "A", "157.240.1.174", "157.240.1.175"),
    ).to_wire()

    answer = message.read(wire, after_s=0.052, ip_ttl=60)

    assert answer.rcode == 0
    # dnspython shuffles a set of records as it writes them.
    assert sorted(answer.addresses) == ["157.240.1.174", "157.240.1.175"]
    assert answer.ttls == (60, 60)
    assert answer.cnames == ("z-p42.instagram.com",)
    assert (answer.after_s, answer.ip_ttl, answer.size_bytes) == (0.052, 60, len(wire))
    assert answer.malformed is None
    assert answer.wire == wire


def test_a_lie_with_its_admission_is_read():
    question = ask_one()
    answer = message.read(
        reply(
            question,
            rcode=dns.rcode.NXDOMAIN,
            authority=[("com.", 900, "SOA", "a. b. 1 2 3 4 5")],
            ede=[(15, "Blocked by order")],
        ).to_wire(),
        after_s=0,
    )

    assert answer.rcode == 3
    assert answer.has_soa
    assert answer.ede == ((15, "Blocked by order"),)


def test_texts_and_service_records_are_read():
    txt = message.read(reply(ask_one("TXT"), (OWNER, 1, "TXT", '"a" "b"')).to_wire(), after_s=0)
    https = message.read(
        reply(ask_one("HTTPS"), (OWNER, 1, "HTTPS", '1 . alpn="h3,h2"')).to_wire(), after_s=0
    )

    assert txt.texts == ("ab",)
    assert https.svcb == ('1 . alpn="h3,h2"',)


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x00\x01", id="an id and no more"),
        pytest.param(b"garbage that is no message at all", id="garbage"),
        pytest.param(
            bytes.fromhex("1234818000010001000000000c0c00010001c00c00010001000000 3c0004c0000201"),
            id="name points at itself",
        ),
    ],
)
def test_rubbish_is_an_answer_that_says_why_it_cannot_be_read(wire):
    answer = message.read(wire, after_s=0.01)

    assert answer.malformed
    assert answer.wire == wire


def test_a_name_that_points_at_itself_ends():
    question = ask_one()
    wire = bytearray(reply(question).to_wire())
    wire[12:14] = b"\xc0\x0c"

    assert message.read(bytes(wire), after_s=0).malformed


def test_a_question_sent_back_is_no_answer():
    assert message.read(ask_one().wire, after_s=0).malformed == "NotAResponse"


@given(st.binary(max_size=600))
@example(b"\xc0" * 100)
def test_no_bytes_make_the_reader_raise(wire):
    message.read(wire, after_s=0)
    message.question_of(wire)
    message.id_of(wire)


@given(st.data())
def test_no_damage_to_a_real_answer_makes_the_reader_raise(data):
    """Random bytes stop at the header; damaged answers reach every record type."""
    question = ask_one()
    wire = bytearray(
        reply(
            question,
            (OWNER, 30, "CNAME", "z.instagram.com."),
            ("z.instagram.com.", 60, "A", "157.240.1.174"),
            ("z.instagram.com.", 60, "AAAA", "2a03:2880::1"),
            (OWNER, 1, "TXT", '"text"'),
            (OWNER, 1, "HTTPS", '1 . alpn="h3,h2" ipv4hint=1.2.3.4'),
            authority=[("com.", 900, "SOA", "a. b. 1 2 3 4 5")],
            ede=[(15, "text")],
        ).to_wire()
    )
    for _ in range(data.draw(st.integers(1, 6))):
        wire[data.draw(st.integers(2, len(wire) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(wire)))

    answer = message.read(bytes(wire[:cut]), after_s=0)

    assert answer.size_bytes == cut


def test_a_flood_of_records_is_cut():
    question = ask_one()
    many = [f"157.240.{i // 250}.{i % 250 + 1}" for i in range(500)]
    wire = reply(question, (OWNER, 1, "A", *many)).to_wire(max_size=65535)

    answer = message.read(wire, after_s=0)

    assert len(answer.addresses) == 64
    assert len(answer.wire) <= 4096


@pytest.mark.parametrize("name", [NAME, "t.co", "a_b.example", "xn--80ak6aa92e.com"])
@pytest.mark.parametrize("query_type", ["A", "AAAA", "TXT", "HTTPS", "SOA"])
def test_our_question_is_byte_by_byte_what_dnspython_writes(name, query_type):
    """It is written by hand because it is written for every endpoint, resolver and type."""
    (question,) = message.ask(name, [query_type])

    made = dns.message.make_query(name, query_type, use_edns=0, payload=1232, id=question.id)
    assert question.wire == made.to_wire()


@pytest.mark.parametrize(
    ("option", "told"),
    [
        pytest.param((15, b"\x00\x0f\xe7\xe0\xef"), ((15, "\ufffd" * 3),), id="another alphabet"),
        pytest.param((15, b"\x00"), (), id="half a code"),
        pytest.param((8, b"\x00"), (), id="half a network"),
        pytest.param((10, b"\x00" * 3), (), id="a cookie of three bytes"),
        pytest.param((18, b"\xff\xff"), (), id="no name to report to"),
    ],
)
def test_an_option_that_cannot_be_read_makes_no_rubbish_of_the_answer(option, told):
    """The system's resolver skips it; we lost the lie, and with it what it admitted."""
    sent = reply(ask_one(), (OWNER, 60, "A", "10.10.34.35"))
    sent.use_edns(0, options=[dns.edns.GenericOption(*option)])

    answer = message.read(sent.to_wire(), after_s=0.0)

    assert (answer.malformed, answer.addresses, answer.ede) == (None, ("10.10.34.35",), told)


def test_options_do_not_hide_a_damaged_record():
    sent = reply(ask_one(), (OWNER, 60, "A", "10.10.34.35"))
    sent.use_edns(0, options=[dns.edns.GenericOption(15, b"\x00")])
    wire = sent.to_wire().replace(b"\x00\x04\x0a\x0a", b"\x00\x03\x0a\x0a")

    assert message.read(wire, after_s=0.0).malformed is not None
