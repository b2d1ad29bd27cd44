"""Innocent worlds of the line: loss, delay, narrow packets, faults that come and go, limits."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from probe.lab.box import Box, Where
from probe.lab.path import Link
from probe.lab.worlds.faults import (
    FullTable,
    LossyPath,
    ParallelPath,
    TimedFault,
    UdpClosed,
    draw,
)
from probe.lab.worlds.spec import BoxPlan, Ground, WorldSpec
from probe.lab.worlds.trouble import BrokenIpv6, Outage

# The latest second at which a fault starts: a run of a few targets lasts that long.
_STARTS_WITHIN_S: Final = 40.0


def _starts_at(ground: Ground, what: str) -> float:
    """Return when a fault starts: two seconds into the run at the earliest, by the world's seed."""
    return 2.0 + draw(f"{ground.seed} {what}") * (_STARTS_WITHIN_S - 2.0)


def _line_dies(lasts_s: float) -> BoxPlan:
    def plan(ground: Ground) -> Mapping[int, Sequence[Box]]:
        return {1: [TimedFault(starts_s=_starts_at(ground, "line"), lasts_s=lasts_s)]}

    return plan


def _network_dies(lasts_s: float) -> BoxPlan:
    def plan(ground: Ground) -> Mapping[int, Sequence[Box]]:
        where = Where(prefixes=ground.addresses_of("instagram"))
        starts_s = _starts_at(ground, "network")
        return {4: [TimedFault(where=where, starts_s=starts_s, lasts_s=lasts_s)]}

    return plan


def _one_path(inner: Callable[[Ground], Box], share: float) -> BoxPlan:
    def plan(ground: Ground) -> Mapping[int, Sequence[Box]]:
        return {3: [ParallelPath(inner=inner(ground), share=share, salt=str(ground.seed))]}

    return plan


def _at_instagram(ground: Ground) -> Where:
    return Where(prefixes=ground.addresses_of("instagram"))


_QUALITY: Final = (
    *(
        WorldSpec(
            f"loss-{percent}",
            f"{percent} packets in a hundred are lost",
            f"{percent} packets in a hundred are lost, each way, whatever they carry.",
            link=Link(loss=percent / 100, jitter_s=0.005),
        )
        for percent in (1, 3, 8, 15)
    ),
    WorldSpec(
        "jitter",
        "Delays that vary by a quarter of a second",
        "A mobile line near the edge of its cell: each packet waits up to 250 ms more.",
        link=Link(rtt_s=0.08, jitter_s=0.25),
    ),
    WorldSpec(
        "reordering",
        "Packets overtake and come twice",
        "One packet in ten comes 20 ms late, behind its followers; one in twenty comes twice.",
        link=Link(reorder=0.1, reorder_s=0.02, duplicate=0.05),
    ),
    WorldSpec(
        "satellite",
        "256 kbit/s and two seconds there and back",
        "A bad satellite line: 256 kbit/s, and two seconds for a round trip.",
        link=Link(rtt_s=2.0, rate_bps=256_000, queue_s=4.0),
    ),
    WorldSpec(
        "far-away",
        "Six hundred milliseconds to everywhere",
        "A geostationary satellite: the light takes its time (RFC 2488 section 2).",
        link=Link(rtt_s=0.6, jitter_s=0.02),
    ),
    WorldSpec(
        "bufferbloat",
        "A full queue",
        "A home line of 1 Mbit/s with four seconds of buffer: each transfer delays the others.",
        link=Link(rate_bps=1_000_000, queue_s=4.0),
    ),
    WorldSpec(
        "slow-line",
        "128 kbit/s for everything",
        "A used-up mobile plan: 128 kbit/s, whoever it is for.",
        link=Link(rtt_s=0.1, rate_bps=128_000, queue_s=2.0),
    ),
)

_NARROW: Final = tuple(
    WorldSpec(
        f"mtu-{mtu}-{'told' if told else 'silent'}",
        f"Packets of {mtu} bytes at most, and the router {'says so' if told else 'keeps silent'}",
        f"A tunnel on the way carries {mtu} bytes a packet; its router"
        + (
            " sends Packet Too Big (RFC 1191, RFC 8201)."
            if told
            else " drops larger ones silently (RFC 2923 section 2.1)."
        ),
        link=Link(mtu=mtu, tells_too_big=told, narrow_link=2),
    )
    for mtu in (1280, 1400)
    for told in (True, False)
)

_FAMILIES: Final = (
    WorldSpec(
        "ipv6-lossy",
        "IPv6 through a bad tunnel",
        "Thirty IPv6 packets in a hundred are lost; IPv4 works.",
        boxes=lambda ground: {
            2: [LossyPath(where=Where(version=6), loss=0.3, salt=str(ground.seed))]
        },
    ),
    WorldSpec(
        "ipv6-partly",
        "IPv6 to half the internet",
        "The provider's IPv6 carrier and the carriers of Instagram and the BBC do not peer: IPv6"
        " to their networks, and to some others, leads nowhere. IPv4 works.",
        boxes=lambda _: {
            3: [
                BrokenIpv6(
                    where=Where(
                        version=6,
                        prefixes=("2a03:2880::/32", "2a04:4e42::/32", "2620:0:860::/46"),
                    )
                )
            ]
        },
    ),
    WorldSpec(
        "udp-closed",
        "No UDP but names",
        "An office's firewall drops UDP to every port but 53.",
        boxes=lambda _: {1: [UdpClosed()]},
    ),
    WorldSpec(
        "dns-only-own",
        "Port 53 for the provider's resolver only",
        "An office's firewall drops questions to every resolver but its own, over UDP and TCP, and"
        " DNS over TLS; the web works.",
        boxes=lambda ground: {
            1: [Outage(where=Where(ports=frozenset({53, 853})), spares=ground.resolvers())]
        },
    ),
)

_TIMED: Final = (
    *(
        WorldSpec(
            f"line-dies-{words}",
            f"The line is dead for {long}",
            f"In the middle of a run the line dies for {long}, for everything; then it is back.",
            boxes=_line_dies(lasts_s),
        )
        for words, long, lasts_s in (
            ("10s", "ten seconds", 10.0),
            ("1min", "a minute", 60.0),
            ("15min", "a quarter of an hour", 900.0),
        )
    ),
    *(
        WorldSpec(
            f"network-dies-{words}",
            f"The way to Instagram is dead for {long}",
            f"In the middle of a run a carrier loses its route to Instagram's network for {long};"
            " everything else works, and afterwards Instagram does.",
            boxes=_network_dies(lasts_s),
        )
        for words, long, lasts_s in (
            ("10s", "ten seconds", 10.0),
            ("1min", "a minute", 60.0),
            ("15min", "a quarter of an hour", 900.0),
        )
    ),
)

_PATHS: Final = (
    WorldSpec(
        "ecmp-dead",
        "One of three parallel paths is dead",
        "A carrier spreads flows over three paths by their ports, and one of them carries nothing:"
        " a third of all flows hang, whoever they are for, and go on hanging.",
        boxes=_one_path(lambda _: Outage(), 1 / 3),
    ),
    WorldSpec(
        "ecmp-dead-instagram",
        "One of three parallel paths to Instagram is dead",
        "As before, but the dead path is one of those to Instagram's network only.",
        boxes=_one_path(lambda ground: Outage(where=_at_instagram(ground)), 1 / 3),
    ),
    WorldSpec(
        "ecmp-lossy-instagram",
        "One of two parallel paths to Instagram is bad",
        "Half of the flows to Instagram's network lose four packets in ten.",
        boxes=_one_path(
            lambda ground: LossyPath(where=_at_instagram(ground), loss=0.4, salt=str(ground.seed)),
            1 / 2,
        ),
    ),
    WorldSpec(
        "nat-full",
        "A carrier's NAT with eight ports a customer",
        "A carrier-grade NAT gives each customer eight flows at a time; more find no port and are"
        " dropped.",
        boxes=lambda _: {1: [FullTable()]},
    ),
)

SPECS: Final = (*_QUALITY, *_NARROW, *_FAMILIES, *_TIMED, *_PATHS)
"""Nobody interferes in any of them."""
