"""HTTP/3 in the lab, with aioquic as the client as well."""

import socket
import ssl

import pytest
import trio

from probe.lab.opened import virtual_world
from probe.lab.servers.quic import _Connection
from probe.lab.servers.udp import Datagram
from probe.lab.worlds import build_world
from tests.lab.support import CATALOGUE

pytest.importorskip("aioquic")

from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import HandshakeCompleted, ProtocolNegotiated


async def get(world, host, address, *, patience_s=20):
    """Return (handshake done?, status, body bytes)."""
    configuration = QuicConfiguration(
        alpn_protocols=["h3"], server_name=host, verify_mode=ssl.CERT_NONE
    )
    quic = QuicConnection(configuration=configuration)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = trio.socket.socket(family, socket.SOCK_DGRAM)
    await sock.connect((address, 443))
    quic.connect((address, 443), now=trio.current_time())
    http, done, status, size = None, False, None, 0
    with trio.move_on_after(patience_s):
        while True:
            for data, _ in quic.datagrams_to_send(now=trio.current_time()):
                await sock.send(data)
            with trio.move_on_at(quic.get_timer()):
                quic.receive_datagram(await sock.recv(4096), (address, 443), trio.current_time())
            if quic.get_timer() <= trio.current_time():
                quic.handle_timer(now=trio.current_time())
            while (event := quic.next_event()) is not None:
                if isinstance(event, ProtocolNegotiated):
                    http = H3Connection(quic)
                if isinstance(event, HandshakeCompleted):
                    done = True
                    headers = [
                        (b":method", b"GET"),
                        (b":scheme", b"https"),
                        (b":authority", host.encode()),
                        (b":path", b"/"),
                    ]
                    http.send_headers(quic.get_next_available_stream_id(), headers, end_stream=True)
                for got in http.handle_event(event) if http else ():
                    if isinstance(got, HeadersReceived):
                        status = int(dict(got.headers)[b":status"])
                    if isinstance(got, DataReceived):
                        size += len(got.data)
                        if got.stream_ended:
                            return done, status, size
    return done, status, size


@pytest.mark.parametrize("family", [4, 6])
async def test_a_page_comes_over_http_3(autojump_clock, family):
    world = build_world("open", CATALOGUE)
    address = world.hosts["www.instagram.com"][family == 6]

    async with virtual_world(world):
        done, status, size = await get(world, "www.instagram.com", address)

    assert (done, status) == (True, 200)
    assert size >= 100_000


async def test_a_host_without_http_3_is_silent(autojump_clock):
    world = build_world("open", CATALOGUE)

    async with virtual_world(world):
        got = await get(world, "www.rt.com", world.hosts["www.rt.com"][0])

    assert got == (False, None, 0)


async def test_a_router_may_close_udp_443_for_everybody(autojump_clock):
    world = build_world("no-udp443", CATALOGUE)

    async with virtual_world(world) as net:
        got = await get(world, "www.instagram.com", world.hosts["www.instagram.com"][0])

    assert got == (False, None, 0)
    assert net.log.fired() == {"Q01"}


class RoundingQuic:
    """A connection for which nothing is due yet at the very instant of its own timer."""

    def __init__(self):
        self.timer = trio.current_time() + 7.0
        self.asked = 0

    def get_timer(self):
        self.asked += 1
        assert self.asked < 100, "woken again and again at one instant"
        return self.timer

    def handle_timer(self, *, now):
        if now > self.timer:
            self.timer = float("inf")

    def next_event(self):
        return None

    def datagrams_to_send(self, *, now):
        return ()


async def test_a_timer_that_rounding_calls_too_early_does_not_stop_the_clock(autojump_clock):
    """On the lab's clock no time passes between two wake-ups: the server once spun for ever."""
    send, receive = trio.open_memory_channel(1)
    quic = RoundingQuic()
    first = Datagram(b"", "203.0.113.1", 4433, "198.51.100.1")
    with trio.move_on_after(60):
        await _Connection(quic, None, first, None, send).run(receive)

    assert quic.timer == float("inf")
    assert trio.current_time() >= 60
