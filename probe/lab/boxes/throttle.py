"""Boxes that slow down (techniques R01 to R07, R09, Q09, S13)."""

# ruff: noqa: RUF009  (Names, Where and Forgery are frozen: sharing them is safe)

from dataclasses import dataclass, field
from typing import Final

from probe.lab.box import (
    DROP,
    PASS,
    Box,
    BoxContext,
    Key,
    Names,
    Residue,
    Verdict,
    Where,
    delay_by,
)
from probe.lab.boxes.watch import QuicHellos, Streams
from probe.lab.log import What
from probe.lab.packet import SYN, TCP, UDP, Flow, Packet, Side
from probe.lab.reading.hello import read_hello
from probe.lab.reading.http import read_request

# An Ethernet frame's worth: a policer with a smaller bucket would let no full segment pass.
_SEGMENT_BYTES: Final = 1500


@dataclass(slots=True)
class Bucket:
    """A token bucket of bytes."""

    rate_bps: float
    depth_bytes: float
    _level_bytes: float = -1.0
    _at: float = 0.0

    def take(self, size_bytes: int, now: float) -> bool:
        """Say whether so many bytes may pass now, and take them if so."""
        if self._level_bytes < 0:
            self._level_bytes = self.depth_bytes
        else:
            gained = (now - self._at) * self.rate_bps / 8
            self._level_bytes = min(self.depth_bytes, self._level_bytes + gained)
        self._at = now
        if self._level_bytes < size_bytes:
            return False
        self._level_bytes -= size_bytes
        return True


@dataclass(kw_only=True, eq=False)
class SlowBox(Box):
    """Slows flows down: those whose name is hit, or all to `where` if no name is given.

    Names are read in TLS hellos, in HTTP requests and in QUIC Initials.
    """

    is_bound = True
    names: Names = field(default_factory=Names)
    where: Where = field(default_factory=Where)
    residual_s: float = 600.0
    residual_key: Key = Key.FLOW
    protocols: frozenset[int] = frozenset({TCP, UDP})
    _streams: Streams = field(default_factory=Streams, init=False, repr=False)
    _hellos: QuicHellos = field(default_factory=QuicHellos, init=False, repr=False)
    _residue: Residue = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._residue = self.residue(self.residual_key, self.residual_s)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Slow down what is marked; mark what is hit."""
        if packet.protocol not in self.protocols or packet.fragment:
            return PASS
        flow = packet.flow(toward)
        if not self.where.match(flow.server, flow.server_port):
            return PASS
        if not self.names.patterns or self._residue.holds(flow, out.now):
            return self.slow(packet, toward, flow, out)
        name = self._read_name(packet, flow) if toward is Side.SERVER else None
        if self.names.match(name):
            self._residue.remember(flow, out.now)
            out.log(What.MATCHED, flow, name or "")
        return PASS

    def _read_name(self, packet: Packet, flow: Flow) -> str | None:
        if packet.protocol == UDP:
            hello = self._hellos.feed(packet, flow)
            return hello.name if hello else None
        beginning = self._streams.feed(packet, flow)
        if not beginning:
            return None
        hello, request = read_hello(beginning), read_request(beginning)
        return hello.name if hello else request.host if request else None

    def slow(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Decide about a packet that is to be slowed down."""
        raise NotImplementedError


@dataclass(kw_only=True, eq=False)
class Police(SlowBox):
    """Packets above the rate vanish, each direction of each flow by itself."""

    id = "R01"
    source = "THR21 (Twitter, 10 March 2021: 130 to 150 kbit/s, both directions)"
    rate_bps: float = 140_000
    depth_bytes: float = 6 * _SEGMENT_BYTES
    _buckets: dict[tuple[Flow, Side], Bucket] = field(default_factory=dict, init=False, repr=False)

    def slow(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Drop what the bucket does not cover."""
        bucket = self._buckets.get((flow, toward))
        if bucket is None:
            bucket = self._buckets[flow, toward] = Bucket(self.rate_bps, self.depth_bytes)
        if bucket.take(packet.size_bytes, out.now):
            return PASS
        out.log(What.DROPPED, flow)
        return DROP


@dataclass(kw_only=True, eq=False)
class PoliceToDeath(Police):
    """600 to 700 bytes a second: a block by another name."""

    id = "R02"
    source = "RU22, TSPU22 type SNI-III (Twitter, 26 February to 4 March 2022)"
    rate_bps: float = 650 * 8
    depth_bytes: float = _SEGMENT_BYTES


@dataclass(kw_only=True, eq=False)
class OverMatchingPolice(Police):
    """The rule hits the letters wherever they stand: `*t.co*` hit microsoft.com and reddit.com."""

    id = "S13"
    source = "N4P-65 (10 and 11 March 2021)"
    names: Names = Names(("*t.co*",))


@dataclass(kw_only=True, eq=False)
class VideoPolice(Police):
    """Video hosts by name, only what the client sends: few of its acknowledgements pass.

    A request passes at once; then acknowledgements of 52 to 72 bytes do, about one a second.
    """

    id = "R05"
    source = "N4P-382 (googlevideo.com, Russia since July 2024)"
    names: Names = Names(("*.googlevideo.com",))
    rate_bps: float = 480
    depth_bytes: float = 800

    def slow(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Police one direction."""
        if toward is Side.CLIENT or packet.flags & SYN:
            return PASS
        return super().slow(packet, toward, flow, out)


@dataclass(kw_only=True, eq=False)
class QuicPolice(Police):
    """QUIC to a name is policed; TCP to it is not."""

    id = "Q09"
    source = "techniques Q09 (googlevideo.com, Russia 2024)"
    protocols: frozenset[int] = frozenset({UDP})


@dataclass(kw_only=True, eq=False)
class PrefixPolice(Police):
    """All names at a prefix (`where`) share one rate."""

    id = "R06"
    source = "CF16; Russia 2024-25 (techniques R06)"
    rate_bps: float = 400_000
    depth_bytes: float = 10 * _SEGMENT_BYTES
    _shared: dict[Side, Bucket] = field(default_factory=dict, init=False, repr=False)

    def slow(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Drop what the common bucket does not cover."""
        bucket = self._shared.get(toward)
        if bucket is None:
            bucket = self._shared[toward] = Bucket(self.rate_bps, self.depth_bytes)
        if bucket.take(packet.size_bytes, out.now):
            return PASS
        out.log(What.DROPPED, flow)
        return DROP


@dataclass(kw_only=True, eq=False)
class Shape(SlowBox):
    """Packets above the rate queue, each direction of each flow by itself."""

    id = "R03"
    source = "operators (techniques R03)"
    rate_bps: float = 128_000
    queue_s: float = 4.0
    _free_at: dict[tuple[Flow, Side], float] = field(default_factory=dict, init=False, repr=False)

    def slow(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Let the packet wait for its turn; drop it where the queue is full."""
        start = max(out.now, self._free_at.get((flow, toward), 0.0))
        wait_s = start - out.now
        if wait_s > self.queue_s:
            out.log(What.DROPPED, flow)
            return DROP
        self._free_at[flow, toward] = start + packet.size_bytes * 8 / self.rate_bps
        if wait_s <= 0:
            return PASS
        out.log(What.DELAYED, flow)
        return delay_by(wait_s)


@dataclass(kw_only=True, eq=False)
class NationalShape(Shape):
    """All that is not domestic (`Where(spared=...)`) is slow."""

    id = "R07"
    source = "Iran 2013 (techniques R07)"
    rate_bps: float = 64_000


@dataclass(kw_only=True, eq=False)
class Delay(SlowBox):
    """Each packet waits a fixed time more, each way."""

    id = "R04"
    source = "TR23 (Turkcell Superonline, 8 February 2023: handshakes of 3 s instead of 0.1 s)"
    delay_s: float = 1.0

    def slow(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Let it wait."""
        del packet, toward
        out.log(What.DELAYED, flow)
        return delay_by(self.delay_s)


@dataclass(kw_only=True, eq=False)
class HandshakeDelay(Delay):
    """One name's handshakes take seconds, other names at the same address do not."""

    id = "R09"
    source = "KZ23 (azattyq.org: daily medians above 4 s at shared Akamai addresses)"
    delay_s: float = 2.0
    residual_s: float = 10.0
