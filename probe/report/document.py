"""The one JSON object that `--json` prints: everything a program needs, nothing to be parsed."""

from typing import Literal

import probe
from probe.model.base import Value
from probe.model.run import Run
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict
from probe.model.words import Role
from probe.report.escape import escape_json
from probe.report.findings import Findings
from probe.report.language.wording import Wording
from probe.report.words import service_sentence


class ServiceReport(ServiceVerdict):
    """A service's verdict, with its name and, in `sentence`, the words of the terminal report."""

    name: str


class EndpointReport(Value):
    """What an endpoint id in a verdict stands for."""

    id: str
    service: str
    host: str
    role: Role
    url: str
    core: bool
    risk_tier: int


class Document(Value):
    """One run and its verdicts. Fields are only ever added within a schema version."""

    schema_version: Literal[1] = 1
    roadblock: str
    """Version of the program that wrote this."""
    language: str
    """Language of the sentences; every other word is the same in all."""
    run: Run
    vantage: VantageVerdict
    services: tuple[ServiceReport, ...]
    endpoints: tuple[EndpointReport, ...]
    verdicts: tuple[Verdict, ...]


def document(found: Findings, words: Wording) -> Document:
    """Put a run's findings into the documented shape."""
    return Document(
        roadblock=probe.__version__,
        language=words.language,
        run=found.run,
        vantage=found.vantage,
        services=tuple(_service(service, found, words) for service in found.services),
        endpoints=tuple(
            EndpointReport(
                id=endpoint.id,
                service=endpoint.service,
                host=endpoint.host,
                role=endpoint.role,
                url=endpoint.url,
                core=endpoint.core,
                risk_tier=endpoint.risk_tier,
            )
            for endpoint in found.endpoints.values()
        ),
        verdicts=found.verdicts,
    )


def document_json(found: Findings, words: Wording) -> str:
    """Return the document as JSON text that is safe on a terminal."""
    return escape_json(document(found, words).model_dump_json(indent=2))


def _service(service: ServiceVerdict, found: Findings, words: Wording) -> ServiceReport:
    name = found.name(service.service)
    fields = service.model_dump() | {
        "name": name,
        "sentence": service_sentence(service, found.of(service.service), name, words),
    }
    return ServiceReport.model_validate(fields)
