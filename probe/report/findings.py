"""What a report is about: one run and all that was judged in it, live or from the store."""

from collections.abc import Mapping
from dataclasses import dataclass

from probe.model.run import Run
from probe.model.target import Catalogue, Endpoint
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict
from probe.model.words import Protocol


@dataclass(frozen=True, slots=True)
class Findings:
    """One run with its verdicts, in the catalogue's order."""

    run: Run
    vantage: VantageVerdict
    services: tuple[ServiceVerdict, ...]
    verdicts: tuple[Verdict, ...]
    endpoints: Mapping[str, Endpoint]
    """Those of the catalogue that verdicts speak of; a later catalogue may lack some."""
    names: Mapping[str, str]
    """{"instagram": "Instagram"}; a service that the catalogue lacks is called by its id."""

    def name(self, service: str) -> str:
        """Return what people call the service."""
        return self.names.get(service, service)

    def of(self, service: str) -> tuple[Verdict, ...]:
        """Return the verdicts about a service's endpoints."""
        return tuple(verdict for verdict in self.verdicts if verdict.service == service)


def findings(
    run: Run,
    vantage: VantageVerdict,
    services: tuple[ServiceVerdict, ...],
    verdicts: tuple[Verdict, ...],
    catalogue: Catalogue,
) -> Findings:
    """Put verdicts into the catalogue's order: workers end in any order, reports must not."""
    service_order = {service.id: place for place, service in enumerate(catalogue.services)}
    endpoint_order = {endpoint.id: place for place, endpoint in enumerate(catalogue.endpoints)}
    protocol_order = {protocol: place for place, protocol in enumerate(Protocol)}
    last = len(endpoint_order)
    measured = {verdict.endpoint for verdict in verdicts}
    return Findings(
        run=run,
        vantage=vantage,
        services=tuple(
            sorted(services, key=lambda s: (service_order.get(s.service, last), s.service))
        ),
        verdicts=tuple(
            sorted(
                verdicts,
                key=lambda v: (
                    service_order.get(v.service, last),
                    endpoint_order.get(v.endpoint, last),
                    v.endpoint,
                    protocol_order[v.protocol],
                    v.family or "",
                ),
            )
        ),
        endpoints={e.id: e for e in catalogue.endpoints if e.id in measured},
        names={service.id: service.name for service in catalogue.services},
    )
