"""Boxes that look at addresses and ports only (techniques T01 to T07, T11 to T13, T15, D15)."""

import hashlib
from dataclasses import dataclass, field
from typing import Literal

from probe.lab.box import DROP, PASS, Box, BoxContext, Place, Verdict, Where, replace_with
from probe.lab.boxes.forge import REACTION_S, changed, segment_back, segment_on
from probe.lab.icmp import icmp_error
from probe.lab.log import What
from probe.lab.packet import ACK, ICMP, ICMPV6, RST, SYN, TCP, UDP, Packet, Side, parse


@dataclass(kw_only=True, eq=False)
class Blackhole(Box):
    """Every packet to or from the address vanishes, ICMP as well."""

    id = "T01"
    source = "TSPU22, type IP; China; India AS55836 (H3-22)"
    where: Where = field(default_factory=Where)
    only_toward: Side | None = None
    """Drop one direction only."""

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Drop by the far end's address."""
        if self.only_toward not in (None, toward):
            return PASS
        flow = packet.flow(toward)
        if not self.where.match(flow.server, flow.server_port):
            return PASS
        out.log(What.DROPPED, flow)
        return DROP


@dataclass(kw_only=True, eq=False)
class FamilyBlackhole(Blackhole):
    """One address family of the service is listed, the other forgotten."""

    id = "T12"
    source = "OONI-ONT (common)"
    where: Where = field(default_factory=lambda: Where(version=4))


@dataclass(kw_only=True, eq=False)
class RoutingHole(Box):
    """A whole prefix has no route any more: silence, no route to network, or a loop."""

    id = "T05"
    source = "NR23 (BGP withdrawals); RTComm and a Twitter prefix, March 2022 (from memory)"
    where: Where = field(default_factory=Where)
    answer: Literal["silent", "unreachable", "expired"] = "unreachable"
    router: tuple[str, str] = ("198.18.0.1", "2001:2::1")
    """Who answers, IPv4 and IPv6."""

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Drop what goes to the prefix, and say why if it is that kind of hole."""
        if toward is Side.CLIENT or not self.where.match(
            packet.destination, packet.destination_port
        ):
            return PASS
        out.log(What.DROPPED, packet.flow(toward))
        if self.answer != "silent" and packet.icmp is None:
            loops = self.answer == "expired"
            if packet.version == 4:
                kind = (ICMP, 11 if loops else 3, 0, 0)
            else:
                kind = (ICMPV6, 3 if loops else 1, 0, 0)
            sender = self.router[0] if packet.version == 4 else self.router[1]
            out.inject(icmp_error(sender, packet, kind), Side.CLIENT)
        return DROP


@dataclass(kw_only=True, eq=False)
class PortDrop(Box):
    """SYNs to the port vanish; other ports of the address answer."""

    id = "T02"
    source = "techniques T02 (many)"
    where: Where = field(default_factory=lambda: Where(ports=frozenset({443})))

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Drop SYNs by address and port."""
        if not _is_syn(packet, toward, self.where):
            return PASS
        out.log(What.DROPPED, packet.flow(toward))
        return DROP


@dataclass(kw_only=True, eq=False)
class DotDrop(PortDrop):
    """DNS over TLS cannot be reached: port 853 is shut."""

    id = "D15"
    source = "OONI report on Iran 2020 (title)"
    where: Where = field(default_factory=lambda: Where(ports=frozenset({853})))


@dataclass(kw_only=True, eq=False)
class SynReset(Box):
    """RST+ACK in answer to the SYN, three times."""

    id = "T03"
    source = "N4P-285 (1.1.1.1:443), N4P-511 (China, 20 August 2025, all of port 443)"
    place: Place = Place.ON_PATH
    where: Where = field(default_factory=lambda: Where(ports=frozenset({443})))
    count: int = 3

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Answer SYNs by address and port; in the path, eat them as well."""
        if not _is_syn(packet, toward, self.where):
            return PASS
        for number in range(1, self.count + 1):
            out.inject(segment_back(packet, RST | ACK), Side.CLIENT, after_s=number * REACTION_S)
        out.log(What.INJECTED, packet.flow(toward))
        return DROP if self.place is Place.IN_PATH else PASS


@dataclass(kw_only=True, eq=False)
class SynAckRewrite(Box):
    """The server's SYN+ACK reaches the client as RST+ACK, as late as the true one."""

    id = "T11"
    source = "TSPU22 (inbound, seen from abroad; from memory)"
    where: Where = field(default_factory=Where)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Turn SYN+ACK into RST+ACK."""
        if packet.protocol != TCP or toward is Side.SERVER or packet.flags & RST:
            return PASS
        flow = packet.flow(toward)
        if not packet.flags & SYN or not self.where.match(flow.server, flow.server_port):
            return PASS
        out.log(What.REWROTE, flow)
        return replace_with(changed(packet, flags=RST | ACK, options=b"", payload=b""))


@dataclass(kw_only=True, eq=False)
class Reject(Box):
    """Packets to the address are answered with an ICMP error, by default admin-prohibited."""

    id = "T04"
    source = "techniques T04; icmp codes as of RFC 1812 section 5.2.7.1 and RFC 4443 section 3.1"
    where: Where = field(default_factory=Where)
    code_v4: int = 13
    code_v6: int = 1
    sender: tuple[str, str] = ("198.18.0.1", "2001:2::1")
    """The filter's own addresses, IPv4 and IPv6."""
    protocols: frozenset[int] = frozenset({TCP, UDP})

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Drop, and tell the sender."""
        if toward is Side.CLIENT or packet.protocol not in self.protocols:
            return PASS
        if not self.where.match(packet.destination, packet.destination_port):
            return PASS
        if packet.version == 4:
            answer = icmp_error(self.sender[0], packet, (ICMP, 3, self.code_v4, 0))
        else:
            answer = icmp_error(self.sender[1], packet, (ICMPV6, 1, self.code_v6, 0))
        out.inject(answer, Side.CLIENT)
        out.log(What.INJECTED, packet.flow(toward))
        return DROP


@dataclass(kw_only=True, eq=False)
class FirstDataDrop(Box):
    """The handshake passes; whatever the client then sends, in any protocol, vanishes."""

    id = "T06"
    source = "N4P-516 (Russia, mobile allow-list 2025)"
    where: Where = field(default_factory=Where)
    """The allow-list is `Where(spared=...)`."""

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Drop segments with data."""
        if toward is Side.CLIENT or packet.protocol != TCP or not packet.payload:
            return PASS
        if not self.where.match(packet.destination, packet.destination_port):
            return PASS
        out.log(What.DROPPED, packet.flow(toward))
        return DROP


@dataclass(kw_only=True, eq=False)
class ResetAfterConnect(Box):
    """RST as soon as the handshake is done, before the client has sent anything."""

    id = "T07"
    source = "techniques T07 (rare)"
    place: Place = Place.ON_PATH
    where: Where = field(default_factory=Where)
    _opening: set[tuple[object, ...]] = field(default_factory=set, init=False, repr=False)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Reset at the third packet of the handshake."""
        if packet.protocol != TCP or toward is Side.CLIENT:
            return PASS
        flow = packet.flow(toward)
        if not self.where.match(flow.server, flow.server_port):
            return PASS
        if packet.flags & SYN:
            self._opening.add(flow)
        elif flow in self._opening:
            self._opening.discard(flow)
            out.inject(segment_back(packet, RST | ACK), Side.CLIENT, after_s=REACTION_S)
            out.inject(segment_on(packet, RST | ACK), Side.SERVER, after_s=REACTION_S)
            out.log(What.INJECTED, flow)
        return PASS


@dataclass(kw_only=True, eq=False)
class Shutdown(Blackhole):
    """Nothing passes, or only what is domestic (`Where(spared=...)`)."""

    id = "T15"
    source = "IR 2019 and 2022, KZ 2022, RU regions 2025 (techniques T15)"


@dataclass(kw_only=True, eq=False)
class PathDependent(Box):
    """Another box that stands on some of the parallel paths only: the 5-tuple decides which."""

    id = "T13"
    source = "ECMP24 (censorship differs by path for 42 % of addresses)"
    inner: Box = field(default_factory=Blackhole)
    share: float = 0.5
    """Share of the flows whose path leads past the box."""
    salt: str = ""

    def __post_init__(self) -> None:
        self.place = self.inner.place

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Ask the other box, for flows whose path leads past it."""
        flow = packet.flow(toward)
        if packet.icmp is not None and packet.payload:
            # Errors come back the way of the flow that they are about.
            flow = parse(packet.payload).flow(toward.other)
        digest = hashlib.blake2b(f"{self.salt} {tuple(flow)}".encode(), digest_size=4).digest()
        if int.from_bytes(digest, "big") / 2**32 >= self.share:
            return PASS
        return self.inner.on_packet(packet, toward, out)


def _is_syn(packet: Packet, toward: Side, where: Where) -> bool:
    return (
        toward is Side.SERVER
        and packet.protocol == TCP
        and packet.flags & (SYN | ACK) == SYN
        and where.match(packet.destination, packet.destination_port)
    )
