"""Observations, runs and verdicts as rows, and back."""

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from probe.model.experiment import Experiment
from probe.model.observation import (
    OBSERVATION,
    DnsObservation,
    HttpObservation,
    Observation,
    QuicObservation,
    TlsObservation,
)
from probe.model.run import Run
from probe.model.verdict import Verdict
from probe.model.words import Family
from probe.scrub import Scrubber

# design.md "Storage": pages up to 64 KB.
BLOB_BYTES_MAX = 65_536

_COLUMNS = (
    "id", "step", "arm", "experiment", "attempt", "endpoint", "vantage", "family", "address",
    "port", "started_at", "duration_s", "bytes_sent", "bytes_received", "failure", "operation",
    "errno", "failure_raw", "loop_lag_s",
)  # fmt: skip
OBSERVATION_COLUMNS = ("seq", "run", *_COLUMNS, "verified", "details")
# In columns or blobs of their own; raw DNS messages and the first bytes of a failed handshake are
# small and never repeat, so they stay in the JSON.
_NOT_IN_DETAILS = {*_COLUMNS, "step", "failure", "chain", "body"}
_CHAINED = (DnsObservation, TlsObservation, QuicObservation)


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that are kept once, by their hash."""

    kind: str
    part: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Hash of the bytes, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class ObservationRow:
    """An observation as it is stored: columns after `seq` and `run`, and its blobs in order."""

    values: tuple[Any, ...]
    blobs: tuple[Blob, ...]


def observation_row(
    observation: Observation, scrubber: Scrubber, *, is_verified: bool, drop_chain: bool
) -> ObservationRow:
    """Scrub an observation and lay it out; a verified page loses its body and keeps its hash."""
    details = _details(observation)
    failure = observation.failure
    texts = (
        observation.id, observation.experiment, observation.endpoint, observation.address or "",
        observation.vantage or "", failure.raw if failure is not None else "",
    )  # fmt: skip
    text = details.encode() + b"\n" + "\n".join(texts).encode("utf-8", "replace")
    scrubbed = scrubber.scrub(observation, drop_chain=drop_chain, text=text)
    if scrubbed is not observation:
        observation, details, failure = scrubbed, _details(scrubbed), scrubbed.failure
    blobs: list[Blob] = []
    if isinstance(observation, HttpObservation) and observation.body and not is_verified:
        blobs.append(Blob("body", "body", observation.body[:BLOB_BYTES_MAX]))
    if isinstance(observation, _CHAINED):
        blobs += (Blob("certificate", "chain", der[:BLOB_BYTES_MAX]) for der in observation.chain)
    o = observation
    values = (
        o.id, o.step.value, o.arm.value, o.experiment, o.attempt, o.endpoint, o.vantage,
        o.family.value if o.family is not None else None, o.address, o.port,
        stamp(o.started_at), o.duration_s, o.bytes_sent, o.bytes_received,
        failure.word.value if failure is not None else None,
        failure.operation.value if failure is not None else None,
        failure.errno if failure is not None else None,
        failure.raw if failure is not None else None,
        o.loop_lag_s, int(is_verified), details,
    )  # fmt: skip
    return ObservationRow(tuple(map(_storable, values)), tuple(blobs))


def _details(observation: Observation) -> str:
    try:
        return observation.model_dump_json(exclude=_NOT_IN_DETAILS, exclude_defaults=True)
    except ValueError:
        # A lone surrogate, from bytes that were decoded so: no UTF-8 can hold it.
        dump = observation.model_dump(exclude=_NOT_IN_DETAILS, exclude_defaults=True)
        text = json.dumps(dump, default=_as_json, ensure_ascii=False)
        return text.encode("utf-8", "replace").decode()


def _as_json(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


def _storable(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "replace").decode()
    return value


def observation_json(row: Sequence[Any]) -> str:
    """Return a row (OBSERVATION_COLUMNS) as the observation's JSON, without its blobs."""
    fields = dict(zip(OBSERVATION_COLUMNS[2:-2], row[2:-2], strict=True))
    word, operation = fields.pop("failure"), fields.pop("operation")
    errno, raw = fields.pop("errno"), fields.pop("failure_raw")
    if word is not None:
        fields["failure"] = {"word": word, "operation": operation, "errno": errno, "raw": raw}
    details: str = row[-1]
    head = json.dumps(fields, ensure_ascii=False)
    return head if details == "{}" else f"{head[:-1]},{details[1:]}"


def observation_of(row: Sequence[Any], blobs: Iterator[tuple[str, bytes]]) -> Observation:
    """Return the observation of a row (OBSERVATION_COLUMNS) and its (part, bytes) in order."""
    observation = OBSERVATION.validate_json(observation_json(row))
    body, chain = b"", []
    for part, data in blobs:
        if part == "body":
            body = data
        else:
            chain.append(data)
    update: dict[str, Any] = {"body": body} if body else {}
    if chain:
        update["chain"] = tuple(chain)
    return observation.model_copy(update=update) if update else observation


def run_values(run: Run) -> dict[str, Any]:
    """Lay a run out by column name."""
    asns = {where.family: where.asn for where in run.vantage.families}
    return {
        "id": run.id,
        "world": run.world,
        "started_at": stamp(run.started_at),
        "ended_at": stamp(run.ended_at) if run.ended_at is not None else None,
        "status": run.status,
        "profile": run.profile,
        "seed": str(run.seed),
        "label": run.vantage.label,
        "country": run.vantage.country
        or next((where.country for where in run.vantage.families if where.country), None),
        "asn_ipv4": asns.get(Family.IPV4),
        "asn_ipv6": asns.get(Family.IPV6),
        "resolver_kind": run.vantage.resolver_kind,
        "version": run.versions.get("roadblock", ""),
        "catalogue_sha256": run.catalogue_sha256,
        "fingerprints_sha256": run.fingerprints_sha256,
        "bytes_sent": run.bytes_sent,
        "bytes_received": run.bytes_received,
        "details": run.model_dump_json(),
    }


def experiment_values(run: int, experiment: Experiment, *, status: str) -> tuple[Any, ...]:
    """Lay an experiment out: run, endpoint, id, status, kind, arm, rival, details."""
    details = experiment.model_dump_json(exclude_defaults=True)
    return (
        run, experiment.endpoint, experiment.id, status, experiment.kind.value,
        experiment.arm.value, experiment.rival, details,
    )  # fmt: skip


def verdict_values(verdict_set: int, verdict: Verdict) -> tuple[Any, ...]:
    """Lay a verdict out, in the order of the table's columns after `seq`."""
    v = verdict
    return (
        verdict_set, v.endpoint, v.service, v.protocol, v.family, v.state, v.category, v.subtype,
        v.layer, v.trigger, v.locus, v.grade, v.rule_id, v.p_value, v.n_target, v.n_control, v.hop,
        v.detail, v.model_dump_json(exclude_defaults=True),
    )  # fmt: skip


def evidence_of(verdict: Verdict) -> Iterator[tuple[str, int, str]]:
    """Yield (part, place, observation id) for everything that a verdict rests on."""
    for place, observation in enumerate(verdict.evidence):
        yield "evidence", place, observation
    for rival in verdict.rivals:
        for place, observation in enumerate(rival.by):
            yield f"rival:{rival.id}", place, observation
    for number, finding in enumerate(verdict.also):
        for place, observation in enumerate(finding.evidence):
            yield f"also:{number}", place, observation


def stamp(moment: datetime) -> str:
    """Return UTC as ISO 8601 with Z, always with microseconds: text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
