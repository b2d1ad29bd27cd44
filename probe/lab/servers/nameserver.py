"""What a DNS server knows and how it lies. Questions in, timed answers out; no sockets here."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from probe.lab.box import Names

TTL_S = 300
"""What the lab's zones give; a cache's answers count down from it."""

_SOA = "ns1.lab.example. hostmaster.lab.example. 2026112000 7200 3600 1209600 300"


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
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if not query.question or query.opcode() != dns.opcode.QUERY:
            return None
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        response = dns.message.make_response(query, recursion_available=True)
        if manner is NameManner.POINTER_LOOP:
            return Reply(_pointer_loop(wire), self.server.delay_s, name=name)
        technique = self._fill(response, name, client=client, local=local, now=now)
        if manner is NameManner.TRUNCATE and over_udp:
            response = dns.message.make_response(query, recursion_available=True)
            response.flags |= dns.flags.TC
        return Reply(_to_wire(response, over_udp=over_udp), self.server.delay_s, technique, name)

    def _fill(
        self, response: dns.message.Message, name: str, *, client: str, local: str, now: float
    ) -> str:
        """Fill in the answer; return the technique that was played."""
        kind = dns.rdatatype.to_text(response.question[0].rdtype)
        match self.server.manner:
            case NameManner.SERVFAIL:
                response.set_rcode(dns.rcode.SERVFAIL)
                return ""
            case NameManner.REFUSED:
                response.set_rcode(dns.rcode.REFUSED)
                return ""
            case NameManner.CNAME_LOOP:
                _add(response, name, "CNAME", TTL_S, (f"loop.{name}.",))
                _add(response, f"loop.{name}", "CNAME", TTL_S, (f"{name}.",))
                return ""
            case _:
                pass
        self._questions += 1
        for lie in self.server.lies:
            if (
                lie.names.match(name)
                and (not lie.types or kind in lie.types)
                and self._questions % lie.every == 0
            ):
                _lie(response, lie, name, kind)
                return lie.row
        if self.server.authoritative:
            response.flags |= dns.flags.AA
        self._tell_truth(response, name, kind, client=client, local=local, now=now)
        return ""

    def _tell_truth(
        self,
        response: dns.message.Message,
        name: str,
        kind: str,
        *,
        client: str,
        local: str,
        now: float,
    ) -> None:
        ttl = TTL_S - self._age(name, now)
        for _ in range(8):
            records = self.zone.get(name)
            if records is None or records.cname is None:
                break
            _add(response, name, "CNAME", ttl, (records.cname + ".",))
            name = records.cname
        else:
            records = None
        if records is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif records.whoami and kind in {"A", "AAAA", "TXT"}:
            who = self.server.egress_of(kind, local)
            if name in self.server.tells_client:
                who = client
            if kind == "TXT":
                _add(response, name, kind, 0, (f'"{who}"',))
                return
            if (":" in who) == (kind == "AAAA"):
                _add(response, name, kind, 0, (who,))
                return
        elif texts := records.texts(kind):
            _add(response, name, kind, ttl, texts)
            return
        zone = ".".join(name.split(".")[-2:])
        response.authority.append(dns.rrset.from_text(f"{zone}.", 300, "IN", "SOA", _SOA))

    def _age(self, name: str, now: float) -> int:
        """Return for how many seconds the cache has held the name; authorities hold no cache."""
        if self.server.authoritative:
            return 0
        return int(now - self._cached_at.setdefault(name, now)) % TTL_S


def _lie(response: dns.message.Message, lie: Lie, name: str, kind: str) -> None:
    match lie.kind:
        case LieKind.NXDOMAIN:
            response.set_rcode(dns.rcode.NXDOMAIN)
        case LieKind.SERVFAIL:
            response.set_rcode(dns.rcode.SERVFAIL)
        case LieKind.REFUSED:
            response.set_rcode(dns.rcode.REFUSED)
        case LieKind.NODATA:
            pass
        case LieKind.BOGON | LieKind.BLOCKPAGE | LieKind.WRONG_ADDRESS | LieKind.CNAME:
            if lie.cname is not None:
                _add(response, name, "CNAME", lie.ttl_s, (lie.cname + ".",))
                name = lie.cname
            addresses = {"A": lie.a, "AAAA": lie.aaaa}.get(kind, ())
            if addresses:
                _add(response, name, kind, lie.ttl_s, addresses)
    if lie.ede is not None:
        code, text = lie.ede
        option = dns.edns.EDEOption(dns.edns.EDECode.make(code), text or None)
        response.use_edns(0, payload=1232, options=[option])


def _add(
    response: dns.message.Message, name: str, kind: str, ttl: int, texts: tuple[str, ...]
) -> None:
    owner = dns.name.from_text(name)
    for text in texts:
        # One set for each record: dnspython shuffles a set's records when it writes them.
        response.answer.append(dns.rrset.from_text(owner, ttl, "IN", kind, text))


def _to_wire(response: dns.message.Message, *, over_udp: bool) -> bytes:
    limit = (response.request_payload or 512) if over_udp else 65_535
    try:
        return response.to_wire(max_size=max(512, limit))
    except dns.exception.TooBig:
        response.answer.clear()
        response.authority.clear()
        response.flags |= dns.flags.TC
        return response.to_wire(max_size=65_535)


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
