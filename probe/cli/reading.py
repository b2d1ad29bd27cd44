"""What verbs that read stored runs have in common: which run, and its findings."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click

from probe.config.settings import default_database
from probe.errors import UsageError
from probe.model.run import Run
from probe.model.target import Catalogue
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict
from probe.model.words import VantageState
from probe.reference.catalogue import load_catalogue
from probe.report.findings import Findings, findings
from probe.store import ANY_WORLD, LAB, Reader, open_reader

run_option = click.option(
    "--run", "run_id", metavar="ID", help="Which run; its first characters do. Default: the last."
)
world_option = click.option(
    "--world",
    metavar="NAME",
    help="Runs of a lab world, or of every one by `lab`; lab runs are left out otherwise.",
)


@contextmanager
def reading(database: Path | None) -> Iterator[Reader]:
    """Open the named database, or the default one."""
    path = database or default_database()
    if not path.exists():
        raise UsageError(f"{path}: there is no such file yet; `roadblock run` makes one")
    with open_reader(path) as reader:
        yield reader


def stored_world(world: str | None) -> str | None:
    """Return the world as the store names it: `march-2022` is stored as `lab:march-2022`."""
    if world in (None, LAB, "internet") or world.startswith("lab:"):
        return world
    return f"lab:{world}"


def chosen_run(reader: Reader, run_id: str | None, world: str | None) -> Run:
    """Return the named run, or the last one of the world."""
    if run_id is None:
        run = reader.latest_run(stored_world(world))
        return run if run is not None else _nothing_stored(reader, world)
    matching = [run for run in reader.runs(ANY_WORLD) if run.id.startswith(run_id)]
    exact = [run for run in matching if run.id == run_id] or matching
    if len(exact) == 1:
        return exact[0]
    problem = "there is no run" if not exact else f"{len(exact)} runs begin with"
    raise UsageError(f"{problem} {run_id!r}; `roadblock report --list` shows all")


def _nothing_stored(reader: Reader, world: str | None) -> NoReturn:
    """Say what there is instead: who has played the lab and asks for its runs need not guess."""
    other = reader.latest_run(ANY_WORLD)
    if other is None:
        raise UsageError("no run is stored yet; `roadblock run` makes one")
    kind = f"no run of the world {world!r} is" if world else "only runs of the lab are"
    shown = other.world.removeprefix("lab:")
    raise UsageError(f"{kind} stored here; --world {shown} shows the last one that is")


def stored_findings(
    reader: Reader, run: Run, *, set_id: str | None = None, targets: Path | None = None
) -> Findings:
    """Return what is stored about a run, by default its latest set of verdicts."""
    catalogue = catalogue_of(reader, run, targets)
    verdicts = reader.verdicts(run.id, set_id)
    return findings(
        run,
        reader.vantage(run.id, set_id) or VantageVerdict(state=VantageState.OFFLINE),
        reader.services(run.id, set_id) or _judged(verdicts, catalogue),
        verdicts,
        catalogue,
    )


def _judged(verdicts: Sequence[Verdict], catalogue: Catalogue) -> tuple[ServiceVerdict, ...]:
    """Judge the services of a run that was killed before it came to that."""
    if not verdicts:
        return ()
    # The judge costs a third of a second to import, and is hardly ever needed here.
    from probe.run.rejudge import judge_services

    return judge_services(verdicts, catalogue)


def catalogue_of(reader: Reader, run: Run, targets: Path | None = None) -> Catalogue:
    """Return the catalogue to read a run by: the named one, the run's own, or the shipped one."""
    stored = reader.catalogue(run.id) if targets is None else None
    return stored or load_catalogue(targets)
