"""The one writer: a task fed by a channel, which writes batches in a thread.

    async with open_writer(path) as writer:          # outside of whatever Ctrl-C cancels
        with trio.CancelScope() as work:
            ...                                      # measures, and calls writer.add()

Cancelling the work keeps every measurement that was handed to `add`: sending and draining are
shielded. `kill -9` loses at most the batch that was being gathered (200 rows or a quarter of a
second) and never damages the file.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import trio

from probe.errors import StoreError
from probe.model.experiment import Experiment
from probe.model.observation import Observation
from probe.model.run import Run
from probe.model.target import Catalogue
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict
from probe.scrub import Scrubber
from probe.store.connect import connect_writer
from probe.store.ledger import (
    AddExperiments,
    AddObservations,
    AddRun,
    AddVerdicts,
    Entry,
    Ledger,
)

# Measured: batches of 100 make synchronous=FULL cost 2 % more than NORMAL; single rows cost 90 %.
BATCH_ROWS = 200
BATCH_S = 0.25
# Entries that wait for the writer; beyond that, measuring waits too, so memory stays flat.
_WAITING_MAX = 64


class Writer:
    """Takes what was measured and stores it; made by `open_writer`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._failure: StoreError | None = None
        self._run_id: str | None = None

    def protect(self, addresses: Iterable[str]) -> None:
        """Remove these addresses, in every spelling, from all that is handed in from now on."""
        self._ledger.protect(addresses)

    async def begin_run(self, run: Run, catalogue: Catalogue | None = None) -> None:
        """Write the run's row, and the catalogue that its evidence is to be judged by."""
        self._run_id = run.id
        await self._flush(AddRun(run, catalogue))

    async def add(
        self,
        observations: Sequence[Observation],
        *,
        verified: frozenset[str] = frozenset(),
        local: frozenset[str] = frozenset(),
    ) -> None:
        """Store observations of the run that was begun last.

        `verified`: ids of pages that came over verified TLS: their bodies are not kept. `local`:
        ids of observations whose certificates this machine or network made: not kept either.
        """
        if observations:
            run_id = self._begun()
            await self._send(AddObservations(run_id, tuple(observations), verified, local))

    async def add_experiments(
        self,
        run_id: str,
        performed: Mapping[str, Experiment],
        refused: Mapping[str, Experiment] | Iterable[str] = (),
    ) -> None:
        """Store which experiments an endpoint had, and which a budget or the machine refused."""
        endpoint = next((e.endpoint for e in performed.values()), "")
        known = tuple(refused.values()) if isinstance(refused, Mapping) else ()
        bare = () if isinstance(refused, Mapping) else tuple(sorted(refused))
        if performed or known or bare:
            ids = tuple((endpoint, id_) for id_ in bare)
            await self._send(AddExperiments(run_id, tuple(performed.values()), known, ids))

    async def add_verdicts(
        self,
        run_id: str,
        verdicts: Sequence[Verdict],
        services: Sequence[ServiceVerdict] = (),
        vantage: VantageVerdict | None = None,
        *,
        set_id: str,
        created_at: datetime | None = None,
    ) -> None:
        """Store verdicts in a set of the run; a set may be filled by several calls."""
        await self._send(
            AddVerdicts(run_id, set_id, tuple(verdicts), tuple(services), vantage, created_at)
        )

    async def finish_run(self, run: Run) -> None:
        """Write how the run ended; when this returns, everything before it is on the disk."""
        await self._flush(AddRun(run))

    async def flush(self) -> None:
        """Wait until everything handed in so far is on the disk."""
        await self._flush(None)

    def _begun(self) -> str:
        if self._run_id is None:
            raise StoreError("begin_run comes before the first observation")
        return self._run_id

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    async def _send(self, entry: Entry) -> None:
        raise NotImplementedError

    async def _flush(self, entry: Entry | None) -> None:
        raise NotImplementedError


class _InlineWriter(Writer):
    """Commits in the calling task: for virtual clocks, under which a thread makes time jump."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._waiting: list[Entry] = []

    async def _send(self, entry: Entry) -> None:
        self._raise_failure()
        self._waiting.append(entry)
        if sum(map(_weight, self._waiting)) >= BATCH_ROWS:
            self.commit()

    async def _flush(self, entry: Entry | None) -> None:
        self._raise_failure()
        if entry is not None:
            self._waiting.append(entry)
        self.commit()

    def commit(self) -> None:
        """Write what waits; nothing more once a batch has failed."""
        if self._failure is not None:
            return
        batch, self._waiting = self._waiting, []
        try:
            self._ledger.commit(batch)
        except StoreError as failure:
            self._failure = failure
            raise


class _ThreadWriter(Writer):
    """Commits in one thread, batch by batch."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._limiter = trio.CapacityLimiter(1)
        self._is_told = False
        self._send_end, self._receive_end = trio.open_memory_channel[Entry | trio.Event](
            _WAITING_MAX
        )

    async def drain(self) -> None:
        """Write until the channel is closed; nobody can cancel it."""
        with trio.CancelScope(shield=True):
            async for first in self._receive_end:
                batch = [first]
                weight = _weight(first)
                with trio.move_on_after(BATCH_S):
                    while weight < BATCH_ROWS and not isinstance(batch[-1], trio.Event):
                        try:
                            batch.append(await self._receive_end.receive())
                        except trio.EndOfChannel:
                            break
                        weight += _weight(batch[-1])
                await self._commit(batch)

    async def close(self) -> None:
        """Let the drain come to its end."""
        await self._send_end.aclose()

    def raise_untold(self) -> None:
        """Raise the failure that no call has raised yet."""
        if not self._is_told:
            self._raise_failure()

    async def _commit(self, batch: Sequence[Entry | trio.Event]) -> None:
        entries = [entry for entry in batch if not isinstance(entry, trio.Event)]
        if entries and self._failure is None:
            try:
                await trio.to_thread.run_sync(self._ledger.commit, entries, limiter=self._limiter)
            except StoreError as failure:
                # From here on the channel is only emptied, so that nobody waits for ever.
                self._failure = failure
        for event in batch:
            if isinstance(event, trio.Event):
                event.set()

    async def _send(self, entry: Entry) -> None:
        self._check()
        with trio.CancelScope(shield=True):
            await self._send_end.send(entry)

    async def _flush(self, entry: Entry | None) -> None:
        self._check()
        written = trio.Event()
        with trio.CancelScope(shield=True):
            if entry is not None:
                await self._send_end.send(entry)
            await self._send_end.send(written)
            await written.wait()
        self._check()

    def _check(self) -> None:
        if self._failure is not None:
            self._is_told = True
        self._raise_failure()


@asynccontextmanager
async def open_writer(
    path: Path, *, inline: bool = False, scrubber: Scrubber | None = None
) -> AsyncIterator[Writer]:
    """Open the database for writing; on leaving, everything handed in is on the disk.

    `inline` is for virtual clocks. `scrubber` is the last door: without one, secrets and private
    peers are removed, and addresses once `protect` names them.
    """
    # A lab's database can be made again: it need not survive a power cut.
    connection = connect_writer(path, synchronous="NORMAL" if inline else "FULL")
    ledger = Ledger(connection, path, scrubber or Scrubber())
    try:
        if inline:
            writer = _InlineWriter(ledger)
            try:
                yield writer
            finally:
                writer.commit()
        else:
            async with _draining(_ThreadWriter(ledger)) as threaded:
                yield threaded
    finally:
        ledger.close()


@asynccontextmanager
async def _draining(writer: _ThreadWriter) -> AsyncIterator[Writer]:
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(writer.drain)
            try:
                yield writer
            finally:
                with trio.CancelScope(shield=True):
                    await writer.close()
    except BaseExceptionGroup as group:
        # The drain raises nothing, so what the nursery wrapped is the body's one exception.
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from None
        raise
    writer.raise_untold()


def _weight(entry: Entry | trio.Event) -> int:
    return len(entry.observations) if isinstance(entry, AddObservations) else 1
