"""Boxes that act on the name in a ClientHello (techniques S01 to S08, S13, S18, D16)."""

from dataclasses import dataclass, field
from typing import Final

from probe.lab.box import DROP, PASS, BoxContext, Key, Place, Verdict, replace_with
from probe.lab.boxes.forge import REACTION_S, changed, segment_back, segment_on
from probe.lab.boxes.watch import HelloBox
from probe.lab.log import What
from probe.lab.packet import ACK, FIN, PSH, RST, SYN, Flow, Packet, Side

# Guesses at where the stream will be when the RST arrives (GFW: 1 RST and up to 3 RST+ACK, seqs
# one and three full segments ahead; from memory).
_GUESSES: Final = (0, 1460, 4380)


@dataclass(kw_only=True, eq=False)
class SniReset(HelloBox):
    """Forged RSTs to both ends, sooner than the server could answer."""

    id = "S01"
    source = "RFC9505; GFW seconds from memory (techniques 1.9)"
    place: Place = Place.ON_PATH
    residual_s: float = 90.0
    residual_key: Key = Key.CLIENT_AND_SERVICE
    count: int = 3
    both_ends: bool = True
    shuts: bool = False
    """While it remembers, no connection is made any more: its RST answers the SYN already."""

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """Reset."""
        self._reset(packet, flow, name, out)
        return DROP if self.place is Place.IN_PATH else PASS

    def on_marked(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Reset new connections of the same client to the same service, whatever the name."""
        if toward is Side.SERVER and self.shuts and packet.flags & SYN:
            out.inject(segment_back(packet, RST | ACK), Side.CLIENT, after_s=REACTION_S)
            out.log(What.INJECTED, flow, "")
            return DROP if self.place is Place.IN_PATH else PASS
        if toward is Side.SERVER and not packet.flags & (SYN | RST):
            self._reset(packet, flow, "", out)
        return PASS

    def _reset(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> None:
        for number in range(self.count):
            shift = _GUESSES[number % len(_GUESSES)]
            after_s = REACTION_S + number * 0.0001
            out.inject(segment_back(packet, RST | ACK, shift=shift), Side.CLIENT, after_s=after_s)
            if self.both_ends:
                out.inject(segment_on(packet, RST | ACK, shift=shift), Side.SERVER, after_s=after_s)
        out.log(What.INJECTED, flow, name)


@dataclass(kw_only=True, eq=False)
class DohReset(SniReset):
    """DNS over HTTPS is reset by the resolver's name."""

    id = "D16"
    source = "OONI-TQ tq-026 (AS8997); China, Iran (techniques D16)"


@dataclass(kw_only=True, eq=False)
class NameAndAddressReset(SniReset):
    """Only the listed name at the listed addresses (`where`) is reset: registry pairs."""

    id = "S18"
    source = "RU22 (AS12389, BBC: two of four addresses)"


@dataclass(kw_only=True, eq=False)
class RewriteToReset(HelloBox):
    """The server's next packets reach the client cut and with the flags RST+ACK."""

    id = "S02"
    source = "TSPU22 type SNI-I; timers techniques 1.9"
    residual_s: float = 75.0

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """The hello itself passes."""
        del packet, flow, name, out
        return PASS

    def on_marked(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Rewrite what the server sends; what the client sends passes."""
        if toward is Side.SERVER or packet.flags & RST:
            return PASS
        out.log(What.REWROTE, flow)
        return replace_with(changed(packet, flags=RST | ACK, payload=b""))


@dataclass(kw_only=True, eq=False)
class DropAfterSome(HelloBox):
    """After the hello a few more packets pass either way, then none."""

    id = "S03"
    source = "TSPU22 type SNI-II (5 to 8 packets); timers techniques 1.9"
    residual_s: float = 420.0
    passes: int = 5
    drops_server_data_at_once: bool = True
    """As in the recorded behaviour (techniques 3.4): acknowledgements pass, the answer does not."""
    _passed: dict[Flow, int] = field(default_factory=dict, init=False, repr=False)

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """The hello itself passes."""
        del packet, name, out
        self._passed[flow] = 0
        return PASS

    def on_marked(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Let a few pass."""
        is_answer = toward is Side.CLIENT and bool(packet.payload)
        passed = self._passed.get(flow, 0)
        if passed < self.passes and not (is_answer and self.drops_server_data_at_once):
            self._passed[flow] = passed + 1
            return PASS
        out.log(What.DROPPED, flow)
        return DROP


@dataclass(kw_only=True, eq=False)
class DropFlow(HelloBox):
    """The hello and everything after it vanish."""

    id = "S04"
    source = "TSPU22 type SNI-IV; retransmissions 0.30, 0.59, 1.22 s (techniques S04)"
    residual_s: float = 40.0

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """Drop the hello."""
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
class DropAnswer(HelloBox):
    """The hello arrives and is acknowledged; the server's data vanish."""

    id = "S05"
    source = "techniques S05"
    residual_s: float = 420.0

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """The hello itself passes."""
        del packet, flow, name, out
        return PASS

    def on_marked(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Drop segments with data from the server."""
        if toward is Side.SERVER or not packet.payload:
            return PASS
        out.log(What.DROPPED, flow)
        return DROP


@dataclass(kw_only=True, eq=False)
class DropHello(HelloBox):
    """Each segment that completes the hello vanishes, and nothing else."""

    id = "S06"
    source = "RU22 (BBC, AS16345, AS31257: timeout after ClientHello)"

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """Drop."""
        del packet
        out.log(What.DROPPED, flow, name)
        return DROP


@dataclass(kw_only=True, eq=False)
class FinAfterHello(HelloBox):
    """The client gets a FIN for its hello, the server a RST; nothing passes afterwards."""

    id = "T08"
    source = "RU22 (BBC: 4 networks; AS31163 closed 54 connections to Facebook)"
    residual_s: float = 60.0

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """Close politely."""
        out.inject(segment_back(packet, FIN | ACK), Side.CLIENT, after_s=REACTION_S)
        out.inject(changed(segment_on(packet, RST), seq=packet.seq), Side.SERVER)
        out.log(What.INJECTED, flow, name)
        return DROP

    def on_marked(self, packet: Packet, toward: Side, flow: Flow, out: BoxContext) -> Verdict:
        """Acknowledge the client's own FIN, drop the rest."""
        if toward is Side.SERVER and packet.flags & FIN:
            out.inject(segment_back(packet, ACK), Side.CLIENT)
        out.log(What.DROPPED, flow)
        return DROP


@dataclass(kw_only=True, eq=False)
class AlertAfterHello(FinAfterHello):
    """The client gets a forged fatal alert and a FIN."""

    id = "S08"
    source = "firewalls (from memory); RFC 8446 section 6.2"
    alert: int = 40
    """40 handshake_failure, 49 access_denied, 112 unrecognized_name, 80 internal_error."""

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """Alert, and close."""
        record = b"\x15\x03\x03\x00\x02\x02" + bytes((self.alert,))
        alert = segment_back(packet, PSH | ACK | FIN, record)
        out.inject(alert, Side.CLIENT, after_s=REACTION_S)
        out.inject(changed(segment_on(packet, RST), seq=packet.seq), Side.SERVER)
        out.log(What.INJECTED, flow, name)
        return DROP
