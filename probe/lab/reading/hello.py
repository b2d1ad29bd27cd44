"""Read a ClientHello (RFC 8446 section 4.1.2) from the beginning of a stream."""

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_HANDSHAKE: Final = 22
_CLIENT_HELLO: Final = 1
_SERVER_HELLO: Final = 2
_CERTIFICATE: Final = 11

# IANA TLS ExtensionType values.
_SERVER_NAME: Final = 0
_ALPN: Final = 16
_SUPPORTED_VERSIONS: Final = 43
_ECH: Final = 0xFE0D
_ESNI: Final = 0xFFCE

TLS_1_3: Final = 0x0304


@dataclass(frozen=True, slots=True)
class Hello:
    """What a box can use of a ClientHello."""

    name: str | None
    versions: tuple[int, ...]
    ciphers: tuple[int, ...]
    extensions: tuple[int, ...]
    alpn: tuple[str, ...] = ()

    @property
    def has_ech(self) -> bool:
        """Say whether it offers Encrypted Client Hello."""
        return _ECH in self.extensions

    @property
    def has_esni(self) -> bool:
        """Say whether it offers ESNI, ECH's forerunner."""
        return _ESNI in self.extensions

    @property
    def offers_tls_1_3(self) -> bool:
        """Say whether TLS 1.3 is among its versions."""
        return TLS_1_3 in self.versions


def looks_like_tls(data: bytes) -> bool:
    """Say whether a stream can still turn out to begin with TLS handshake records."""
    return data[:2] in (b"", b"\x16") or data[:2] == b"\x16\x03"


@lru_cache(maxsize=64)
def read_hello(data: bytes) -> Hello | None:
    """Return the hello at the beginning of a TLS stream, across records; None if not (yet) one."""
    message = _handshake_message(data)
    if message is None or message[0] != _CLIENT_HELLO:
        return None
    return read_hello_message(message)


@lru_cache(maxsize=64)
def read_hello_message(message: bytes) -> Hello | None:
    """Return the hello in a handshake message (QUIC has no records); None if it is cut short."""
    if len(message) < 4 or message[0] != _CLIENT_HELLO:
        return None
    length = int.from_bytes(message[1:4], "big")
    if len(message) < 4 + length:
        return None
    try:
        return _read_body(message[4 : 4 + length])
    except (struct.error, IndexError, UnicodeDecodeError):
        return None


def read_certificate_bytes(data: bytes) -> bytes | None:
    """Return the cleartext Certificate message of a TLS 1.2 server; None if none came (yet)."""
    handshake = _handshake_bytes(data)
    at = 0
    while at + 4 <= len(handshake):
        length = int.from_bytes(handshake[at + 1 : at + 4], "big")
        if handshake[at] == _CERTIFICATE:
            end = at + 4 + length
            return handshake[at + 4 : end] if len(handshake) >= end else None
        at += 4 + length
    return None


def _handshake_bytes(data: bytes) -> bytes:
    """Return the payload of the handshake records at the beginning, one after another."""
    found = b""
    at = 0
    while at + 5 <= len(data) and data[at] == _HANDSHAKE and data[at + 1] == 3:
        length = int.from_bytes(data[at + 3 : at + 5], "big")
        found += data[at + 5 : at + 5 + length]
        at += 5 + length
    return found


def _handshake_message(data: bytes) -> bytes | None:
    handshake = _handshake_bytes(data)
    if len(handshake) < 4:
        return None
    length = int.from_bytes(handshake[1:4], "big")
    return handshake[: 4 + length] if len(handshake) >= 4 + length else None


def _read_body(body: bytes) -> Hello:
    (legacy_version,) = struct.unpack_from("!H", body, 0)
    at = 34
    at += 1 + body[at]
    (length,) = struct.unpack_from("!H", body, at)
    ciphers = struct.unpack_from(f"!{length // 2}H", body, at + 2)
    at += 2 + length
    at += 1 + body[at]
    name: str | None = None
    versions: tuple[int, ...] = (legacy_version,)
    alpn: tuple[str, ...] = ()
    kinds: list[int] = []
    at += 2
    while at + 4 <= len(body):
        kind, length = struct.unpack_from("!HH", body, at)
        value = body[at + 4 : at + 4 + length]
        at += 4 + length
        kinds.append(kind)
        if kind == _SERVER_NAME and length >= 5:
            name = value[5 : 5 + int.from_bytes(value[3:5], "big")].decode("ascii")
        elif kind == _SUPPORTED_VERSIONS and length:
            versions = struct.unpack_from(f"!{value[0] // 2}H", value, 1)
        elif kind == _ALPN:
            alpn = _read_alpn(value)
    return Hello(name, versions, ciphers, tuple(kinds), alpn)


def _read_alpn(value: bytes) -> tuple[str, ...]:
    found = []
    at = 2
    while at < len(value):
        found.append(value[at + 1 : at + 1 + value[at]].decode("ascii", "replace"))
        at += 1 + value[at]
    return tuple(found)
