"""DNS messages as values: an equal question with an equal answer is read and written once.

In a campaign every resolver of every world is asked for the same few hundred names.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset

ID_BYTES: Final = 2
"""The message's id stands first (RFC 1035 section 4.1.1); all else is told apart from it here."""

_NO_ID: Final = b"\0" * ID_BYTES
_SOA: Final = "ns1.lab.example. hostmaster.lab.example. 2026112000 7200 3600 1209600 300"
_SOA_TTL_S: Final = 300
# RFC 9715: fits into every path without fragments.
_EDNS_BYTES: Final = 1232


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for: a name in lower case without the last dot, and a type."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Record:
    """One record of an answer, its data in presentation format."""

    owner: str
    kind: str
    ttl_s: int
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server says to one question."""

    records: tuple[Record, ...] = ()
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    is_authoritative: bool = False
    is_truncated: bool = False
    authority: str | None = None
    """The zone whose SOA comes along: nothing of that name and type is there."""
    ede: tuple[int, str] | None = None
    """An Extended DNS Error (RFC 8914)."""


@lru_cache(maxsize=8192)
def read_question(asked: bytes) -> Question | None:
    """Read a message without its id; None where it is no question."""
    try:
        query = dns.message.from_wire(_NO_ID + asked)
    except dns.exception.DNSException:
        return None
    if not query.question or query.opcode() != dns.opcode.QUERY:
        return None
    first = query.question[0]
    return Question(
        first.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(first.rdtype)
    )


@lru_cache(maxsize=16384)
def write_answer(asked: bytes, answer: Answer, *, over_udp: bool) -> bytes:
    """Return the answer to a question as it goes over the wire; both without their id."""
    query = dns.message.from_wire(_NO_ID + asked)
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(answer.rcode)
    if answer.is_authoritative:
        response.flags |= dns.flags.AA
    if answer.is_truncated:
        response.flags |= dns.flags.TC
    for record in answer.records:
        # One set for each record: dnspython shuffles a set's records when it writes them.
        owner = dns.name.from_text(record.owner)
        response.answer.append(
            dns.rrset.from_text(owner, record.ttl_s, "IN", record.kind, record.text)
        )
    if answer.authority is not None:
        response.authority.append(
            dns.rrset.from_text(f"{answer.authority}.", _SOA_TTL_S, "IN", "SOA", _SOA)
        )
    if answer.ede is not None:
        code, text = answer.ede
        option = dns.edns.EDEOption(dns.edns.EDECode.make(code), text or None)
        response.use_edns(0, payload=_EDNS_BYTES, options=[option])
    return _to_wire(response, over_udp=over_udp)[ID_BYTES:]


def _to_wire(response: dns.message.Message, *, over_udp: bool) -> bytes:
    limit = (response.request_payload or 512) if over_udp else 65_535
    try:
        return response.to_wire(max_size=max(512, limit))
    except dns.exception.TooBig:
        response.answer.clear()
        response.authority.clear()
        response.flags |= dns.flags.TC
        return response.to_wire(max_size=65_535)
