"""The virtual lab as a whole: repeatable, closed, fast to open."""

import socket
from typing import Any

import pytest
import trio

from probe.errors import LabError
from probe.lab.box import Names
from probe.lab.boxes import BOXES
from probe.lab.net import listen_tcp
from probe.lab.path import Link, Router
from probe.lab.virtual import run_virtual, virtual_net

ROUTERS = tuple(Router(f"10.0.{n}.1", f"2001:db8:{n}::1") for n in range(1, 5))
ADDRESS = "157.240.1.174"


async def busy_scenario(seed: int) -> list[Any]:
    """Several clients at once through loss, jitter and a box; return every packet and event."""
    box = BOXES["H05"](names=Names(("blocked.example",)), residual_s=1.0)
    link = Link(loss=0.1, jitter_s=0.02, reorder=0.05, duplicate=0.05)
    trace: list[Any] = []

    async def echo(stream: trio.SocketStream) -> None:
        try:
            async for data in stream:
                await stream.send_all(data * 20)
        except trio.BrokenResourceError:
            trace.append("server reset")

    async def client(number: int) -> None:
        with trio.move_on_after(20):
            try:
                stream = await trio.open_tcp_stream(ADDRESS, 80)
                host = "blocked.example" if number % 3 == 0 else "neutral.example"
                await stream.send_all(f"GET /{number} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                await stream.receive_some()
            except (trio.BrokenResourceError, OSError):
                trace.append(("failed", number))

    async with (
        virtual_net(routers=ROUTERS, boxes={2: [box]}, link=link, seed=seed) as net,
        trio.open_nursery() as nursery,
    ):
        net.path.taps.append(
            lambda at, where, toward, packet: trace.append(
                (at, where, toward, packet.source_port, packet.destination_port, packet.seq)
            )
        )
        listener = await listen_tcp(net, ADDRESS, 80)
        nursery.start_soon(trio.serve_listeners, echo, [listener])
        async with trio.open_nursery() as clients:
            for number in range(12):
                clients.start_soon(client, number)
        nursery.cancel_scope.cancel()
    return [*trace, *net.log]


def test_same_seed_gives_the_same_packets_at_the_same_times() -> None:
    first, second, third = (run_virtual(busy_scenario, seed) for seed in (5, 5, 6))

    assert len(first) > 200
    assert first == second
    assert first != third


async def test_nothing_leaves_the_lab(autojump_clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real sockets and the real resolver are never asked, whatever the client tries."""

    def forbidden(*_: Any, **__: Any) -> None:
        raise AssertionError("a real socket was opened")

    async with virtual_net(routers=ROUTERS):
        monkeypatch.setattr("trio._socket._SocketType.__init__", forbidden)
        for family in (socket.AF_INET, socket.AF_INET6):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                trio.socket.socket(family, kind).close()
        with pytest.raises(OSError, match="all attempts"):
            await trio.open_tcp_stream("1.1.1.1", 443)
        with pytest.raises(socket.gaierror):
            await trio.socket.getaddrinfo("www.example.org", 443)
        for family, kind in ((socket.AF_UNIX, socket.SOCK_STREAM), (socket.AF_INET, 3)):
            with pytest.raises(LabError):
                trio.socket.socket(family, kind)


async def test_old_sockets_come_back_afterwards(autojump_clock: Any) -> None:
    async with virtual_net():
        pass

    sock = trio.socket.socket()
    assert type(sock).__module__ == "trio._socket"
    sock.close()


async def test_boxes_must_stand_on_a_link_that_exists(autojump_clock: Any) -> None:
    with pytest.raises(LabError, match="links 0 to 4"):
        async with virtual_net(routers=ROUTERS, boxes={5: [BOXES["T01"]()]}):
            pass
