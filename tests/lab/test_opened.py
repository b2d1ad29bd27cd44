"""The open world on the virtual executor: everything answers as the catalogue says."""

import base64
import socket

import dns.message
import httpx
import pytest
import trio

from probe.lab.opened import virtual_world
from probe.lab.worlds import build_world
from tests.lab.support import CATALOGUE, client_context, fetch, fetch_https


@pytest.fixture
def world():
    return build_world("open", CATALOGUE)


async def ask_udp(server, name, kind="A"):
    question = dns.message.make_query(name, kind)
    sock = trio.socket.socket(
        socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM
    )
    await sock.connect((server, 53))
    await sock.send(question.to_wire())
    with trio.fail_after(5):
        return dns.message.from_wire(await sock.recv(4096))


async def ask_stream(stream, name, kind="A"):
    wire = dns.message.make_query(name, kind).to_wire()
    await stream.send_all(len(wire).to_bytes(2, "big") + wire)
    data = await stream.receive_some(4096)
    return dns.message.from_wire(data[2:])


def answers(message):
    return [record.to_text() for rrset in message.answer for record in rrset]


@pytest.mark.parametrize("family", [4, 6])
async def test_a_page_comes_over_verified_tls(autojump_clock, world, family):
    address = world.hosts["www.instagram.com"][family == 6]

    async with virtual_world(world):
        page = await fetch_https(world, "www.instagram.com", address=address)

    assert page.status == 200
    assert page.headers["x-fb-debug"]
    assert b"Instagram" in page.body
    assert len(page.body) >= 100_000


async def test_every_host_is_found_by_the_clients_resolver(autojump_clock, world):
    async with virtual_world(world):
        for host, addresses in world.hosts.items():
            found = await trio.socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)

            assert {entry[4][0] for entry in found} == set(addresses)


async def test_redirects_lead_where_the_catalogue_says(autojump_clock, world):
    async with virtual_world(world):
        apex = await fetch_https(world, "instagram.com")
        plain = await fetch(await trio.open_tcp_stream("twitter.com", 80), "twitter.com", "/a")

    assert (apex.status, apex.headers["location"]) == (301, "https://www.instagram.com/")
    assert (plain.status, plain.headers["location"]) == (301, "https://twitter.com/a")


async def test_a_portal_check_answers_in_the_clear(autojump_clock, world):
    host = "connectivitycheck.gstatic.com"

    async with virtual_world(world):
        page = await fetch(await trio.open_tcp_stream(host, 80), host, "/generate_204")

    assert (page.status, page.body) == (204, b"")


@pytest.mark.parametrize("server", ["8.8.8.8", "2001:4860:4860::8888", "217.237.148.70"])
async def test_resolvers_answer_over_udp_from_the_address_that_was_asked(
    autojump_clock, world, server
):
    async with virtual_world(world):
        message = await ask_udp(server, "www.instagram.com")

    assert answers(message) == ["157.240.31.174"]


async def test_resolvers_answer_over_tcp_and_tls(autojump_clock, world):
    async with virtual_world(world):
        over_tcp = await ask_stream(await trio.open_tcp_stream("8.8.8.8", 53), "www.instagram.com")
        tcp = await trio.open_tcp_stream("8.8.8.8", 853)
        tls = trio.SSLStream(tcp, client_context(world, ("dot",)), server_hostname="dns.google")
        over_tls = await ask_stream(tls, "www.instagram.com", "AAAA")

    assert answers(over_tcp) == ["157.240.31.174"]
    assert answers(over_tls) == ["2a03:2880:f27b:1e4:face:b00c:0:4420"]


async def test_resolvers_answer_over_https(autojump_clock, world):
    wire = dns.message.make_query("www.instagram.com", "A").to_wire()
    encoded = base64.urlsafe_b64encode(wire).rstrip(b"=").decode()

    async with virtual_world(world):
        page = await fetch_https(world, "dns.google", f"/dns-query?dns={encoded}")

    assert page.headers["content-type"] == "application/dns-message"
    assert answers(dns.message.from_wire(page.body)) == ["157.240.31.174"]


async def test_resolvers_answer_a_post_over_http_2(autojump_clock, world):
    wire = dns.message.make_query("www.instagram.com", "AAAA").to_wire()

    async with virtual_world(world):
        context = client_context(world, ("h2",))
        async with httpx.AsyncClient(http2=True, verify=context, trust_env=False) as client:
            response = await client.post(
                "https://dns.google/dns-query",
                content=wire,
                headers={"content-type": "application/dns-message"},
            )

    assert response.http_version == "HTTP/2"
    message = dns.message.from_wire(response.content)
    assert answers(message) == ["2a03:2880:f27b:1e4:face:b00c:0:4420"]


async def test_whoami_names_tell_resolvers_and_clients_apart(autojump_clock, world):
    async with virtual_world(world):
        own = await ask_udp("217.237.148.70", "whoami.akamai.net")
        public = await ask_udp("8.8.8.8", "whoami.akamai.net")
        client = await ask_udp("216.239.32.10", "o-o.myaddr.l.google.com", "TXT")

    assert answers(own) == ["217.237.148.102"]
    assert answers(public) == ["8.8.8.8"]
    assert answers(client) == ['"87.152.10.23"']


async def test_unknown_names_get_the_default_certificate(autojump_clock, world):
    async with virtual_world(world):
        tcp = await trio.open_tcp_stream("www.instagram.com", 443)
        context = client_context(world)
        context.check_hostname = False
        tls = trio.SSLStream(tcp, context, server_hostname="neutral.example")
        await tls.do_handshake()
        names = [name for _, name in tls.getpeercert()["subjectAltName"]]
        page = await fetch(tls, "neutral.example")

    assert names == ["www.instagram.com"]
    assert page.status == 404


async def test_bare_ports_of_the_catalogue_are_open(autojump_clock, world):
    async with virtual_world(world):
        stream = await trio.open_tcp_stream("e1.whatsapp.net", 5222)
        await stream.send_all(b"hello")


async def test_an_address_without_a_server_is_silent(autojump_clock, world):
    """A canary must be silent: an answer from there was forged."""
    async with virtual_world(world):
        with pytest.raises(trio.TooSlowError):
            await ask_udp("198.51.100.1", "www.instagram.com")
        with trio.move_on_after(10) as waited:
            await trio.open_tcp_stream("198.51.100.1", 443)

    assert waited.cancelled_caught


async def test_nothing_censors_the_open_world(autojump_clock, world):
    async with virtual_world(world) as net:
        await fetch_https(world, "www.instagram.com")

    assert not len(net.log)
