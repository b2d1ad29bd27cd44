"""Stored results for a notebook: `probe.open("roadblock.db")`, then rows or data frames.

results = probe.open("roadblock.db")
for verdict in results.verdicts(service="rt"):
print(verdict["started_at"], verdict["endpoint"], verdict["state"], verdict["grade"])
results.services().to_pandas()
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from probe.errors import StoreError, UsageError
from probe.model.run import Run
from probe.store import Reader, open_reader

_TIME: Final = "_at"
"""How the names of columns end that hold a time, in UTC."""
Row = dict[str, Any]
"""{"run": "2026...", "endpoint": "rt.web", ...}; nested values stay lists and dictionaries."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that are read when asked for: anew at each iteration, one at a time."""

    read: Callable[[], Iterator[Row]]

    def __iter__(self) -> Iterator[Row]:
        return self.read()

    def to_pandas(self) -> Any:  # noqa: ANN401 (pandas is not installed with us)
        """Return a pandas DataFrame, its times as times; UsageError where pandas is missing."""
        pandas = library("pandas")
        frame = pandas.DataFrame(list(self))
        for column in frame.columns:
            if column.endswith(_TIME):
                frame[column] = pandas.to_datetime(frame[column], utc=True, format="ISO8601")
        return frame

    def to_polars(self) -> Any:  # noqa: ANN401 (nor is Polars)
        """Return a Polars DataFrame, its times as times; UsageError where Polars is missing."""
        polars = library("polars")
        # The whole of it tells the types: a failure may first come after a thousand successes.
        frame = polars.DataFrame(list(self), infer_schema_length=None)
        times = [polars.col(c) for c in frame.columns if c.endswith(_TIME)]
        return frame.with_columns(time.str.to_datetime(time_zone="UTC") for time in times)


class Results:
    """One database, read-only; lab runs are left out unless `world` asks for them."""

    def __init__(self, reader: Reader, world: str | None) -> None:
        self.reader, self.world = reader, world

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.reader.close()

    def runs(self, *, since: datetime | None = None, until: datetime | None = None) -> Rows:
        """Return the runs, oldest first."""
        return Rows(lambda: (_plain(run) for run in self._runs(since, until)))

    def observations(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        service: str | None = None,
        endpoint: str | None = None,
    ) -> Rows:
        """Return what happened, step by step, without bodies and certificates.

        Of controls too, unless a service or an endpoint is named: they belong to none.
        """

        def read() -> Iterator[Row]:
            for run in self._runs(since, until):
                of_service = None if service is None else self._endpoints(run, service)
                for line in self.reader.observation_lines(run.id):
                    row: Row = json.loads(line)
                    if endpoint is not None and row["endpoint"] != endpoint:
                        continue
                    if of_service is None or row["endpoint"] in of_service:
                        yield {**_where(run), **row}

        return Rows(read)

    def verdicts(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        service: str | None = None,
    ) -> Rows:
        """Return each run's latest verdicts, per endpoint, protocol and family."""

        def read() -> Iterator[Row]:
            for run in self._runs(since, until):
                for verdict in self.reader.verdicts(run.id):
                    if service in (None, verdict.service):
                        yield {**_where(run), **verdict.model_dump(mode="json")}

        return Rows(read)

    def services(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        service: str | None = None,
    ) -> Rows:
        """Return each run's latest verdict on each service."""

        def read() -> Iterator[Row]:
            for run in self._runs(since, until):
                for said in self.reader.services(run.id):
                    if service in (None, said.service):
                        yield {**_where(run), **said.model_dump(mode="json")}

        return Rows(read)

    def _runs(self, since: datetime | None, until: datetime | None) -> Iterator[Run]:
        for moment in (since, until):
            if moment is not None and moment.tzinfo is None:
                raise UsageError(f"{moment}: say of which time zone; results are kept in UTC")
        for run in self.reader.runs(self.world, since):
            if until is None or run.started_at < until:
                yield run

    def _endpoints(self, run: Run, service: str) -> frozenset[str]:
        catalogue = self.reader.catalogue(run.id)
        known = catalogue.endpoints if catalogue is not None else ()
        return frozenset(each.id for each in known if each.service == service)


def open_results(database: str | Path, *, world: str | None = None) -> Results:
    """Open a database for reading; `world`: `lab` for all lab runs, or one world's id."""
    path = Path(database)
    if not path.exists():
        raise StoreError(f"{path}: there is no such file; `roadblock run --db {path}` makes one")
    is_named = world not in (None, "lab", "internet") and not world.startswith("lab:")
    return Results(open_reader(path), f"lab:{world}" if is_named else world)


def _where(run: Run) -> Row:
    asns = [family.asn for family in run.vantage.families if family.asn is not None]
    return {
        "run": run.id,
        "run_started_at": run.started_at.isoformat(),
        "world": run.world,
        "country": run.vantage.country,
        "asn": asns[0] if asns else None,
    }


def _plain(run: Run) -> Row:
    return run.model_dump(mode="json")


def library(name: str) -> Any:  # noqa: ANN401 (a module)
    """Return a library that is not installed with us; UsageError where it is missing."""
    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError(f"{name} is not installed here: pip install {name}") from error
