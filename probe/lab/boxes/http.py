"""Boxes that act on cleartext HTTP (techniques H01 to H07, H09 to H12)."""

from dataclasses import dataclass, field
from typing import Literal

from probe.lab.box import DROP, PASS, Box, BoxContext, Key, Place, Verdict, Where, replace_with
from probe.lab.boxes.forge import REACTION_S, changed, segment_back, segment_on
from probe.lab.boxes.ip import PortDrop
from probe.lab.boxes.watch import RequestBox
from probe.lab.log import What
from probe.lab.packet import ACK, FIN, PSH, RST, SYN, TCP, Flow, Packet, Side
from probe.lab.reading.http import Request, looks_like_http

_PAGE = (
    "<html><head><title>Access restricted</title></head><body><h1>Access to this resource is "
    "restricted</h1><p>by decision of the competent authority.</p></body></html>"
)


def response(status: str, body: str, *headers: str) -> bytes:
    """Return a whole HTTP/1.1 response, as terse as boxes write them."""
    content = body.encode()
    head = "\r\n".join((f"HTTP/1.1 {status}", "Content-Type: text/html; charset=utf-8", *headers))
    return f"{head}\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode() + (
        content
    )


@dataclass(kw_only=True, eq=False)
class PageInjection(RequestBox):
    """A forged response, then FIN; the server's own answer comes too late or not at all."""

    id = "H01"
    source = "RU22 (BBC over HTTP: 17 networks with honest DNS)"
    answer: bytes = response("200 OK", _PAGE)
    residual_s: float = 10.0
    """The connection's rest is eaten (in the path), so that the forged FIN ends it."""

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """Answer in the server's stead and get rid of the server."""
        page = segment_back(packet, PSH | ACK | FIN, self.answer)
        out.inject(page, Side.CLIENT, after_s=REACTION_S)
        out.log(What.INJECTED, flow, name)
        if self.place is Place.ON_PATH:
            out.inject(segment_on(packet, RST | ACK), Side.SERVER, after_s=REACTION_S)
            return PASS
        out.inject(changed(segment_on(packet, RST), seq=packet.seq), Side.SERVER)
        return DROP

    def on_marked(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Finish the forged connection; the true one is dead."""
        if self.place is Place.ON_PATH:
            return PASS
        if toward is Side.SERVER and packet.flags & FIN:
            out.inject(segment_back(packet, ACK), Side.CLIENT)
        out.log(What.DROPPED, flow)
        return DROP


@dataclass(kw_only=True, eq=False)
class RedirectInjection(PageInjection):
    """A forged redirect to the provider's or the regulator's page."""

    id = "H02"
    source = "RU22; India, Indonesia (techniques H02)"
    answer: bytes = response("302 Found", "", "Location: http://blocked.isp.example/")


@dataclass(kw_only=True, eq=False)
class StatusInjection(PageInjection):
    """A forged 403, 404 or empty 200."""

    id = "H03"
    source = "India (techniques H03)"
    answer: bytes = response("403 Forbidden", "<h1>Forbidden</h1>")


@dataclass(kw_only=True, eq=False)
class LegalStatusInjection(PageInjection):
    """A forged 451."""

    id = "H04"
    source = "RFC 7725; EU and UK providers (from memory)"
    answer: bytes = response("451 Unavailable For Legal Reasons", "<h1>Blocked</h1>")


@dataclass(kw_only=True, eq=False)
class FrameInjection(PageInjection):
    """A forged page that is one frame with an internal address."""

    id = "H11"
    source = "Iran, 10.10.34.34 (from memory)"
    answer: bytes = response(
        "403 Forbidden",
        '<html><head><title>M1-6</title></head><body><iframe src="http://10.10.34.34?type=Invalid '
        'Site&policy=MainPolicy" style="width: 100%; height: 100%"></iframe></body></html>',
    )


@dataclass(kw_only=True, eq=False)
class HostReset(RequestBox):
    """RSTs to both ends after the Host header."""

    id = "H05"
    source = "China (90 s: RFC9505, from memory); Turkey (N4P-413)"
    place: Place = Place.ON_PATH
    residual_s: float = 90.0
    residual_key: Key = Key.CLIENT_AND_SERVICE

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """Reset."""
        for number in range(3):
            after_s = REACTION_S + number * 0.0001
            out.inject(segment_back(packet, RST | ACK), Side.CLIENT, after_s=after_s)
            out.inject(segment_on(packet, RST | ACK), Side.SERVER, after_s=after_s)
        out.log(What.INJECTED, flow, name)
        return DROP if self.place is Place.IN_PATH else PASS

    def on_marked(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Reset new connections to the same service."""
        if toward is Side.SERVER and not packet.flags & (SYN | RST):
            return self.on_trigger(packet, flow, "", out)
        return PASS


@dataclass(kw_only=True, eq=False)
class KeywordReset(HostReset):
    """RSTs after a word in the path, whatever the Host."""

    id = "H07"
    source = "China (from memory)"
    words: tuple[str, ...] = ()

    def hits(self, request: Request) -> bool:
        """Look into the path."""
        return any(word in request.path for word in self.words)


@dataclass(kw_only=True, eq=False)
class HostDrop(RequestBox):
    """The request and everything after it vanish."""

    id = "H06"
    source = "RU, IR (techniques H06)"
    residual_s: float = 40.0

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """Drop the request."""
        del packet
        out.log(What.DROPPED, flow, name)
        return DROP

    def on_marked(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Drop everything; each packet of the client starts the timer again."""
        del packet
        if toward is Side.SERVER:
            self._residue.remember(flow, out.now)
        out.log(What.DROPPED, flow)
        return DROP


@dataclass(kw_only=True, eq=False)
class BodyTamper(RequestBox):
    """The answer's body is cut short, or words in it are replaced by others of the same length."""

    id = "H09"
    source = "Great Cannon 2015 (from memory); providers' advertisements (techniques H09)"
    residual_s: float = 60.0
    kind: Literal["truncate", "replace"] = "truncate"
    after_bytes: int = 1000
    """Where `truncate` ends the stream with a FIN."""
    words: tuple[bytes, bytes] = (b"</body>", b"<!---->")
    """What `replace` finds and puts, equally long."""
    _sent: dict[Flow, int] = field(default_factory=dict, init=False, repr=False)
    _ended: set[Flow] = field(default_factory=set, init=False, repr=False)

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """The request itself passes."""
        del packet, name, out
        self._sent[flow] = 0
        self._ended.discard(flow)
        return PASS

    def on_marked(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Change the answer."""
        if flow in self._ended:
            if toward is Side.SERVER and packet.flags & FIN:
                out.inject(segment_back(packet, ACK), Side.CLIENT)
            out.log(What.DROPPED, flow)
            return DROP
        if toward is Side.SERVER or not packet.payload:
            return PASS
        if self.kind == "replace":
            found, put = self.words
            if found not in packet.payload:
                return PASS
            out.log(What.REWROTE, flow)
            return replace_with(changed(packet, payload=packet.payload.replace(found, put)))
        left = self.after_bytes - self._sent[flow]
        self._sent[flow] += len(packet.payload)
        if len(packet.payload) < left:
            return PASS
        self._ended.add(flow)
        out.log(What.REWROTE, flow)
        return replace_with(
            changed(packet, payload=packet.payload[:left], flags=packet.flags | FIN)
        )


@dataclass(kw_only=True, eq=False)
class HeaderRewrite(Box):
    """A proxy writes its own spelling of the request's header: `Host:` becomes `HOST:`."""

    id = "H10"
    source = "OONI header field manipulation test (techniques H10)"
    where: Where = field(default_factory=lambda: Where(ports=frozenset({80})))

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Change requests, without changing their length."""
        if toward is Side.CLIENT or packet.protocol != TCP or not packet.payload:
            return PASS
        flow = packet.flow(toward)
        if not self.where.match(flow.server, flow.server_port):
            return PASS
        if not looks_like_http(packet.payload):
            return PASS
        head, end, body = packet.payload.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        written = [lines[0]] + [
            key.upper() + colon + value
            for key, colon, value in (line.partition(b":") for line in lines[1:])
        ]
        payload = b"\r\n".join(written) + end + body
        if payload == packet.payload:
            return PASS
        out.log(What.REWROTE, flow)
        return replace_with(changed(packet, payload=payload))


@dataclass(kw_only=True, eq=False)
class HttpsSuppressed(PageInjection):
    """Port 443 of the address is dropped; port 80 answers the block page."""

    # Port 443 has a rule of its own.
    is_bound = False
    id = "H12"
    source = "many (techniques H12)"
    https: Where = field(default_factory=lambda: Where(ports=frozenset({443})))

    def __post_init__(self) -> None:
        super().__post_init__()
        self._drop = PortDrop(where=self.https)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Do both."""
        verdict = self._drop.on_packet(packet, toward, out)
        return verdict if verdict is not PASS else super().on_packet(packet, toward, out)
