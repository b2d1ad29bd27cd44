"""Read DNS questions and write forged answers (RFC 1035), without a library's strictness."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from probe.lab.packet import pack_address

A: Final = 1
CNAME: Final = 5
AAAA: Final = 28
HTTPS: Final = 65

NOERROR: Final = 0
SERVFAIL: Final = 2
NXDOMAIN: Final = 3
REFUSED: Final = 5


@dataclass(frozen=True, slots=True)
class Question:
    """The one question of a query."""

    id: int
    name: str
    kind: int
    flags: int
    wire: bytes
    """Name, type and class as they were sent."""
    has_edns: bool = False


def read_question(message: bytes) -> Question | None:
    """Return a query's question; None where the bytes are no query with one question."""
    try:
        number, flags, count, _, _, extra = struct.unpack_from("!6H", message)
        if flags & 0x8000 or count != 1:
            return None
        name, at = _read_name(message, 12)
        kind, _ = struct.unpack_from("!HH", message, at)
    except (struct.error, IndexError, ValueError):
        return None
    return Question(number, name, kind, flags, message[12 : at + 4], bool(extra))


def read_answered_name(message: bytes) -> str | None:
    """Return the name that a response answers; None where the bytes are no response."""
    try:
        _, flags, count = struct.unpack_from("!3H", message)
        if not flags & 0x8000 or count != 1:
            return None
        return _read_name(message, 12)[0]
    except (struct.error, IndexError, ValueError):
        return None


def _read_name(message: bytes, at: int) -> tuple[str, int]:
    labels = []
    while length := message[at]:
        if length > 63:
            raise ValueError("compressed name in a question")
        labels.append(message[at + 1 : at + 1 + length].decode("ascii"))
        at += 1 + length
    return ".".join(labels).lower(), at + 1


@dataclass(frozen=True, slots=True)
class Forgery:
    """What a liar answers."""

    addresses: tuple[str, ...] = ()
    """Those of the asked family are given; none of it means an empty answer."""
    cname: str | None = None
    rcode: int = NOERROR
    ttl: int = 300
    authoritative: bool = False
    """AA: some injectors set it (techniques D09)."""
    recursion_available: bool = True
    ede: tuple[int, str] | None = None
    """Extended DNS error (RFC 8914), where the liar admits it."""


def forge_answer(question: Question, forgery: Forgery) -> bytes:
    """Return a response to the question."""
    records = []
    owner = b"\xc0\x0c"
    if forgery.cname is not None:
        target = _write_name(forgery.cname)
        records.append(_record(owner, CNAME, forgery.ttl, target))
        owner = target
    wanted = {A: 4, AAAA: 16}.get(question.kind, 0)
    for address in forgery.addresses:
        packed = pack_address(address)
        if len(packed) == wanted:
            records.append(_record(owner, question.kind, forgery.ttl, packed))
    flags = 0x8000 | (question.flags & 0x0100) | forgery.rcode
    flags |= 0x0400 if forgery.authoritative else 0
    flags |= 0x0080 if forgery.recursion_available else 0
    extra = b""
    if forgery.ede is not None and question.has_edns:
        code, text = forgery.ede
        value = struct.pack("!H", code) + text.encode()
        option = struct.pack("!HH", 15, len(value)) + value
        extra = struct.pack("!BHHIH", 0, 41, 1232, 0, len(option)) + option
    header = struct.pack("!6H", question.id, flags, 1, len(records), 0, bool(extra))
    return header + question.wire + b"".join(records) + extra


def _record(owner: bytes, kind: int, ttl: int, data: bytes) -> bytes:
    return owner + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def _write_name(name: str) -> bytes:
    labels: Sequence[str] = name.rstrip(".").split(".")
    return b"".join(bytes((len(label),)) + label.encode("ascii") for label in labels) + b"\0"
