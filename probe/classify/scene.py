"""One verdict in the making: the facts seen through one protocol and one address family."""

from dataclasses import dataclass
from functools import cached_property

from probe.classify.facts import Facts
from probe.classify.look_dns import DnsLook
from probe.classify.look_http import HttpLook
from probe.classify.look_pace import PaceLook
from probe.classify.look_quic import QuicLook
from probe.classify.look_tcp import TcpLook
from probe.classify.look_tls import TlsLook
from probe.model.words import Family, Protocol


@dataclass(frozen=True)
class Scene:
    """What the rules, the rivals and the questions of one verdict look at."""

    facts: Facts
    protocol: Protocol
    family: Family | None

    @property
    def host(self) -> str:
        """The name under test."""
        return self.facts.host

    @cached_property
    def dns(self) -> DnsLook:
        """The DNS layer."""
        return DnsLook(self.facts, self.family)

    @cached_property
    def tcp(self) -> TcpLook:
        """The TCP layer."""
        return TcpLook(self.facts, self.family)

    @cached_property
    def tls(self) -> TlsLook:
        """The TLS layer."""
        return TlsLook(self.facts, self.family)

    @cached_property
    def http(self) -> HttpLook:
        """The HTTP layer."""
        return HttpLook(self.facts, self.family)

    @cached_property
    def pace(self) -> PaceLook:
        """How fast it came."""
        return PaceLook(self.facts, self.family)

    @cached_property
    def quic(self) -> QuicLook:
        """The QUIC layer."""
        return QuicLook(self.facts, self.family)
