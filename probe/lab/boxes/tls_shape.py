"""Boxes that act on how a connection looks, not on its name alone (S12, S14 to S17, S20, S21)."""

# ruff: noqa: RUF009  (Names, Where and Forgery are frozen: sharing them is safe)

import hashlib
from dataclasses import dataclass, field
from typing import Literal

from probe.lab.box import DROP, PASS, Box, BoxContext, Names, Place, Verdict, Where
from probe.lab.boxes.forge import REACTION_S, segment_back, segment_on
from probe.lab.boxes.tls import DropFlow, SniReset
from probe.lab.boxes.watch import NameBox
from probe.lab.log import What
from probe.lab.packet import ACK, RST, SYN, TCP, Flow, Packet, Side
from probe.lab.reading.hello import Hello, looks_like_tls, read_certificate_bytes
from probe.lab.reading.http import looks_like_http
from probe.lab.reading.prefix import TcpPrefix


@dataclass(kw_only=True, eq=False)
class CertificateReset(Box):
    """RSTs when a server's cleartext certificate (TLS 1.2 and older) bears the name."""

    id = "S12"
    source = "OONI-TQ tq-026 (Iran, Instagram 2018)"
    place: Place = Place.ON_PATH
    names: Names = field(default_factory=Names)
    """Matched as letters in the certificate: patterns without their wildcards."""
    where: Where = field(default_factory=Where)
    _streams: dict[Flow, TcpPrefix] = field(default_factory=dict, init=False, repr=False)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Read the server's stream."""
        if packet.protocol != TCP or toward is Side.SERVER:
            return PASS
        flow = packet.flow(toward)
        if not self.where.match(flow.server, flow.server_port):
            return PASS
        stream = self._streams.get(flow)
        if stream is None or packet.flags & SYN:
            stream = self._streams[flow] = TcpPrefix.after(packet)
        if not stream.feed(packet):
            return PASS
        certificates = read_certificate_bytes(stream.data)
        if certificates is None:
            return PASS
        for pattern in self.names.patterns:
            name = pattern.strip("*.")
            if name.encode() in certificates:
                out.inject(segment_on(packet, RST | ACK), Side.CLIENT, after_s=REACTION_S)
                out.inject(segment_back(packet, RST | ACK), Side.SERVER, after_s=REACTION_S)
                out.log(What.INJECTED, flow, name)
                return PASS
        return PASS


@dataclass(kw_only=True, eq=False)
class NamelessReset(SniReset):
    """A hello without a server name is reset."""

    id = "S14"
    source = "OONI-TQ tq-026 (AS8997, https://1.1.1.1)"

    def hits(self, hello: Hello) -> bool:
        """Hit where there is no name."""
        return hello.name is None


@dataclass(kw_only=True, eq=False)
class EchDrop(DropFlow):
    """The outer name together with ECH is dropped (either alone passes); or any ESNI."""

    id = "S15"
    source = "N4P-417 (Russia, 5 November 2024); N4P-43 (China, ESNI, 2020)"
    names: Names = Names(("cloudflare-ech.com",))
    drops_esni: bool = False

    def hits(self, hello: Hello) -> bool:
        """Hit the conjunction."""
        if self.drops_esni and hello.has_esni:
            return True
        return hello.has_ech and super().hits(hello)


@dataclass(kw_only=True, eq=False)
class ShapeDrop(DropFlow):
    """Hellos of one shape are dropped, with any name: TLS 1.3, or a browser's ciphers."""

    id = "S16"
    source = "N4P-662 (Russia 2026)"
    shape: Literal["tls13", "ciphers"] = "tls13"
    ciphers: tuple[int, ...] = ()
    """For `ciphers`: those that the hello begins with, GREASE left out."""

    def hits(self, hello: Hello) -> bool:
        """Compare shapes."""
        if self.shape == "tls13":
            return hello.offers_tls_1_3
        # RFC 8701: GREASE values are 0x?a?a with equal bytes.
        plain = tuple(
            cipher
            for cipher in hello.ciphers
            if not (cipher & 0x0F0F == 0x0A0A and cipher >> 8 == cipher & 0xFF)
        )
        return bool(self.ciphers) and plain[: len(self.ciphers)] == self.ciphers


@dataclass(kw_only=True, eq=False)
class NameAllowlist(DropFlow):
    """Only hellos with the listed names pass."""

    id = "S17"
    source = "N4P-516, N4P-662 (Russia 2025-26)"

    def hits(self, hello: Hello) -> bool:
        """Hit all others."""
        return not super().hits(hello)


@dataclass(kw_only=True, eq=False)
class ProtocolAllowlist(NameBox):
    """On 443 only TLS passes, on 80 only HTTP, on 53 only DNS; other first bytes end the flow."""

    id = "S21"
    source = "Iran 2020 (from memory)"
    where: Where = field(default_factory=lambda: Where(ports=frozenset({53, 80, 443})))
    residual_s: float = 60.0
    _port: int = field(default=0, init=False, repr=False)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Remember the port for `read`."""
        self._port = packet.flow(toward).server_port
        return super().on_packet(packet, toward, out)

    def read(self, beginning: bytes) -> str | None:
        """Hit what does not look like the port's protocol."""
        if self._port == 443:
            return None if looks_like_tls(beginning) else ""
        if self._port == 80:
            return None if looks_like_http(beginning) else ""
        length = int.from_bytes(beginning[:2], "big")
        return None if len(beginning) < 14 or 12 < length <= 512 else ""

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """Drop."""
        del packet, name
        out.log(What.DROPPED, flow)
        return DROP

    def on_marked(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Drop."""
        del packet, toward
        out.log(What.DROPPED, flow)
        return DROP


@dataclass(kw_only=True, eq=False)
class Overloaded(Box):
    """Another box that misses a share of the flows, at random."""

    id = "S20"
    source = "N4P-505 (GFW under load)"
    inner: Box = field(default_factory=SniReset)
    misses: float = 0.3
    salt: str = ""
    _opened: dict[Flow, int] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self.place = self.inner.place

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Ask the other box, unless this opening of the flow was missed."""
        flow = packet.flow(toward)
        if packet.flags & (SYN | ACK) == SYN or flow not in self._opened:
            # The number of the opening, not its time: a repeated attempt is drawn anew.
            self._opened[flow] = len(self._opened)
        key = f"{self.salt} {self._opened[flow]}".encode()
        digest = hashlib.blake2b(key, digest_size=4).digest()
        if int.from_bytes(digest, "big") / 2**32 < self.misses:
            return PASS
        return self.inner.on_packet(packet, toward, out)
