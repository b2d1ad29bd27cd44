"""Equipment that means no harm: empty addresses, dead lines, closed protocols, portals.

A box here never makes a world a blocking one, save where a row of the techniques says so.
"""

from dataclasses import dataclass, field, replace

from probe.lab.box import DROP, PASS, Box, BoxContext, Verdict, Where, replace_with
from probe.lab.boxes.redirect import Redirect
from probe.lab.log import What
from probe.lab.packet import TCP, UDP, Flow, Packet, Side


@dataclass(kw_only=True, eq=False)
class Vacant(Box):
    """Nobody lives at an address: what is sent there is lost, as beyond any real last router."""

    id = "E10"
    source = "techniques E10: the site is down"
    innocent = True
    inhabited: frozenset[str] = frozenset()

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Drop what goes to an address without a server."""
        if toward is Side.CLIENT or packet.destination in self.inhabited:
            return PASS
        out.log(What.DROPPED, packet.flow(toward))
        return DROP


@dataclass(kw_only=True, eq=False)
class Outage(Box):
    """Everything of a kind is lost: all of it, one family, one protocol, some ports."""

    id = "E11"
    source = "techniques E06, E11: lines and protocols that do not work"
    innocent = True
    where: Where = field(default_factory=Where)
    protocol: int | None = None
    spares: frozenset[str] = frozenset()
    """Addresses that are reached all the same."""

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Drop what it covers, both ways."""
        flow = packet.flow(toward)
        if self.protocol is not None and packet.protocol != self.protocol:
            return PASS
        if flow.server in self.spares or not self.where.match(flow.server, flow.server_port):
            return PASS
        out.log(What.DROPPED, flow)
        return DROP


@dataclass(kw_only=True, eq=False)
class BrokenIpv6(Outage):
    """E06: addresses and a route are there, and nothing comes back."""

    id = "E06"


@dataclass(kw_only=True, eq=False)
class Interceptor(Redirect):
    """Every HTTPS connection ends at a program of this machine or office, which shows its own."""

    id = "E02"
    source = "techniques E02: antivirus, corporate TLS interception"
    innocent = True


@dataclass(kw_only=True, eq=False)
class Portal(Box):
    """E01: a captive portal: web traffic ends at its own server, nothing else passes.

    TCP/80 and TCP/443 are rewritten to the portal's address and back (a DNAT, as hotel gateways
    do); DNS to the access network's resolver passes.
    """

    id = "E01"
    source = "techniques E01; RFC 8952 section 2.6"
    innocent = True
    portal: tuple[str, str] = ("", "")
    """Its web server's address, IPv4 and IPv6."""
    spares: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset({80, 443})
    """What is led to the portal; other ports of the web are dropped like everything else."""
    _flows: dict[tuple[int, str, int, str, int], str] = field(default_factory=dict)

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Turn web traffic aside; drop the rest."""
        flow = packet.flow(toward)
        if flow.server in self.spares:
            return PASS
        portal = self.portal[packet.version == 6]
        if toward is Side.CLIENT:
            meant = self._flows.get(_at_portal(flow, portal))
            if flow.server != portal or meant is None:
                return PASS if packet.icmp is not None else DROP
            return replace_with(replace(packet, source=meant, raw=None))
        if packet.protocol == TCP and flow.server_port in self.ports:
            self._flows[_at_portal(flow, portal)] = flow.server
            out.log(What.REDIRECTED, flow)
            return replace_with(replace(packet, destination=portal, raw=None))
        if packet.protocol in {TCP, UDP}:
            out.log(What.DROPPED, flow)
            return DROP
        return PASS


def _at_portal(flow: Flow, portal: str) -> tuple[int, str, int, str, int]:
    return (flow.protocol, flow.client, flow.client_port, portal, flow.server_port)
