"""One verdict in the making: the facts seen through one protocol and one address family."""

from dataclasses import dataclass

from probe.classify.facts import Facts
from probe.classify.look_dns import DnsLook
from probe.classify.look_http import HttpLook
from probe.classify.look_pace import PaceLook
from probe.classify.look_quic import QuicLook
from probe.classify.look_tcp import TcpLook
from probe.classify.look_tls import TlsLook
from probe.classify.remember import once
from probe.model.words import Family, Protocol


@dataclass(frozen=True)
class Scene:
    """What the rules, the rivals and the questions of one verdict look at."""

    facts: Facts
    protocol: Protocol
    family: Family | None
    dns: DnsLook
    """The DNS layer: shared by the protocols of one family."""

    @property
    def host(self) -> str:
        """The name under test."""
        return self.facts.host

    @once
    def tcp(self) -> TcpLook:
        """The TCP layer."""
        return TcpLook(self.facts, self.family)

    @once
    def tls(self) -> TlsLook:
        """The TLS layer."""
        return TlsLook(self.facts, self.family)

    @once
    def http(self) -> HttpLook:
        """The HTTP layer."""
        return HttpLook(self.facts, self.family)

    @once
    def pace(self) -> PaceLook:
        """How fast it came."""
        return PaceLook(self.facts, self.family)

    @once
    def quic(self) -> QuicLook:
        """The QUIC layer."""
        return QuicLook(self.facts, self.family)
