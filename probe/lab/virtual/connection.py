"""One end of a TCP connection: Linux's answers to what arrives, with its errnos."""

import errno
import zlib
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import trio

from probe.lab.packet import (
    ACK,
    FIN,
    RST,
    SEQUENCE_SPACE,
    SYN,
    TCP,
    Packet,
    read_tcp_options,
    tcp_options,
)
from probe.lab.virtual.errors import IcmpError
from probe.lab.virtual.receiver import BUFFER_BYTES, WINDOW_SCALE, Receiver
from probe.lab.virtual.sender import Segment, Sender

if TYPE_CHECKING:
    from probe.lab.virtual.host import Host

# Linux TCP_TIMEWAIT_LEN.
_TIME_WAIT_S: Final = 60.0
# RFC 9293 section 3.7.1: what to send to a peer that did not say.
_DEFAULT_MSS: Final = {4: 536, 6: 1220}


class State(IntEnum):
    """The states by Linux's numbers (include/net/tcp_states.h), as TCP_INFO reports them."""

    ESTABLISHED = 1
    SYN_SENT = 2
    SYN_RECV = 3
    FIN_WAIT1 = 4
    FIN_WAIT2 = 5
    TIME_WAIT = 6
    CLOSE = 7
    CLOSE_WAIT = 8
    LAST_ACK = 9
    CLOSING = 11


Key = tuple[str, int, str, int]


class Connection:
    """Local address and port, remote address and port, and all that TCP keeps about them."""

    def __init__(self, host: "Host", key: Key, *, mss: int) -> None:
        self.host = host
        self.key = key
        self.version = 6 if ":" in key[0] else 4
        self.state = State.CLOSE
        self.ttl = 64
        self.own_mss = mss
        self.error = 0
        self.soft_error = 0
        self.error_queue: deque[IcmpError] = deque()
        self.recverr = False
        self.readers = trio.lowlevel.ParkingLot()
        self.writers = trio.lowlevel.ParkingLot()
        self.is_orphan = False
        self.has_closed_reading = False
        self.last_hop_limit = 0
        self.on_established: Callable[[Connection], None] | None = None
        self.started_at = host.now()
        self._isn = zlib.crc32(repr((host.seed, key, host.now())).encode())
        self._irs = 0
        self._scale = 0
        self.receiver = Receiver()
        self.sender = Sender(
            emit=self._emit,
            now=host.now,
            call_at=host.call_at,
            give_up=self._give_up,
            mss=min(mss, _DEFAULT_MSS[self.version]),
        )

    # Opening and closing.

    def open(self) -> None:
        """Send the SYN."""
        self.state = State.SYN_SENT
        self.sender.start(SYN)

    def answer(self, packet: Packet) -> None:
        """Answer a SYN."""
        self.state = State.SYN_RECV
        self._read_syn(packet)
        self.sender.start(SYN | ACK)

    def close(self, *, linger_zero: bool) -> None:
        """Close as the application closes its last handle."""
        self.is_orphan = True
        if self.state in (State.CLOSE, State.TIME_WAIT):
            return
        if self.state is State.SYN_SENT:
            self._finish(0)
        elif linger_zero or self.receiver.ready:
            # Data that nobody read: Linux resets (RFC 2525 section 2.17).
            self.reset()
        else:
            self.shut_down()

    def reset(self) -> None:
        """Send a RST and forget the connection."""
        self._send(RST | ACK, self.sender.nxt)
        self._finish(0)

    def shut_down(self) -> None:
        """Send no more after what is queued (FIN)."""
        if self.state in (State.ESTABLISHED, State.SYN_RECV):
            self.state = State.FIN_WAIT1
        elif self.state is State.CLOSE_WAIT:
            self.state = State.LAST_ACK
        else:
            return
        self.sender.finish()

    @property
    def can_send(self) -> bool:
        """Say whether the stream still takes data."""
        return self.state in (State.ESTABLISHED, State.CLOSE_WAIT)

    def take_error(self) -> int:
        """Return and clear the pending error, as a socket call does."""
        error, self.error = self.error, 0
        return error

    # Sending.

    def _emit(self, segment: Segment) -> None:
        options = b""
        if segment.flags & SYN:
            options = tcp_options(mss=self.own_mss, window_scale=WINDOW_SCALE)
        self._send(segment.flags, segment.start, segment.data, options)

    def _send(self, flags: int, offset: int, data: bytes = b"", options: bytes = b"") -> None:
        receiver = self.receiver
        window = receiver.window_bytes
        receiver.advertised_to = receiver.nxt + window
        local, local_port, remote, remote_port = self.key
        self.host.send(
            Packet(
                self.version,
                local,
                remote,
                self.ttl,
                TCP,
                local_port,
                remote_port,
                (self._isn + offset) % SEQUENCE_SPACE,
                (self._irs + receiver.nxt) % SEQUENCE_SPACE if flags & ACK else 0,
                flags,
                min(window, 65535) if flags & SYN else window >> WINDOW_SCALE,
                options,
                data,
            )
        )

    def acknowledge(self) -> None:
        """Send a bare ACK."""
        self._send(ACK, self.sender.nxt)

    def after_read(self) -> None:
        """Tell the peer when reading has opened the window again."""
        receiver = self.receiver
        limit = receiver.nxt + receiver.window_bytes
        if (
            limit - receiver.advertised_to >= BUFFER_BYTES // 2
            and self.state <= State.FIN_WAIT2
            and receiver.advertised_to - receiver.nxt < BUFFER_BYTES // 2
        ):
            self.acknowledge()

    # Receiving.

    def receive(self, packet: Packet) -> None:
        """Take one segment."""
        if self.state is State.SYN_SENT:
            self._receive_in_syn_sent(packet)
            return
        if self.state is State.CLOSE:
            return
        receiver, sender = self.receiver, self.sender
        offset = _near(packet.seq - self._irs, receiver.nxt)
        length = len(packet.payload)
        if packet.flags & RST:
            self._receive_reset(offset)
            return
        if packet.flags & SYN:
            if self.state is State.SYN_RECV and offset == 0:
                return  # the same SYN again; the SYN+ACK has its own timer
            self.acknowledge()  # RFC 5961 section 4: challenge
            return
        if offset + length < receiver.nxt or offset > receiver.nxt + receiver.window_bytes:
            self.acknowledge()
            return
        if not packet.flags & ACK:
            return
        acked = _near(packet.ack - self._isn, sender.nxt)
        is_pure = length == 0 and not packet.flags & FIN
        if self.state is State.SYN_RECV and acked < 1:
            return
        if not sender.on_ack(acked, packet.window << self._scale, is_pure=is_pure):
            self.acknowledge()
            return
        if self.state is State.SYN_RECV:
            self._establish()
        self._on_acked()
        if length or packet.flags & FIN:
            self._receive_data(packet, offset)
        elif offset < receiver.nxt:
            self.acknowledge()
        if self.writers and sender.room_bytes > 0:
            self.writers.unpark_all()

    def _receive_data(self, packet: Packet, offset: int) -> None:
        receiver = self.receiver
        self.last_hop_limit = packet.ttl
        if self.is_orphan and packet.payload and offset + len(packet.payload) > receiver.nxt:
            # Nobody will ever read it (Linux TCPAbortOnData).
            self.reset()
            return
        had_fin = receiver.has_fin
        grew = receiver.feed(offset, packet.payload, self.host.now(), fin=bool(packet.flags & FIN))
        if receiver.has_fin and not had_fin:
            self._receive_fin()
        if self.state is not State.CLOSE:
            self.acknowledge()
        if grew and self.readers:
            self.readers.unpark_all()

    def _receive_fin(self) -> None:
        if self.state is State.ESTABLISHED:
            self.state = State.CLOSE_WAIT
        elif self.state is State.FIN_WAIT1:
            self.state = State.CLOSING
        elif self.state is State.FIN_WAIT2:
            self._wait_out()

    def _on_acked(self) -> None:
        """Move on where the peer has acknowledged our FIN."""
        sender = self.sender
        if not sender.has_sent_fin or sender.una < sender.nxt:
            return
        if self.state is State.FIN_WAIT1:
            self.state = State.FIN_WAIT2
        elif self.state is State.CLOSING:
            self._wait_out()
        elif self.state is State.LAST_ACK:
            self._finish(0)

    def _wait_out(self) -> None:
        self.state = State.TIME_WAIT
        self.sender.stop()
        self.host.call_at(self.host.now() + _TIME_WAIT_S, lambda: self.host.forget(self))

    def _receive_in_syn_sent(self, packet: Packet) -> None:
        if packet.flags & ACK:
            if (packet.ack - self._isn) % SEQUENCE_SPACE != 1:
                if not packet.flags & RST:
                    self.host.refuse(packet)
                return
            if packet.flags & RST:
                self._finish(errno.ECONNREFUSED)
                return
        if packet.flags & RST or not packet.flags & SYN or not packet.flags & ACK:
            return  # a RST without ACK is not believed here; simultaneous opens are not played
        self._read_syn(packet)
        self.last_hop_limit = packet.ttl
        self.sender.is_open = True
        self.sender.on_ack(1, packet.window, is_pure=False)
        self._establish()
        self.acknowledge()

    def _read_syn(self, packet: Packet) -> None:
        self._irs = packet.seq
        options = read_tcp_options(packet.options)
        mss = int.from_bytes(options.get(2, b""), "big") or _DEFAULT_MSS[self.version]
        self._scale = options[3][0] if 3 in options else 0
        sender = self.sender
        sender.mss = min(self.own_mss, mss, self.host.mss_towards(self.key[2]))
        sender.cwnd = 10 * sender.mss
        sender.peer_window = packet.window

    def _establish(self) -> None:
        self.state = State.ESTABLISHED
        self.sender.is_open = True
        self.writers.unpark_all()
        if self.on_established is not None:
            self.on_established(self)

    def _receive_reset(self, offset: int) -> None:
        receiver = self.receiver
        if offset != receiver.nxt:
            # RFC 5961 section 3: only the exact number counts; one in the window is challenged.
            if receiver.nxt < offset <= receiver.nxt + receiver.window_bytes:
                self.acknowledge()
            return
        # Linux tcp_reset().
        self._finish(errno.EPIPE if self.state is State.CLOSE_WAIT else errno.ECONNRESET)

    # Errors.

    def _give_up(self) -> None:
        self._finish(self.soft_error or errno.ETIMEDOUT)

    def receive_icmp(self, problem: IcmpError, quoted: Packet) -> None:
        """Take an ICMP error about one of our segments (Linux tcp_v4_err, tcp_v6_err)."""
        offset = _near(quoted.seq - self._isn, self.sender.nxt)
        if self.state is State.CLOSE or not self.sender.una <= offset <= self.sender.nxt:
            return
        if self.state in (State.SYN_SENT, State.SYN_RECV):
            if self.recverr:
                self.error_queue.append(problem)
            self._finish(problem.errno)
        elif self.recverr:
            # Fatal to the call in progress; the connection lives on.
            self.error = problem.errno
            self.wake()
        else:
            self.soft_error = problem.errno

    def receive_too_big(self, mtu: int) -> None:
        """Send smaller segments from now on, and those on the way again."""
        mss = mtu - (40 if self.version == 4 else 60)
        if mss < self.sender.mss and self.sender.is_open:
            self.sender.resegment(mss)

    def _finish(self, error: int) -> None:
        self.state = State.CLOSE
        self.error = error
        self.sender.stop()
        self.host.forget(self)
        self.wake()

    def wake(self) -> None:
        """Let every waiting call look again."""
        self.readers.unpark_all()
        self.writers.unpark_all()


def _near(number: int, expected: int) -> int:
    """Return the offset with this 32-bit number that is closest to `expected`."""
    half = SEQUENCE_SPACE // 2
    return expected + (number - expected + half) % SEQUENCE_SPACE - half
