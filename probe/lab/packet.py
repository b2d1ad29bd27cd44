"""IP packets as values: read from bytes, written to bytes, IPv4 and IPv6 alike.

Nothing here knows a censor, a path or a clock. What the names inside the payload say is read in
probe/lab/reading.
"""

import socket
import struct
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Final, NamedTuple

# IANA protocol numbers.
ICMP: Final = 1
TCP: Final = 6
UDP: Final = 17
ICMPV6: Final = 58

# RFC 9293 section 3.1.
FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
PSH: Final = 0x08
ACK: Final = 0x10

SEQUENCE_SPACE: Final = 1 << 32
DEFAULT_TTL: Final = 64


class Side(Enum):
    """An end of the path. As `toward` it says which way a packet goes."""

    CLIENT = "client"
    SERVER = "server"

    @property
    def other(self) -> "Side":
        """Return the opposite end."""
        return Side.SERVER if self is Side.CLIENT else Side.CLIENT


class Flow(NamedTuple):
    """The five values of a flow, always written from the client's side."""

    protocol: int
    client: str
    client_port: int
    server: str
    server_port: int


@dataclass(slots=True, eq=False)
class Packet:
    """One IP packet. Treat it as a value: change a copy (`replace`, `aged`), never the thing.

    It is not frozen because freezing triples what making one costs, and a lab makes thousands.
    """

    version: int
    source: str
    destination: str
    ttl: int
    protocol: int
    source_port: int = 0
    destination_port: int = 0
    seq: int = 0
    ack: int = 0
    flags: int = 0
    window: int = 0
    options: bytes = b""
    """TCP options, raw."""
    payload: bytes = b""
    """What TCP or UDP carries; the packet that an ICMP error quotes; else all after the header."""
    icmp: tuple[int, int, int] | None = None
    """ICMP type, code, and the 32 bits after the checksum (the next hop's MTU, mostly 0)."""
    identification: int = 0
    fragment: bool = False
    """Part of a fragmented packet: ports are not read."""
    raw: bytes | None = field(default=None, repr=False)
    """The bytes it was read from, kept so that forwarding changes nothing but the TTL."""

    def flow(self, toward: Side) -> Flow:
        """Return the flow, written from the client's side."""
        if toward is Side.SERVER:
            return Flow(
                self.protocol,
                self.source,
                self.source_port,
                self.destination,
                self.destination_port,
            )
        return Flow(
            self.protocol, self.destination, self.destination_port, self.source, self.source_port
        )

    @property
    def size_bytes(self) -> int:
        """Return the whole packet's length, IP header included."""
        if self.raw is not None:
            return len(self.raw)
        head = 20 if self.version == 4 else 40
        if self.protocol == TCP and not self.fragment:
            return head + 20 + len(self.options) + len(self.payload)
        if self.icmp is not None or (self.protocol == UDP and not self.fragment):
            return head + 8 + len(self.payload)
        return head + len(self.payload)

    def aged(self, hops: int) -> "Packet":
        """Return a copy whose TTL is `hops` smaller."""
        ttl = self.ttl - hops
        raw = self.raw
        if raw is not None:
            raw = _with_ttl(raw, ttl)
        return Packet(
            self.version,
            self.source,
            self.destination,
            ttl,
            self.protocol,
            self.source_port,
            self.destination_port,
            self.seq,
            self.ack,
            self.flags,
            self.window,
            self.options,
            self.payload,
            self.icmp,
            self.identification,
            self.fragment,
            raw,
        )

    def to_bytes(self) -> bytes:
        """Return the packet as it goes over the wire, checksums filled in."""
        if self.raw is not None:
            return self.raw
        return _build_ip(self, _build_transport(self))


@lru_cache(maxsize=4096)
def pack_address(address: str) -> bytes:
    """Return an address as 4 or 16 bytes."""
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


@lru_cache(maxsize=4096)
def unpack_address(packed: bytes) -> str:
    """Return 4 or 16 bytes as an address."""
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


def address_version(address: str) -> int:
    """Return 4 or 6."""
    return 6 if ":" in address else 4


def checksum(data: bytes, start: int = 0) -> int:
    """Return the Internet checksum (RFC 1071) of `data` added to the sum `start`.

    One's complement addition of 16-bit words is arithmetic modulo 65535, which Python's integers
    do at once.
    """
    if len(data) % 2:
        data += b"\0"
    return 0xFFFF - (int.from_bytes(data, "big") + start) % 0xFFFF


def _pseudo_sum(packet: Packet, length: int, protocol: int) -> int:
    addresses = pack_address(packet.source) + pack_address(packet.destination)
    return int.from_bytes(addresses, "big") % 0xFFFF + length + protocol


def _build_transport(packet: Packet) -> bytes:
    if packet.fragment:
        return packet.payload
    if packet.protocol == TCP:
        return _build_tcp(packet)
    if packet.protocol == UDP:
        length = 8 + len(packet.payload)
        body = (
            struct.pack("!HHHH", packet.source_port, packet.destination_port, length, 0)
            + packet.payload
        )
        total = checksum(body, _pseudo_sum(packet, length, UDP)) or 0xFFFF
        return body[:6] + total.to_bytes(2, "big") + body[8:]
    if packet.icmp is not None:
        kind, code, info = packet.icmp
        body = struct.pack("!BBHI", kind, code, 0, info) + packet.payload
        start = _pseudo_sum(packet, len(body), ICMPV6) if packet.protocol == ICMPV6 else 0
        return body[:2] + checksum(body, start).to_bytes(2, "big") + body[4:]
    return packet.payload


def _build_tcp(packet: Packet) -> bytes:
    options = packet.options + b"\0" * (-len(packet.options) % 4)
    length = 20 + len(options) + len(packet.payload)
    head = struct.pack(
        "!HHIIBBHHH",
        packet.source_port,
        packet.destination_port,
        packet.seq % SEQUENCE_SPACE,
        packet.ack % SEQUENCE_SPACE,
        (20 + len(options)) // 4 << 4,
        packet.flags,
        packet.window,
        0,
        0,
    )
    body = head + options + packet.payload
    total = checksum(body, _pseudo_sum(packet, length, TCP))
    return body[:16] + total.to_bytes(2, "big") + body[18:]


def _build_ip(packet: Packet, body: bytes) -> bytes:
    if packet.version == 6:
        return (
            struct.pack("!IHBB", 6 << 28, len(body), packet.protocol, packet.ttl)
            + pack_address(packet.source)
            + pack_address(packet.destination)
            + body
        )
    # 0x4000: do not fragment, as Linux sets it for TCP and for UDP with path-MTU discovery.
    head = (
        struct.pack(
            "!BBHHHBBH",
            0x45,
            0,
            20 + len(body),
            packet.identification,
            0x4000,
            packet.ttl,
            packet.protocol,
            0,
        )
        + pack_address(packet.source)
        + pack_address(packet.destination)
    )
    return head[:10] + checksum(head).to_bytes(2, "big") + head[12:] + body


def _with_ttl(raw: bytes, ttl: int) -> bytes:
    if raw[0] >> 4 == 6:
        return raw[:7] + bytes((ttl,)) + raw[8:]
    length = (raw[0] & 0x0F) * 4
    head = raw[:8] + bytes((ttl,)) + raw[9:10] + b"\0\0" + raw[12:length]
    return head[:10] + checksum(head).to_bytes(2, "big") + head[12:] + raw[length:]


class MalformedPacketError(ValueError):
    """The bytes are no IP packet."""


def parse(raw: bytes) -> Packet:
    """Read one packet; raise MalformedPacketError where the bytes are none.

    Protocols and extension headers that the lab does not play stay in `payload` unread.
    """
    try:
        return _parse(raw)
    except (struct.error, IndexError, ValueError) as error:
        raise MalformedPacketError(f"{len(raw)} bytes: {error}") from error


def _parse(raw: bytes) -> Packet:
    version = raw[0] >> 4
    fragment = False
    identification = 0
    if version == 4:
        start = (raw[0] & 0x0F) * 4
        (end, identification, offset, ttl, protocol) = struct.unpack_from("!HHHBB", raw, 2)
        fragment = bool(offset & 0x3FFF)
        source, destination = unpack_address(raw[12:16]), unpack_address(raw[16:20])
    elif version == 6:
        start = 40
        length, protocol, ttl = struct.unpack_from("!HBB", raw, 4)
        end = 40 + length
        source, destination = unpack_address(raw[8:24]), unpack_address(raw[24:40])
    else:
        raise ValueError(f"IP version {version}")
    raw = raw[:end]
    packet = Packet(
        version,
        source,
        destination,
        ttl,
        protocol,
        identification=identification,
        fragment=fragment,
        raw=raw,
    )
    if fragment:
        packet.payload = raw[start:]
    elif protocol == TCP:
        (
            packet.source_port,
            packet.destination_port,
            packet.seq,
            packet.ack,
            offset,
            packet.flags,
            packet.window,
        ) = struct.unpack_from("!HHIIBBH", raw, start)
        data = start + (offset >> 4) * 4
        packet.options = raw[start + 20 : data]
        packet.payload = raw[data:]
    elif protocol == UDP:
        packet.source_port, packet.destination_port = struct.unpack_from("!HH", raw, start)
        packet.payload = raw[start + 8 :]
    elif protocol in (ICMP, ICMPV6):
        kind, code, _, info = struct.unpack_from("!BBHI", raw, start)
        packet.icmp = (kind, code, info)
        packet.payload = raw[start + 8 :]
    else:
        packet.payload = raw[start:]
    return packet


def tcp_options(*, mss: int, window_scale: int | None = None) -> bytes:
    """Return the options of a SYN (RFC 9293 section 3.2, RFC 7323 section 2.2)."""
    options = struct.pack("!BBH", 2, 4, mss)
    if window_scale is not None:
        options += struct.pack("!BBBB", 1, 3, 3, window_scale)
    return options


def read_tcp_options(options: bytes) -> dict[int, bytes]:
    """Return a segment's options by kind, without their two leading bytes."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(options):
        kind = options[at]
        if kind == 0:
            break
        if kind == 1:
            at += 1
            continue
        if at + 1 >= len(options) or options[at + 1] < 2:
            break
        found[kind] = options[at + 2 : at + options[at + 1]]
        at += options[at + 1]
    return found
