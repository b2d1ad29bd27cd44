"""TLS records as raw bytes: the alert that a peer sent, whatever engine read it."""

from typing import Final

# RFC 8446 section 5.1: content types and the header of five bytes.
_ALERT: Final = 21
_TYPES: Final = range(20, 25)
_HEADER_BYTES: Final = 5
_ALERT_BYTES: Final = 2
_VERSION_MAJOR: Final = 3


class AlertWatch:
    """Find the first plaintext alert in a stream of records; stops at what is no record."""

    __slots__ = ("_buffer", "_over", "_skip", "alert")

    def __init__(self) -> None:
        self.alert: int | None = None
        self._buffer = b""
        self._skip = 0
        self._over = False

    def feed(self, data: bytes) -> None:
        """Look at the next raw bytes."""
        if self._over:
            return
        if len(data) <= self._skip:
            self._skip -= len(data)
            return
        buffer = self._buffer + data[self._skip :]
        self._skip = 0
        at = 0
        while len(buffer) >= at + _HEADER_BYTES:
            kind, major = buffer[at], buffer[at + 1]
            size = int.from_bytes(buffer[at + 3 : at + 5], "big")
            if kind not in _TYPES or major != _VERSION_MAJOR:
                self._over = True
                return
            after = at + _HEADER_BYTES + size
            if kind == _ALERT and size == _ALERT_BYTES:
                if len(buffer) < after:
                    break
                self.alert = buffer[after - 1]
                self._over = True
                return
            if len(buffer) < after:
                self._skip = after - len(buffer)
                at = len(buffer)
                break
            at = after
        self._buffer = buffer[at:]


def alert_in(received: bytes) -> int | None:
    """Return the number of the first plaintext alert in these raw bytes, None without one."""
    watch = AlertWatch()
    watch.feed(received)
    return watch.alert
