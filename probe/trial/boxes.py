"""Troubles that nobody means, at one target or for a while: boxes of the trial's own."""

from dataclasses import dataclass, field

from probe.lab.box import DROP, PASS, Box, BoxContext, Verdict, Where, delay_by
from probe.lab.boxes.dns import DropQuestion
from probe.lab.boxes.ip import Reject, RoutingHole, SynAckRewrite
from probe.lab.boxes.tls_shape import ShapeDrop
from probe.lab.log import What
from probe.lab.packet import Flow, Packet, Side
from probe.lab.worlds.trouble import Portal


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


@dataclass(kw_only=True, eq=False)
class Radio(Box):
    """A mobile line: after some idleness the first packets wait until the radio has woken up."""

    id = "radio"
    source = "3GPP TS 36.331 (RRC_IDLE to RRC_CONNECTED); techniques E08"
    innocent = True
    idle_s: float = 2.0
    wakes_s: float = 0.8
    _last_s: float = field(default=float("-inf"), init=False, repr=False)
    _awake_s: float = field(default=0.0, init=False, repr=False)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Hold back what comes while it wakes."""
        del packet, toward
        if out.now - self._last_s > self.idle_s:
            self._awake_s = out.now + self.wakes_s
        self._last_s = max(out.now, self._awake_s)
        return delay_by(self._awake_s - out.now) if out.now < self._awake_s else PASS


@dataclass(kw_only=True, eq=False)
class ForgetfulNat(Box):
    """A NAT that forgets idle flows within seconds, and drops what comes of them afterwards."""

    id = "forgetful-nat"
    source = "RFC 4787 section 4.3, RFC 5382 section 5: what a NAT ought not to do"
    innocent = True
    idle_s: float = 8.0
    _seen_s: dict[Flow, float] = field(default_factory=dict, init=False, repr=False)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Drop what belongs to a forgotten flow."""
        flow = packet.flow(toward)
        last_s = self._seen_s.get(flow, out.now)
        if out.now - last_s > self.idle_s:
            out.log(What.DROPPED, flow)
            return DROP
        self._seen_s[flow] = out.now
        return PASS


@dataclass(kw_only=True, eq=False)
class LatePortal(Portal):
    """A portal that closes in the middle of a run: the guest's hour is over."""

    starts_s: float = 12.0

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Let everything pass until then."""
        return super().on_packet(packet, toward, out) if out.now >= self.starts_s else PASS
