"""The roll: every technique and every innocent kind, once, on as few lines as hold them."""

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from probe.errors import LabError
from probe.trial.blocking import BLOCKING
from probe.trial.grid import Drawing, Plan
from probe.trial.innocent import INNOCENT
from probe.trial.placing import Kind
from probe.trial.scenario import Line, Setting

_SERIES: Final = "k"
# Fewer than a campaign's: a run on real packets that has much to do is late everywhere.
_TARGETS: Final = 8
_NAME: Final = re.compile(rf"(?P<seed>\d+)-{_SERIES}(?P<number>[1-9]\d*)")
# What is seen in long downloads alone takes a minute; it comes first, so that nothing waits for it.
_LONG: Final = frozenset({"T09", "Q07", "R01", "R02", "R03", "R04", "R05", "R06"})
# This kind needs a resolver in the home, which would change what is said of the others.
_AT_HOME: Final = "tracker"
# The lab's processes answer some milliseconds late where many labs share a processor; what comes
# before the server could have answered must stay told from what does not.
_RTT_MIN_S: Final = 0.06


def roll(seed: int) -> tuple[Line, ...]:
    """Return lines without loss or helpers on which every kind stands once: `1-k1`, `1-k2`.

    Half of each line's targets are interfered with, as in a campaign. A kind for which a line has
    no fitting target left comes on the next one.
    """
    order = random.Random(f"roll/{seed}")
    blocking = order.sample(list(BLOCKING.values()), len(BLOCKING))
    innocent = order.sample([k for k in INNOCENT.values() if k.id != _AT_HOME], len(INNOCENT) - 1)
    blocking.sort(key=lambda kind: kind.id not in _LONG)
    found: list[Line] = []
    while blocking or innocent:
        line = _line(seed, len(found) + 1, "plain", _dealt(blocking, innocent))
        here = {scenario.kind for scenario in line.scenarios}
        if not here:
            raise LabError(f"roll {seed}: no target fits {[k.id for k in (*blocking, *innocent)]}")
        blocking = [kind for kind in blocking if kind.id not in here]
        innocent = [kind for kind in innocent if kind.id not in here]
        found.append(line)
    at_home = _line(seed, len(found) + 1, "home-resolver", [INNOCENT[_AT_HOME]])
    return (*found, at_home)


def roll_line(name: str) -> Line | None:
    """Return a line of a roll by its id; None where the name is no such id."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    every = roll(int(match["seed"]))
    return next((line for line in every if line.id == name), None)


def _dealt(blocking: Sequence[Kind], innocent: Sequence[Kind]) -> list[Kind]:
    """Return a line's kinds: half of either sort, or more of one where the other runs out."""
    half = _TARGETS // 2
    first = blocking[: max(half, _TARGETS - len(innocent))]
    return [*first, *innocent[: _TARGETS - len(first)]]


def _line(seed: int, number: int, environment: str, kinds: Sequence[Kind]) -> Line:
    plan = Plan(
        0,
        0,
        seed,
        setting=Setting.NONE,
        environments=(environment,),
        kinds=tuple(kind.id for kind in kinds),
        lossless=True,
    )
    line = Drawing(plan, _SERIES, number).line(kinds)
    link = replace(line.link, rtt_s=max(line.link.rtt_s, _RTT_MIN_S))
    return replace(line, id=f"{seed}-{_SERIES}{number}", link=link)
