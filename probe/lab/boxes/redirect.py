"""Boxes that lead a connection to another server than it was meant for (S09 to S11, H08, D11).

Without names the first packet is redirected, as a NAT rule does. With names the connection goes to
the true server until the name is seen; then the box opens one to the other server in the client's
name and joins the two by shifting sequence numbers.
"""

from dataclasses import dataclass, field
from typing import Final

from probe.lab.box import DROP, PASS, BoxContext, Verdict, Where, replace_with
from probe.lab.boxes.forge import changed, segment_on
from probe.lab.boxes.watch import NameBox
from probe.lab.log import What
from probe.lab.packet import (
    ACK,
    PSH,
    RST,
    SEQUENCE_SPACE,
    SYN,
    TCP,
    UDP,
    Flow,
    Packet,
    Side,
)
from probe.lab.reading.hello import read_hello
from probe.lab.reading.http import read_request

# Small enough for any path of the lab.
_CHUNK_BYTES: Final = 1200
_TIMESTAMPS: Final = 8


@dataclass(slots=True)
class _Joint:
    """A connection that has been joined to another server."""

    original: tuple[str, int]
    target: tuple[str, int]
    first: Packet
    """The client's segment that completed the trigger."""
    hello: bytes
    shift: int | None = None
    """To add to the other server's sequence numbers; None until it has answered."""


@dataclass(kw_only=True, eq=False)
class Redirect(NameBox):
    """Leads connections (and datagrams) to the server at `to`."""

    # What comes back comes from another server.
    is_bound = False
    id = "S09"
    source = "RU22 (MITM certificates for blocked names); Kazakhstan 2019 (techniques S09)"
    where: Where = field(default_factory=lambda: Where(ports=frozenset({443})))
    to: tuple[str, str] = ("", "")
    """The other server's addresses, IPv4 and IPv6; a family without one is left alone."""
    to_port: int | None = None
    protocols: frozenset[int] = frozenset({TCP})
    _natted: dict[Flow, tuple[str, int]] = field(default_factory=dict, init=False, repr=False)
    """The redirected flow, with the other server's address, to the original address."""
    _syns: dict[Flow, Packet] = field(default_factory=dict, init=False, repr=False)
    _joints: dict[Flow, _Joint] = field(default_factory=dict, init=False, repr=False)
    _by_target: dict[Flow, Flow] = field(default_factory=dict, init=False, repr=False)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Redirect at once, or watch for the name."""
        if packet.protocol not in self.protocols or packet.fragment:
            return PASS
        flow = packet.flow(toward)
        if toward is Side.CLIENT:
            return self._from_server(packet, flow, out)
        if not self.where.match(flow.server, flow.server_port):
            return PASS
        target = self.to[flow.server.count(":") > 0]
        if not target:
            return PASS
        where = (target, self.to_port or flow.server_port)
        if not self.names.patterns:
            there = flow._replace(server=where[0], server_port=where[1])
            if there not in self._natted:
                out.log(What.REDIRECTED, flow)
            self._natted[there] = (flow.server, flow.server_port)
            return replace_with(changed(packet, destination=where[0], destination_port=where[1]))
        return self._from_client_by_name(packet, flow, where, out)

    def read(self, beginning: bytes) -> str | None:
        """Return the hello's or the request's name where it is hit."""
        hello, request = read_hello(beginning), read_request(beginning)
        name = hello.name if hello else request.host if request else None
        return name if self.names.match(name) else None

    def _from_server(self, packet: Packet, flow: Flow, out: BoxContext) -> Verdict:
        original = self._natted.get(flow)
        if original is not None:
            return replace_with(changed(packet, source=original[0], source_port=original[1]))
        if flow in self._joints:
            return DROP  # what the true server still says
        true_flow = self._by_target.get(flow)
        if true_flow is None:
            return PASS
        joint = self._joints[true_flow]
        if joint.shift is None:
            if packet.flags & SYN:
                self._join(joint, packet, out)
            return DROP
        return replace_with(
            changed(
                packet,
                source=joint.original[0],
                source_port=joint.original[1],
                seq=(packet.seq + joint.shift) % SEQUENCE_SPACE,
            )
        )

    def _from_client_by_name(
        self, packet: Packet, flow: Flow, target: tuple[str, int], out: BoxContext
    ) -> Verdict:
        if packet.flags & SYN:
            plain = changed(packet, options=_without_timestamps(packet.options))
            self._syns[flow] = plain
            self._joints.pop(flow, None)
            self._streams.feed(packet, flow)
            return replace_with(plain)
        joint = self._joints.get(flow)
        if joint is not None:
            if joint.shift is None:
                return DROP  # comes again
            return replace_with(_to_target(packet, joint))
        beginning = self._streams.feed(packet, flow)
        name = self.read(beginning) if beginning else None
        syn = self._syns.get(flow)
        if name is None or beginning is None or syn is None:
            return PASS
        out.log(What.MATCHED, flow, name)
        out.log(What.REDIRECTED, flow, name)
        there = flow._replace(server=target[0], server_port=target[1])
        self._joints[flow] = _Joint((flow.server, flow.server_port), target, packet, beginning)
        self._by_target[there] = flow
        out.inject(changed(segment_on(packet, RST), seq=packet.seq), Side.SERVER)
        out.inject(changed(syn, destination=target[0], destination_port=target[1]), Side.SERVER)
        return DROP

    def _join(self, joint: _Joint, syn_ack: Packet, out: BoxContext) -> None:
        """Finish the handshake with the other server and give it what the client has said."""
        joint.shift = joint.first.ack - (syn_ack.seq + 1)
        start = syn_ack.ack
        opened = changed(joint.first, seq=start, flags=ACK, payload=b"")
        out.inject(_to_target(opened, joint), Side.SERVER)
        for at in range(0, len(joint.hello), _CHUNK_BYTES):
            piece = changed(
                joint.first,
                seq=(start + at) % SEQUENCE_SPACE,
                flags=ACK | PSH,
                payload=joint.hello[at : at + _CHUNK_BYTES],
            )
            out.inject(_to_target(piece, joint), Side.SERVER)


@dataclass(kw_only=True, eq=False)
class BlockpageHost(Redirect):
    """HTTPS is led to the block page's host, whose certificate is for its own name."""

    id = "S10"
    source = "RU22 (CN=forbidden.citytelecom.ru)"


@dataclass(kw_only=True, eq=False)
class StateAuthority(Redirect):
    """HTTPS is led to a server whose certificate a state's authority has signed."""

    id = "S11"
    source = "NR23 (Russian Trusted Root CA); Kazakhstan 2015 to 2020 (from memory)"


@dataclass(kw_only=True, eq=False)
class TransparentProxy(Redirect):
    """Cleartext HTTP is led through a proxy that serves or filters."""

    id = "H08"
    source = "techniques H08 (Russia, providers)"
    where: Where = field(default_factory=lambda: Where(ports=frozenset({80})))


@dataclass(kw_only=True, eq=False)
class DnsProxy(Redirect):
    """All DNS, whatever resolver it is for, is led to the provider's."""

    id = "D11"
    source = "common in mobile networks (techniques D11)"
    where: Where = field(default_factory=lambda: Where(ports=frozenset({53})))
    protocols: frozenset[int] = frozenset({UDP, TCP})


def _to_target(packet: Packet, joint: _Joint) -> Packet:
    assert joint.shift is not None
    return changed(
        packet,
        destination=joint.target[0],
        destination_port=joint.target[1],
        ack=(packet.ack - joint.shift) % SEQUENCE_SPACE,
    )


def _without_timestamps(options: bytes) -> bytes:
    """Return TCP options with the timestamps blanked out: two servers' clocks do not agree."""
    kept = bytearray(options)
    at = 0
    while at < len(kept) and kept[at] != 0:
        if kept[at] == 1:
            at += 1
            continue
        length = kept[at + 1] if at + 1 < len(kept) else 0
        if length < 2:
            break
        if kept[at] == _TIMESTAMPS:
            kept[at : at + length] = b"\1" * length
        at += length
    return bytes(kept)
