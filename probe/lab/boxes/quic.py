"""Boxes that act on UDP port 443 (techniques Q01 to Q06, Q08)."""

# ruff: noqa: RUF009  (Names, Where and Forgery are frozen: sharing them is safe)

import struct
from dataclasses import dataclass, field
from typing import Literal

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
)
from probe.lab.boxes.forge import REACTION_S, datagram_back
from probe.lab.boxes.watch import QuicHellos
from probe.lab.log import What
from probe.lab.packet import UDP, Flow, Packet, Side
from probe.lab.reading.hello import Hello
from probe.lab.reading.quic import (
    VERSION_1,
    read_long_header,
    seal_server_initial,
    version_negotiation,
)


def _udp_443() -> Where:
    return Where(ports=frozenset({443}))


@dataclass(kw_only=True, eq=False)
class UdpDrop(Box):
    """UDP to port 443 vanishes, whoever it is for."""

    id = "Q01"
    source = "common (techniques Q01)"
    where: Where = field(default_factory=_udp_443)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Drop datagrams by address and port."""
        flow = packet.flow(toward)
        if flow.protocol != UDP or not self.where.match(flow.server, flow.server_port):
            return PASS
        out.log(What.DROPPED, flow)
        return DROP


@dataclass(kw_only=True, eq=False)
class UdpEndpoint(UdpDrop):
    """UDP to listed addresses vanishes, whatever the name; TCP to them passes."""

    id = "Q04"
    source = "H3-22 (Iran, AS62442)"


@dataclass(kw_only=True, eq=False)
class DatagramBox(Box):
    """Watches the client's QUIC; a flow that hits is dropped while the residue lasts."""

    is_bound = True
    where: Where = field(default_factory=_udp_443)
    residual_s: float = 420.0
    residual_key: Key = Key.FLOW
    _residue: Residue = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._residue = self.residue(self.residual_key, self.residual_s)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Drop marked flows; look at what the client sends on others."""
        if packet.protocol != UDP or packet.fragment:
            return PASS
        flow = packet.flow(toward)
        if not self.where.match(flow.server, flow.server_port):
            return PASS
        if self._residue.holds(flow, out.now):
            out.log(What.DROPPED, flow)
            return DROP
        if toward is Side.CLIENT:
            return PASS
        name = self.read(packet, flow)
        if name is None:
            return PASS
        self._residue.remember(flow, out.now)
        out.log(What.MATCHED, flow, name)
        return self.on_trigger(packet, flow, name, out)

    def read(self, packet: Packet, flow: Flow) -> str | None:
        """Return a name (perhaps empty) where the rule hits, else None."""
        raise NotImplementedError

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """Decide about the datagram that completed the trigger: drop it."""
        del packet
        out.log(What.DROPPED, flow, name)
        return DROP


@dataclass(kw_only=True, eq=False)
class VersionSignature(DatagramBox):
    """A large datagram that says version 1 marks its flow."""

    id = "Q02"
    source = "N4P-108 (Russia, 4 March 2022: UDP 443, at least 1001 bytes, version 1)"
    version: int = VERSION_1
    least_bytes: int = 1001

    def read(self, packet: Packet, flow: Flow) -> str | None:
        """Look at the version only."""
        del flow
        header = read_long_header(packet.payload)
        if header is None or len(packet.payload) < self.least_bytes:
            return None
        return "" if header.version == self.version else None


@dataclass(kw_only=True, eq=False)
class QuicNameBox(DatagramBox):
    """Opens the client's Initials and reads the hello in them, over several datagrams."""

    names: Names = field(default_factory=Names)
    _hellos: QuicHellos = field(default_factory=QuicHellos, init=False, repr=False)

    def read(self, packet: Packet, flow: Flow) -> str | None:
        """Put the CRYPTO frames together and ask the rule."""
        hello = self._hellos.feed(packet, flow)
        return (hello.name or "") if hello is not None and self.hits(hello) else None

    def hits(self, hello: Hello) -> bool:
        """Say whether the rule hits; by name, unless a subclass knows better."""
        return self.names.match(hello.name)


@dataclass(kw_only=True, eq=False)
class QuicNameDrop(QuicNameBox):
    """The Initial with the name and its whole flow vanish."""

    id = "Q03"
    source = "N4P-654, N4P-108 (Russia); China since 7 April 2024 (N4P-468, N4P-505)"
    residual_only: bool = False
    """As in China: the datagram that triggers passes, later ones do not."""

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """Drop, unless only the residue is punished."""
        if self.residual_only:
            return PASS
        return super().on_trigger(packet, flow, name, out)


@dataclass(kw_only=True, eq=False)
class QuicEchDrop(QuicNameDrop):
    """The conjunction of an outer name and the ECH extension is dropped."""

    id = "Q06"
    source = "N4P-417 (Russia, 5 November 2024)"
    names: Names = Names(("cloudflare-ech.com",))

    def hits(self, hello: Hello) -> bool:
        """Ask for both."""
        return hello.has_ech and super().hits(hello)


@dataclass(kw_only=True, eq=False)
class QuicInject(QuicNameBox):
    """A forged end: CONNECTION_CLOSE, Version Negotiation or a stateless reset."""

    id = "Q08"
    source = "RFC9505 PR 85 (feasible, never seen); RFC 9000 sections 10.3 and 19.19, RFC 8999"
    kind: Literal["close", "negotiation", "reset"] = "close"
    error_code: int = 0x0A
    """RFC 9000 section 20.1: 0x0a is PROTOCOL_VIOLATION."""

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """Answer in the server's stead; the flow is dropped from then on."""
        header = read_long_header(packet.payload)
        if header is None:
            return PASS
        if self.kind == "close":
            # CONNECTION_CLOSE of type 0x1c: code, frame type, length of the reason.
            frames = b"\x1c" + struct.pack("!H", 0x4000 | self.error_code) + b"\0\0"
            payload = seal_server_initial(header, frames)
        elif self.kind == "negotiation":
            payload = version_negotiation(header, (0xFF00001D,))
        else:
            payload = b"\x43" + packet.payload[-42:]
        out.inject(datagram_back(packet, payload), Side.CLIENT, after_s=REACTION_S)
        out.log(What.INJECTED, flow, name)
        return DROP
