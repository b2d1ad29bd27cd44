"""Read the head of a cleartext HTTP/1 request from the beginning of a stream."""

from dataclasses import dataclass
from typing import Final

_METHODS: Final = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"OPTIONS ", b"CONNECT ", b"DELETE ")


@dataclass(frozen=True, slots=True)
class Request:
    """What a box can use of a request."""

    method: str
    path: str
    host: str | None


def looks_like_http(data: bytes) -> bool:
    """Say whether a stream can still turn out to begin with an HTTP/1 request."""
    return any(data.startswith(method[: len(data)]) for method in _METHODS)


def read_request(data: bytes) -> Request | None:
    """Return the request whose head is complete at the beginning of a stream, else None."""
    head, end, _ = data.partition(b"\r\n\r\n")
    if not end or not looks_like_http(data):
        return None
    lines = head.split(b"\r\n")
    words = lines[0].split(b" ")
    if len(words) < 3:
        return None
    host = None
    for line in lines[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == b"host":
            host = value.strip().decode("latin-1").rsplit(":", 1)[0].lower()
            break
    return Request(words[0].decode("latin-1"), words[1].decode("latin-1"), host)
