"""What a DNS server knows and how it lies. Questions in, timed answers out; no sockets here."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

import dns.rcode

from probe.lab.box import Names
from probe.lab.servers.answer import (
    ID_BYTES,
    Answer,
    Question,
    Record,
    read_question,
    write_answer,
)

TTL_S = 300
"""What the lab's zones give; a cache's answers count down from it."""


@dataclass(frozen=True, slots=True)
class Records:
    """What the world's zones say about one name."""

    a: tuple[str, ...] = ()
    aaaa: tuple[str, ...] = ()
    cname: str | None = None
    txt: tuple[str, ...] = ()
    https: tuple[str, ...] = ()
    """Presentation format: `1 . alpn="h3,h2"`."""
    whoami: bool = False
    """The answer is the address of whoever asked: the resolver's egress."""

    def texts(self, kind: str) -> tuple[str, ...]:
        """Return the records of one type in presentation format."""
        match kind:
            case "A":
                return self.a
            case "AAAA":
                return self.aaaa
            case "TXT":
                return tuple(f'"{text}"' for text in self.txt)
            case "HTTPS":
                return self.https
            case _:
                return ()


Zone = Mapping[str, Records]
"""All names of the world, lower case, without the last dot."""


class LieKind(StrEnum):
    """How a resolver lies about a name; the values are rows of the techniques' catalogue."""

    NXDOMAIN = "D01"
    SERVFAIL = "D02"
    REFUSED = "D03"
    NODATA = "D04"
    BOGON = "D05"
    BLOCKPAGE = "D06"
    WRONG_ADDRESS = "D07"
    CNAME = "D08"


@dataclass(frozen=True, slots=True)
class Lie:
    """One rule of a resolver's policy zone."""

    names: Names
    kind: LieKind
    a: tuple[str, ...] = ()
    aaaa: tuple[str, ...] = ()
    cname: str | None = None
    ede: tuple[int, str] | None = None
    """D19: the Extended DNS Error by which the resolver admits it (RFC 8914)."""
    technique: str = ""
    """Where it is not the kind's own row: an ad-blocking resolver is E03, not D05."""
    ttl_s: int = TTL_S
    types: frozenset[str] = frozenset()
    """Told to questions for these record types only; empty: for all."""
    every: int = 1
    """Told to every so manieth question only (a forwarder with several upstreams)."""

    @property
    def row(self) -> str:
        """Return the row of the techniques' catalogue that it plays."""
        return self.technique or self.kind.value


class NameManner(StrEnum):
    """How a whole server behaves."""

    ANSWER = "answer"
    NEVER = "never"
    GARBAGE = "garbage"  # bytes that are no DNS message
    POINTER_LOOP = "pointer_loop"  # a compressed name that points at itself
    CNAME_LOOP = "cname_loop"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    TRUNCATE = "truncate"  # TC over UDP, always: the client must come back over TCP


@dataclass(frozen=True, slots=True)
class NameServer:
    """One resolver (or authoritative server): where it answers, and how."""

    id: str
    addresses: tuple[str, ...]
    egress: tuple[str, ...] = ()
    """The addresses it asks from, as whoami names tell them; empty: its own."""
    lies: tuple[Lie, ...] = ()
    manner: NameManner = NameManner.ANSWER
    delay_s: float = 0.0
    server_name: str | None = None
    """On its certificate, for DoT and DoH; None: it speaks neither."""
    doh_path: str = "/dns-query"
    transports: frozenset[str] = frozenset({"udp", "tcp"})
    authoritative: bool = False
    tells_client: frozenset[str] = frozenset()
    """Whoami names to which it answers with the client's own address."""

    def egress_of(self, kind: str, asked_at: str) -> str:
        """Return the address that a whoami name tells, of the family that was asked for."""
        colon = kind == "AAAA" if kind in {"A", "AAAA"} else ":" in asked_at
        addresses = self.egress or self.addresses
        return next((a for a in addresses if (":" in a) == colon), addresses[0])


@dataclass(frozen=True, slots=True)
class Reply:
    """One message back, and what it plays (empty: the truth)."""

    wire: bytes
    delay_s: float = 0.0
    technique: str = ""
    name: str = ""


@dataclass(slots=True)
class NameService:
    """A name server at work on one world's zone; remembers when it first cached each name."""

    server: NameServer
    zone: Zone
    _cached_at: dict[str, float] = field(default_factory=dict)
    _questions: int = 0

    def reply(
        self, wire: bytes, *, client: str, local: str, now: float, over_udp: bool
    ) -> Reply | None:
        """Answer one question as received; None: no answer at all."""
        manner = self.server.manner
        if manner is NameManner.NEVER:
            return None
        if manner is NameManner.GARBAGE:
            # The id is right: a stub that only compares ids must not choke on the rest.
            noise = random.Random(wire).randbytes(60)
            return Reply(wire[:2] + noise, self.server.delay_s, name="")
        asked = wire[ID_BYTES:]
        question = read_question(asked)
        if question is None:
            return None
        name = question.name
        if manner is NameManner.POINTER_LOOP:
            return Reply(_pointer_loop(wire), self.server.delay_s, name=name)
        answer, technique = self._answer(question, client=client, local=local, now=now)
        if manner is NameManner.TRUNCATE and over_udp:
            answer = Answer(is_truncated=True)
        written = wire[:ID_BYTES] + write_answer(asked, answer, over_udp=over_udp)
        return Reply(written, self.server.delay_s, technique, name)

    def _answer(
        self, question: Question, *, client: str, local: str, now: float
    ) -> tuple[Answer, str]:
        """Return what is answered, and the technique that is played thereby."""
        name, kind = question.name, question.kind
        if not name:
            # The root has no addresses, and no world a story about it.
            return Answer(), ""
        match self.server.manner:
            case NameManner.SERVFAIL:
                return Answer(rcode=dns.rcode.SERVFAIL), ""
            case NameManner.REFUSED:
                return Answer(rcode=dns.rcode.REFUSED), ""
            case NameManner.CNAME_LOOP:
                loop = f"loop.{name}"
                there = Record(name, "CNAME", TTL_S, f"{loop}.")
                return Answer((there, Record(loop, "CNAME", TTL_S, f"{name}."))), ""
            case _:
                pass
        self._questions += 1
        for lie in self.server.lies:
            if (
                lie.names.match(name)
                and (not lie.types or kind in lie.types)
                and self._questions % lie.every == 0
            ):
                return _lie(lie, name, kind), lie.row
        truth = self._truth(name, kind, client=client, local=local, now=now)
        if self.server.authoritative:
            truth = replace(truth, is_authoritative=True)
        return truth, ""

    def _truth(self, name: str, kind: str, *, client: str, local: str, now: float) -> Answer:
        ttl_s = TTL_S - self._age(name, now)
        chain: list[Record] = []
        rcode = dns.rcode.NOERROR
        for _ in range(8):
            records = self.zone.get(name)
            if records is None or records.cname is None:
                break
            chain.append(Record(name, "CNAME", ttl_s, records.cname + "."))
            name = records.cname
        else:
            records = None
        if records is None:
            rcode = dns.rcode.NXDOMAIN
        elif records.whoami and kind in {"A", "AAAA", "TXT"}:
            who = client if name in self.server.tells_client else None
            who = who or self.server.egress_of(kind, local)
            if kind == "TXT":
                return Answer((*chain, Record(name, kind, 0, f'"{who}"')))
            if (":" in who) == (kind == "AAAA"):
                return Answer((*chain, Record(name, kind, 0, who)))
        elif texts := records.texts(kind):
            return Answer((*chain, *(Record(name, kind, ttl_s, text) for text in texts)))
        return Answer(tuple(chain), rcode, authority=".".join(name.split(".")[-2:]))

    def _age(self, name: str, now: float) -> int:
        """Return for how many seconds the cache has held the name; authorities hold no cache."""
        if self.server.authoritative:
            return 0
        return int(now - self._cached_at.setdefault(name, now)) % TTL_S


def _lie(lie: Lie, name: str, kind: str) -> Answer:
    rcode, records = dns.rcode.NOERROR, []
    match lie.kind:
        case LieKind.NXDOMAIN:
            rcode = dns.rcode.NXDOMAIN
        case LieKind.SERVFAIL:
            rcode = dns.rcode.SERVFAIL
        case LieKind.REFUSED:
            rcode = dns.rcode.REFUSED
        case LieKind.NODATA:
            pass
        case LieKind.BOGON | LieKind.BLOCKPAGE | LieKind.WRONG_ADDRESS | LieKind.CNAME:
            if lie.cname is not None:
                records.append(Record(name, "CNAME", lie.ttl_s, lie.cname + "."))
                name = lie.cname
            told = {"A": lie.a, "AAAA": lie.aaaa}.get(kind, ())
            records += [Record(name, kind, lie.ttl_s, address) for address in told]
    return Answer(tuple(records), rcode, ede=lie.ede)


def _pointer_loop(query: bytes) -> bytes:
    """Return an answer whose owner name is a compression pointer to itself."""
    # RFC 1035 section 4.1.1: response, recursion available; one question, one answer.
    head = query[:2] + b"\x81\x80" + b"\x00\x01\x00\x01\x00\x00\x00\x00"
    end = 12
    while query[end]:
        end += query[end] + 1
    question = query[12 : end + 5]
    here = 12 + len(question)
    pointer = (0xC000 | here).to_bytes(2, "big")
    return head + question + pointer + b"\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04\x7f\x00\x00\x01"


EMPTY_ZONE: Zone = MappingProxyType({})
