"""Boxes that read DNS questions: forgers, racers, droppers (techniques D05, D09 to D19)."""

# ruff: noqa: RUF009  (Names, Where and Forgery are frozen: sharing them is safe)

from dataclasses import dataclass, field

from probe.lab.box import DROP, PASS, Box, BoxContext, Names, Place, Verdict, Where
from probe.lab.boxes.forge import REACTION_S, datagram_back, segment_back, segment_on
from probe.lab.boxes.watch import DnsStreamBox
from probe.lab.log import What
from probe.lab.packet import ACK, DEFAULT_TTL, RST, TCP, UDP, Flow, Packet, Side
from probe.lab.reading.dns import (
    HTTPS,
    NXDOMAIN,
    Forgery,
    Question,
    forge_answer,
    read_question,
)


def _port_53() -> Where:
    return Where(ports=frozenset({53}))


@dataclass(kw_only=True, eq=False)
class QuestionBox(Box):
    """Acts on UDP questions for a name, whichever address they are sent to."""

    is_bound = True
    names: Names = field(default_factory=Names)
    where: Where = field(default_factory=_port_53)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Look at questions only."""
        if packet.protocol != UDP or toward is Side.CLIENT or packet.fragment:
            return PASS
        if not self.where.match(packet.destination, packet.destination_port):
            return PASS
        question = read_question(packet.payload)
        if question is None or not self.hits(question):
            return PASS
        return self.on_question(question, packet, packet.flow(toward), out)

    def hits(self, question: Question) -> bool:
        """Say whether the rule hits; by name, unless a subclass knows better."""
        return self.names.match(question.name)

    def on_question(
        self, question: Question, packet: Packet, flow: Flow, out: BoxContext
    ) -> Verdict:
        """Decide about a question that is hit."""
        raise NotImplementedError


@dataclass(kw_only=True, eq=False)
class Race(QuestionBox):
    """Forged answers come first; the question passes, and the true answer follows."""

    id = "D09"
    source = "OONI-TQ tq-002, tq-016; three injectors in China (from memory)"
    place: Place = Place.ON_PATH
    forgeries: tuple[Forgery, ...] = (Forgery(("59.24.3.174", "2001::1")),)
    """Each is sent, one after another."""
    ttl: int = DEFAULT_TTL
    """The forged packets' initial TTL."""

    def on_question(
        self, question: Question, packet: Packet, flow: Flow, out: BoxContext
    ) -> Verdict:
        """Inject, and let pass."""
        for number, forgery in enumerate(self.forgeries, start=1):
            answer = datagram_back(packet, forge_answer(question, forgery), ttl=self.ttl)
            out.inject(answer, Side.CLIENT, after_s=number * REACTION_S)
            out.log(What.INJECTED, flow, question.name)
        return PASS


@dataclass(kw_only=True, eq=False)
class InPathAnswer(QuestionBox):
    """The question is eaten and answered by the box, even one to an address without a resolver."""

    id = "D10"
    source = "OONI-TQ tq-005 (Green Web, Iran: one forged answer, TTL 418 that never ticks)"
    forgery: Forgery = Forgery(("10.10.34.35", "d0::11"), ttl=418)

    def on_question(
        self, question: Question, packet: Packet, flow: Flow, out: BoxContext
    ) -> Verdict:
        """Answer in the resolver's stead."""
        answer = datagram_back(packet, forge_answer(question, self.forgery))
        out.inject(answer, Side.CLIENT, after_s=REACTION_S)
        out.log(What.INJECTED, flow, question.name)
        return DROP


@dataclass(kw_only=True, eq=False)
class Bogon(InPathAnswer):
    """The forged answer is an address that cannot be a public host's."""

    id = "D05"
    source = "TR23 (Vodafone Turkey, Twitter, 127.0.0.1); Iran 10.10.34.34-36 (from memory)"
    forgery: Forgery = Forgery(("127.0.0.1", "::1"))


@dataclass(kw_only=True, eq=False)
class DropQuestion(QuestionBox):
    """Questions for the name vanish; over TCP they pass."""

    id = "D12"
    source = "techniques D12"

    def on_question(
        self, question: Question, packet: Packet, flow: Flow, out: BoxContext
    ) -> Verdict:
        """Drop."""
        del packet
        out.log(What.DROPPED, flow, question.name)
        return DROP


@dataclass(kw_only=True, eq=False)
class DropResolvers(Box):
    """Everything to the listed resolvers' port 53 vanishes, UDP and TCP, whatever the name."""

    id = "D13"
    source = "N4P-516 (Russia 2025: 1.1.1.1, 9.9.9.9 and Yandex DNS died, 8.8.8.8 lived)"
    where: Where = field(default_factory=_port_53)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Drop by address and port."""
        flow = packet.flow(toward)
        if flow.protocol not in (UDP, TCP):
            return PASS
        if not self.where.match(flow.server, flow.server_port):
            return PASS
        out.log(What.DROPPED, flow)
        return DROP


@dataclass(kw_only=True, eq=False)
class ResetQuestion(DnsStreamBox):
    """DNS over TCP is reset once the name has been seen."""

    id = "D14"
    source = "China (from memory)"
    place: Place = Place.ON_PATH

    def on_trigger(self, packet: Packet, flow: Flow, name: str, out: BoxContext) -> Verdict:
        """Reset both ends."""
        out.inject(segment_back(packet, RST | ACK), Side.CLIENT, after_s=REACTION_S)
        out.inject(segment_on(packet, RST | ACK), Side.SERVER, after_s=REACTION_S)
        out.log(What.INJECTED, flow, name)
        return PASS


@dataclass(kw_only=True, eq=False)
class Canary(InPathAnswer):
    """Browsers' canary is answered NXDOMAIN, which turns their DoH off."""

    id = "D17"
    source = "Mozilla, canary domain use-application-dns.net (techniques D17)"
    names: Names = Names(("use-application-dns.net",))
    forgery: Forgery = Forgery(rcode=NXDOMAIN)


@dataclass(kw_only=True, eq=False)
class StripServiceBinding(InPathAnswer):
    """HTTPS (type 65) questions are answered empty, or dropped; A and AAAA pass."""

    id = "D18"
    source = "techniques D18 (from memory)"
    names: Names = Names(("*",))
    forgery: Forgery = Forgery()
    drops: bool = False

    def hits(self, question: Question) -> bool:
        """Hit type 65 only."""
        return question.kind == HTTPS and super().hits(question)

    def on_question(
        self, question: Question, packet: Packet, flow: Flow, out: BoxContext
    ) -> Verdict:
        """Drop, or answer that there is none."""
        if self.drops:
            out.log(What.DROPPED, flow, question.name)
            return DROP
        return super().on_question(question, packet, flow, out)


@dataclass(kw_only=True, eq=False)
class AdmittedLie(InPathAnswer):
    """A forged NXDOMAIN that says so: extended error 16, Censored."""

    id = "D19"
    source = "RFC 8914 section 4.17; some EU resolvers (from memory)"
    forgery: Forgery = Forgery(rcode=NXDOMAIN, ede=(16, "blocked by court order"))
