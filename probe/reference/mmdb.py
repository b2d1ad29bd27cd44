"""Write a MaxMind DB file: for the shipped geo data, and for tests that need a small one.

The format is MaxMind's, so that any reader reads ours and ours reads any file that a user names.
Source: https://maxmind.github.io/MaxMind-DB/ (version 2.0).
"""

from array import array
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network
from typing import Final

Record = Mapping[str, str | int]
ADDRESS_BITS: Final = 128
# IPv4 lies at ::/96 of an IPv6 tree.
IPV4_OFFSET: Final = 96
RECORD_BITS: Final = 24
EMPTY: Final = -1
SEPARATOR: Final = b"\0" * 16
METADATA_MARKER: Final = b"\xab\xcd\xefMaxMind.com"
# Type numbers of the format's data section.
POINTER, UTF8, UINT16, UINT32, MAP, UINT64, ARRAY = 1, 2, 5, 6, 7, 9, 11


def encode_mmdb(
    networks: Iterable[tuple[IPv4Network | IPv6Network, Record]],
    *,
    kind: str,
    description: str,
    build_epoch: int,
) -> bytes:
    """Return a database of the networks, which must be sorted, IPv4 first, and must not overlap."""
    data = _Data()
    tree = _Tree()
    for network, record in networks:
        first = int(network.network_address)
        is_v4 = isinstance(network, IPv4Network)
        tree.insert(first, network.prefixlen + IPV4_OFFSET * is_v4, data.offset_of(record))
    metadata = {
        "binary_format_major_version": (UINT16, 2),
        "binary_format_minor_version": (UINT16, 0),
        "build_epoch": (UINT64, build_epoch),
        "database_type": (UTF8, kind),
        "description": (MAP, {"en": (UTF8, description)}),
        "ip_version": (UINT16, 6),
        "languages": (ARRAY, [(UTF8, "en")]),
        "node_count": (UINT32, len(tree.left)),
        "record_size": (UINT16, RECORD_BITS),
    }
    return (
        tree.encode() + SEPARATOR + bytes(data.section) + METADATA_MARKER + _encode((MAP, metadata))
    )


class _Tree:
    """The search tree: a node is two records, each another node, a datum or nothing."""

    def __init__(self) -> None:
        self.left = array("q", [EMPTY])
        self.right = array("q", [EMPTY])
        self._path = [0]
        """Nodes from the root to the last insertion: sorted networks share most of it."""
        self._last = 0

    def insert(self, first: int, length: int, offset: int) -> None:
        """Hang the datum at `offset` under the network's bits."""
        shared = ADDRESS_BITS - (first ^ self._last).bit_length()
        depth = min(shared, length - 1, len(self._path) - 1)
        del self._path[depth + 1 :]
        node = self._path[depth]
        for position in range(depth, length - 1):
            side = self._side(first, position)
            child = side[node]
            if child == EMPTY:
                child = len(self.left)
                self.left.append(EMPTY)
                self.right.append(EMPTY)
                side[node] = child
            node = child
            self._path.append(node)
        # A datum is kept below EMPTY until the number of nodes is known.
        self._side(first, length - 1)[node] = EMPTY - 1 - offset
        self._last = first

    def encode(self) -> bytes:
        """Return the nodes' bytes, data counted from behind them."""
        count = len(self.left)
        if count >> RECORD_BITS:
            raise OverflowError(f"{count} nodes need records of more than {RECORD_BITS} bits")
        size = RECORD_BITS // 8
        found = bytearray()
        for left, right in zip(self.left, self.right, strict=True):
            for value in (left, right):
                if value == EMPTY:
                    value = count
                elif value < EMPTY:
                    value = count + len(SEPARATOR) + (EMPTY - 1 - value)
                found += value.to_bytes(size, "big")
        return bytes(found)

    def _side(self, address: int, position: int) -> "array[int]":
        return self.right if address >> (ADDRESS_BITS - 1 - position) & 1 else self.left


class _Data:
    """The data section; equal records and equal strings are stored once."""

    def __init__(self) -> None:
        self.section = bytearray()
        self._records: dict[tuple[tuple[str, str | int], ...], int] = {}
        self._strings: dict[str, int] = {}

    def offset_of(self, record: Record) -> int:
        """Return where the record lies, storing it if it is new."""
        key = tuple(record.items())
        if key not in self._records:
            parts = [self._string(name) + self._value(value) for name, value in key]
            self._records[key] = len(self.section)
            self.section += _head(MAP, len(parts)) + b"".join(parts)
        return self._records[key]

    def _value(self, value: str | int) -> bytes:
        return self._string(value) if isinstance(value, str) else _encode((UINT32, value))

    def _string(self, text: str) -> bytes:
        if text not in self._strings:
            self._strings[text] = len(self.section)
            self.section += _encode((UTF8, text))
        encoded = _encode((UTF8, text))
        pointer = _pointer(self._strings[text])
        return pointer if len(pointer) < len(encoded) else encoded


def _pointer(offset: int) -> bytes:
    """A pointer of 2, 3, 4 or 5 bytes, each size counting on from where the smaller one ends."""
    if offset < 2048:
        return bytes([POINTER << 5 | offset >> 8, offset & 0xFF])
    if offset < 526336:
        rest = offset - 2048
        return bytes([POINTER << 5 | 1 << 3 | rest >> 16]) + (rest & 0xFFFF).to_bytes(2, "big")
    if offset < 134744064:
        rest = offset - 526336
        return bytes([POINTER << 5 | 2 << 3 | rest >> 24]) + (rest & 0xFFFFFF).to_bytes(3, "big")
    return bytes([POINTER << 5 | 3 << 3]) + offset.to_bytes(4, "big")


def _head(kind: int, size: int) -> bytes:
    extended = kind > MAP
    number = 0 if extended else kind
    tail = bytes([kind - MAP]) if extended else b""
    if size < 29:
        return bytes([number << 5 | size]) + tail
    if size < 285:
        return bytes([number << 5 | 29]) + tail + bytes([size - 29])
    return bytes([number << 5 | 30]) + tail + (size - 285).to_bytes(2, "big")


def _encode(typed: tuple[int, object]) -> bytes:
    match typed:
        case (int(kind), str(text)):
            raw = text.encode()
            return _head(kind, len(raw)) + raw
        case (int(kind), int(number)):
            raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
            return _head(kind, len(raw)) + raw
        case (int(kind), dict(table)):
            pairs = (_encode((UTF8, key)) + _encode(value) for key, value in table.items())
            return _head(kind, len(table)) + b"".join(pairs)
        case (int(kind), list(items)):
            return _head(kind, len(items)) + b"".join(_encode(item) for item in items)
    raise TypeError(typed)
