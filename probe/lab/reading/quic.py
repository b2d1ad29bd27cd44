"""Open and seal QUIC Initial packets: their keys come from what they carry in the clear.

RFC 9001 section 5.2 (version 1), RFC 9369 section 3.3 (version 2).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

VERSION_1: Final = 0x00000001
VERSION_2: Final = 0x6B3343CF

_SALTS: Final = {
    VERSION_1: bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"),
    VERSION_2: bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"),
}
_LABELS: Final = {VERSION_1: b"quic ", VERSION_2: b"quicv2 "}
# Long-header packet type of an Initial: RFC 9000 section 17.2, RFC 9369 section 3.2.
_INITIAL_TYPE: Final = {VERSION_1: 0, VERSION_2: 1}


@dataclass(frozen=True, slots=True)
class LongHeader:
    """What every long header shows, whatever its version (RFC 8999)."""

    version: int
    destination_id: bytes
    source_id: bytes
    first_byte: int
    end: int
    """Offset of what follows the connection ids."""


@dataclass(frozen=True, slots=True)
class Initial:
    """An opened Initial packet of a client."""

    header: LongHeader
    crypto: tuple[tuple[int, bytes], ...]
    """CRYPTO frames as (offset, bytes), in the packet's order."""


def read_long_header(datagram: bytes) -> LongHeader | None:
    """Return a datagram's long header; None where it has none."""
    if len(datagram) < 7 or not datagram[0] & 0x80:
        return None
    version = int.from_bytes(datagram[1:5], "big")
    at = 5
    length = datagram[at]
    destination_id = datagram[at + 1 : at + 1 + length]
    at += 1 + length
    if at >= len(datagram):
        return None
    length = datagram[at]
    source_id = datagram[at + 1 : at + 1 + length]
    return LongHeader(version, destination_id, source_id, datagram[0], at + 1 + length)


def read_initials(datagram: bytes, first_id: bytes | None = None) -> Iterator[Initial]:
    """Open the client's Initial packets in a datagram; those that do not open are skipped.

    The keys come from the destination id of the client's *first* Initial; later ones carry the
    server's choice, so a box that follows a connection passes `first_id`.
    """
    at = 0
    while at < len(datagram):
        rest = datagram[at:]
        header = read_long_header(rest)
        if header is None or header.version not in _SALTS:
            return
        try:
            is_initial = (header.first_byte >> 4) & 3 == _INITIAL_TYPE[header.version]
            place = header.end
            if is_initial:
                token_length, place = _read_varint(rest, place)
                place += token_length
            length, place = _read_varint(rest, place)
        except IndexError:
            return
        if is_initial:
            keys = _keys(header.version, first_id or header.destination_id, b"client in")
            plain = keys.open(rest[: place + length], place)
            if plain is not None:
                yield Initial(header, tuple(_crypto_frames(plain)))
        at += place + length


@dataclass(frozen=True, slots=True)
class _Keys:
    key: bytes
    iv: bytes
    protection: bytes

    def _mask(self, sample: bytes) -> bytes:
        cipher = Cipher(algorithms.AES(self.protection), modes.ECB())  # noqa: S305  (RFC 9001 5.4.3)
        return cipher.encryptor().update(sample)

    def _nonce(self, number: int) -> bytes:
        return (int.from_bytes(self.iv, "big") ^ number).to_bytes(12, "big")

    def open(self, packet: bytes, number_at: int) -> bytes | None:
        """Return a packet's frames; None where the keys do not fit."""
        sample = packet[number_at + 4 : number_at + 20]
        if len(sample) < 16:
            return None
        mask = self._mask(sample)
        first = packet[0] ^ (mask[0] & 0x0F)
        size = (first & 3) + 1
        number_bytes = bytes(
            a ^ b for a, b in zip(packet[number_at : number_at + size], mask[1:], strict=False)
        )
        head = bytes((first,)) + packet[1:number_at] + number_bytes
        nonce = self._nonce(int.from_bytes(number_bytes, "big"))
        try:
            return AESGCM(self.key).decrypt(nonce, packet[number_at + size :], head)
        except InvalidTag:
            return None

    def seal(self, head: bytes, number: int, frames: bytes) -> bytes:
        """Return a protected packet: `head` ends before the packet number of four bytes."""
        number_bytes = number.to_bytes(4, "big")
        sealed = AESGCM(self.key).encrypt(self._nonce(number), frames, head + number_bytes)
        mask = self._mask(sealed[:16])
        protected = bytes(a ^ b for a, b in zip(number_bytes, mask[1:], strict=False))
        return bytes((head[0] ^ (mask[0] & 0x0F),)) + head[1:] + protected + sealed


def seal_server_initial(client: LongHeader, frames: bytes) -> bytes:
    """Return a server's Initial with these frames, in answer to a client's first Initial.

    Anybody who saw the client's Initial can make one: its keys are public.
    """
    version = client.version
    frames = frames.ljust(4, b"\0")
    first = 0xC3 | _INITIAL_TYPE[version] << 4
    length = 4 + len(frames) + 16
    head = (
        bytes((first,))
        + struct.pack("!I", version)
        + bytes((len(client.source_id),))
        + client.source_id
        + bytes((len(client.destination_id),))
        + client.destination_id
        + b"\0"
        + struct.pack("!H", 0x4000 | length)
    )
    return _keys(version, client.destination_id, b"server in").seal(head, 0, frames)


def version_negotiation(client: LongHeader, versions: tuple[int, ...]) -> bytes:
    """Return a Version Negotiation packet (RFC 8999 section 6) in answer to a client's packet."""
    return (
        b"\x80\0\0\0\0"
        + bytes((len(client.source_id),))
        + client.source_id
        + bytes((len(client.destination_id),))
        + client.destination_id
        + b"".join(struct.pack("!I", version) for version in versions)
    )


def _expand(secret: bytes, label: bytes, length: int) -> bytes:
    full = b"tls13 " + label
    info = struct.pack("!HB", length, len(full)) + full + b"\0"
    # HKDF-Expand (RFC 5869) of at most one block of SHA-256.
    return _hmac(secret, info + b"\1")[:length]


def _hmac(key: bytes, data: bytes) -> bytes:
    code = HMAC(key, SHA256())
    code.update(data)
    return code.finalize()


@lru_cache(maxsize=1024)
def _keys(version: int, first_id: bytes, side: bytes) -> _Keys:
    secret = _expand(_hmac(_SALTS[version], first_id), side, 32)
    label = _LABELS[version]
    return _Keys(
        _expand(secret, label + b"key", 16),
        _expand(secret, label + b"iv", 12),
        _expand(secret, label + b"hp", 16),
    )


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    size = 1 << (data[at] >> 6)
    value = int.from_bytes(data[at : at + size], "big") & ((1 << (8 * size - 2)) - 1)
    return value, at + size


def _crypto_frames(plain: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(plain):
        kind = plain[at]
        if kind == 0x00:  # PADDING
            at = len(plain) - len(plain[at:].lstrip(b"\0"))
        elif kind == 0x01:  # PING
            at += 1
        elif kind == 0x06:
            offset, at = _read_varint(plain, at + 1)
            length, at = _read_varint(plain, at)
            yield offset, plain[at : at + length]
            at += length
        elif kind in (0x02, 0x03):  # ACK: largest, delay, ranges, first range, then pairs
            values = []
            place = at + 1
            for _ in range(4):
                value, place = _read_varint(plain, place)
                values.append(value)
            for _ in range(2 * values[2] + (3 if kind == 0x03 else 0)):
                _, place = _read_varint(plain, place)
            at = place
        else:
            return
