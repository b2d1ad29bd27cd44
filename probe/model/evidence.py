"""All that is known about one endpoint when the judge is asked."""

from collections.abc import Iterable
from typing import TypeVar

from probe.model.base import Value
from probe.model.observation import (
    DnsObservation,
    HttpObservation,
    Observation,
    QuicObservation,
    StepBase,
    TcpObservation,
    TlsObservation,
)
from probe.model.target import Endpoint
from probe.model.verdict import VantageVerdict
from probe.model.words import Arm

T = TypeVar("T", bound=StepBase)


class Evidence(Value):
    """What the judge sees. Order of observations is order in time."""

    endpoint: Endpoint
    vantage: VantageVerdict
    observations: tuple[Observation, ...] = ()
    performed: frozenset[str] = frozenset()
    """Ids of experiments that were performed or refused by a budget: not to be asked again."""
    refused: frozenset[str] = frozenset()
    """Those of them that a budget or this machine refused."""

    def dns(self, *arms: Arm) -> tuple[DnsObservation, ...]:
        """DNS observations of these arms (all arms when none is named)."""
        return tuple(_pick(DnsObservation, self.observations, arms))

    def tcp(self, *arms: Arm) -> tuple[TcpObservation, ...]:
        """TCP observations of these arms."""
        return tuple(_pick(TcpObservation, self.observations, arms))

    def tls(self, *arms: Arm) -> tuple[TlsObservation, ...]:
        """TLS observations of these arms."""
        return tuple(_pick(TlsObservation, self.observations, arms))

    def http(self, *arms: Arm) -> tuple[HttpObservation, ...]:
        """HTTP observations of these arms."""
        return tuple(_pick(HttpObservation, self.observations, arms))

    def quic(self, *arms: Arm) -> tuple[QuicObservation, ...]:
        """QUIC observations of these arms."""
        return tuple(_pick(QuicObservation, self.observations, arms))


def _pick(kind: type[T], observations: Iterable[StepBase], arms: tuple[Arm, ...]) -> Iterable[T]:
    return (o for o in observations if isinstance(o, kind) and (not arms or o.arm in arms))
