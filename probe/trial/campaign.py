"""Plays many lines on several cores; the order of the results is that of the lines."""

import gc
import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final, TypeVar

from probe.lab.virtual.net import VirtualNet
from probe.model.words import VantageState
from probe.trial.grid import Plan, lines
from probe.trial.helpers import remotes
from probe.trial.playing import STUCK, LineOutcome, base_knowledge, play_line
from probe.trial.scenario import Line
from probe.trial.score import Score
from probe.trial.stored import campaign_runs, rejudged

T = TypeVar("T")
R = TypeVar("R")

_CPU_LIMIT_S: Final = 90.0
"""Of a line: a play takes 3 to 12 s here, so more than this is a loop without an end."""


def play_lines(
    lines: Sequence[Line],
    *,
    profile: str = "quick",
    processes: int = 2,
    database: Path | None = None,
) -> Iterator[LineOutcome]:
    """Play lines side by side and yield what became of each, in their order."""
    play = partial(play_within_limit, profile=profile, database=database)
    yield from side_by_side(play, lines, processes)


def rejudge_campaign(database: Path, *, processes: int = 2) -> Iterator[LineOutcome]:
    """Judge a stored campaign by the rules that are loaded now; nothing is played."""
    runs = campaign_runs(database)
    # Some hundred runs a piece: the file is opened once for each.
    size = max(1, -(-len(runs) // (processes * 4)))
    pieces = [runs[at : at + size] for at in range(0, len(runs), size)]
    for piece in side_by_side(partial(_rejudged, database), pieces, processes):
        yield from piece


def _rejudged(database: Path, runs: Sequence[str]) -> tuple[LineOutcome, ...]:
    return tuple(rejudged(database, runs))


def side_by_side(work: Callable[[T], R], items: Sequence[T], processes: int) -> Iterator[R]:
    """Yield `work(item)` of each, in their order, on so many processes."""
    base_knowledge()
    if processes <= 1:
        yield from map(work, items)
        return
    # A forked child has everything imported and loaded; elsewhere it loads it itself.
    method = "fork" if sys.platform == "linux" else "spawn"
    with ProcessPoolExecutor(
        processes, mp_context=multiprocessing.get_context(method), initializer=collect_rarely
    ) as pool:
        yield from pool.map(work, items)


def collect_rarely() -> None:
    """Spare the collector of cycles what lives as long as the process, and most of its rounds.

    A play makes a million objects and few cycles; walking through the catalogue and all modules
    after every few plays cost 6 to 8 % of a campaign.
    """
    base_knowledge()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def score_plan(
    plan: Plan,
    *,
    profile: str = "quick",
    processes: int = 2,
    database: Path | None = None,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> Score:
    """Play a campaign and count it; with a database, keep it there."""
    drawn = lines(plan)
    played = play_lines(drawn, profile=profile, processes=processes, database=database)
    return count_all(played, len(drawn), tell)


def score_stored(
    database: Path,
    *,
    processes: int = 2,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> Score:
    """Judge a stored campaign anew and count it."""
    runs = len(campaign_runs(database))
    return count_all(rejudge_campaign(database, processes=processes), runs, tell)


def count_all(played: Iterable[LineOutcome], of: int, tell: Callable[[int, int], None]) -> Score:
    """Count what is played; `tell` gets how many of how many lines are done."""
    score = Score()
    began = time.perf_counter()
    for done, outcome in enumerate(played, start=1):
        score.add(outcome)
        tell(done, of)
    score.seconds = time.perf_counter() - began
    return score


def play_one(
    line: Line,
    *,
    profile: str = "quick",
    database: Path | None = None,
    on_open: Callable[[VirtualNet], None] = lambda _: None,
) -> LineOutcome:
    """Play one line with its helpers."""
    return play_line(
        line, profile=profile, remotes=remotes(line), database=database, on_open=on_open
    )


class _StuckError(BaseException):
    """The line's time is used up; no Exception, so that nothing on the way swallows it."""


def play_within_limit(
    line: Line, *, profile: str = "quick", database: Path | None = None
) -> LineOutcome:
    """Play one line; where it does not end, say so instead of hanging the campaign.

    A mock clock never times out: a loop that waits for nothing would run for ever.
    """
    if not hasattr(signal, "setitimer"):
        return play_one(line, profile=profile, database=database)
    before = signal.signal(signal.SIGVTALRM, _give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, _CPU_LIMIT_S)
    try:
        return play_one(line, profile=profile, database=database)
    except BaseException as error:
        # trio may have wrapped it in groups, or in an error of its own.
        if not _holds_stuck(error):
            raise
        return LineOutcome(line, VantageState.OFFLINE, STUCK, (), (), 0.0, _CPU_LIMIT_S, 0)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _give_up(_number: int, _frame: FrameType | None) -> None:
    raise _StuckError


def _holds_stuck(error: BaseException | None) -> bool:
    if error is None or isinstance(error, _StuckError):
        return error is not None
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return any(map(_holds_stuck, inner)) or _holds_stuck(error.__cause__ or error.__context__)
