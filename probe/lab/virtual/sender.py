"""The sending half of a TCP connection: segments, acknowledgements, retransmission, congestion.

Offsets count from the initial sequence number: the SYN is offset 0, the first byte is offset 1.
Reno with NewReno's partial acknowledgements (RFC 5681, RFC 6582), retransmission timer after
RFC 6298 with Linux's bounds, and Linux's tail loss probe: times of retransmission are evidence.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from probe.lab.packet import ACK, FIN, PSH, SYN

# RFC 6928: initial window of ten segments, Linux's default since 2.6.39.
_INITIAL_SEGMENTS: Final = 10
# RFC 6298 section 2.1: one second until a round trip has been measured.
_FIRST_RTO_S: Final = 1.0
# Linux TCP_RTO_MIN and TCP_RTO_MAX.
_MIN_RTO_S: Final = 0.2
_MAX_RTO_S: Final = 120.0
# Linux tcp_syn_retries: the SYN leaves after 0, 1, 3, 7, 15, 31 and 63 s; given up at 127 s.
_SYN_RETRIES: Final = 6
# Linux tcp_synack_retries.
_SYN_ACK_RETRIES: Final = 5
# Linux tcp_retries2: given up after about a quarter of an hour.
_DATA_RETRIES: Final = 15
# RFC 5681 section 3.2.
_DUPLICATES: Final = 3
# What send() takes before it waits, about Linux's tcp_wmem default after autotuning.
_BUFFER_BYTES: Final = 256 * 1024


@dataclass(slots=True)
class Segment:
    """One piece of the stream that has been sent and not yet acknowledged."""

    start: int
    end: int
    flags: int
    data: bytes
    sent_at: float
    is_again: bool = False


class Sender:
    """What one end has sent, has to send, and knows about the way there."""

    def __init__(
        self,
        *,
        emit: Callable[[Segment], None],
        now: Callable[[], float],
        call_at: Callable[[float, Callable[[], None]], object],
        give_up: Callable[[], None],
        mss: int,
    ) -> None:
        self._emit = emit
        self._now = now
        self._call_at = call_at
        self._give_up = give_up
        self.mss = mss
        self.una = 0
        self.nxt = 0
        self.segments: deque[Segment] = deque()
        self.unsent = bytearray()
        self.wants_fin = False
        self.has_sent_fin = False
        self.is_open = False
        self.nodelay = False
        self.peer_window = 0
        self.cwnd = _INITIAL_SEGMENTS * mss
        self.ssthresh = 1 << 30
        self._duplicates = 0
        self._recover: int | None = None
        self._resend_at: int | None = None
        self.srtt_s: float | None = None
        self.rttvar_s = 0.0
        self.min_rtt_s: float | None = None
        self.rto_s = _FIRST_RTO_S
        self.backoff = 0
        self.retransmits = 0
        self.total_retrans = 0
        self.bytes_acked = 0
        self.last_ack_at = now()
        self._deadline: float | None = None
        self._is_tail_probe = False
        self._has_probed = False
        self._wake_at: float | None = None

    # What the application does.

    @property
    def room_bytes(self) -> int:
        """Return how much more send() takes now."""
        return _BUFFER_BYTES - len(self.unsent) - (self.nxt - self.una)

    def start(self, flags: int) -> None:
        """Send the SYN or SYN+ACK."""
        self._send_new(Segment(0, 1, flags, b"", self._now()))

    def write(self, data: bytes) -> None:
        """Queue data and send what the windows allow."""
        self.unsent += data
        self.push()

    def finish(self) -> None:
        """Send a FIN after all that is queued."""
        self.wants_fin = True
        self.push()

    def stop(self) -> None:
        """Send nothing any more."""
        self.is_open = False
        self.segments.clear()
        self.unsent.clear()
        self._deadline = None

    # Sending.

    def push(self) -> None:
        """Send what may be sent: first what was declared lost, then what is new."""
        if not self.is_open:
            return
        window = min(self.cwnd, max(self.peer_window, 1 if self._resend_at is not None else 0))
        limit = self.una + window
        if self._resend_at is not None:
            self._resend_up_to(limit)
            if self._resend_at is not None:
                return
        while self.unsent:
            size = min(self.mss, len(self.unsent))
            room = limit - self.nxt
            if room < size:
                if self.nxt > self.una:
                    break
                if room <= 0:
                    self._arm()
                    break
                size = room
            elif (
                size < self.mss and not self.nodelay and self.nxt > self.una and not self.wants_fin
            ):
                break  # Nagle (RFC 896)
            data = bytes(self.unsent[:size])
            del self.unsent[:size]
            flags = ACK if self.unsent else ACK | PSH
            self._send_new(Segment(self.nxt, self.nxt + size, flags, data, self._now()))
        if self.wants_fin and not self.has_sent_fin and not self.unsent:
            self.has_sent_fin = True
            self._send_new(Segment(self.nxt, self.nxt + 1, ACK | FIN, b"", self._now()))

    def _resend_up_to(self, limit: int) -> None:
        assert self._resend_at is not None
        for segment in self.segments:
            if segment.start < self._resend_at:
                continue
            if segment.end > limit and segment.start > self.una:
                return
            self._resend(segment)
            self._resend_at = segment.end
        self._resend_at = None

    def _send_new(self, segment: Segment) -> None:
        self.nxt = segment.end
        self.segments.append(segment)
        self._has_probed = False
        self._emit(segment)
        self._arm()

    def _resend(self, segment: Segment) -> None:
        segment.is_again = True
        segment.sent_at = self._now()
        self.total_retrans += 1
        self._emit(segment)

    def resegment(self, mss: int) -> None:
        """Cut what is in flight to a smaller size and send it again (path-MTU discovery)."""
        self.mss = mss
        pieces: deque[Segment] = deque()
        for old in self.segments:
            if len(old.data) <= mss:
                pieces.append(old)
                continue
            for at in range(0, len(old.data), mss):
                data = old.data[at : at + mss]
                start = old.start + at
                pieces.append(Segment(start, start + len(data), ACK, data, old.sent_at, True))
        self.segments = pieces
        self.cwnd = max(self.cwnd, mss)
        self._resend_at = self.una
        self.push()

    # Acknowledgements.

    def on_ack(self, ack: int, window: int, *, is_pure: bool) -> bool:
        """Take an acknowledgement; return False for one of something that was never sent."""
        if ack > self.nxt:
            return False
        self.last_ack_at = self._now()
        if ack > self.una:
            self.peer_window = window
            self._advance(ack)
        elif ack == self.una:
            is_duplicate = is_pure and bool(self.segments) and window == self.peer_window
            self.peer_window = window
            if is_duplicate:
                self._on_duplicate()
        self.push()
        return True

    def _advance(self, ack: int) -> None:
        acked = ack - self.una
        self.una = ack
        self.bytes_acked += acked
        sample: float | None = None
        while self.segments and self.segments[0].end <= ack:
            segment = self.segments.popleft()
            # Karn: what was sent twice measures nothing.
            if not segment.is_again:
                sample = self._now() - segment.sent_at
        if self.segments and self.segments[0].start < ack:
            first = self.segments[0]
            first.data = first.data[ack - first.start :]
            first.start = ack
        if sample is not None:
            self._measure(sample)
        self.retransmits = 0
        self.backoff = 0
        self._duplicates = 0
        self._has_probed = False
        if self._resend_at is not None and self._resend_at < ack:
            self._resend_at = ack if self.segments else None
        if self._recover is not None:
            if ack >= self._recover:
                self._recover = None
                self.cwnd = self.ssthresh
            elif self.segments:
                # NewReno: a partial acknowledgement means that the next one is lost as well.
                self._resend(self.segments[0])
                self.cwnd = max(self.cwnd - acked + self.mss, self.mss)
        elif self.cwnd < self.ssthresh:
            self.cwnd += acked
        else:
            self.cwnd += max(1, self.mss * self.mss // self.cwnd)
        self._arm()

    def _on_duplicate(self) -> None:
        if self._resend_at is not None:
            return
        self._duplicates += 1
        if self._recover is not None:
            self.cwnd += self.mss
        elif self._duplicates == _DUPLICATES:
            self.ssthresh = max((self.nxt - self.una) // 2, 2 * self.mss)
            self.cwnd = self.ssthresh + _DUPLICATES * self.mss
            self._recover = self.nxt
            self._resend(self.segments[0])
            self._arm()

    def _measure(self, rtt_s: float) -> None:
        if self.min_rtt_s is None or rtt_s < self.min_rtt_s:
            self.min_rtt_s = rtt_s
        if self.srtt_s is None:
            self.srtt_s = rtt_s
            self.rttvar_s = rtt_s / 2
        else:
            self.rttvar_s += (abs(self.srtt_s - rtt_s) - self.rttvar_s) / 4
            self.srtt_s += (rtt_s - self.srtt_s) / 8
        # Linux: the variance part is never less than TCP_RTO_MIN.
        self.rto_s = min(self.srtt_s + max(4 * self.rttvar_s, _MIN_RTO_S), _MAX_RTO_S)

    # The timer.

    def _arm(self) -> None:
        if not self.segments:
            self._deadline = None
            if self.unsent and self.peer_window == 0:
                self._set_deadline(min(self.rto_s * 2**self.backoff, _MAX_RTO_S), tail=False)
            return
        wait = min(self.rto_s * 2**self.backoff, _MAX_RTO_S)
        is_tail = (
            self.is_open
            and self.srtt_s is not None
            and not self._has_probed
            and self.backoff == 0
            and self._recover is None
            and self._resend_at is None
        )
        if is_tail:
            assert self.srtt_s is not None
            # Linux tcp_schedule_loss_probe: two round trips, and the peer's delayed
            # acknowledgement if only one segment is out; never later than the timer itself.
            extra = _MIN_RTO_S if len(self.segments) == 1 else 0.002
            wait = min(wait, 2 * self.srtt_s + extra)
        self._set_deadline(wait, tail=is_tail)

    def _set_deadline(self, wait_s: float, *, tail: bool) -> None:
        self._is_tail_probe = tail
        self._deadline = self._now() + wait_s
        if self._wake_at is None or self._wake_at > self._deadline:
            self._wake_at = self._deadline
            self._call_at(self._deadline, self._tick)

    def _tick(self) -> None:
        self._wake_at = None
        if self._deadline is None:
            return
        if self._now() < self._deadline - 1e-9:
            self._wake_at = self._deadline
            self._call_at(self._deadline, self._tick)
            return
        if not self.segments:
            self._probe_window()
        elif self._is_tail_probe:
            self._has_probed = True
            self._resend(self.segments[-1])
            self._arm()
        else:
            self._time_out()

    def _probe_window(self) -> None:
        """Ask a closed window whether it is still closed, with one byte (RFC 9293 3.8.6.1)."""
        self.backoff += 1
        if self.unsent and self.is_open:
            data = bytes(self.unsent[:1])
            del self.unsent[:1]
            self._send_new(Segment(self.nxt, self.nxt + 1, ACK, data, self._now(), True))

    def _time_out(self) -> None:
        limit = _DATA_RETRIES
        first = self.segments[0]
        if first.flags & SYN:
            limit = _SYN_ACK_RETRIES if first.flags & ACK else _SYN_RETRIES
        if self.retransmits >= limit:
            self._deadline = None
            self._give_up()
            return
        if self.retransmits == 0 and not first.flags & SYN:
            self.ssthresh = max((self.nxt - self.una) // 2, 2 * self.mss)
        self.retransmits += 1
        self.backoff += 1
        self._recover = None
        self._duplicates = 0
        if first.flags & SYN:
            self._resend(first)
        else:
            self.cwnd = self.mss
            self._resend_at = self.una
            self.push()
        self._arm()
