# ruff: noqa: S608 - only names and conditions written in this room are put into SQL
"""Write batches of rows, each in one transaction. Plain blocking calls: the writer says where."""

import sqlite3
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from probe.errors import StoreError
from probe.model.experiment import Experiment
from probe.model.observation import Observation
from probe.model.run import Run
from probe.model.target import Catalogue
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict
from probe.scrub import Scrubber
from probe.store.connect import explained
from probe.store.rows import (
    OBSERVATION_COLUMNS,
    Blob,
    ObservationRow,
    evidence_of,
    experiment_values,
    observation_row,
    run_values,
    stamp,
    verdict_values,
)

# 200 bytes an entry; a catalogue of 150 endpoints has some 500 certificates and pages.
_KNOWN_BLOBS_MAX = 8192
# A body of 50 KB: level 1 takes a third of the time of level 6 for a tenth more bytes.
_ZLIB_LEVEL = 1
# Below this a deflate header costs more than it saves; certificates do not compress.
_COMPRESS_BYTES_MIN = 256

_INSERT_OBSERVATION = (
    f"INSERT INTO observation ({', '.join(OBSERVATION_COLUMNS)}) "
    f"VALUES ({', '.join('?' * len(OBSERVATION_COLUMNS))})"
)


@dataclass(frozen=True, slots=True)
class AddRun:
    """Write or rewrite a run's row."""

    run: Run
    catalogue: Catalogue | None = None


@dataclass(frozen=True, slots=True)
class AddObservations:
    """Write observations; `verified`, `local`: ids of pages and of chains that are not kept."""

    run_id: str
    observations: tuple[Observation, ...]
    verified: frozenset[str]
    local: frozenset[str]


@dataclass(frozen=True, slots=True)
class AddExperiments:
    """Write which experiments an endpoint had, and which were refused."""

    run_id: str
    performed: tuple[Experiment, ...]
    refused: tuple[Experiment, ...]
    refused_ids: tuple[tuple[str, str], ...]
    """(endpoint, id) of refused ones of which nothing else is known."""


@dataclass(frozen=True, slots=True)
class AddVerdicts:
    """Write verdicts into a set; the set is made by the first of them."""

    run_id: str
    set_id: str
    verdicts: tuple[Verdict, ...]
    services: tuple[ServiceVerdict, ...]
    vantage: VantageVerdict | None
    created_at: datetime | None


Entry = AddRun | AddObservations | AddExperiments | AddVerdicts


class Ledger:
    """The writing end of a database file."""

    def __init__(self, connection: sqlite3.Connection, path: Path, scrubber: Scrubber) -> None:
        self._db, self._path, self._scrubber = connection, path, scrubber
        self._runs: dict[str, int] = {}
        self._known: OrderedDict[str, int] = OrderedDict()

    def protect(self, addresses: Iterable[str]) -> None:
        """Remove these addresses, too, from whatever is written from now on."""
        self._scrubber = self._scrubber.extended(addresses)

    def commit(self, entries: Sequence[Entry]) -> None:
        """Write all entries in one transaction, or none of them."""
        with explained(self._path):
            # Serialising and scrubbing happen before the file is locked.
            rows = {id(entry): self._rows(entry) for entry in entries}
            try:
                self._transact(entries, rows)
            except sqlite3.IntegrityError:
                # Somebody trimmed a blob that we knew, or a row came twice.
                self._known.clear()
                self._transact(entries, self._without_known(entries, rows))

    def close(self) -> None:
        """Fold the journal into the file and close it."""
        with explained(self._path):
            try:
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                self._db.close()

    # --- entries --------------------------------------------------------------------------------

    def _rows(self, entry: Entry) -> list[ObservationRow]:
        if not isinstance(entry, AddObservations):
            return []
        return [
            observation_row(
                observation,
                self._scrubber,
                is_verified=observation.id in entry.verified,
                drop_chain=observation.id in entry.local,
            )
            for observation in entry.observations
        ]

    def _transact(self, entries: Sequence[Entry], rows: Mapping[int, list[ObservationRow]]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for entry in entries:
                self._write(entry, rows[id(entry)])
            self._db.execute("COMMIT")
        except BaseException:
            # SQLite has rolled back by itself when the disk is full.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._known.clear()
            self._runs.clear()
            raise

    def _write(self, entry: Entry, rows: list[ObservationRow]) -> None:
        match entry:
            case AddRun():
                self._write_run(entry)
            case AddObservations():
                self._write_observations(self._run(entry.run_id), rows)
            case AddExperiments():
                self._write_experiments(entry)
            case AddVerdicts():
                self._write_verdicts(entry)

    def _write_run(self, entry: AddRun) -> None:
        values = run_values(self._scrubber.scrub_value(entry.run))
        if entry.catalogue is not None:
            data = entry.catalogue.model_dump_json(exclude_defaults=True).encode()
            values["catalogue"] = self._blob_id(Blob("catalogue", "catalogue", data))
        names = ", ".join(values)
        updates = ", ".join(f"{name} = excluded.{name}" for name in values if name != "id")
        self._db.execute(
            f"INSERT INTO run ({names}) VALUES ({', '.join(f':{name}' for name in values)}) "
            f"ON CONFLICT (id) DO UPDATE SET {updates}",
            values,
        )

    def _write_observations(self, run: int, rows: list[ObservationRow]) -> None:
        (last,) = self._db.execute("SELECT ifnull(max(seq), 0) FROM observation").fetchone()
        links = []
        for seq, row in enumerate(rows, last + 1):
            for place, blob in enumerate(row.blobs):
                links.append((seq, blob.part, place, self._blob_id(blob)))
        numbered = ((seq, run, *row.values) for seq, row in enumerate(rows, last + 1))
        self._db.executemany(_INSERT_OBSERVATION, numbered)
        self._db.executemany("INSERT INTO observation_blob VALUES (?, ?, ?, ?)", links)

    def _write_experiments(self, entry: AddExperiments) -> None:
        run = self._run(entry.run_id)
        rows = [experiment_values(run, e, status="performed") for e in entry.performed]
        rows += [experiment_values(run, e, status="refused") for e in entry.refused]
        rows += [
            (run, endpoint, id_, "refused", None, None, None, None)
            for endpoint, id_ in entry.refused_ids
        ]
        self._db.executemany(
            "INSERT OR REPLACE INTO experiment VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows
        )

    def _write_verdicts(self, entry: AddVerdicts) -> None:
        scrub = self._scrubber.scrub_value
        verdict_set = self._verdict_set(entry)
        for verdict in map(scrub, entry.verdicts):
            values = verdict_values(verdict_set, verdict)
            self._db.execute(
                "DELETE FROM verdict WHERE verdict_set = ? AND endpoint = ? AND protocol = ? "
                "AND ifnull(family, '') = ifnull(?, '')",
                (verdict_set, verdict.endpoint, verdict.protocol, verdict.family),
            )
            cursor = self._db.execute(
                f"INSERT INTO verdict VALUES (NULL, {', '.join('?' * len(values))})",
                values,
            )
            rows = ((cursor.lastrowid, *row) for row in evidence_of(verdict))
            self._db.executemany("INSERT OR IGNORE INTO verdict_evidence VALUES (?, ?, ?, ?)", rows)
        for service in map(scrub, entry.services):
            self._db.execute(
                "INSERT OR REPLACE INTO service_verdict VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    verdict_set, service.service, service.state, service.category, service.subtype,
                    service.grade, service.witness, service.endpoints, service.sentence,
                    service.model_dump_json(exclude_defaults=True),
                ),
            )  # fmt: skip
        if entry.vantage is not None:
            self._write_vantage(verdict_set, scrub(entry.vantage))

    def _write_vantage(self, verdict_set: int, vantage: VantageVerdict) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO vantage_verdict VALUES (?, ?, ?, ?)",
            (verdict_set, vantage.state, vantage.sentence, vantage.model_dump_json()),
        )
        self._db.execute("DELETE FROM gate_verdict WHERE verdict_set = ?", (verdict_set,))
        self._db.executemany(
            "INSERT OR REPLACE INTO gate_verdict VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (verdict_set, g.gate, g.outcome, g.rule_id, g.category, g.subtype, g.detail)
                for g in vantage.gates
            ),
        )

    # --- keys -----------------------------------------------------------------------------------

    def _run(self, run_id: str) -> int:
        if run_id not in self._runs:
            row = self._db.execute("SELECT seq FROM run WHERE id = ?", (run_id,)).fetchone()
            if row is None:
                raise StoreError(
                    f"{self._path}: run {run_id} was never begun: begin_run comes first"
                )
            self._runs[run_id] = int(row[0])
        return self._runs[run_id]

    def _verdict_set(self, entry: AddVerdicts) -> int:
        run = self._run(entry.run_id)
        said = next(iter(entry.verdicts), None)
        self._db.execute(
            "INSERT INTO verdict_set VALUES (NULL, :run, :id, :at, :rules, :prints, :catalogue) "
            "ON CONFLICT (run, id) DO UPDATE SET created_at = ifnull(:at, created_at), "
            "ruleset_version = iif(:rules = '', ruleset_version, :rules), "
            "fingerprints_sha256 = iif(:prints = '', fingerprints_sha256, :prints), "
            "catalogue_sha256 = iif(:catalogue = '', catalogue_sha256, :catalogue)",
            {
                "run": run,
                "id": entry.set_id,
                "at": stamp(entry.created_at) if entry.created_at is not None else None,
                "rules": said.ruleset_version if said is not None else "",
                "prints": said.fingerprints_sha256 if said is not None else "",
                "catalogue": said.catalogue_sha256 if said is not None else "",
            },
        )
        row = self._db.execute(
            "SELECT seq FROM verdict_set WHERE run = ? AND id = ?", (run, entry.set_id)
        ).fetchone()
        return int(row[0])

    def _blob_id(self, blob: Blob) -> int:
        sha256 = blob.sha256
        known = self._known.get(sha256)
        if known is not None:
            self._known.move_to_end(sha256)
            return known
        row = self._db.execute("SELECT id FROM blob WHERE sha256 = ?", (sha256,)).fetchone()
        if row is None:
            encoding, data = _packed(blob)
            row = self._db.execute(
                "INSERT INTO blob VALUES (NULL, ?, ?, ?, ?, ?) RETURNING id",
                (sha256, blob.kind, len(blob.data), encoding, data),
            ).fetchone()
        self._known[sha256] = int(row[0])
        if len(self._known) > _KNOWN_BLOBS_MAX:
            self._known.popitem(last=False)
        return int(row[0])

    def _without_known(
        self, entries: Sequence[Entry], rows: Mapping[int, list[ObservationRow]]
    ) -> Mapping[int, list[ObservationRow]]:
        """Keep a second observation under an id that is taken as `id~2`; drop exact repeats."""
        taken: dict[tuple[str, str], tuple[Any, ...] | None] = {}
        kept: dict[int, list[ObservationRow]] = {}
        for entry in entries:
            kept[id(entry)] = []
            for row in rows[id(entry)]:
                assert isinstance(entry, AddObservations)
                fresh = self._renamed(entry.run_id, row, taken)
                if fresh is not None:
                    kept[id(entry)].append(fresh)
        return kept

    def _renamed(
        self,
        run_id: str,
        row: ObservationRow,
        taken: dict[tuple[str, str], tuple[Any, ...] | None],
    ) -> ObservationRow | None:
        name, copies = row.values[0], 1
        values = row.values
        while True:
            key = (run_id, values[0])
            if key not in taken:
                taken[key] = self._stored(run_id, values[0])
            before = taken[key]
            if before is None:
                taken[key] = values
                return ObservationRow(values, row.blobs)
            if before[1:] == values[1:]:
                return None
            copies += 1
            values = (f"{name}~{copies}", *values[1:])

    def _stored(self, run_id: str, name: str) -> tuple[Any, ...] | None:
        row = self._db.execute(
            f"SELECT {', '.join(OBSERVATION_COLUMNS[2:])} FROM observation "
            "WHERE run = (SELECT seq FROM run WHERE id = ?) AND id = ?",
            (run_id, name),
        ).fetchone()
        return tuple(row) if row is not None else None


def _packed(blob: Blob) -> tuple[str, bytes]:
    if blob.kind == "certificate" or len(blob.data) < _COMPRESS_BYTES_MIN:
        return "raw", blob.data
    packed = zlib.compress(blob.data, _ZLIB_LEVEL)
    return ("zlib", packed) if len(packed) < len(blob.data) else ("raw", blob.data)
