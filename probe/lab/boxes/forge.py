"""Packets that boxes make up. Each is derived from a packet of the client's that was seen."""

from dataclasses import replace
from typing import Final

from probe.lab.packet import ACK, DEFAULT_TTL, FIN, RST, SYN, TCP, UDP, Packet

# How long an injector on the path takes: its packets come this much behind the one it answers.
# Injected answers were seen within about a millisecond of the packet (techniques D09, S01).
REACTION_S: Final = 0.001


def sequence_after(packet: Packet) -> int:
    """Return the sequence number that follows a segment."""
    return packet.seq + len(packet.payload) + bool(packet.flags & (SYN | FIN))


def segment_back(
    packet: Packet, flags: int, payload: bytes = b"", *, shift: int = 0, ttl: int = DEFAULT_TTL
) -> Packet:
    """Return a segment to the sender of `packet`, as from its receiver, with fitting numbers."""
    return Packet(
        packet.version,
        packet.destination,
        packet.source,
        ttl,
        TCP,
        packet.destination_port,
        packet.source_port,
        (packet.ack if packet.flags & ACK else 0) + shift,
        sequence_after(packet) if flags & ACK else 0,
        flags,
        65535 if not flags & RST else 0,
        payload=payload,
    )


def segment_on(packet: Packet, flags: int, *, shift: int = 0, ttl: int = DEFAULT_TTL) -> Packet:
    """Return a segment to the receiver of `packet`, as from its sender, to come after it."""
    return Packet(
        packet.version,
        packet.source,
        packet.destination,
        ttl,
        TCP,
        packet.source_port,
        packet.destination_port,
        sequence_after(packet) + shift,
        packet.ack if flags & ACK else 0,
        flags,
        65535 if not flags & RST else 0,
    )


def datagram_back(packet: Packet, payload: bytes, *, ttl: int = DEFAULT_TTL) -> Packet:
    """Return a UDP datagram to the sender of `packet`, as from its receiver."""
    return Packet(
        packet.version,
        packet.destination,
        packet.source,
        ttl,
        UDP,
        packet.destination_port,
        packet.source_port,
        payload=payload,
    )


def changed(packet: Packet, **values: object) -> Packet:
    """Return a copy with some values changed, to be written anew."""
    return replace(packet, raw=None, **values)  # type: ignore[arg-type]  # fields by name
