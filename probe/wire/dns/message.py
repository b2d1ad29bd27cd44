"""DNS messages: questions built and answers read, by dnspython's `dns.message` and nothing else."""

import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from probe.model.observation import DnsAnswer
from probe.wire.dns.plain import read_plain

# DNS Flag Day 2020: fits any path without fragments.
_EDNS_PAYLOAD: Final = 1232
# A flood of injected answers must not fill our memory.
_WIRE_KEPT_BYTES: Final = 4096
_RECORDS_KEPT: Final = 64
_HEADER_BYTES: Final = 12
# RFC 1035 sections 4.1.1 and 4.1.2: id, flags, four counts; then type and class.
_QUERY_HEADER: Final = struct.Struct(">6H")
_QUERY_TYPE: Final = struct.Struct(">HH")
# RFC 6891 section 6.1.2: root name, type 41, payload size as class, no flags, no data.
_OPT: Final = struct.pack(">BHHIH", 0, 41, _EDNS_PAYLOAD, 0, 0)
_OPT_START: Final = _OPT[:3]
# RFC 6891 section 6.1.2: code and length.
_OPTION: Final = struct.Struct(">HH")
_EDE_TEXT_CHARACTERS: Final = 200

# What dnspython's parser raises for bytes that are no message; found by feeding it rubbish.
_UNREADABLE: Final = (
    dns.exception.DNSException,
    ValueError,
    IndexError,
    KeyError,
    OverflowError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Question:
    """One question as it is sent."""

    name: str
    query_type: str
    id: int
    wire: bytes


def ask(name: str, query_types: Sequence[str]) -> tuple[Question, ...] | None:
    """Build one question per type, their ids all distinct; None when `name` is no DNS name.

    Ids drawn independently clash once in 65,536 pairs, and then an A answer passes for the AAAA.
    """
    ids = random.sample(range(0x10000), len(query_types))
    try:
        owner = dns.name.from_text(name).to_wire()
        return tuple(
            Question(name, query_type, query_id, _build(owner, query_type, query_id))
            for query_type, query_id in zip(query_types, ids, strict=True)
        )
    except (dns.exception.DNSException, ValueError):
        return None


def _build(owner: bytes | None, query_type: str, query_id: int) -> bytes:
    """Write what `dns.message.make_query(...).to_wire()` would (a test compares), ten times faster.

    A query is a header, a name and a type, and one OPT record that never varies.
    """
    assert owner is not None
    kind = dns.rdatatype.from_text(query_type)
    return b"".join(
        (
            _QUERY_HEADER.pack(query_id, int(dns.flags.RD), 1, 0, 0, 1),
            owner,
            _QUERY_TYPE.pack(kind, dns.rdataclass.IN),
            _OPT,
        )
    )


def id_of(wire: bytes) -> int | None:
    """Return the message id, None when there are not even two bytes."""
    return int.from_bytes(wire[:2], "big") if len(wire) >= 2 else None


def question_of(wire: bytes) -> tuple[str, str] | None:
    """Return the (name, type) that a message says it answers, None when that is unreadable."""
    try:
        message = dns.message.from_wire(wire, question_only=True, ignore_trailing=True)
        first = message.question[0]
        return first.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(first.rdtype)
    except _UNREADABLE:
        return None


def read(
    wire: bytes, *, after_s: float, ip_ttl: int | None = None, wrong_id: bool = False
) -> DnsAnswer:
    """Read one answer. Rubbish is an answer too: `malformed` says why it could not be read."""
    after_s = round(after_s, 6)
    plain = read_plain(wire)
    if plain is not None:
        return DnsAnswer(
            after_s=after_s,
            rcode=plain.flags & 0x0F,
            addresses=tuple(plain.addresses[:_RECORDS_KEPT]),
            cnames=tuple(plain.cnames[:_RECORDS_KEPT]),
            ttls=tuple(plain.ttls[:_RECORDS_KEPT]),
            authoritative=bool(plain.flags & dns.flags.AA),
            recursion_available=bool(plain.flags & dns.flags.RA),
            authenticated=bool(plain.flags & dns.flags.AD),
            truncated=bool(plain.flags & dns.flags.TC),
            has_soa=plain.has_soa,
            ip_ttl=ip_ttl,
            size_bytes=len(wire),
            wrong_id=wrong_id,
            wire=wire[:_WIRE_KEPT_BYTES],
        )
    return _read_any(wire, after_s, ip_ttl, wrong_id)


def _read_any(wire: bytes, after_s: float, ip_ttl: int | None, wrong_id: bool) -> DnsAnswer:
    """Read what is not plain, by dnspython."""
    try:
        message, options = _parsed_without_options(wire)
        facts = _facts(message)
    except _UNREADABLE as error:
        return DnsAnswer(
            after_s=after_s,
            rcode=wire[3] & 0x0F if len(wire) >= _HEADER_BYTES else None,
            ip_ttl=ip_ttl,
            size_bytes=len(wire),
            malformed=type(error).__name__,
            wrong_id=wrong_id,
            wire=wire[:_WIRE_KEPT_BYTES],
        )
    malformed = None
    if message.errors:
        malformed = type(message.errors[0].exception).__name__
    elif not message.flags & dns.flags.QR:
        malformed = "NotAResponse"
    return DnsAnswer(
        after_s=after_s,
        rcode=int(message.rcode()),
        addresses=tuple(facts.addresses),
        cnames=tuple(facts.cnames),
        texts=tuple(facts.texts),
        ttls=tuple(facts.ttls),
        authoritative=bool(message.flags & dns.flags.AA),
        recursion_available=bool(message.flags & dns.flags.RA),
        authenticated=bool(message.flags & dns.flags.AD),
        truncated=bool(message.flags & dns.flags.TC),
        has_soa=any(r.rdtype == dns.rdatatype.SOA for r in message.authority),
        ede=_extended_errors(message, options) if message.opt is not None else (),
        svcb=tuple(facts.svcb),
        ip_ttl=ip_ttl,
        size_bytes=len(wire),
        malformed=malformed,
        wrong_id=wrong_id,
        wire=wire[:_WIRE_KEPT_BYTES],
    )


class _Facts:
    """What the answer section says."""

    __slots__ = ("addresses", "cnames", "svcb", "texts", "ttls")

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.cnames: list[str] = []
        self.texts: list[str] = []
        self.ttls: list[int] = []
        self.svcb: list[str] = []


def _facts(message: dns.message.Message) -> _Facts:
    facts = _Facts()
    for rrset in message.answer:
        if rrset.rdclass != dns.rdataclass.IN:
            continue
        kind = rrset.rdtype
        for record in list(rrset)[:_RECORDS_KEPT]:
            if kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
                if len(facts.addresses) < _RECORDS_KEPT:
                    facts.addresses.append(record.address)
                    facts.ttls.append(rrset.ttl)
            elif kind == dns.rdatatype.CNAME:
                facts.cnames.append(record.target.to_text(omit_final_dot=True).lower())
            elif kind == dns.rdatatype.TXT:
                facts.texts.append(b"".join(record.strings).decode("utf-8", "replace"))
            elif kind in (dns.rdatatype.HTTPS, dns.rdatatype.SVCB):
                facts.svcb.append(record.to_text())
    return facts


def _parsed(wire: bytes) -> dns.message.Message:
    # One record per set: sets are deduplicated and share the lowest TTL.
    return dns.message.from_wire(
        wire,
        ignore_trailing=True,
        continue_on_error=True,
        raise_on_truncation=False,
        one_rr_per_rrset=True,
    )


def _parsed_without_options(wire: bytes) -> tuple[dns.message.Message, bytes]:
    """Return the message, and the bytes of EDNS options that dnspython would not read, if any.

    Other programs skip an option that they cannot read; a resolver that says in another alphabet
    than UTF-8 why it lies has answered all the same.
    """
    message = _parsed(wire)
    at = wire.rfind(_OPT_START)
    if not message.errors or at < _HEADER_BYTES:
        return message, b""
    start = at + len(_OPT)
    options = wire[start:]
    if int.from_bytes(wire[start - 2 : start], "big") != len(options):
        return message, b""
    bare = _parsed(wire[: start - 2] + bytes(2))
    return (message, b"") if bare.errors else (bare, options)


def _extended_errors(message: dns.message.Message, options: bytes) -> tuple[tuple[int, str], ...]:
    """Return code and text of each extended error (RFC 8914), also from options as they came."""
    found = [
        (int(option.code), option.text or "")
        for option in message.options
        if isinstance(option, dns.edns.EDEOption)
    ]
    while len(options) >= _OPTION.size:
        kind, size = _OPTION.unpack_from(options)
        data, options = options[_OPTION.size :][:size], options[_OPTION.size + size :]
        if kind == dns.edns.OptionType.EDE and len(data) >= 2:
            text = data[2:].decode("utf-8", "replace").rstrip("\0")
            found.append((int.from_bytes(data[:2], "big"), text))
    return tuple((code, text[:_EDE_TEXT_CHARACTERS]) for code, text in found[:_RECORDS_KEPT])
