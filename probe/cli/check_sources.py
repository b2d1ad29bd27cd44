"""Verdicts that were measured before: stored runs, and documents of `roadblock run --json`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from probe.analyse.check import Take
from probe.analyse.timings import timings
from probe.cli.reading import catalogue_of, chosen_run, reading, stored_findings
from probe.errors import UsageError
from probe.model.check import CheckReport
from probe.model.target import Endpoint, Service
from probe.reference.catalogue import load_catalogue
from probe.report.document import Document
from probe.report.findings import Findings
from probe.store import Reader


@dataclass(frozen=True, slots=True)
class Stored:
    """What was measured before: each run or document is one attempt."""

    takes: tuple[Take, ...]
    services: tuple[Service, ...]
    """All that a baseline may name."""
    endpoints: tuple[Endpoint, ...]
    """Those that the first attempt has verdicts about."""


def stored_runs(database: Path | None, run_ids: Sequence[str], targets: Path | None) -> Stored:
    """Read runs from a database."""
    with reading(database) as reader:
        runs = [chosen_run(reader, run_id, None) for run_id in run_ids]
        catalogue = catalogue_of(reader, runs[0], targets)
        takes = tuple(take_of(stored_findings(reader, run), reader) for run in runs)
    measured = {verdict.endpoint for verdict in takes[0].verdicts}
    return Stored(
        takes, catalogue.services, tuple(e for e in catalogue.endpoints if e.id in measured)
    )


def stored_documents(files: Sequence[Path], targets: Path | None) -> Stored:
    """Read what `roadblock run --json` printed."""
    documents = [read_document(file) for file in files]
    shipped = load_catalogue()
    services = _services(documents, frozenset(e.host for e in shipped.endpoints))
    known = {service.id for service in services}
    catalogue = shipped if targets is None else load_catalogue(targets)
    others = tuple(s for s in catalogue.services if s.id not in known)
    measured = {verdict.endpoint for verdict in documents[0].verdicts}
    return Stored(
        tuple(Take(d.run, d.vantage, d.verdicts) for d in documents),
        (*services, *others),
        tuple(e for s in services for e in s.endpoints if e.id in measured),
    )


def read_document(file: Path) -> Document:
    """Read one `--json` document."""
    try:
        return Document.model_validate_json(read_text(file))
    except ValidationError as error:
        raise UsageError(
            f"{file}: is no document of `roadblock run --json`: {_first_fault(error)}"
        ) from error


def read_report(file: Path) -> CheckReport | None:
    """Read an earlier check's JSON; None when it is no such report."""
    try:
        return CheckReport.model_validate_json(read_text(file))
    except ValidationError:
        return None


def take_of(found: Findings, reader: Reader) -> Take:
    """Make an attempt of a run's findings, with the durations of its steps."""
    return Take(
        found.run, found.vantage, found.verdicts, timings(reader.observations(found.run.id))
    )


def _services(documents: Iterable[Document], shipped: frozenset[str]) -> tuple[Service, ...]:
    """Make services of what documents say of endpoints; `shipped` hosts are not one's own."""
    names: dict[str, str] = {}
    endpoints: dict[str, dict[str, Endpoint]] = {}
    for document in documents:
        names |= {service.service: service.name for service in document.services}
        for told in document.endpoints:
            endpoints.setdefault(told.service, {})[told.id] = Endpoint(
                id=told.id,
                service=told.service,
                host=told.host,
                role=told.role,
                url=told.url,
                core=told.core,
                risk_tier=told.risk_tier,
                own=told.host not in shipped,
            )
    return tuple(
        Service(id=service, name=names.get(service, service), endpoints=tuple(found.values()))
        for service, found in endpoints.items()
    )


def read_text(file: Path) -> str:
    """Read a file that a person named."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(f"{file}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read: {error}") from error


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    where = ".".join(map(str, fault["loc"]))
    return f"{where}: {fault['msg']}" if where else fault["msg"]
