import errno
import socket
import struct
import threading

import pytest
import trio
import trio.abc
import trio.lowlevel

from probe.lab.box import PASS, Box, Where
from probe.lab.boxes.ip import Blackhole, Reject, SynReset
from probe.lab.icmp import icmp_error
from probe.lab.packet import Side
from probe.lab.virtual import virtual_net
from probe.model.observation import Failure, TcpInfo
from probe.model.words import FailureWord, Operation
from probe.wire import error_queue, tcp
from probe.wire.error_queue import Icmp

ADDRESS = "157.240.1.174"
V6 = "2a03:2880::1"
ALL = Where(prefixes=("157.240.0.0/16", "2a03:2880::/32"))


async def hold(stream):
    await trio.sleep_forever()


async def test_a_connection_knows_its_round_trip(autojump_clock, serve):
    async with serve(hold):
        result = await tcp.connect(ADDRESS, 443, timeout_s=10)
        result.stream.close()

    assert result.failure is None
    assert result.ended - result.started == pytest.approx(0.05, abs=0.001)
    assert result.info.rtt_us == pytest.approx(50_000, rel=0.02)
    assert result.source_port


async def test_a_closed_port_is_refused(autojump_clock):
    async with virtual_net():
        result = await tcp.connect(ADDRESS, 443, timeout_s=10)

    assert result.stream is None
    assert result.failure.word is FailureWord.CONNECTION_REFUSED
    assert result.failure.errno == errno.ECONNREFUSED
    assert result.failure.operation is Operation.CONNECT


@pytest.mark.parametrize(
    ("box", "address", "word"),
    [
        pytest.param(Blackhole(where=ALL), ADDRESS, "generic_timeout_error", id="black hole"),
        pytest.param(SynReset(where=ALL), ADDRESS, "connection_refused", id="RST on SYN"),
        pytest.param(Reject(where=ALL), ADDRESS, "host_unreachable", id="ICMP prohibited"),
        pytest.param(Reject(where=ALL), V6, "permission_denied", id="ICMPv6 prohibited"),
    ],
)
async def test_a_box_on_the_way_is_named_by_errno(autojump_clock, box, address, word):
    async with virtual_net(boxes={0: [box]}):
        result = await tcp.connect(address, 443, timeout_s=10)

    assert result.failure.word == word


@pytest.mark.parametrize(
    ("box", "address", "told"),
    [
        pytest.param(Reject(where=ALL), ADDRESS, Icmp(3, 13, "198.18.0.1"), id="ICMP"),
        pytest.param(Reject(where=ALL), V6, Icmp(1, 1, "2001:2::1"), id="ICMPv6"),
        pytest.param(SynReset(where=ALL), ADDRESS, None, id="a reset is no message of a router's"),
        pytest.param(Blackhole(where=ALL), ADDRESS, None, id="silence"),
    ],
)
async def test_the_router_that_forbids_a_connection_is_known(autojump_clock, box, address, told):
    async with virtual_net(boxes={0: [box]}):
        result = await tcp.connect(address, 443, timeout_s=10)

    assert result.icmp == told


class Grumbler(Box):
    """Lets everything pass, and calls every packet with data unreachable."""

    id = "T04"
    source = "RFC 1122 section 4.2.3.9"

    def on_packet(self, packet, toward, out):
        if toward is Side.SERVER and packet.payload:
            out.inject(icmp_error("198.18.0.1", packet, (1, 3, 1, 0)), Side.CLIENT)
        return PASS


async def test_a_connection_outlives_what_routers_say_of_it(autojump_clock, serve):
    """RFC 1122: such errors are soft once it is made; asking for their details would end it."""

    async def echo(stream):
        while data := await stream.receive_some():
            await stream.send_all(data)

    async with serve(echo, boxes={0: [Grumbler()]}):
        stream = (await tcp.connect(ADDRESS, 443, timeout_s=10)).stream
        for word in (b"one", b"two"):
            await stream.send_all(word)
            assert await stream.receive_some() == word
        stream.close()


async def test_a_family_without_a_route_says_so(autojump_clock):
    async with virtual_net(client={4: "192.0.2.2"}):
        result = await tcp.connect(V6, 443, timeout_s=10)

    assert result.failure.word in {
        FailureWord.NETWORK_UNREACHABLE,
        FailureWord.ADDRESS_NOT_AVAILABLE,
    }


async def test_a_source_port_can_be_asked_for(autojump_clock, serve):
    async with serve(hold):
        result = await tcp.connect(ADDRESS, 443, timeout_s=10, source_port=40_123)
        result.stream.close()

    assert result.source_port == 40_123


async def test_each_attempt_has_a_new_source_port(autojump_clock, serve):
    """Residual blocking may be keyed by the four-tuple."""
    ports = set()
    async with serve(hold):
        for _ in range(5):
            result = await tcp.connect(ADDRESS, 443, timeout_s=10)
            ports.add(result.source_port)
            result.stream.close()

    assert len(ports) == 5


async def test_a_port_out_of_range_is_a_value(autojump_clock):
    async with virtual_net():
        result = await tcp.connect(ADDRESS, 70_000, timeout_s=10)

    assert result.failure is not None


async def test_a_cancelled_connect_leaves_nothing_open(autojump_clock):
    hole = Blackhole(where=ALL)
    async with virtual_net(boxes={0: [hole]}) as net:
        with trio.move_on_after(1):
            await tcp.connect(ADDRESS, 443, timeout_s=10)
        await trio.lowlevel.checkpoint()
        left = list(net.client.connections)

    assert left == []


@pytest.mark.loopback
async def test_a_connection_cut_before_we_look_was_made(monkeypatch):
    """A busy machine finds the reset first; so does a quick one, one step later."""
    begun, cut = threading.Event(), threading.Event()
    monkeypatch.setattr(error_queue, "want_errors", lambda *_, **__: begun.set())
    with socket.create_server(("127.0.0.1", 0)) as server:
        cutter = threading.Thread(target=_cut_one, args=(server, cut))
        cutter.start()
        slow = LooksLate(begun, cut)
        trio.lowlevel.add_instrument(slow)
        result = await tcp.connect("127.0.0.1", server.getsockname()[1], timeout_s=5)
        trio.lowlevel.remove_instrument(slow)
        cutter.join()

    assert cut.is_set()
    assert result.failure is None
    with pytest.raises(OSError) as caught:
        await result.stream.send_all(b"hello")
    assert caught.value.errno in {errno.EPIPE, errno.ECONNRESET}
    result.stream.close()


class LooksLate(trio.abc.Instrument):
    """Keeps trio from asking the kernel before the other end has cut the connection."""

    def __init__(self, begun, cut):
        self.begun, self.cut = begun, cut

    def before_io_wait(self, timeout):
        if self.begun.is_set():
            self.cut.wait(5)


def _cut_one(server, cut):
    made, _ = server.accept()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    made.close()
    cut.set()


@pytest.mark.parametrize(
    ("word", "acked", "made"),
    [
        pytest.param(FailureWord.CONNECTION_RESET, 1, True, id="reset once made"),
        pytest.param(FailureWord.CONNECTION_RESET, 0, False, id="reset, and never made"),
        pytest.param(FailureWord.CONNECTION_RESET, None, False, id="the system does not tell"),
        pytest.param(FailureWord.CONNECTION_REFUSED, 1, False, id="refused"),
    ],
)
def test_only_a_reset_of_what_was_acknowledged_counts_as_made(word, acked, made):
    failure = Failure(word=word, operation=Operation.CONNECT, raw="")

    assert tcp.was_made(failure, TcpInfo(bytes_acked=acked)) is made


async def test_a_hello_is_timed_when_it_leaves_and_not_when_we_come_back(autojump_clock, serve):
    """A loop that is busy after the call would make an honest answer seem to come too soon."""
    async with serve(hold):
        stream = (await tcp.connect(ADDRESS, 443, timeout_s=10)).stream
        told = []
        stream.on_send = told.append
        left_at = trio.current_time()
        sending = stream._socket.send

        async def comes_back_late(data):
            sent = await sending(data)
            await trio.sleep(0.3)
            return sent

        stream._socket.send = comes_back_late
        await stream.send_all(b"hello")
        stream.close()

    assert told == [left_at] == [stream.sent_at]


@pytest.mark.loopback
async def test_the_kernels_loopback_answers_the_same():
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listener.socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, hold, [listener])
        open_one = await tcp.connect("127.0.0.1", port, timeout_s=5)
        open_one.stream.close()
        nursery.cancel_scope.cancel()
    closed = await tcp.connect("127.0.0.1", port, timeout_s=5)

    assert open_one.failure is None
    assert open_one.source_port
    assert closed.failure.errno == errno.ECONNREFUSED
