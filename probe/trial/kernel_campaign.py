"""Campaigns on real packets: which lines the kernel's lab can play, many labs at once."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from probe.errors import UsageError
from probe.lab.kernel import kernel_available
from probe.trial.blocking import BLOCKING
from probe.trial.campaign import collect_rarely, count_all, side_by_side
from probe.trial.environments import ENVIRONMENTS
from probe.trial.grid import Plan, drawn_line
from probe.trial.innocent import INNOCENT
from probe.trial.kernel import QUICKENED, play_on_kernel
from probe.trial.playing import LineOutcome, base_knowledge, play_line
from probe.trial.scenario import Line, Setting
from probe.trial.score import Score
from probe.trial.tiers import compare

LABS_AT_ONCE: Final = 12
"""Most of a lab's time is waiting for what does not come."""
_ELSEWHERE: Final = frozenset({"tracker"})
"""Needs an environment of its own."""
_LINES_MAX: Final = 40
PLAYABLE: Final = ("plain", "loss-1", "loss-3", "jitter", "reordering", "no-ipv6", "mtu-told")
"""Environments that are the way's own; the kernel's lab has the machine's clock and tunnels."""


def each_kind_once(seed: int) -> tuple[Line, ...]:
    """Return the fewest first lines of a campaign on which every kind has been, without loss.

    A quarter of the innocent kinds' turns are targets that are simply fine, and a line may have no
    target left for a kind: it comes on a later line, so some come twice.
    """
    plan = Plan(1, 1, seed, setting=Setting.NONE, environments=("plain",), lossless=True)
    missing = {kind for kind in (*BLOCKING, *INNOCENT) if kind not in _ELSEWHERE}
    found = []
    for series in ("b", "g"):
        for number in range(1, _LINES_MAX):
            if not missing & set(BLOCKING if series == "b" else INNOCENT):
                break
            line = drawn_line(plan, series, number)
            kinds = {scenario.kind for scenario in line.scenarios}
            if missing & kinds:
                found.append(line)
                missing -= kinds
    return tuple(found)


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
    play = partial(play_on_kernel, profile=profile, database=database)
    base_knowledge()
    # Whoever has left the machine's network stays outside: these processes do, and this one not.
    with ProcessPoolExecutor(
        at_once, mp_context=get_context("fork"), initializer=collect_rarely
    ) as pool:
        yield from pool.map(play, drawn)


def play_lines_hurried(
    drawn: Sequence[Line], *, profile: str = "quick", processes: int = 2
) -> Iterator[LineOutcome]:
    """Play the same lines at the same tempo on the virtual clock."""
    play: Callable[[Line], LineOutcome] = partial(play_line, profile=profile, tempo=QUICKENED)
    return side_by_side(play, drawn, processes)


def score_on_kernel(
    drawn: Sequence[Line],
    *,
    profile: str = "quick",
    processes: int = 2,
    database: Path | None = None,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> Score:
    """Play lines on real packets and count them; then on the virtual clock, and compare."""
    kernel: list[LineOutcome] = []

    def played() -> Iterator[LineOutcome]:
        for one in play_lines_on_kernel(drawn, profile=profile, database=database):
            kernel.append(one)
            yield one

    score = count_all(played(), len(drawn), tell)
    score.tiers = compare(play_lines_hurried(drawn, profile=profile, processes=processes), kernel)
    return score
