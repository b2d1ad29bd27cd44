"""The demonstration: the installed command in a censored world, beside what was done to it."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from probe.lab.kernel import play_command
from probe.lab.log import TruthLog
from probe.lab.opened import virtual_world
from probe.lab.truth import Truth, truth_of
from probe.lab.virtual.net import run_virtual
from probe.lab.world import World
from probe.model.knowledge import Knowledge
from probe.model.target import Endpoint
from probe.model.verdict import VantageVerdict, Verdict
from probe.model.words import State, VantageState
from probe.report.findings import Findings, findings
from probe.report.grid import Block, Cell, Grid, Tone
from probe.report.table import TONES, claimed, over
from probe.run import Event, RunRequest, measure
from probe.run.setup import make_tools
from probe.store import open_reader, open_writer
from probe.trial.play import knowledge_in

SEED = 20220304
"""The day on which Facebook was blocked in Russia; fixed, so that a demo can be repeated."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a run said in a world, and what the world's boxes did meanwhile."""

    found: Findings
    world: World
    log: TruthLog


def kernel_demo(
    world: World, knowledge: Knowledge, names: Sequence[str], database: Path, options: Sequence[str]
) -> tuple[int, Shown | None]:
    """Start the installed command in the kernel's lab; return its exit code and what it stored."""
    argv = [*installed_command(), "run", *names, "--db", str(database), "--seed", str(SEED)]
    finished = play_command(world, [*argv, *options])
    if not database.exists():
        return finished.exit_code, None
    with open_reader(database) as reader:
        run = reader.latest_run(f"lab:{world.id}")
        if run is None:
            return finished.exit_code, None
        found = findings(
            run,
            reader.vantage(run.id) or VantageVerdict(state=VantageState.OFFLINE),
            reader.services(run.id),
            reader.verdicts(run.id),
            knowledge.catalogue,
        )
    return finished.exit_code, Shown(found, finished.world, finished.log)


def virtual_demo(
    world: World,
    knowledge: Knowledge,
    endpoints: Sequence[Endpoint],
    database: Path,
    *,
    profile: str,
    on_event: Callable[[Event], None],
) -> Shown:
    """Play the same run on the virtual clock: for machines that refuse network namespaces."""
    known = knowledge_in(world, knowledge)
    request = RunRequest(
        endpoints=tuple(endpoints),
        services=tuple(dict.fromkeys(endpoint.service for endpoint in endpoints)),
        profile=profile,
        seed=SEED,
        world=f"lab:{world.id}",
        again=True,
        govern=False,
    )

    async def inside() -> Shown:
        async with virtual_world(world) as net, open_writer(database, inline=True) as writer:
            utc = net.utc_now()
            tools = make_tools(known, world.client.machine, utc=utc)
            run_id = f"{utc:%Y%m%dT%H%M%SZ}-{world.id}"
            result = await measure(request, known, tools, writer, run_id=run_id, on_event=on_event)
        found = findings(
            result.run, result.vantage, result.services, result.verdicts, known.catalogue
        )
        return Shown(found, world, net.log)

    return run_virtual(inside, seed=SEED)


def comparison_blocks(shown: Shown) -> list[Block]:
    """Put the verdicts beside the censor's log; say how many agree."""
    compared = [_compare(verdict, shown) for verdict in shown.found.verdicts]
    eventful = [row for row in compared if row.verdict.state is not State.OK or row.truth.deeds]
    calm = len(compared) - len(eventful)
    agreeing = sum(row.agrees for row in compared)
    blocks: list[Block] = [
        f"What the run said, beside what the censor's own log says ({shown.world.title}):",
        _grid(eventful, shown),
    ]
    if calm:
        blocks.append(f"Of the other {calm} verdicts both say: nobody interfered, it works.")
    unsure = sum(row.is_unsure for row in compared)
    told = f"{agreeing} of {len(compared)} verdicts agree with the log."
    if unsure:
        told += f" {unsure} more claim nothing: one look cannot tell who is to blame."
    blocks += ["", told]
    return blocks


def installed_command() -> list[str]:
    """Return how to start the command that this interpreter's environment has."""
    script = Path(sys.executable).parent / "roadblock"
    return [str(script)] if script.is_file() else [sys.executable, "-m", "probe"]


@dataclass(frozen=True, slots=True)
class _Compared:
    verdict: Verdict
    truth: Truth

    @property
    def agrees(self) -> bool:
        """Whether state and category are those of the log; a vaguer subtype is no error."""
        said, done = self.verdict, self.truth
        same = (said.state, said.category) == (done.state, done.category)
        return same and self.verdict.subtype in {None, self.truth.subtype}

    @property
    def is_unsure(self) -> bool:
        """Whether no claim was made: it is neither right nor wrong."""
        return self.verdict.state is State.INSUFFICIENT


def _compare(verdict: Verdict, shown: Shown) -> _Compared:
    endpoint = shown.found.endpoints[verdict.endpoint]
    truth = truth_of(
        shown.world, shown.log, endpoint, protocol=verdict.protocol, family=verdict.family
    )
    return _Compared(verdict, truth)


def _grid(rows: Sequence[_Compared], shown: Shown) -> Grid:
    return Grid(
        ("Service", "Endpoint", "Over", "The run says", "Grade", "The log says", "Agree"),
        tuple(
            (
                Cell(shown.found.name(row.verdict.service)),
                Cell(row.verdict.endpoint),
                Cell(over(row.verdict)),
                Cell(claimed(row.verdict), TONES[row.verdict.state]),
                Cell(row.verdict.grade.value if row.verdict.grade else ""),
                Cell(_deeds(row.truth)),
                _agreement(row),
            )
            for row in rows
        ),
    )


def _agreement(row: _Compared) -> Cell:
    if row.agrees:
        return Cell("yes", Tone.GOOD)
    return Cell("no claim") if row.is_unsure else Cell("no", Tone.BAD)


def _deeds(truth: Truth) -> str:
    if not truth.deeds:
        return truth.words
    also = f"; also {', '.join(truth.also)}" if truth.also else ""
    return f"{truth.technique}: {truth.words} (×{truth.deeds}){also}"
