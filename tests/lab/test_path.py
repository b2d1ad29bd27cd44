"""The path alone, driven by hand: times, ageing, losses, boxes and their order."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

import pytest

from probe.errors import LabError
from probe.lab.box import DROP, PASS, Box, BoxContext, Names, Place, Verdict, delay_by, replace_with
from probe.lab.log import TruthLog, What
from probe.lab.packet import UDP, Packet, Side
from probe.lab.path import Link, Path, Router

ROUTERS = tuple(Router(f"10.0.{n}.1", f"2001:db8:{n}::1") for n in range(1, 5))


class Bed:
    """A path with a clock that is turned by hand."""

    def __init__(
        self,
        boxes: Mapping[int, Sequence[Box]] | None = None,
        link: Link | None = None,
        routers: Sequence[Router] = ROUTERS,
        seed: int = 1,
    ) -> None:
        self.now = 0.0
        self.heap: list[tuple[float, int, Callable[[], None]]] = []
        self.number = count()
        self.arrived: list[tuple[float, Side, Packet]] = []
        self.log = TruthLog()
        self.path = Path(
            routers=routers,
            boxes=boxes or {},
            link=link or Link(rtt_s=0.1),
            seed=seed,
            call_at=lambda at, fn: heapq.heappush(self.heap, (at, next(self.number), fn)),
            now=lambda: self.now,
            to_client=lambda packet: self.arrived.append((self.now, Side.CLIENT, packet)),
            to_server=lambda packet: self.arrived.append((self.now, Side.SERVER, packet)),
            log=self.log,
        )

    def run(self) -> None:
        while self.heap:
            self.now, _, call = heapq.heappop(self.heap)
            call()


def up(payload: bytes = b"x", ttl: int = 64, version: int = 4) -> Packet:
    ends = ("192.0.2.2", "8.8.8.8") if version == 4 else ("2001:db8::2", "2001:4860::8")
    return Packet(version, *ends, ttl, UDP, 40000, 53, payload=payload)


def down(payload: bytes = b"y", ttl: int = 64) -> Packet:
    return Packet(4, "8.8.8.8", "192.0.2.2", ttl, UDP, 53, 40000, payload=payload)


@dataclass(kw_only=True, eq=False)
class Spy(Box):
    id = "X01"
    source = "a test"
    verdict: Verdict = PASS
    seen: list[tuple[float, Side, int, bytes]] = field(default_factory=list)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        self.seen.append((round(out.now, 6), toward, packet.ttl, packet.payload))
        return self.verdict


def test_packet_takes_half_the_round_trip_and_loses_one_hop_per_router() -> None:
    bed = Bed()
    bed.path.send(up(), Side.CLIENT)
    bed.path.send(down().to_bytes(), Side.SERVER)
    bed.run()

    assert [(at, side, packet.ttl) for at, side, packet in bed.arrived] == [
        (pytest.approx(0.05), Side.SERVER, 60),
        (pytest.approx(0.05), Side.CLIENT, 60),
    ]


@pytest.mark.parametrize("point", range(5))
def test_box_sees_packets_behind_its_router(point: int) -> None:
    spy = Spy()
    bed = Bed({point: [spy]})
    bed.path.send(up(), Side.CLIENT)
    bed.path.send(down(), Side.SERVER)
    bed.run()

    seen = {toward: (at, ttl, payload) for at, toward, ttl, payload in spy.seen}
    assert seen == {
        Side.SERVER: (pytest.approx(0.01 * point), 64 - point, b"x"),
        Side.CLIENT: (pytest.approx(0.01 * (5 - point)), 64 - (4 - point), b"y"),
    }
    assert [packet.ttl for _, _, packet in bed.arrived] == [60, 60]


def test_boxes_on_one_link_are_met_in_order_from_each_side() -> None:
    order: list[str] = []

    @dataclass(kw_only=True, eq=False)
    class Named(Spy):
        name: str = ""

        def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
            order.append(self.name)
            return PASS

    bed = Bed({2: [Named(name="near"), Named(name="far")]})
    bed.path.send(up(), Side.CLIENT)
    bed.run()
    bed.path.send(down(), Side.SERVER)
    bed.run()

    assert order == ["near", "far", "far", "near"]


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("ttl", [1, 2, 3, 4])
def test_router_answers_what_it_ages_to_death(ttl: int, version: int) -> None:
    bed = Bed()
    bed.path.send(up(ttl=ttl, version=version), Side.CLIENT)
    bed.run()

    ((at, side, answer),) = bed.arrived
    router = ROUTERS[ttl - 1]
    assert side is Side.CLIENT
    assert at == pytest.approx(0.02 * ttl)
    assert answer.source == (router.ipv4 if version == 4 else router.ipv6)
    assert answer.icmp == ((11, 0, 0) if version == 4 else (3, 0, 0))
    assert answer.ttl == 64 - (ttl - 1)


def test_ttl_counts_from_the_server_as_well() -> None:
    bed = Bed()
    bed.path.send(down(ttl=1), Side.SERVER)
    bed.run()

    ((_, side, answer),) = bed.arrived
    assert (side, answer.source, answer.ttl) == (Side.SERVER, ROUTERS[3].ipv4, 64)


def test_dropped_packet_arrives_nowhere() -> None:
    bed = Bed({1: [Spy(verdict=DROP)]})
    bed.path.send(up(), Side.CLIENT)
    bed.run()

    assert bed.arrived == []
    assert bed.path.counts["dropped"] == 1


def test_replacement_goes_on_in_the_others_stead() -> None:
    bed = Bed({1: [Spy(verdict=replace_with(up(b"forged").to_bytes()))]})
    bed.path.send(up(), Side.CLIENT)
    bed.run()

    assert [packet.payload for _, _, packet in bed.arrived] == [b"forged"]


def test_delayed_packet_is_not_shown_to_the_same_box_twice() -> None:
    first, second = Spy(verdict=delay_by(1.0)), Spy()
    bed = Bed({1: [first, second]})
    bed.path.send(up(), Side.CLIENT)
    bed.run()

    assert len(first.seen) == len(second.seen) == 1
    assert bed.arrived[0][0] == pytest.approx(1.05)


def test_box_on_the_path_cannot_drop() -> None:
    bed = Bed({1: [Spy(verdict=DROP, place=Place.ON_PATH)]})
    bed.path.send(up(), Side.CLIENT)

    with pytest.raises(LabError, match="stands on the path"):
        bed.run()


def test_injected_packets_start_at_the_box_and_pass_the_boxes_before_it() -> None:
    @dataclass(kw_only=True, eq=False)
    class Injector(Spy):
        def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
            out.inject(down(b"forged"), Side.CLIENT)
            out.log(What.INJECTED, packet.flow(toward), "name")
            return PASS

    near = Spy()
    bed = Bed({1: [near], 3: [Injector()]})
    bed.path.send(up(), Side.CLIENT)
    bed.run()

    forged = next(packet for _, side, packet in bed.arrived if side is Side.CLIENT)
    assert (forged.payload, forged.ttl) == (b"forged", 61)
    assert near.seen[-1][1:] == (Side.CLIENT, 62, b"forged")
    assert [(event.box, event.name) for event in bed.log] == [("X01", "name")]


def losses(seed: int, order: Sequence[int], link: Link) -> dict[tuple[int, int], bool]:
    """Send ten packets on each of some flows; say which of them arrived."""
    bed = Bed(link=link, seed=seed)
    for number in range(10):
        for port in order:
            packet = Packet(4, "192.0.2.2", "8.8.8.8", 64, UDP, port, 53, payload=bytes((number,)))
            bed.path.send(packet, Side.CLIENT)
    bed.run()
    arrived = {(packet.source_port, packet.payload[0]) for _, _, packet in bed.arrived}
    return {(port, number): (port, number) in arrived for port in order for number in range(10)}


def test_losses_depend_on_seed_flow_and_number_and_not_on_order() -> None:
    link = Link(loss=0.4, jitter_s=0.01)
    one = losses(1, [1000, 1001, 1002, 1003], link)
    other = losses(1, [1003, 1001, 1000, 1002], link)

    assert one == other
    assert losses(2, [1000, 1001, 1002, 1003], link) != one
    assert 10 < sum(one.values()) < 38


def test_jitter_keeps_order_and_reordering_does_not() -> None:
    def arrivals(link: Link) -> list[int]:
        bed = Bed(link=link)
        for number in range(50):
            bed.now = number * 0.001
            bed.path.send(up(bytes((number,))), Side.CLIENT)
        bed.run()
        return [packet.payload[0] for _, _, packet in bed.arrived]

    assert arrivals(Link(jitter_s=0.05)) == list(range(50))
    mixed = arrivals(Link(reorder=0.2, reorder_s=0.005))
    assert sorted(mixed) == list(range(50))
    assert mixed != list(range(50))


def test_duplicates_are_identical() -> None:
    bed = Bed(link=Link(duplicate=1.0))
    bed.path.send(up(), Side.CLIENT)
    bed.run()

    assert [packet.payload for _, _, packet in bed.arrived] == [b"x", b"x"]


def test_queue_spaces_packets_and_overflows() -> None:
    bed = Bed(link=Link(rtt_s=0.0, rate_bps=80_000, queue_s=0.5))
    for _ in range(20):
        bed.path.send(up(b"x" * 972), Side.CLIENT)
    bed.run()

    times = [at for at, _, _ in bed.arrived]
    assert times == pytest.approx([0.1 * n for n in range(1, 7)])
    assert bed.path.counts["lost"] == 14


@pytest.mark.parametrize("version", [4, 6])
def test_narrow_link_tells_its_size(version: int) -> None:
    bed = Bed(link=Link(rtt_s=0.1, mtu=1400))
    bed.path.send(up(b"x" * 1400, version=version), Side.CLIENT)
    bed.path.send(up(b"x" * 1300, version=version), Side.CLIENT)
    bed.run()

    (error,) = (packet for _, side, packet in bed.arrived if side is Side.CLIENT)
    (small,) = (packet for _, side, packet in bed.arrived if side is Side.SERVER)
    assert error.icmp == ((3, 4, 1400) if version == 4 else (2, 0, 1400))
    assert len(small.payload) == 1300


def test_black_hole_says_nothing() -> None:
    bed = Bed(link=Link(mtu=1400, tells_too_big=False))
    bed.path.send(up(b"x" * 1400), Side.CLIENT)
    bed.run()

    assert bed.arrived == []


def test_routers_delays_cannot_exceed_the_round_trip() -> None:
    with pytest.raises(LabError, match="half of rtt_s"):
        Bed(link=Link(rtt_s=0.1), routers=[Router("10.0.0.1", "::1", delay_s=0.06)])


def test_given_delays_place_the_routers() -> None:
    routers = [Router("10.0.0.1", "2001:db8::a", delay_s=0.04), Router("10.0.0.2", "2001:db8::b")]
    bed = Bed(link=Link(rtt_s=0.1), routers=routers)
    bed.path.send(up(ttl=1), Side.CLIENT)
    bed.path.send(up(ttl=2), Side.CLIENT)
    bed.run()

    assert [at for at, _, _ in bed.arrived] == pytest.approx([0.08, 0.09])


def test_names_are_written_as_censors_write_them() -> None:
    rule = Names(("www.instagram.com", "*.bbc.co.uk", "*t.co*"))

    assert [
        name
        for name in (
            "www.instagram.com",
            "instagram.com",
            "bbc.co.uk",
            "News.BBC.co.uk.",
            "notbbc.co.uk",
            "microsoft.com",
            "",
        )
        if rule.match(name)
    ] == ["www.instagram.com", "bbc.co.uk", "News.BBC.co.uk.", "microsoft.com"]
    assert not rule.match(None)
    assert Names(("*",)).match("anything")
