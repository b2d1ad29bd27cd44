"""Every answer of the window, on the virtual lab."""

import errno

import dns.message
import dns.rrset
import pytest
import trio

from probe.lab.virtual import virtual_net
from probe.model.words import FailureWord
from probe.wire.dns import ask_udp

ADDRESS = "157.240.1.174"
NAME = "www.instagram.com"


def answer_to(wire, *addresses, rcode=0, message_id=None):
    reply = dns.message.make_response(dns.message.from_wire(wire), recursion_available=True)
    reply.set_rcode(rcode)
    if addresses:
        kind = "AAAA" if ":" in addresses[0] else "A"
        reply.answer.append(dns.rrset.from_text(f"{NAME}.", 60, "IN", kind, *addresses))
    if message_id is not None:
        reply.id = message_id
    return reply.to_wire()


def type_of(wire):
    return dns.message.from_wire(wire).question[0].rdtype.name


def truth(wire):
    return answer_to(wire, "157.240.1.174" if type_of(wire) == "A" else "2a03:2880::1")


async def ask(*types, **changes):
    options = {"timeout_s": 5.0, "window_s": 2.0, **changes}
    asked = await ask_udp(ADDRESS, NAME, types or ("A", "AAAA"), **options)
    return {question.query_type: question for question in asked}


async def test_both_types_are_asked_over_one_socket_in_one_round_trip(autojump_clock, serve_udp):
    async with serve_udp(lambda wire: [(0, truth(wire))]):
        asked = await ask()

    assert asked["A"].readable.addresses == ("157.240.1.174",)
    assert asked["AAAA"].readable.addresses == ("2a03:2880::1",)
    assert asked["A"].source_port == asked["AAAA"].source_port
    assert asked["A"].readable.after_s == pytest.approx(0.05, abs=0.001)
    assert asked["A"].readable.ip_ttl is not None
    assert asked["A"].bytes_sent > 0
    assert asked["A"].bytes_received > 0


async def test_every_answer_of_the_window_is_kept_in_order(autojump_clock, serve_udp):
    def answers(wire):
        return [
            (0.0, answer_to(wire, "10.10.34.35")),
            (0.03, answer_to(wire, "157.240.1.174")),
            (1.9, answer_to(wire, "157.240.1.174")),
            (2.5, answer_to(wire, "203.0.113.9")),
        ]

    async with serve_udp(answers):
        asked = (await ask("A"))["A"]

    assert [a.addresses[0] for a in asked.answers] == [
        "10.10.34.35",
        "157.240.1.174",
        "157.240.1.174",
    ]
    assert [round(a.after_s, 2) for a in asked.answers] == [0.05, 0.08, 1.95]


async def test_the_first_answer_is_reported_at_once(autojump_clock, serve_udp):
    reported = []
    async with serve_udp(lambda wire: [(0, truth(wire)), (1, truth(wire))]):
        await ask(first=lambda kind, found: reported.append((trio.current_time(), kind, found)))
        took_s = trio.current_time()

    assert [(kind, found) for _, kind, found in reported] == [
        ("A", ("157.240.1.174",)),
        ("AAAA", ("2a03:2880::1",)),
    ]
    assert all(moment == pytest.approx(0.05, abs=0.001) for moment, _, _ in reported)
    assert took_s == pytest.approx(2.05, abs=0.01)


async def test_one_silent_type_does_not_hide_the_other(autojump_clock, serve_udp):
    async with serve_udp(lambda wire: [(0, truth(wire))] if type_of(wire) == "A" else []):
        asked = await ask()

    assert asked["A"].failure is None
    assert asked["AAAA"].failure.word is FailureWord.GENERIC_TIMEOUT_ERROR
    assert asked["AAAA"].ended - asked["AAAA"].started == pytest.approx(5)


async def test_silence_costs_exactly_the_timeout(autojump_clock, serve_udp):
    async with serve_udp(lambda wire: []):
        asked = await ask()

    assert {a.failure.word for a in asked.values()} == {FailureWord.GENERIC_TIMEOUT_ERROR}
    assert trio.current_time() == pytest.approx(5)


async def test_a_wrong_id_is_kept_and_not_believed(autojump_clock, serve_udp):
    def answers(wire):
        wrong = dns.message.from_wire(wire).id ^ 0x5555
        return [(0, answer_to(wire, "10.0.0.1", message_id=wrong)), (0.1, truth(wire))]

    async with serve_udp(answers):
        asked = (await ask("A"))["A"]

    assert [a.wrong_id for a in asked.answers] == [True, False]
    assert asked.readable.addresses == ("157.240.1.174",)
    assert asked.failure is None


async def test_only_wrong_ids_are_named_so(autojump_clock, serve_udp):
    async with serve_udp(lambda wire: [(0, answer_to(wire, "10.0.0.1", message_id=1))]):
        asked = (await ask("AAAA", "A"))["A"]

    assert asked.failure.word is FailureWord.DNS_REPLY_WITH_WRONG_QUERY_ID


async def test_rubbish_is_kept_and_waited_past(autojump_clock, serve_udp):
    async with serve_udp(lambda wire: [(0, wire[:2] + b"\xff" * 40), (0.5, truth(wire))]):
        asked = (await ask("A"))["A"]

    assert asked.answers[0].malformed
    assert asked.readable.addresses == ("157.240.1.174",)


async def test_only_rubbish_is_a_misbehaving_server(autojump_clock, serve_udp):
    async with serve_udp(lambda wire: [(0, b"\x00")]):
        asked = (await ask("A"))["A"]

    assert asked.failure.word is FailureWord.DNS_SERVER_MISBEHAVING


@pytest.mark.parametrize(
    ("rcode", "word"),
    [
        (2, FailureWord.DNS_SERVFAIL_ERROR),
        (3, FailureWord.DNS_NXDOMAIN_ERROR),
        (5, FailureWord.DNS_REFUSED_ERROR),
        (0, FailureWord.DNS_NO_ANSWER),
    ],
)
async def test_an_answer_without_addresses_has_its_word(autojump_clock, serve_udp, rcode, word):
    async with serve_udp(lambda wire: [(0, answer_to(wire, rcode=rcode))]):
        asked = (await ask("A"))["A"]

    assert asked.failure.word is word
    assert asked.answers[0].rcode == rcode


async def test_a_flood_is_cut(autojump_clock, serve_udp):
    async with serve_udp(lambda wire: [(i / 1000, truth(wire)) for i in range(500)]):
        asked = (await ask("A"))["A"]

    assert len(asked.answers) == 32
    assert asked.bytes_received > 10_000


async def test_a_closed_port_is_told_by_icmp(autojump_clock):
    async with virtual_net():
        asked = await ask()

    assert {a.failure.word for a in asked.values()} == {FailureWord.CONNECTION_REFUSED}
    assert {a.failure.errno for a in asked.values()} == {errno.ECONNREFUSED}
    assert trio.current_time() < 1


async def test_what_is_no_name_is_not_asked(autojump_clock):
    async with virtual_net() as net:
        asked = await ask_udp(ADDRESS, "a..b", ("A",), timeout_s=5, window_s=2)

    assert asked[0].failure.word is FailureWord.INVALID_ARGUMENT
    assert net.path.counts.total() == 0


async def test_a_family_without_a_route_is_a_failure(autojump_clock):
    async with virtual_net(client={4: "192.0.2.2"}):
        asked = await ask_udp("2001:4860:4860::8888", NAME, ("A",), timeout_s=5, window_s=2)

    assert asked[0].failure.word in {
        FailureWord.NETWORK_UNREACHABLE,
        FailureWord.ADDRESS_NOT_AVAILABLE,
    }


@pytest.mark.parametrize("message_id", [0, 0xFFFF])
async def test_the_extreme_ids_are_ids_too(autojump_clock, serve_udp, monkeypatch, message_id):
    """Zero is a number here, not nothing."""
    monkeypatch.setattr("probe.wire.dns.message.random.sample", lambda *_: [message_id, 7])
    async with serve_udp(lambda wire: [(0, truth(wire))]):
        asked = await ask()

    assert not any(answer.wrong_id for a in asked.values() for answer in a.answers)
    assert asked["A"].failure is None
