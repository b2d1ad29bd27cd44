"""Campaigns on real packets: which lines the kernel's lab can play, many labs at once."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from threading import Event
from typing import Final

from probe.errors import UsageError
from probe.lab.kernel import kernel_available
from probe.trial.campaign import collect_rarely, count_all
from probe.trial.environments import ENVIRONMENTS
from probe.trial.grid import Plan
from probe.trial.kernel import QUICKENED, play_on_kernel
from probe.trial.playing import LineOutcome, base_knowledge, play_line
from probe.trial.scenario import Line, Setting
from probe.trial.score import Score
from probe.trial.tiers import compare

LABS_AT_ONCE: Final = 16
"""Most of a lab's time is waiting for what does not come."""
APART_S: Final = 1.5
"""Between the beginnings of two labs: a run begins with its gates, all of them work and no waiting,
and a run whose packets are late everywhere says less."""
_LAST: Final = 19
PLAYABLE: Final = ("plain", "loss-1", "loss-3", "jitter", "reordering", "no-ipv6", "mtu-told")
"""Environments that are the way's own; the kernel's lab has the machine's clock and tunnels."""


def kernel_plan(plan: Plan) -> Plan:
    """Return a campaign as the kernel's lab can play it: no helpers, and its own environments."""
    if plan.setting not in {None, Setting.NONE}:
        raise UsageError("the kernel's lab plays no helpers; use --setting none, or leave it out")
    for name in plan.environments:
        if name in ENVIRONMENTS and name not in PLAYABLE:
            known = ", ".join(PLAYABLE)
            raise UsageError(f"the kernel's lab cannot play the line {name!r}; it plays {known}")
    return replace(plan, setting=Setting.NONE, environments=plan.environments or PLAYABLE)


def need_kernel() -> None:
    """Raise UsageError, with the reason, where the kernel's lab cannot be made."""
    reason = kernel_available()
    if reason is not None:
        raise UsageError(f"not played: {reason}; `--tier virtual` needs nothing")


def play_lines_on_kernel(
    drawn: Sequence[Line],
    *,
    profile: str = "quick",
    database: Path | None = None,
    at_once: int = LABS_AT_ONCE,
) -> Iterator[LineOutcome]:
    """Play lines in labs beside each other and yield what became of each, in their order."""
    play = partial(_in_turn, partial(play_on_kernel, profile=profile, database=database))
    with _labs(at_once) as labs:
        yield from labs.map(play, drawn, _waits(len(drawn), at_once))


def _waits(labs: int, at_once: int) -> list[float]:
    """Return how long each lab waits before it begins; those that come later have waited."""
    return [number * APART_S if number < at_once else 0.0 for number in range(labs)]


def _in_turn(play: Callable[[Line], LineOutcome], line: Line, wait_s: float) -> LineOutcome:
    Event().wait(wait_s)
    return play(line)


def _labs(at_once: int) -> ProcessPoolExecutor:
    """Return processes for labs; fork them before there are threads.

    Whoever has left the machine's network stays outside: these processes do, and this one not.
    """
    base_knowledge()
    return ProcessPoolExecutor(at_once, mp_context=get_context("fork"), initializer=collect_rarely)


def _beside(processes: int) -> ProcessPoolExecutor:
    """Return processes that take what the labs leave of the processors."""
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_stand_back)


def _stand_back() -> None:
    os.nice(_LAST)
    collect_rarely()


def score_on_kernel(
    drawn: Sequence[Line],
    *,
    profile: str = "quick",
    processes: int = 2,
    database: Path | None = None,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> Score:
    """Play lines on real packets and count them; and on the virtual clock, and compare.

    A line whose verdicts differ for no known reason is played once more, when the other labs are
    done: a processor that was busy elsewhere for a moment is no difference between the executors.
    """
    on_kernel = partial(_in_turn, partial(play_on_kernel, profile=profile, database=database))
    on_virtual = partial(play_line, profile=profile, tempo=QUICKENED)
    kernel: list[LineOutcome] = []

    def kept(played: Iterable[LineOutcome]) -> Iterator[LineOutcome]:
        for one in played:
            kernel.append(one)
            yield one

    with _labs(LABS_AT_ONCE) as labs, _beside(processes) as beside:
        # The labs first: the other processes come with threads of this one.
        played = labs.map(on_kernel, drawn, _waits(len(drawn), LABS_AT_ONCE))
        virtual = beside.map(on_virtual, drawn)
        score = count_all(kept(played), len(drawn), tell)
        on_clock = list(virtual)
        score.tiers = compare(on_clock, kernel)
        doubtful = {difference.run for difference in score.tiers.unexplained}
        beside_it = [one for one in on_clock if one.line.id in doubtful]
        if beside_it:
            lines = [one.line for one in beside_it]
            again = labs.map(on_kernel, lines, _waits(len(lines), len(lines)))
            score.tiers = score.tiers.after_second_look(compare(beside_it, again))
    return score
