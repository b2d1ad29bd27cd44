"""Plays many lines on several cores; the order of the results is that of the lines."""

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from probe.lab.virtual.net import VirtualNet
from probe.trial.grid import Plan, lines
from probe.trial.helpers import remotes
from probe.trial.playing import LineOutcome, base_knowledge, play_line
from probe.trial.scenario import Line
from probe.trial.score import Score


def play_lines(
    lines: Sequence[Line],
    *,
    profile: str = "quick",
    processes: int = 2,
    on_played: Callable[[int], None] = lambda _: None,
) -> Iterator[LineOutcome]:
    """Play lines side by side and yield what became of each, in their order."""
    if processes <= 1:
        for number, line in enumerate(lines, start=1):
            yield play_one(line, profile=profile)
            on_played(number)
        return
    # A forked child has everything imported and loaded; elsewhere it loads it itself.
    method = "fork" if sys.platform == "linux" else "spawn"
    base_knowledge()
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context(method)) as pool:
        for number, outcome in enumerate(
            pool.map(partial(play_one, profile=profile), lines), start=1
        ):
            yield outcome
            on_played(number)


def score_plan(
    plan: Plan,
    *,
    profile: str = "quick",
    processes: int = 2,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> Score:
    """Play a campaign and count it."""
    drawn = lines(plan)
    score = Score()
    began = time.perf_counter()
    for outcome in play_lines(
        drawn,
        profile=profile,
        processes=processes,
        on_played=lambda done: tell(done, len(drawn)),
    ):
        score.add(outcome)
    score.seconds = time.perf_counter() - began
    return score


def play_one(
    line: Line,
    *,
    profile: str = "quick",
    on_open: Callable[[VirtualNet], None] = lambda _: None,
) -> LineOutcome:
    """Play one line with its helpers."""
    return play_line(line, profile=profile, remotes=remotes(line), on_open=on_open)
