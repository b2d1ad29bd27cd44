"""The way between client and server: routers, delay, loss, a narrow link, and boxes on links.

    client ── link 0 ── router 1 ── link 1 ── router 2 ── … ── router N ── link N ── server

Boxes on link k stand just behind router k, on the server's side of it: a packet from the client
has been aged k times when they see it. The path owns no clock and no socket: an executor gives it
`now`, `call_at` and the two ends, and hands in what either end sends. The same seed gives the same
losses whatever else goes on, for each draw depends on the seed, the flow and the packet's number in
that flow alone.
"""

import hashlib
import struct
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from probe.errors import LabError
from probe.lab.box import Action, Box, Place
from probe.lab.icmp import icmp_error, is_icmp_error
from probe.lab.legs import legs, offsets
from probe.lab.log import Event, TruthLog, What
from probe.lab.packet import ICMP, ICMPV6, Flow, Packet, Side, parse

_FIVE: Final = struct.Struct("!5I")
_RANGE: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class Router:
    """One hop. It ages packets and answers those that it ages to death."""

    ipv4: str
    ipv6: str
    delay_s: float | None = None
    """One way, over the link before it. None: an equal share of what the round trip leaves."""
    silent: bool = False
    """Sends no ICMP."""


@dataclass(frozen=True, slots=True)
class Link:
    """How the whole way behaves, innocently."""

    rtt_s: float = 0.05
    loss: float = 0.0
    """Probability that a packet is lost on the way, each way."""
    jitter_s: float = 0.0
    """Each packet waits up to this much more; order is kept."""
    reorder: float = 0.0
    """Probability that a packet falls behind those sent up to `reorder_s` later."""
    reorder_s: float = 0.01
    duplicate: float = 0.0
    rate_bps: float | None = None
    """Each way; what is above queues."""
    queue_s: float = 0.5
    """The queue's length; what is above is lost."""
    mtu: int | None = None
    """Of the narrow link. None: nothing the ends send is too big."""
    narrow_link: int = 1
    tells_too_big: bool = True
    """False: packets that are too big vanish (a path-MTU black hole)."""


_Standing = tuple[int, Box, "_Context"]
"""A box, how many others are met before it, and what it sees of the path."""

Tap = Callable[[float, str, Side, Packet], None]
"""Called with time, place (`client`, `server`, `link 2`), direction and packet."""


class Path:
    """Carries packets between the two sides."""

    def __init__(
        self,
        *,
        routers: Sequence[Router],
        boxes: Mapping[int, Sequence[Box]],
        link: Link,
        seed: int,
        call_at: Callable[[float, Callable[[], None]], object],
        now: Callable[[], float],
        to_client: Callable[[Packet], None],
        to_server: Callable[[Packet], None],
        log: TruthLog,
    ) -> None:
        self.routers = tuple(routers)
        self.link = link
        self.log = log
        self.boxes = {point: tuple(row) for point, row in boxes.items() if row}
        self.taps: list[Tap] = []
        self.counts: Counter[str] = Counter()
        """Packets: sent by either side, lost, dropped by boxes, delivered to either side."""
        self._call_at = call_at
        self._now = now
        self._deliver = {Side.CLIENT: to_client, Side.SERVER: to_server}
        self._seed = seed
        self._end = len(self.routers) + 1
        for point in self.boxes:
            if not 0 <= point < self._end:
                raise LabError(f"boxes on link {point}, but there are links 0 to {self._end - 1}")
        if link.mtu is not None and not 0 <= link.narrow_link < self._end:
            raise LabError(f"narrow link {link.narrow_link}: there are links 0 to {self._end - 1}")
        self._offset = offsets([router.delay_s for router in self.routers], link.rtt_s)
        narrow = None if link.mtu is None else link.narrow_link
        self._legs = {side: legs(self._offset, self.boxes, narrow, side) for side in Side}
        self._contexts = {
            (point, index): _Context(self, box, point)
            for point, row in self.boxes.items()
            for index, box in enumerate(row)
        }
        self._standing: dict[tuple[int, Side, str], tuple[_Standing, ...]] = {}
        self._is_ideal = not (
            link.loss or link.jitter_s or link.reorder or link.duplicate or link.rate_bps
        )
        self._numbers: Counter[tuple[object, ...]] = Counter()
        self._free_at = dict.fromkeys(Side, 0.0)
        self._last_departure = dict.fromkeys(Side, 0.0)

    @property
    def hops(self) -> int:
        """Return how many routers there are."""
        return len(self.routers)

    @property
    def now(self) -> float:
        """Return the executor's time in seconds since the lab was opened."""
        return self._now()

    def send(self, packet: Packet | bytes, side: Side) -> None:
        """Carry a packet that has left `side` towards the other."""
        if isinstance(packet, bytes):
            packet = parse(packet)
        toward = side.other
        self.counts[f"from_{side.value}"] += 1
        if self.taps:
            self._tap(side.value, toward, packet)
        point = 0 if side is Side.CLIENT else self._end
        if self._is_ideal:
            self._enter(packet, toward, point)
        else:
            self._send_over_real_link(packet, toward, point)

    # What the innocent link does, once per packet, where it enters.

    def _send_over_real_link(self, packet: Packet, toward: Side, point: int) -> None:
        link, now = self.link, self._now()
        loss, where, wait, behind, twice = self._draw(packet, toward)
        departure = now
        if link.rate_bps:
            start = max(now, self._free_at[toward])
            if start - now > link.queue_s:
                self.counts["lost"] += 1
                return
            departure = start + packet.size_bytes * 8 / link.rate_bps
            self._free_at[toward] = departure
        departure += wait * link.jitter_s
        if behind < link.reorder:
            departure += link.reorder_s
        else:
            departure = max(departure, self._last_departure[toward])
            self._last_departure[toward] = departure
        lost_after = None
        if loss < link.loss:
            # Loss strikes anywhere on the way: boxes before that point have seen the packet.
            lost_after = int(where * self._end)
        self._call_at(departure, partial(self._enter, packet, toward, point, lost_after))
        if twice < link.duplicate:
            self._call_at(departure + 0.001, partial(self._enter, packet, toward, point, None))

    def _draw(self, packet: Packet, toward: Side) -> tuple[float, float, float, float, float]:
        """Return five numbers in [0, 1) that depend on seed, flow and the packet's number."""
        flow = (toward.value, *packet.flow(toward))
        number = self._numbers[flow]
        self._numbers[flow] += 1
        digest = hashlib.blake2b(f"{self._seed} {flow} {number}".encode(), digest_size=20).digest()
        one, two, three, four, five = _FIVE.unpack(digest)
        return one / _RANGE, two / _RANGE, three / _RANGE, four / _RANGE, five / _RANGE

    # Movement. A packet stands at a point: 0 is the client, k the place behind router k, the last
    # is the server.

    def _enter(
        self, packet: Packet, toward: Side, point: int, lost_after: int | None = None
    ) -> None:
        """Let a packet leave its sender; boxes on the sender's own doorstep see it at once."""
        if lost_after is not None and toward is Side.CLIENT:
            lost_after = self._end - lost_after
        self._arrive(packet, toward, point, lost_after)

    def _move(self, packet: Packet, toward: Side, point: int, lost_at: int | None) -> None:
        """Take a packet that is done at `point` to where something happens to it next."""
        stop, hops, delay_s, is_end, is_arrival = self._legs[toward][point]
        now = self._now()
        if packet.ttl <= hops:
            if toward is Side.SERVER:
                dies_at = point + packet.ttl
            else:
                dies_at = min(point, self._end - 1) - packet.ttl + 1
            at = now + abs(self._offset[dies_at] - self._offset[point])
            self._call_at(at, partial(self._expire, packet, toward, dies_at))
            return
        if hops:
            packet = packet.aged(hops)
        if is_end and lost_at is not None:
            self.counts["lost"] += 1
        elif is_arrival:
            self._call_at(now + delay_s, partial(self._hand_over, packet, toward))
        else:
            self._call_at(now + delay_s, partial(self._arrive, packet, toward, stop, lost_at))

    def _arrive(self, packet: Packet, toward: Side, point: int, lost_at: int | None) -> None:
        if lost_at is not None and (point > lost_at if toward is Side.SERVER else point < lost_at):
            self.counts["lost"] += 1
            return
        mtu = self.link.mtu
        if (
            mtu is not None
            and point == self.link.narrow_link + (toward is Side.CLIENT)
            and packet.size_bytes > mtu
        ):
            # Boxes at this point stand before the narrow link for what goes to the server.
            if toward is Side.SERVER and not self._run_boxes(packet, toward, point, lost_at, 0):
                return
            self._too_big(packet, toward, point, mtu)
            return
        self._through_boxes(packet, toward, point, lost_at, 0)

    def _run_boxes(
        self, packet: Packet, toward: Side, point: int, lost_at: int | None, start: int
    ) -> Packet | None:
        """Show the packet to the boxes at `point`; return it, or None where it went no further."""
        far = packet.destination if toward is Side.SERVER else packet.source
        for step, box, context in self._shown(point, toward, far):
            if step < start:
                continue
            if self.taps:
                self._tap(f"link {point}", toward, packet)
            verdict = box.on_packet(packet, toward, context)
            if verdict.action is Action.PASS:
                continue
            if box.place is Place.ON_PATH:
                raise LabError(f"box {box.id} stands on the path and cannot {verdict.action.value}")
            if verdict.action is Action.DROP:
                self.counts["dropped"] += 1
                return None
            if verdict.action is Action.REPLACE:
                assert verdict.packet is not None
                replaced = verdict.packet
                packet = parse(replaced) if isinstance(replaced, bytes) else replaced
                # It may have another far end now, which concerns other boxes.
                return self._run_boxes(packet, toward, point, lost_at, step + 1)
            later = partial(self._through_boxes, packet, toward, point, lost_at, step + 1)
            self._call_at(self._now() + verdict.delay_s, later)
            return None
        return packet

    def _shown(self, point: int, toward: Side, far: str) -> Sequence[_Standing]:
        """Return the boxes at `point` that a far end concerns, in the order they are met."""
        key = (point, toward, far)
        found = self._standing.get(key)
        if found is None:
            row = self.boxes.get(point, ())
            order = range(len(row)) if toward is Side.SERVER else range(len(row) - 1, -1, -1)
            found = self._standing[key] = tuple(
                (step, row[index], self._contexts[point, index])
                for step, index in enumerate(order)
                if row[index].concerns(far)
            )
        return found

    def _through_boxes(
        self, packet: Packet, toward: Side, point: int, lost_at: int | None, start: int
    ) -> None:
        left = self._run_boxes(packet, toward, point, lost_at, start)
        if left is None:
            return
        if point == 0 and toward is Side.CLIENT:
            self._hand_over(left, toward)
        else:
            self._move(left, toward, point, lost_at)

    def _hand_over(self, packet: Packet, toward: Side) -> None:
        self.counts[f"to_{toward.value}"] += 1
        if self.taps:
            self._tap(toward.value, toward, packet)
        self._deliver[toward](packet)

    def _tap(self, where: str, toward: Side, packet: Packet) -> None:
        for tap in self.taps:
            tap(self._now(), where, toward, packet)

    # ICMP errors of routers.

    def _expire(self, packet: Packet, toward: Side, router: int) -> None:
        self.counts["expired"] += 1
        kind = (ICMP, 11, 0, 0) if packet.version == 4 else (ICMPV6, 3, 0, 0)
        self._tell(packet.aged(packet.ttl), toward, router, kind)

    def _too_big(self, packet: Packet, toward: Side, point: int, mtu: int) -> None:
        self.counts["too_big"] += 1
        if not self.link.tells_too_big:
            return
        router = max(1, min(point, len(self.routers)))
        kind = (ICMP, 3, 4, mtu) if packet.version == 4 else (ICMPV6, 2, 0, mtu)
        self._tell(packet, toward, router, kind)

    def _tell(
        self, packet: Packet, toward: Side, router: int, kind: tuple[int, int, int, int]
    ) -> None:
        """Send an ICMP error about a packet from a router to the packet's sender."""
        if not 1 <= router <= len(self.routers):
            return
        node = self.routers[router - 1]
        if node.silent or (packet.icmp is not None and is_icmp_error(packet)):
            return
        answer = icmp_error(node.ipv4 if packet.version == 4 else node.ipv6, packet, kind)
        back = toward.other
        if back is Side.SERVER:
            self._move(answer, back, router, None)
            return
        # The router stands on the client's side of its point: it does not age its own packet.
        answer.ttl += 1
        self._move(answer, back, router, None)

    def inject(self, packet: Packet | bytes, toward: Side, point: int, after_s: float) -> None:
        """Send a box's own packet from its link."""
        made = parse(packet) if isinstance(packet, bytes) else packet
        if self.taps:
            self._tap(f"link {point} injected", toward, made)
        if point == 0 and toward is Side.CLIENT:
            go = partial(self._hand_over, made, toward)
        else:
            go = partial(self._move, made, toward, point, None)
        if after_s > 0:
            self._call_at(self._now() + after_s, go)
        else:
            go()

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> None:
        """Call a box back after a while."""
        self._call_at(self._now() + delay_s, callback)


class _Context:
    """What one box sees of the path."""

    __slots__ = ("_box", "_path", "_point")

    def __init__(self, path: Path, box: Box, point: int) -> None:
        self._path = path
        self._box = box
        self._point = point

    @property
    def now(self) -> float:
        return self._path.now

    def inject(self, packet: Packet | bytes, toward: Side, *, after_s: float = 0.0) -> None:
        self._path.inject(packet, toward, self._point, after_s)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> None:
        self._path.call_later(delay_s, callback)

    def log(self, what: What, flow: Flow, name: str = "") -> None:
        self._path.log.add(Event(self._path.now, self._box.id, what, flow, name))
