"""The truth about a stored run, kept as a note of the run itself."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import trio
from pydantic import TypeAdapter

from probe.model.run import Run
from probe.model.words import Family, Protocol, VantageState
from probe.store import open_writer
from probe.trial.scenario import Expected, Line

_MARK: Final = "truth "


@dataclass(frozen=True, slots=True)
class Truths:
    """What is true of a run, whatever its verdicts say."""

    line: Line
    units: tuple[tuple[str, Protocol, Family | None, Expected], ...]
    """For every verdict that rules might give: endpoint, protocol, family, and what is true."""
    failed: tuple[str, ...]
    """Endpoints at which an attempt failed."""
    disagreements: tuple[tuple[str, str], ...]
    """Scenarios that are errors, and why."""
    vantage: VantageState
    lab_s: float
    cpu_s: float
    observations: int


_TRUTHS: Final[TypeAdapter[Truths]] = TypeAdapter(Truths)


def note(truths: Truths) -> str:
    """Return the truth as a note of the run."""
    return _MARK + _TRUTHS.dump_json(truths).decode()


def truths_in(run: Run) -> Truths | None:
    """Return the truth that a run carries, if it is of a campaign."""
    for text in run.notes:
        if text.startswith(_MARK):
            return _TRUTHS.validate_json(text.removeprefix(_MARK))
    return None


def add_note(database: Path, run: Run, truths: Truths) -> None:
    """Write the truth into a stored run."""
    noted = run.model_copy(update={"notes": (*run.notes, note(truths))})
    trio.run(partial(_rewrite, database, noted))


async def _rewrite(database: Path, run: Run) -> None:
    async with open_writer(database, inline=True) as writer:
        await writer.finish_run(run)
