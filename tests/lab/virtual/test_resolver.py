"""getaddrinfo() in the lab: glibc's answers and errors, over the lab's own network."""

import socket
from collections.abc import Callable
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
import trio

from probe.lab.box import Names
from probe.lab.boxes import BOXES
from probe.lab.net import listen_tcp, udp_socket
from probe.lab.virtual import VirtualNet, virtual_net

RESOLVER = "203.0.113.53"
RECORDS = {
    ("www.example.org", "A"): "93.184.216.34",
    ("www.example.org", "AAAA"): "2606:2800:220::1",
    ("four.example.org", "A"): "93.184.216.35",
    ("empty.example.org", "TXT"): "nothing else",
}


def answer(wire: bytes) -> dns.message.Message:
    query = dns.message.from_wire(wire)
    response = dns.message.make_response(query)
    name, kind = str(query.question[0].name)[:-1], query.question[0].rdtype.name
    if name == "broken.example.org":
        response.set_rcode(dns.rcode.SERVFAIL)
    elif name == "alias.example.org":
        response.answer = [
            dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", "middle.example.org."),
            dns.rrset.from_text("middle.example.org.", 60, "IN", "CNAME", "www.example.org."),
            dns.rrset.from_text(
                "www.example.org.", 60, "IN", kind, RECORDS["www.example.org", kind]
            ),
        ]
    elif name == "alias.example.org":
        chain = (
            (f"{name}.", "CNAME", "middle.example.org."),
            ("middle.example.org.", "CNAME", "www.example.org."),
            ("www.example.org.", kind, RECORDS["www.example.org", kind]),
        )
        response.answer = [dns.rrset.from_text(n, 60, "IN", k, v) for n, k, v in chain]
    elif (name, kind) in RECORDS:
        record = dns.rrset.from_text(query.question[0].name, 60, "IN", kind, RECORDS[name, kind])
        response.answer = [record]
    elif all(known != name for known, _ in RECORDS):
        response.set_rcode(dns.rcode.NXDOMAIN)
    return response


async def serve(net: VirtualNet, reply: Callable[[bytes], dns.message.Message]) -> None:
    sock = await udp_socket(net, RESOLVER, 53)
    while True:
        wire, sender = await sock.recvfrom(4096)
        await sock.sendto(reply(wire).to_wire(), sender)


async def look_up(name: str, **options: Any) -> list[str] | int:
    """Return the addresses in order, or the number of the error."""
    options.setdefault("nameservers", [RESOLVER])
    found: list[Any] = []
    code = 0
    async with virtual_net(**options) as net, trio.open_nursery() as nursery:
        nursery.start_soon(serve, net, answer)
        await trio.testing.wait_all_tasks_blocked()
        try:
            found = await trio.socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            code = int(error.errno or 0)
        nursery.cancel_scope.cancel()
    return code or [str(entry[4][0]) for entry in found]


async def test_both_families_are_asked_and_sorted(autojump_clock: Any) -> None:
    assert await look_up("www.example.org") == ["2606:2800:220::1", "93.184.216.34"]


async def test_ipv4_comes_first_on_a_machine_without_ipv6(autojump_clock: Any) -> None:
    addresses = await look_up("www.example.org", client={4: "192.0.2.2"})

    assert addresses == ["93.184.216.34", "2606:2800:220::1"]


async def test_one_family_is_enough(autojump_clock: Any) -> None:
    assert await look_up("four.example.org") == ["93.184.216.35"]


async def test_an_alias_is_followed_to_its_canonical_name(autojump_clock: Any) -> None:
    """getaddrinfo(3): AI_CANONNAME, told in the first entry alone."""
    async with virtual_net(nameservers=[RESOLVER]) as net, trio.open_nursery() as nursery:
        nursery.start_soon(serve, net, answer)
        await trio.testing.wait_all_tasks_blocked()
        found = await trio.socket.getaddrinfo(
            "alias.example.org", 443, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME
        )
        nursery.cancel_scope.cancel()

    assert [entry[3] for entry in found] == ["www.example.org", ""]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("gone.example.org", socket.EAI_NONAME),
        ("empty.example.org", socket.EAI_NODATA),
        ("broken.example.org", socket.EAI_AGAIN),
    ],
)
async def test_failures_have_glibc_codes(autojump_clock: Any, name: str, code: int) -> None:
    assert await look_up(name) == code


async def test_silence_costs_two_attempts_of_five_seconds(autojump_clock: Any) -> None:
    code = await look_up(
        "www.example.org", boxes={0: [BOXES["D12"](names=Names(("*",)))]}, routers=()
    )

    assert code == socket.EAI_AGAIN
    assert trio.current_time() == pytest.approx(10)


async def test_hosts_file_goes_first(autojump_clock: Any) -> None:
    addresses = await look_up("www.example.org", hosts={"www.example.org": ["127.0.0.1"]})

    assert addresses == ["127.0.0.1"]
    assert trio.current_time() == 0


async def test_truncated_answer_is_asked_again_over_tcp(autojump_clock: Any) -> None:
    def truncated(wire: bytes) -> dns.message.Message:
        response = dns.message.make_response(dns.message.from_wire(wire))
        response.flags |= dns.flags.TC
        return response

    async def over_tcp(stream: trio.SocketStream) -> None:
        wire = (await stream.receive_some())[2:]
        reply = answer(wire).to_wire()
        await stream.send_all(len(reply).to_bytes(2, "big") + reply)
        await stream.aclose()

    async with virtual_net(nameservers=[RESOLVER]) as net, trio.open_nursery() as nursery:
        nursery.start_soon(serve, net, truncated)
        listener = await listen_tcp(net, RESOLVER, 53)
        nursery.start_soon(trio.serve_listeners, over_tcp, [listener])
        await trio.testing.wait_all_tasks_blocked()
        found = await trio.socket.getaddrinfo("four.example.org", 80, type=socket.SOCK_STREAM)
        nursery.cancel_scope.cancel()

    assert [entry[4] for entry in found] == [("93.184.216.35", 80)]
