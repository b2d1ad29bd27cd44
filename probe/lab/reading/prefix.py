"""The beginning of a stream, put together from pieces that may come twice, late or out of order."""

from typing import Final

from probe.lab.packet import SEQUENCE_SPACE, SYN, Packet

# A box keeps this much of a stream's beginning: two of the largest hellos in use (post-quantum
# shares make them about 1.8 KB) and then some.
_KEPT_BYTES: Final = 16 * 1024


class Prefix:
    """Bytes from offset 0 on, as far as they are known without a gap."""

    __slots__ = ("_pieces", "data")

    def __init__(self) -> None:
        self.data = b""
        self._pieces: dict[int, bytes] = {}

    def feed(self, offset: int, piece: bytes) -> bool:
        """Add a piece; say whether the known beginning grew."""
        known = len(self.data)
        if offset + len(piece) <= known or offset > _KEPT_BYTES:
            return False
        if offset > known:
            self._pieces[offset] = piece
            return False
        self.data += piece[known - offset :]
        while ready := [at for at in self._pieces if at <= len(self.data)]:
            for at in ready:
                self.data += self._pieces.pop(at)[len(self.data) - at :]
        return True


class TcpPrefix:
    """The beginning of one direction of a TCP connection."""

    __slots__ = ("_first", "_prefix")

    def __init__(self, first_sequence: int) -> None:
        self._first = first_sequence
        self._prefix = Prefix()

    @classmethod
    def after(cls, packet: Packet) -> "TcpPrefix":
        """Start at a SYN (the data follows it), or at the first segment that was seen."""
        return cls(packet.seq + 1 if packet.flags & SYN else packet.seq)

    @property
    def data(self) -> bytes:
        """Return what is known of the beginning."""
        return self._prefix.data

    def feed(self, packet: Packet) -> bool:
        """Add a segment; say whether the known beginning grew."""
        if not packet.payload:
            return False
        offset = (packet.seq - self._first) % SEQUENCE_SPACE
        if offset > SEQUENCE_SPACE // 2:
            return False
        return self._prefix.feed(offset, packet.payload)
