import select
import socket
import struct
import sys
import time

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from probe.lab.virtual import virtual_net
from probe.model.words import Family
from probe.wire import sockets


def test_tcp_info_is_read_field_by_field():
    raw = bytearray(240)
    raw[2] = 3
    struct.pack_into("=I", raw, 24, 1)
    struct.pack_into("=II", raw, 52, 700, 600)
    struct.pack_into("=I", raw, 68, 52_000)
    struct.pack_into("=I", raw, 100, 4)
    struct.pack_into("=QQ", raw, 120, 518, 15_944)
    struct.pack_into("=I", raw, 148, 51_000)
    struct.pack_into("=I", raw, 224, 5)

    info = sockets.parse_tcp_info(bytes(raw))

    assert info.model_dump() == {
        "rtt_us": 52_000,
        "min_rtt_us": 51_000,
        "bytes_acked": 518,
        "bytes_received": 15_944,
        "unacked": 1,
        "retransmits": 3,
        "total_retrans": 4,
        "rcv_ooopack": 5,
        "last_ack_recv_ms": 600,
        "last_data_recv_ms": 700,
    }


def test_an_old_kernels_short_struct_leaves_fields_unknown():
    info = sockets.parse_tcp_info(bytes(104))

    assert info.total_retrans == 0
    assert info.bytes_acked is None
    assert info.rcv_ooopack is None


def test_no_measurement_yet_is_none():
    raw = bytearray(240)
    struct.pack_into("=I", raw, 148, 0xFFFFFFFF)

    assert sockets.parse_tcp_info(bytes(raw)).min_rtt_us is None
    assert sockets.parse_tcp_info(bytes(raw)).rtt_us is None


@given(st.binary(max_size=300))
def test_no_struct_makes_the_reader_raise(raw):
    sockets.parse_tcp_info(raw)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300), st.binary(max_size=24))))
def test_no_ancillary_data_makes_the_reader_raise(ancillary):
    sockets.arrival_ns(ancillary)
    sockets.ip_ttl(ancillary)


async def test_a_route_is_looked_up_and_nothing_sent(autojump_clock):
    async with virtual_net(client={4: "192.0.2.2"}) as net:
        has_ipv4 = await sockets.has_route(Family.IPV4)
        has_ipv6 = await sockets.has_route(Family.IPV6)

    assert (has_ipv4, has_ipv6) == (True, False)
    assert net.path.counts.total() == 0


@pytest.mark.loopback
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's stamp is Linux's")
async def test_the_kernels_stamp_is_before_our_reading():
    """With our loop blocked for 50 ms after it came, the datagram still has its own time.

    The kernel begins to stamp a little after it is asked to (a work queue switches it on); until
    then it stamps what is read.
    """
    server = trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client = trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with server, client:
        await server.bind(("127.0.0.1", 0))
        await client.bind(("127.0.0.1", 0))
        sockets.want_arrival_facts(client, socket.AF_INET)
        await client.connect(server.getsockname())
        for _ in range(40):
            sent = trio.current_time()
            await server.sendto(b"x", client.getsockname())
            # A busy machine may deliver it late, even to itself.
            assert select.select([client.fileno()], [], [], 10)[0]
            blocked_until = time.perf_counter() + 0.05
            while time.perf_counter() < blocked_until:
                pass
            unblocked = trio.current_time()
            data, arrived, ttl = await sockets.receive_datagram(client)
            if arrived < unblocked:
                break
            await trio.sleep(0.05)

    assert data == b"x"
    assert sent - 0.001 <= arrived < unblocked
    assert ttl == 64
