"""The receiving half of a TCP connection: reassembly and the window."""

from typing import Final

# Linux advertises 64 KB at first and grows it; the lab offers what a download grows it to.
BUFFER_BYTES: Final = 1024 * 1024
WINDOW_SCALE: Final = 7


class Receiver:
    """What has arrived. Offsets count from the peer's initial sequence number (its SYN is 0)."""

    __slots__ = (
        "advertised_to",
        "bytes_received",
        "fin_at",
        "has_fin",
        "held",
        "last_data_at",
        "nxt",
        "out_of_order",
        "ready",
    )

    def __init__(self) -> None:
        self.nxt = 1
        self.ready = bytearray()
        self.held: dict[int, bytes] = {}
        self.fin_at: int | None = None
        self.has_fin = False
        self.bytes_received = 0
        self.out_of_order = 0
        """Segments that came before their turn (Linux: rcv_ooopack)."""
        self.last_data_at: float | None = None
        self.advertised_to = 1

    @property
    def window_bytes(self) -> int:
        """Return how much more may come."""
        return max(0, BUFFER_BYTES - len(self.ready))

    def feed(self, offset: int, data: bytes, now: float, *, fin: bool) -> bool:
        """Take a segment's data; return True where something became readable."""
        end = offset + len(data)
        if fin:
            self.fin_at = end
        if offset > self.nxt:
            if end <= self.nxt + BUFFER_BYTES:
                self.out_of_order += 1
                if len(data) > len(self.held.get(offset, b"")):
                    self.held[offset] = data
            return False
        before = self.nxt
        if data and end > self.nxt:
            room = self.window_bytes
            fresh = data[self.nxt - offset :][:room]
            self.ready += fresh
            self.nxt += len(fresh)
            self.last_data_at = now
        while self.held:
            ready = [at for at in self.held if at <= self.nxt]
            if not ready:
                break
            for at in sorted(ready):
                piece = self.held.pop(at)[self.nxt - at :]
                self.ready += piece
                self.nxt += len(piece)
        if self.fin_at is not None and self.nxt == self.fin_at and not self.has_fin:
            self.has_fin = True
            self.nxt += 1
        self.bytes_received += self.nxt - before
        return self.nxt > before

    def take(self, limit: int) -> bytes:
        """Remove and return at most `limit` bytes that are ready."""
        data = bytes(self.ready[:limit])
        del self.ready[:limit]
        return data
