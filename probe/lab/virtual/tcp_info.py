"""Linux's struct tcp_info, as getsockopt(TCP_INFO) returns it."""

import struct
from typing import Final

from probe.lab.virtual.connection import Connection, State

# linux/tcp.h (offsets as of Linux 6.x; older fields never moved).
_HEAD: Final = struct.Struct("=8B24I")
_TOTAL_RETRANS_AT: Final = 100
_SIZE_BYTES: Final = 240


def pack_tcp_info(connection: Connection, now: float) -> bytes:
    """Return the struct; what the virtual stack does not keep is zero."""
    sender, receiver = connection.sender, connection.receiver
    rto_us = int(min(sender.rto_s * 2**sender.backoff, 120) * 1e6)

    def since_ms(at: float | None) -> int:
        return int((now - (connection.started_at if at is None else at)) * 1000)

    rtt_us = int((sender.srtt_s or 0) * 1e6)
    min_rtt_us = 0xFFFFFFFF if sender.min_rtt_s is None else int(sender.min_rtt_s * 1e6)
    head = _HEAD.pack(
        int(connection.state),
        4 if sender.retransmits and connection.state is not State.SYN_SENT else 0,  # TCP_CA_Loss
        min(sender.retransmits, 255),
        0,
        min(sender.backoff, 255),
        4,  # window scale
        7 << 4 | 7,
        0,
        rto_us,
        40000,
        sender.mss,
        min(connection.own_mss, 1460),
        len(sender.segments),
        0,
        0,
        sum(segment.is_again for segment in sender.segments),
        0,
        0,
        0,
        since_ms(receiver.last_data_at),
        since_ms(sender.last_ack_at),
        sender.mss + (40 if connection.version == 4 else 60),
        65535,
        rtt_us,
        int(sender.rttvar_s * 1e6),
        min(sender.ssthresh // sender.mss, 0x7FFFFFFF),
        sender.cwnd // sender.mss,
        connection.own_mss,
        3,
        0,
        65535,
        sender.total_retrans,
    )
    info = bytearray(_SIZE_BYTES)
    info[: len(head)] = head
    struct.pack_into("=QQ", info, 120, sender.bytes_acked, receiver.bytes_received)
    struct.pack_into("=II", info, 144, len(sender.unsent), min_rtt_us)
    struct.pack_into("=I", info, 224, receiver.out_of_order)
    struct.pack_into("=I", info, 228, sender.peer_window)
    return bytes(info)
