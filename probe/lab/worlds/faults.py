"""Boxes of innocent faults: balancers, limits, broken paths, lines that die and come back.

What they do may look like a censor's work packet for packet; what tells them apart is that it does
not depend on what a censor would look for, or that it passes.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

from probe.lab.box import DROP, PASS, Box, BoxContext, Names, Verdict, Where
from probe.lab.boxes.forge import changed, segment_back, segment_on
from probe.lab.boxes.ip import PathDependent
from probe.lab.boxes.throttle import Shape
from probe.lab.boxes.watch import HelloBox
from probe.lab.log import What
from probe.lab.packet import ACK, FIN, RST, SYN, TCP, UDP, Flow, Packet, Side
from probe.lab.worlds.trouble import Outage

# A connection is forgotten by a balancer as soon as it is over; this outlives any handshake.
_REMEMBERED_S: Final = 120.0


@dataclass(kw_only=True, eq=False)
class Balancer(HelloBox):
    """Stands before the servers, reads the hello, and has no backend for it: it never acknowledges.

    A layer-4 balancer that peeks at the name (HAProxy's `tcp-request inspect-delay`, nginx's
    `ssl_preread`) keeps the hello in its buffer; where it is built in hardware or in XDP the
    acknowledgement is left to the backend, which is never reached.
    """

    id = "origin-tls"
    source = "HAProxy 2.8 configuration manual, `tcp-request content reject`, `silent-drop`"
    innocent = True
    residual_s: float = _REMEMBERED_S
    ends: Literal["reset", "silence"] = "reset"
    _struck: set[Flow] = field(default_factory=set, init=False, repr=False)
    _asked_at: dict[Flow, float] = field(default_factory=dict, init=False, repr=False)
    _beyond_s: dict[Flow, float] = field(default_factory=dict, init=False, repr=False)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Note how far the server is: a balancer makes the connection itself, as late as resets."""
        if packet.protocol == TCP and packet.flags & SYN:
            flow = packet.flow(toward)
            if toward is Side.SERVER:
                self._asked_at[flow] = out.now
            else:
                self._beyond_s[flow] = out.now - self._asked_at.get(flow, out.now)
        return super().on_packet(packet, toward, out)

    def refuses(self, name: str, flow: Flow) -> bool:
        """Say whether there is no backend for this name at this address."""
        del name, flow
        return True

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """Reset, or forget, what cannot be passed on."""
        self._struck.discard(flow)
        if not self.refuses(name, flow):
            return PASS
        self._struck.add(flow)
        out.log(What.DROPPED, flow, name)
        if self.ends == "reset":
            after_s = self._beyond_s.get(flow, 0.0)
            out.inject(segment_back(packet, RST), Side.CLIENT, after_s=after_s)
            out.inject(changed(segment_on(packet, RST), seq=packet.seq), Side.SERVER)
        return DROP

    def on_marked(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Go on as begun."""
        del out
        if flow not in self._struck:
            return PASS
        return PASS if toward is Side.CLIENT and packet.flags & SYN else DROP


@dataclass(kw_only=True, eq=False)
class UnknownNames(Balancer):
    """A balancer that knows its own names and refuses all others."""

    id = "balancer"
    source = "nginx `ssl_reject_handshake`; HAProxy `strict-sni`, `silent-drop`"
    names: Names = Names(("*",))  # noqa: RUF009  (frozen)
    serves: dict[str, frozenset[str]] = field(default_factory=dict)
    """The names at each address; addresses that are not listed take any name."""

    def refuses(self, name: str, flow: Flow) -> bool:
        """Refuse what is not served there."""
        return flow.server in self.serves and name not in self.serves[flow.server]


@dataclass(kw_only=True, eq=False)
class GeoFence(Outage):
    """An origin's own firewall drops whoever comes from this country, before any handshake."""

    id = "G05"
    source = "techniques G05 (NR23: Russian state sites; EU24: sputniknewslv.com)"


@dataclass(kw_only=True, eq=False)
class TimedFault(Outage):
    """Nothing passes for a while, to everywhere or to one network; then it does again."""

    id = "fault"
    source = "techniques E08; RFC 4271 section 9.1 (a withdrawn route comes back)"
    starts_s: float = 5.0
    lasts_s: float = 60.0

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Drop while it lasts."""
        if self.starts_s <= out.now < self.starts_s + self.lasts_s:
            return super().on_packet(packet, toward, out)
        return PASS


@dataclass(kw_only=True, eq=False)
class UdpClosed(Outage):
    """A firewall that lets no UDP out but questions to resolvers."""

    id = "udp-closed"
    source = "RFC 9312 section 2.4: networks that block UDP"
    protocol: int | None = UDP

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Drop all but port 53."""
        if packet.flow(toward).server_port == 53:
            return PASS
        return super().on_packet(packet, toward, out)


@dataclass(kw_only=True, eq=False)
class LossyPath(Box):
    """A share of the packets to some far ends is lost, whatever they carry."""

    id = "lossy-path"
    source = "RFC 7680; a bad interface on one of several paths"
    innocent = True
    where: Where = field(default_factory=Where)
    loss: float = 0.2
    salt: str = ""
    _numbers: Counter[Flow] = field(default_factory=Counter, init=False, repr=False)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Lose some: which ones depends on the flow and on the packet's number in it."""
        flow = packet.flow(toward)
        if not self.where.match(flow.server, flow.server_port):
            return PASS
        self._numbers[flow] += 1
        text = f"{self.salt} {tuple(flow)} {self._numbers[flow]}"
        if draw(text) >= self.loss:
            return PASS
        out.log(What.DROPPED, flow)
        return DROP


@dataclass(kw_only=True, eq=False)
class ParallelPath(PathDependent):
    """One of several paths of equal cost is broken; ports decide which path a flow takes."""

    id = "ecmp"
    source = "RFC 2992; ECMP24"
    innocent = True


@dataclass(kw_only=True, eq=False)
class SlowServer(Shape):
    """A server's own line is narrow: each connection gets little, whatever it asks for."""

    id = "slow-server"
    source = "nginx `limit_rate`"
    innocent = True
    rate_bps: float = 80_000


@dataclass(kw_only=True, eq=False)
class ConnectionLimit(Box):
    """More new connections a minute from one client than these are not let in."""

    id = "connection-limit"
    source = "nftables `limit rate over`; nginx `limit_conn`; fail2ban"
    innocent = True
    where: Where = field(default_factory=lambda: Where(ports=frozenset({443})))
    per_minute: int = 6
    ends: Literal["reset", "silence"] = "silence"
    _opened: dict[str, list[float]] = field(default_factory=dict, init=False, repr=False)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Count the client's connections to each server."""
        flow = packet.flow(toward)
        if toward is Side.CLIENT or packet.protocol != TCP or packet.flags & (SYN | ACK) != SYN:
            return PASS
        if not self.where.match(flow.server, flow.server_port):
            return PASS
        opened = self._opened.setdefault(flow.server, [])
        opened[:] = [at for at in opened if out.now - at < 60.0]
        if len(opened) < self.per_minute:
            opened.append(out.now)
            return PASS
        out.log(What.DROPPED, flow)
        if self.ends == "reset":
            out.inject(segment_back(packet, RST | ACK), Side.CLIENT)
        return DROP


@dataclass(kw_only=True, eq=False)
class FullTable(Box):
    """A carrier-grade NAT gives each customer so many ports; further flows find none."""

    id = "E08"
    source = "RFC 6888 REQ-4 (limits per subscriber); RFC 5382 (timers)"
    innocent = True
    flows: int = 8
    # RFC 4787 REQ-5 recommends minutes; carriers under pressure take seconds.
    udp_idle_s: float = 30.0
    tcp_idle_s: float = 120.0
    _seen: dict[Flow, float] = field(default_factory=dict, init=False, repr=False)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Drop what has no port and finds none."""
        if packet.protocol not in {TCP, UDP}:
            return PASS
        flow = packet.flow(toward)
        for known, at in list(self._seen.items()):
            if out.now - at > (self.udp_idle_s if known.protocol == UDP else self.tcp_idle_s):
                del self._seen[known]
        if flow not in self._seen and len(self._seen) >= self.flows:
            out.log(What.DROPPED, flow)
            return DROP
        if packet.protocol == TCP and packet.flags & (RST | FIN):
            self._seen.pop(flow, None)
        else:
            self._seen[flow] = out.now
        return PASS


def draw(text: str) -> float:
    """Return a number in [0, 1) that depends on the text alone."""
    digest = hashlib.blake2b(text.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32
