"""Packets in words, as they pass the client: what `lab show` and `--trace` print."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from probe.lab.kernel import KernelNet
from probe.lab.log import Event
from probe.lab.packet import ACK, FIN, ICMP, ICMPV6, PSH, RST, SYN, TCP, UDP, Flow, Packet, Side
from probe.lab.reading.dns import read_question
from probe.lab.reading.hello import looks_like_tls, read_hello
from probe.lab.reading.http import looks_like_http, read_request
from probe.lab.virtual.net import VirtualNet

_FLAGS: Final = ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (PSH, "PSH"), (ACK, "ACK"))
# RFC 8446 section 5.1 and 4: content types and the first handshake message of a server.
_RECORDS: Final = {20: "change cipher", 21: "alert", 22: "handshake", 23: "data"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a trace: a packet at the client, or a deed of a box."""

    at_s: float
    flow: Flow
    words: str
    is_deed: bool = False


@dataclass(slots=True)
class Trace:
    """What passed the client and what the boxes did, in order."""

    keeps: bool = True
    """False: listens to nothing."""
    lines: list[Line] = field(default_factory=list)
    on_line: Callable[[Line], None] = lambda _: None

    def attach(self, net: VirtualNet | KernelNet) -> None:
        """Listen to a lab that was just opened."""
        if not self.keeps:
            return
        net.path.taps.append(self._packet)
        net.log.observers.append(self._event)

    def _packet(self, at_s: float, where: str, toward: Side, packet: Packet) -> None:
        if where == Side.CLIENT.value:
            arrow = "->" if toward is Side.SERVER else "<-"
            self._add(Line(at_s, flow_of(packet, toward), f"{arrow} {in_words(packet, toward)}"))

    def _event(self, event: Event) -> None:
        named = f" ({event.name})" if event.name else ""
        words = f"   box {event.box} {event.what.value}{named}"
        self._add(Line(event.at_s, event.flow, words, is_deed=True))

    def _add(self, line: Line) -> None:
        self.lines.append(line)
        self.on_line(line)


def print_line(line: Line) -> None:
    """Print one line of a trace to stderr, as it happens."""
    sys.stderr.write(f"{line.at_s:10.4f} s {line.words}\n")


def flow_of(packet: Packet, toward: Side) -> Flow:
    """Return the flow that a packet belongs to; an ICMP error's is that of what it quotes."""
    return packet.flow(toward)


def in_words(packet: Packet, toward: Side) -> str:
    """Say what a packet is: `SYN to 157.240.31.63:443`, `hello www.instagram.com, 517 bytes`."""
    far = packet.destination if toward is Side.SERVER else packet.source
    port = packet.destination_port if toward is Side.SERVER else packet.source_port
    end = f"[{far}]" if ":" in far else far
    if packet.protocol in (ICMP, ICMPV6):
        kind = f" {packet.icmp[0]}/{packet.icmp[1]}" if packet.icmp else ""
        return f"ICMP{kind} {'to' if toward is Side.SERVER else 'from'} {end}"
    where = f"{end}:{port}"
    if packet.protocol == UDP:
        return f"UDP {where} {_datagram(packet, port)}"
    flags = "+".join(word for bit, word in _FLAGS if packet.flags & bit)
    return f"TCP {where} {flags}{_segment(packet)}"


def _datagram(packet: Packet, port: int) -> str:
    size = len(packet.payload)
    if port == 53:
        question = read_question(packet.payload)
        if question is not None:
            return f"DNS {question.name}, {size} bytes"
    return f"{size} bytes"


def _segment(packet: Packet) -> str:
    payload = packet.payload
    if not payload:
        return ""
    size = f"{len(payload)} bytes"
    if looks_like_tls(payload):
        hello = read_hello(payload)
        if hello is not None:
            return f", hello for {hello.name or 'no name'}, {size}"
    if looks_like_http(payload):
        request = read_request(payload)
        if request is not None:
            return f", {request.method} {request.path} of {request.host}, {size}"
    if payload.startswith(b"HTTP/"):
        status = payload.split(b"\r\n", 1)[0].decode("latin-1")
        return f", {status}, {size}"
    if payload[0] in _RECORDS and payload[1:2] == b"\x03":
        return f", TLS {_RECORDS[payload[0]]}, {size}"
    return f", {size}"


def story_flows(
    trace: Trace, hosts: frozenset[str], addresses: frozenset[str], technique: str
) -> list[Flow]:
    """Return the flows worth showing: the first in which the technique's box acted, else the first.

    Only flows about the target: to its addresses, or in which its name was seen.
    """
    named = {
        line.flow
        for line in trace.lines
        if any(f"({host})" in line.words or f" {host}," in line.words for host in hosts)
    }
    own = [
        line
        for line in trace.lines
        if line.flow in named or (line.flow.server in addresses and line.flow.protocol == TCP)
    ]
    acted = [line.flow for line in own if line.is_deed and f"box {technique} " in line.words]
    flows = list(dict.fromkeys(acted or [line.flow for line in own]))
    return flows[:1]
