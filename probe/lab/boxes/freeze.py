"""Boxes that count: a flow freezes after so many packets, or a client after so many connections."""

# ruff: noqa: RUF009  (Names, Where and Forgery are frozen: sharing them is safe)

import ipaddress
from dataclasses import dataclass, field

from probe.lab.box import DROP, PASS, Box, BoxContext, Names, Residue, Verdict, Where
from probe.lab.box import Key as ResidualKey
from probe.lab.boxes.watch import HelloBox, Streams
from probe.lab.log import What
from probe.lab.packet import SYN, TCP, UDP, Flow, Packet, Side
from probe.lab.reading.hello import read_hello


@dataclass(kw_only=True, eq=False)
class Freeze(Box):
    """After so many packets of a flow, both ways, nothing passes any more; nothing is said."""

    is_bound = True
    id = "T09"
    source = "N4P-490, CF16, DPICH (Russia since 9 June 2025: 14 to 34 KB by provider)"
    where: Where = field(default_factory=Where)
    packets: int | None = 25
    """Packets both ways, the handshake's included."""
    server_bytes: int | None = None
    """Instead of packets: bytes of payload from the server (about 16 KB)."""
    protocols: frozenset[int] = frozenset({TCP})
    spared_names: Names = field(default_factory=Names)
    """Small allow-lists of server names exist."""
    _seen: dict[Flow, int] = field(default_factory=dict, init=False, repr=False)
    _spared: set[Flow] = field(default_factory=set, init=False, repr=False)
    _streams: Streams = field(default_factory=Streams, init=False, repr=False)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Count, and freeze."""
        if packet.protocol not in self.protocols:
            return PASS
        flow = packet.flow(toward)
        if flow in self._spared or not self.where.match(flow.server, flow.server_port):
            return PASS
        if toward is Side.SERVER and packet.protocol == TCP:
            if packet.flags & SYN:
                self._seen.pop(flow, None)
            if self.spared_names.patterns and self._is_spared(packet, flow):
                return PASS
        seen = self._seen.get(flow, 0)
        if self.server_bytes is not None:
            if seen >= self.server_bytes:
                return self._freeze(flow, out)
            self._seen[flow] = seen + (len(packet.payload) if toward is Side.CLIENT else 0)
            return PASS
        if self.packets is not None and seen >= self.packets:
            return self._freeze(flow, out)
        self._seen[flow] = seen + 1
        return PASS

    def _freeze(self, flow: Flow, out: BoxContext) -> Verdict:
        out.log(What.DROPPED, flow)
        return DROP

    def _is_spared(self, packet: Packet, flow: Flow) -> bool:
        beginning = self._streams.feed(packet, flow)
        hello = read_hello(beginning) if beginning else None
        if hello is not None and self.spared_names.match(hello.name):
            self._spared.add(flow)
            return True
        return False


@dataclass(kw_only=True, eq=False)
class DatagramFreeze(Freeze):
    """The same on UDP: the QUIC handshake works, the stream stalls."""

    id = "Q07"
    source = "N4P-490, DPICH (Russia since June 2025)"
    protocols: frozenset[int] = frozenset({UDP})
    where: Where = field(default_factory=lambda: Where(ports=frozenset({443})))


@dataclass(kw_only=True, eq=False)
class ConnectionPolice(HelloBox):
    """A dozen TLS connections to a suspect subnet in a short time: further ones freeze a while."""

    id = "T10"
    source = "N4P-546 and DPICH (Siberia, November 2025)"
    names: Names = Names(("*",))
    limit: int = 12
    window_s: float = 60.0
    freeze_s: float = 90.0
    """60 to 120 s were seen."""
    _recent: dict[str, list[float]] = field(default_factory=dict, init=False, repr=False)
    _frozen: Residue = field(init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._frozen = self.residue(ResidualKey.FLOW, self.freeze_s)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Drop what belongs to frozen flows."""
        if packet.protocol == TCP:
            flow = packet.flow(toward)
            if self._frozen.holds(flow, out.now) and not packet.flags & SYN:
                out.log(What.DROPPED, flow)
                return DROP
        return super().on_packet(packet, toward, out)

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """Count the connection against its subnet; freeze those above the limit."""
        del packet
        bits = 48 if ":" in flow.server else 24
        subnet = str(ipaddress.ip_network(f"{flow.server}/{bits}", strict=False))
        since = out.now - self.window_s * self.pace
        recent = [at for at in self._recent.get(subnet, ()) if at > since]
        recent.append(out.now)
        self._recent[subnet] = recent
        if len(recent) <= self.limit:
            return PASS
        self._frozen.remember(flow, out.now)
        out.log(What.DROPPED, flow, name)
        return DROP
