"""What the lab's DNS servers answer, truthfully and otherwise."""

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import pytest

from probe.lab.box import Names
from probe.lab.servers.nameserver import (
    Lie,
    LieKind,
    NameManner,
    NameServer,
    NameService,
    Records,
)

ZONE = {
    "www.example.org": Records(cname="edge.example.net"),
    "edge.example.net": Records(a=("203.0.113.1", "203.0.113.2"), aaaa=("2001:db8::1",)),
    "only4.example.org": Records(a=("203.0.113.3",)),
    "whoami.example.org": Records(whoami=True),
    "h3.example.org": Records(a=("203.0.113.4",), https=('1 . alpn="h3,h2"',)),
    "text.example.org": Records(txt=("hello world",)),
}
RESOLVER = NameServer("r", ("198.51.100.1", "2001:db8:53::1"), egress=("198.51.100.9",))


def ask(name, kind="A", server=RESOLVER, *, service=None, now=0.0, over_udp=True, **query):
    service = service or NameService(server, ZONE)
    question = dns.message.make_query(name, kind, **query)
    reply = service.reply(
        question.to_wire(),
        client="192.0.2.7",
        local=server.addresses[0],
        now=now,
        over_udp=over_udp,
    )
    return dns.message.from_wire(reply.wire), reply


def records(message, kind):
    return [
        record.to_text()
        for rrset in message.answer
        if rrset.rdtype.name == kind
        for record in rrset
    ]


def test_aliases_are_followed_to_the_addresses():
    message, reply = ask("www.example.org")

    assert records(message, "CNAME") == ["edge.example.net."]
    assert records(message, "A") == ["203.0.113.1", "203.0.113.2"]
    assert reply.technique == ""
    assert message.flags & dns.flags.RA


def test_a_name_without_the_type_has_an_authority_section():
    message, _ = ask("only4.example.org", "AAAA")

    assert message.rcode() == dns.rcode.NOERROR
    assert not message.answer
    assert message.authority[0].rdtype.name == "SOA"


def test_a_name_that_is_not_is_denied_with_an_authority_section():
    message, _ = ask("no.such.example")

    assert message.rcode() == dns.rcode.NXDOMAIN
    assert message.authority


def test_https_and_text_records_are_answered():
    assert records(ask("h3.example.org", "HTTPS")[0], "HTTPS") == ['1 . alpn="h3,h2"']
    assert records(ask("text.example.org", "TXT")[0], "TXT") == ['"hello world"']


def test_the_cache_counts_down():
    service = NameService(RESOLVER, ZONE)

    first, _ = ask("only4.example.org", service=service)
    later, _ = ask("only4.example.org", service=service, now=7.5)

    assert (first.answer[0].ttl, later.answer[0].ttl) == (300, 293)


def test_whoami_tells_where_the_resolver_asks_from():
    assert records(ask("whoami.example.org")[0], "A") == ["198.51.100.9"]
    assert records(ask("whoami.example.org", "TXT")[0], "TXT") == ['"198.51.100.9"']


def test_whoami_asked_at_its_own_server_tells_the_client():
    server = NameServer("a", ("198.51.100.2",), tells_client=frozenset({"whoami.example.org"}))

    assert records(ask("whoami.example.org", server=server)[0], "A") == ["192.0.2.7"]


@pytest.mark.parametrize(
    ("lie", "rcode", "addresses"),
    [
        pytest.param({"kind": LieKind.NXDOMAIN}, "NXDOMAIN", [], id="D01"),
        pytest.param({"kind": LieKind.SERVFAIL}, "SERVFAIL", [], id="D02"),
        pytest.param({"kind": LieKind.REFUSED}, "REFUSED", [], id="D03"),
        pytest.param({"kind": LieKind.NODATA}, "NOERROR", [], id="D04"),
        pytest.param(
            {"kind": LieKind.BOGON, "a": ("127.0.0.1",)}, "NOERROR", ["127.0.0.1"], id="D05"
        ),
        pytest.param(
            {"kind": LieKind.BLOCKPAGE, "a": ("203.0.113.66",)},
            "NOERROR",
            ["203.0.113.66"],
            id="D06",
        ),
        pytest.param(
            {"kind": LieKind.WRONG_ADDRESS, "a": ("8.7.198.45",)},
            "NOERROR",
            ["8.7.198.45"],
            id="D07",
        ),
        pytest.param(
            {"kind": LieKind.CNAME, "cname": "block.example", "a": ("203.0.113.66",)},
            "NOERROR",
            ["203.0.113.66"],
            id="D08",
        ),
    ],
)
def test_a_resolver_lies_about_the_listed_names_only(lie, rcode, addresses, request):
    server = NameServer("liar", ("198.51.100.3",), lies=(Lie(Names(("*.example.org",)), **lie),))

    message, reply = ask("www.example.org", server=server)
    other, honest = ask("edge.example.net", server=server)

    assert dns.rcode.to_text(message.rcode()) == rcode
    assert records(message, "A") == addresses
    assert reply.technique == request.node.callspec.id
    assert not message.authority
    assert records(other, "A")
    assert honest.technique == ""


def test_a_lie_may_admit_itself():
    lie = Lie(Names(("*",)), LieKind.NXDOMAIN, ede=(16, "ordered"))

    message, _ = ask("x.example", server=NameServer("r", ("198.51.100.3",), lies=(lie,)))

    assert [(int(o.code), o.text) for o in message.options] == [(16, "ordered")]


@pytest.mark.parametrize("manner", [NameManner.GARBAGE, NameManner.POINTER_LOOP])
def test_broken_servers_send_what_no_parser_takes(manner):
    with pytest.raises(dns.exception.DNSException):
        ask("www.example.org", server=NameServer("r", ("198.51.100.3",), manner=manner))


def test_a_silent_server_has_no_reply():
    service = NameService(NameServer("r", ("198.51.100.3",), manner=NameManner.NEVER), ZONE)

    assert (
        service.reply(
            dns.message.make_query("a.example", "A").to_wire(),
            client="192.0.2.7",
            local="198.51.100.3",
            now=0.0,
            over_udp=True,
        )
        is None
    )


def test_aliases_may_go_round_in_circles():
    message, _ = ask(
        "a.example", server=NameServer("r", ("1.2.3.4",), manner=NameManner.CNAME_LOOP)
    )

    assert records(message, "CNAME") == ["loop.a.example.", "a.example."]


def test_a_server_that_truncates_answers_whole_over_tcp():
    server = NameServer("r", ("198.51.100.3",), manner=NameManner.TRUNCATE)

    cut, _ = ask("only4.example.org", server=server)
    whole, _ = ask("only4.example.org", server=server, over_udp=False)

    assert cut.flags & dns.flags.TC
    assert not cut.answer
    assert whole.answer


@pytest.mark.parametrize("wire", [b"", b"\0" * 12, b"rubbish", bytes(range(40))])
def test_what_is_no_question_is_not_answered(wire):
    service = NameService(RESOLVER, ZONE)

    assert service.reply(wire, client="192.0.2.7", local="x", now=0.0, over_udp=True) is None


def test_an_equal_question_gets_an_equal_answer_under_its_own_id():
    """Answers are written once; an id that came along would make a client drop them."""
    first, _ = ask("www.example.org", id=7)
    second, _ = ask("www.example.org", id=65000)

    assert (first.id, second.id) == (7, 65000)
    # Compared as records: dnspython shuffles a set's records whenever it writes them.
    assert (first.flags, first.question, first.answer) == (
        second.flags,
        second.question,
        second.answer,
    )
