"""Boxes that act on a name in the client's first bytes: one base for TLS, HTTP and DNS over TCP."""

from collections.abc import Callable
from dataclasses import dataclass, field

from probe.lab.box import PASS, Box, BoxContext, Key, Names, Residue, Verdict, Where
from probe.lab.log import What
from probe.lab.packet import SYN, TCP, Flow, Packet, Side
from probe.lab.reading.dns import read_question
from probe.lab.reading.hello import Hello, looks_like_tls, read_hello, read_hello_message
from probe.lab.reading.http import Request, looks_like_http, read_request
from probe.lab.reading.prefix import Prefix, TcpPrefix
from probe.lab.reading.quic import read_initials

# What a reader makes of the beginning of a stream: a name (perhaps empty), or None for "not yet".
Reader = Callable[[bytes], str | None]


@dataclass(slots=True)
class Streams:
    """The beginnings of the client's streams that a box is reading."""

    _prefixes: dict[Flow, TcpPrefix] = field(default_factory=dict)

    def feed(self, packet: Packet, flow: Flow) -> bytes | None:
        """Add a client's segment; return the beginning if the segment is part of it."""
        prefix = self._prefixes.get(flow)
        if packet.flags & SYN or prefix is None:
            prefix = self._prefixes[flow] = TcpPrefix.after(packet)
        if not packet.payload:
            return None
        prefix.feed(packet)
        return prefix.data


@dataclass(slots=True)
class QuicHellos:
    """The hellos in the clients' QUIC Initials, which may span several datagrams."""

    _known: dict[Flow, tuple[bytes, Prefix]] = field(default_factory=dict)

    def feed(self, packet: Packet, flow: Flow) -> Hello | None:
        """Add a client's datagram; return the flow's hello once it is whole."""
        known = self._known.get(flow)
        for initial in read_initials(packet.payload, known[0] if known else None):
            if known is None:
                known = self._known[flow] = (initial.header.destination_id, Prefix())
            for offset, data in initial.crypto:
                known[1].feed(offset, data)
        return read_hello_message(known[1].data) if known else None


@dataclass(kw_only=True, eq=False)
class NameBox(Box):
    """Watches TCP from the client; `on_trigger` for the segment that completes a hit.

    Afterwards, and while the residue lasts, every packet of what it remembers goes to `on_marked`.
    """

    is_bound = True
    names: Names = field(default_factory=Names)
    where: Where = field(default_factory=Where)
    residual_s: float = 0.0
    residual_key: Key = Key.FLOW
    _streams: Streams = field(default_factory=Streams, init=False, repr=False)
    _residue: Residue = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._residue = self.residue(self.residual_key, self.residual_s)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Look for the trigger, or punish what is marked already."""
        if packet.protocol != TCP or packet.fragment:
            return PASS
        flow = packet.flow(toward)
        if not self.where.match(flow.server, flow.server_port):
            return PASS
        if self._residue.holds(flow, out.now):
            return self.on_marked(packet, toward, flow, out)
        if toward is Side.CLIENT:
            return PASS
        beginning = self._streams.feed(packet, flow)
        if not beginning:
            return PASS
        name = self.read(beginning)
        if name is None:
            return PASS
        self._residue.remember(flow, out.now)
        out.log(What.MATCHED, flow, name)
        return self.on_trigger(packet, flow, name, out)

    def read(self, beginning: bytes) -> str | None:
        """Return the name if the rule hits what the stream begins with, else None."""
        raise NotImplementedError

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """Decide about the segment that completed the trigger."""
        raise NotImplementedError

    def on_marked(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Decide about a later packet, while the residue lasts."""
        del packet, toward, flow, out
        return PASS


@dataclass(kw_only=True, eq=False)
class HelloBox(NameBox):
    """Acts on a ClientHello, on any port."""

    def read(self, beginning: bytes) -> str | None:
        """Return the server name where the rule hits the hello."""
        if not looks_like_tls(beginning):
            return None
        hello = read_hello(beginning)
        if hello is None or not self.hits(hello):
            return None
        return hello.name or ""

    def hits(self, hello: Hello) -> bool:
        """Say whether the rule hits; by its name, unless a subclass knows better."""
        return self.names.match(hello.name)


@dataclass(kw_only=True, eq=False)
class RequestBox(NameBox):
    """Acts on the head of a cleartext HTTP request, on any port."""

    def read(self, beginning: bytes) -> str | None:
        """Return the Host where the rule hits the request."""
        if not looks_like_http(beginning):
            return None
        request = read_request(beginning)
        if request is None or not self.hits(request):
            return None
        return request.host or ""

    def hits(self, request: Request) -> bool:
        """Say whether the rule hits; by Host, unless a subclass knows better."""
        return self.names.match(request.host)


@dataclass(kw_only=True, eq=False)
class DnsStreamBox(NameBox):
    """Acts on a question over TCP."""

    where: Where = field(default_factory=lambda: Where(ports=frozenset({53})))

    def read(self, beginning: bytes) -> str | None:
        """Return the name asked for where the rule hits it."""
        length = int.from_bytes(beginning[:2], "big")
        if len(beginning) < 2 + length:
            return None
        question = read_question(beginning[2 : 2 + length])
        return question.name if question and self.names.match(question.name) else None
