"""Troubles that nobody means, at one target or for a while: boxes of the trial's own."""

from dataclasses import dataclass, field

from probe.lab.box import DROP, PASS, Box, BoxContext, Verdict, Where
from probe.lab.boxes.dns import DropQuestion
from probe.lab.boxes.ip import Reject, RoutingHole, SynAckRewrite
from probe.lab.boxes.tls_shape import ShapeDrop
from probe.lab.log import What
from probe.lab.packet import Packet, Side


@dataclass(kw_only=True, eq=False)
class Silence(Box):
    """Next to a server: its own firewall, or nobody, answers at these addresses and ports."""

    id = "silence"
    source = "techniques G05, E10: an origin that drops, or is not there"
    innocent = True
    where: Where = field(default_factory=Where)
    protocol: int | None = None

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Drop what goes there."""
        if toward is Side.CLIENT or self.protocol not in (None, packet.protocol):
            return PASS
        if not self.where.match(packet.destination, packet.destination_port):
            return PASS
        out.log(What.DROPPED, packet.flow(toward))
        return DROP


@dataclass(kw_only=True, eq=False)
class ClosedPort(SynAckRewrite):
    """Nothing listens: the server's own kernel answers with a reset, as late as it would accept."""

    id = "closed-port"
    source = "RFC 9293 section 3.10.7.1: a closed port answers a SYN with RST+ACK"
    innocent = True


@dataclass(kw_only=True, eq=False)
class LostRoute(RoutingHole):
    """A carrier has lost the route, by accident."""

    id = "lost-route"
    source = "techniques T05, told from a withdrawal by nothing that a client sees"
    innocent = True


@dataclass(kw_only=True, eq=False)
class Interruption(Box):
    """The line is dead for a while in the middle of a run."""

    id = "interruption"
    source = "techniques E08: a fault that starts and ends during a run"
    innocent = True
    starts_s: float = 5.0
    lasts_s: float = 30.0

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Drop everything while it lasts."""
        if not self.starts_s <= out.now < self.starts_s + self.lasts_s:
            return PASS
        out.log(What.DROPPED, packet.flow(toward))
        return DROP


@dataclass(kw_only=True, eq=False)
class Rejecting(Reject):
    """An origin's own firewall rejects: by default Red Hat's answers `host-prohibited`."""

    id = "rejecting"
    source = "iptables-extensions(8), REJECT; techniques G05"
    innocent = True
    # RFC 1812 section 5.2.7.1: communication with the host is administratively prohibited.
    code_v4: int = 10


@dataclass(kw_only=True, eq=False)
class HelloIntolerant(ShapeDrop):
    """A server's stack that falls silent at a hello newer than itself."""

    id = "intolerant"
    source = "RFC 8446 appendix D.3 (middleboxes and servers that do not tolerate new hellos)"
    innocent = True


@dataclass(kw_only=True, eq=False)
class WaitingForZone(DropQuestion):
    """Beside a resolver: it waits for a zone's servers longer than its clients wait for it."""

    id = "zone-silent"
    source = "RFC 1035 section 7.2; techniques G06 by silence"
    innocent = True
