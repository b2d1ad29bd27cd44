# ruff: noqa: S608 - only names and conditions written in this room are put into SQL
"""Read a database: runs, observations, evidence, verdicts. Never writes, never migrates."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from probe.errors import StoreError
from probe.model.evidence import Evidence
from probe.model.experiment import Experiment
from probe.model.observation import Observation
from probe.model.run import Run
from probe.model.target import Catalogue, Endpoint
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict
from probe.model.words import VantageState
from probe.store.connect import connect_reader, explained
from probe.store.rows import OBSERVATION_COLUMNS, observation_json, observation_of, stamp

INTERNET = "internet"
LAB = "lab"
"""As `world`: every lab run; a single world is `lab:<id>`."""
ANY_WORLD = "*"
CLOCK_SLACK = timedelta(hours=1)
"""How far ahead of our clock a stored run may be whose own clock was right."""

_OBSERVATION_FIELDS = ", ".join(f"o.{name}" for name in OBSERVATION_COLUMNS)
# Certificates repeat within a run; 512 of them are one megabyte.
_BLOB_CACHE_MAX = 512


@dataclass(frozen=True, slots=True)
class VerdictSet:
    """Verdicts over one run by one ruleset."""

    id: str
    run_id: str
    created_at: str | None
    ruleset_version: str
    fingerprints_sha256: str
    catalogue_sha256: str


def open_reader(path: Path) -> "Reader":
    """Open the database for reading; close it, or use it in a `with` statement."""
    return Reader(path)


class Reader:
    """The reading end of a database file; lab runs stay out of summaries unless asked for."""

    def __init__(self, path: Path) -> None:
        self._db = connect_reader(path)
        self._path = path
        self._blobs: dict[int, bytes] = {}

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- runs -----------------------------------------------------------------------------------

    def runs(self, world: str | None = None, since: datetime | None = None) -> tuple[Run, ...]:
        """Return runs, oldest first; `world`: None is the internet, else LAB, ANY_WORLD, an id."""
        clause, values = world_clause(world)
        if since is not None:
            clause += " AND started_at >= :since"
            values["since"] = stamp(since)
        rows = self._rows(
            f"SELECT details FROM run WHERE {clause} ORDER BY started_at, seq", values
        )
        return tuple(Run.model_validate_json(details) for (details,) in rows)

    def run(self, run_id: str) -> Run:
        """Return one run, of whatever world; an unknown id is a StoreError."""
        return Run.model_validate_json(self._run_row(run_id)[1])

    def latest_run(self, world: str | None = None) -> Run | None:
        """Return the run that was begun last in this world, if there is one.

        By its place in the file: the times of one that ran by a wrong clock lie in the future.
        """
        clause, values = world_clause(world)
        rows = self._rows(
            f"SELECT details FROM run WHERE {clause} ORDER BY seq DESC LIMIT 1",
            values,
        )
        return next((Run.model_validate_json(details) for (details,) in rows), None)

    def catalogue(self, run_id: str) -> Catalogue | None:
        """Return the catalogue that the run measured by, where it was stored."""
        rows = self._rows(
            "SELECT b.encoding, b.data FROM run JOIN blob AS b ON b.id = run.catalogue "
            "WHERE run.id = :run",
            {"run": run_id},
        )
        return next((Catalogue.model_validate_json(_unpacked(*row)) for row in rows), None)

    # --- facts ----------------------------------------------------------------------------------

    def observations(
        self, run_id: str, endpoint: str | None = None, *, with_blobs: bool = True
    ) -> Iterator[Observation]:
        """Yield the run's observations in the order they were stored, of one endpoint or all."""
        for row in self._observation_rows(run_id, endpoint):
            yield observation_of(row, self._blobs_of(row[0]) if with_blobs else iter(()))

    def observation_lines(self, run_id: str) -> Iterator[str]:
        """Yield the run's observations as JSON, without bodies and certificates: fast."""
        return map(observation_json, self._observation_rows(run_id, None))

    def experiments(self, run_id: str, endpoint: str | None = None) -> Iterator[Experiment]:
        """Yield performed experiments, and refused ones of which more than the id is known."""
        for _, _, details in self._experiment_rows(run_id, endpoint):
            if details is not None:
                yield Experiment.model_validate_json(details)

    def evidence(
        self,
        run_id: str,
        catalogue: Catalogue | None = None,
        *,
        vantage: VantageVerdict | None = None,
    ) -> Iterator[Evidence]:
        """Yield the evidence about each endpoint of the run, in the catalogue's order.

        The catalogue is the given one, else the one stored with the run. `vantage` is what a newer
        ruleset says of the gates; without it the stored verdict speaks.
        """
        catalogue = catalogue or self.catalogue(run_id)
        if catalogue is None:
            raise StoreError(f"{self._path}: run {run_id} has no catalogue stored: name one")
        run, _ = self._run_row(run_id)
        seen = {
            endpoint
            for (endpoint,) in self._rows(
                "SELECT endpoint FROM observation WHERE run = :run "
                "UNION SELECT endpoint FROM experiment WHERE run = :run",
                {"run": run},
            )
        }
        vantage = vantage or self.vantage(run_id) or _unjudged()
        for endpoint in catalogue.endpoints:
            if endpoint.id in seen:
                yield self._evidence_of(run_id, endpoint, vantage)

    def measured_since(self, moment: datetime, until: datetime) -> dict[str, datetime]:
        """Return when each endpoint was last measured from here, as far as later than the moment.

        {"instagram.web": datetime(...)}; asked by the pause between sessions (design "Pacing").
        `until`: a run from the future had a wrong clock, and must not bar the endpoint till then.
        """
        rows = self._rows(
            "SELECT e.endpoint, max(run.started_at) FROM run JOIN experiment AS e "
            "ON e.run = run.seq WHERE run.world = 'internet' AND run.started_at > :moment "
            "AND run.started_at < :until GROUP BY e.endpoint "
            "UNION SELECT o.endpoint, max(o.started_at) FROM run JOIN observation AS o "
            "ON o.run = run.seq WHERE run.world = 'internet' AND run.started_at > :moment "
            "AND run.started_at < :until GROUP BY o.endpoint",
            {"moment": stamp(moment), "until": stamp(until)},
        )
        latest: dict[str, datetime] = {}
        for endpoint, text in rows:
            when = datetime.fromisoformat(text)
            latest[endpoint] = max(when, latest.get(endpoint, when))
        return latest

    def traffic_since(self, moment: datetime, until: datetime) -> int:
        """Return the bytes that runs since the moment moved; of a killed run, what its rows say.

        `until`: as in `measured_since`.
        """
        rows = self._rows(
            "SELECT ifnull(sum(iif(ended_at IS NULL, (SELECT ifnull(sum(o.bytes_sent + "
            "o.bytes_received), 0) FROM observation AS o WHERE o.run = run.seq), "
            "bytes_sent + bytes_received)), 0) FROM run "
            "WHERE world = 'internet' AND started_at > :moment AND started_at < :until",
            {"moment": stamp(moment), "until": stamp(until)},
        )
        return int(next(rows)[0])

    # --- verdicts -------------------------------------------------------------------------------

    def verdict_sets(self, run_id: str) -> tuple[VerdictSet, ...]:
        """Return the run's verdict sets, oldest first."""
        rows = self._rows(
            "SELECT s.id, run.id, s.created_at, s.ruleset_version, s.fingerprints_sha256, "
            "s.catalogue_sha256 FROM verdict_set AS s JOIN run ON run.seq = s.run "
            "WHERE run.id = :run ORDER BY s.seq",
            {"run": run_id},
        )
        return tuple(VerdictSet(*row) for row in rows)

    def verdicts(self, run_id: str, set_id: str | None = None) -> tuple[Verdict, ...]:
        """Return the verdicts of a set, by default the run's latest."""
        rows = self._of_set("verdict", run_id, set_id, order="t.seq")
        return tuple(Verdict.model_validate_json(details) for (details,) in rows)

    def services(self, run_id: str, set_id: str | None = None) -> tuple[ServiceVerdict, ...]:
        """Return the service verdicts of a set, by default the run's latest."""
        rows = self._of_set("service_verdict", run_id, set_id, order="t.service")
        return tuple(ServiceVerdict.model_validate_json(details) for (details,) in rows)

    def vantage(self, run_id: str, set_id: str | None = None) -> VantageVerdict | None:
        """Return what the gates said, by default in the run's latest set that has it."""
        rows = self._of_set("vantage_verdict", run_id, set_id, order="s.seq DESC")
        return next((VantageVerdict.model_validate_json(details) for (details,) in rows), None)

    def history(
        self,
        world: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        service: str | None = None,
    ) -> Iterator[tuple[Run, tuple[Verdict, ...]]]:
        """Yield each run with its latest verdicts, oldest first."""
        for run in self.runs(world, since):
            if until is not None and run.started_at >= until:
                return
            verdicts = self.verdicts(run.id)
            yield run, tuple(v for v in verdicts if service is None or v.service == service)

    # --- inside ---------------------------------------------------------------------------------

    def _evidence_of(self, run_id: str, endpoint: Endpoint, vantage: VantageVerdict) -> Evidence:
        observations = tuple(self.observations(run_id, endpoint.id))
        asked = [(id_, status) for id_, status, _ in self._experiment_rows(run_id, endpoint.id)]
        refused = frozenset(id_ for id_, status in asked if status == "refused")
        return Evidence(
            endpoint=endpoint,
            vantage=vantage,
            observations=observations,
            performed=frozenset(id_ for id_, _ in asked)
            | frozenset(observation.experiment for observation in observations),
            refused=refused,
        )

    def _run_row(self, run_id: str) -> tuple[int, str]:
        rows = self._rows("SELECT seq, details FROM run WHERE id = :run", {"run": run_id})
        row = next(rows, None)
        if row is None:
            raise StoreError(
                f"{self._path}: there is no run {run_id}; `roadblock report` lists them"
            )
        return int(row[0]), str(row[1])

    def _observation_rows(self, run_id: str, endpoint: str | None) -> Iterator[tuple[Any, ...]]:
        run, _ = self._run_row(run_id)
        if endpoint is not None:
            return self._rows(
                f"SELECT {_OBSERVATION_FIELDS} FROM observation AS o "
                "WHERE o.run = :run AND o.endpoint = :endpoint ORDER BY o.seq",
                {"run": run, "endpoint": endpoint},
            )
        # The table in its own order, from the run's first row to its last: nothing is sorted in
        # memory. The plus sign keeps the index on (run, endpoint) out.
        return self._rows(
            f"SELECT {_OBSERVATION_FIELDS} FROM observation AS o "
            "WHERE o.seq BETWEEN (SELECT min(seq) FROM observation WHERE run = :run) "
            "AND (SELECT max(seq) FROM observation WHERE run = :run) "
            "AND +o.run = :run ORDER BY o.seq",
            {"run": run},
        )

    def _experiment_rows(
        self, run_id: str, endpoint: str | None
    ) -> Iterator[tuple[str, str, str | None]]:
        return self._rows(
            "SELECT id, status, details FROM experiment WHERE run = :run "
            "AND (:endpoint IS NULL OR endpoint = :endpoint) ORDER BY endpoint, id",
            {"run": self._run_row(run_id)[0], "endpoint": endpoint},
        )

    def _of_set(
        self, table: str, run_id: str, set_id: str | None, *, order: str
    ) -> Iterator[tuple[str]]:
        chosen = (
            "s.id = :set"
            if set_id is not None
            else f"s.seq = (SELECT max(l.seq) FROM verdict_set AS l JOIN {table} AS m "
            "ON m.verdict_set = l.seq WHERE l.run = run.seq)"
        )
        return self._rows(
            f"SELECT t.details FROM {table} AS t JOIN verdict_set AS s ON s.seq = t.verdict_set "
            f"JOIN run ON run.seq = s.run WHERE run.id = :run AND {chosen} ORDER BY {order}",
            {"run": run_id, "set": set_id},
        )

    def _blobs_of(self, seq: int) -> Iterator[tuple[str, bytes]]:
        links = self._rows(
            "SELECT part, blob FROM observation_blob WHERE observation = :seq ORDER BY part, place",
            {"seq": seq},
        )
        for part, blob in links:
            yield part, self._blob(blob)

    def _blob(self, blob: int) -> bytes:
        if blob not in self._blobs:
            row = next(
                self._rows("SELECT encoding, data, kind FROM blob WHERE id = :id", {"id": blob})
            )
            data = _unpacked(row[0], row[1])
            if row[2] != "certificate":
                return data
            if len(self._blobs) >= _BLOB_CACHE_MAX:
                self._blobs.clear()
            self._blobs[blob] = data
        return self._blobs[blob]

    def rows(self, sql: str, values: dict[str, Any]) -> Iterator[Any]:
        """Yield a query's rows: for this room's other modules, which write their own SQL."""
        return self._rows(sql, values)

    def _rows(self, sql: str, values: dict[str, Any]) -> Iterator[Any]:
        with explained(self._path):
            # A cursor's close(), which `yield from` calls, fails once the database is closed.
            yield from chain(self._db.execute(sql, values))


def world_clause(world: str | None) -> tuple[str, dict[str, Any]]:
    """Return the condition on a run's world, and its values."""
    if world == ANY_WORLD:
        return "1", {}
    if world == LAB:
        return "world <> 'internet'", {}
    return "world = :world", {"world": world or INTERNET}


def _unpacked(encoding: str, data: bytes) -> bytes:
    return zlib.decompress(data) if encoding == "zlib" else data


def _unjudged() -> VantageVerdict:
    """Stand in for gates that were never judged: from such a run no service is judged."""
    return VantageVerdict(
        state=VantageState.OFFLINE, sentence="The run ended before its gates were judged."
    )
