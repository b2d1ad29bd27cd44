"""Scenarios that once were judged wrongly, by name; `python -m probe.trial.regressions` plays them.

The names come from dated campaigns (`make dated`), each of which draws what no earlier one drew.
"""

import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from probe.errors import UsageError
from probe.trial.campaign import play_within_limit, side_by_side
from probe.trial.marking import wrong_in
from probe.trial.named import find_line
from probe.trial.playing import LineOutcome

FILE: Final = Path(__file__).with_name("regressions.toml")


@dataclass(frozen=True, slots=True)
class Regression:
    """One named scenario."""

    id: str
    """As `lab score` prints it: `20261127-b3/S02.3`."""
    why: str
    """What was said, and what was true."""
    is_mended: bool
    """False: known to be wrong still; told, and fails nothing."""


def regressions(file: Path = FILE) -> tuple[Regression, ...]:
    """Read the file; raises UsageError where an id names no scenario, or two rows name one."""
    rows = tomllib.loads(file.read_text(encoding="utf-8"))["scenario"]
    found = tuple(Regression(row["id"], row["why"], row["mended"]) for row in rows)
    for number, one in enumerate(found):
        if find_line(one.id)[1] is None:
            raise UsageError(f"{file.name}: {one.id} names no scenario; write RUN/SCENARIO")
        if one.id in {other.id for other in found[:number]}:
            raise UsageError(f"{file.name}: {one.id} stands there twice; leave one")
    return found


def faults(named: Regression, played: LineOutcome) -> tuple[str, ...]:
    """Return what is wrong about the scenario in a play of its run, in words; empty: nothing."""
    wanted = find_line(named.id)[1]
    own = [outcome for outcome in played.outcomes if outcome.scenario.id == wanted]
    if not own:
        return (f"was not judged: the run ended as {played.status}",)
    return tuple(
        wrong.words or f"{wrong.why}: said {'/'.join(wrong.said.node) if wrong.said else 'nothing'}"
        for outcome in own
        for wrong in wrong_in(played.line, outcome)
    )


def replayed(
    every: tuple[Regression, ...], *, processes: int = 2
) -> Iterator[tuple[Regression, tuple[str, ...]]]:
    """Play each scenario's whole run and yield what is wrong about it still."""
    lines = [find_line(one.id)[0] for one in every]
    played = side_by_side(partial(play_within_limit, profile="quick"), lines, processes)
    for one, outcome in zip(every, played, strict=True):
        yield one, faults(one, outcome)


def main() -> int:
    """Print one line a scenario; 1 where a mended one is wrong again."""
    failed = 0
    for one, wrong in replayed(regressions()):
        if one.is_mended:
            word = "WRONG AGAIN" if wrong else "right"
            failed += bool(wrong)
        else:
            word = "wrong still" if wrong else "right now: write mended = true"
        print(f"  {word}: {one.id}{''.join(f'; {text}' for text in wrong)}")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
