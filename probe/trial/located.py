"""Counts how often `--locate` finds the link that a box stands on (`make located`).

Each technique that acts on the client's own packets, on each of three links, at several round
trips, with and without loss; and two that act on the server's answers, which no short-lived packet
can meet and which must be said to be out of reach.
"""

import itertools
import sys
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import click

from probe.lab.path import Link
from probe.model.verdict import Verdict
from probe.model.words import Protocol, State
from probe.report.grid import Cell, Grid, show
from probe.trial.bounds import upper_bound
from probe.trial.campaign import side_by_side
from probe.trial.named import find_line
from probe.trial.play import play
from probe.trial.playing import knowledge_of
from probe.trial.scenario import Line, Setting
from probe.trial.worlds import line_world

LOCATABLE: Final = {
    "D09": Protocol.HTTPS,
    "D10": Protocol.HTTPS,
    "D12": Protocol.HTTPS,
    "T08": Protocol.HTTPS,
    "S01": Protocol.HTTPS,
    "S04": Protocol.HTTPS,
    "S06": Protocol.HTTPS,
    "S08": Protocol.HTTPS,
    "Q03": Protocol.QUIC,
    "Q08": Protocol.QUIC,
}
"""The technique, and over which protocol it shows."""
OUT_OF_REACH: Final = ("S02", "S03")
LINKS: Final = (1, 2, 3)
_RTTS_S: Final = (0.03, 0.12)
_LOSSES: Final = (0.0, 0.01, 0.03)


@dataclass(frozen=True, slots=True)
class Place:
    """One box to be found."""

    technique: str
    link: int
    rtt_s: float = 0.06
    loss: float = 0.0
    seed: int = 1

    def line(self) -> Line:
        """Return the line with the box on its link."""
        line, _ = find_line(self.technique, Setting.NONE)
        (scenario,) = line.scenarios
        options = tuple((n, self.link if n == "link" else v) for n, v in scenario.options)
        return replace(
            line,
            seed=self.seed,
            link=Link(rtt_s=self.rtt_s, loss=self.loss),
            scenarios=(replace(scenario, options=options),),
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What a run said of one box's place."""

    place: Place
    hops: tuple[int, ...]
    """Of verdicts that accuse, over the protocol that the technique shows in."""
    why_not: tuple[str, ...]

    @property
    def word(self) -> str:
        """`right`, `wrong`, or why it was not located; `not accused` where nobody walked."""
        if self.place.technique in OUT_OF_REACH:
            return "wrong" if self.hops else "right" if self.why_not else "not accused"
        # A packet that dies at router n has crossed link n - 1.
        if self.hops:
            return "right" if set(self.hops) == {self.place.link + 1} else "wrong"
        return self.why_not[0] if self.why_not else "not accused"


def walk(place: Place) -> Found:
    """Play one box with `--locate` and return what was said of its place."""
    line = place.line()
    world = line_world(line)
    targets = tuple(e for e in world.catalogue.endpoints if e.id in line.endpoints)
    played = play(
        world, targets, knowledge_of(world), profile="quick", seed=place.seed, locate=True
    )
    protocol = LOCATABLE.get(place.technique, Protocol.HTTPS)
    accused = [v for v in played.result.verdicts if v.state is State.BLOCKED]
    told: list[Verdict] = [v for v in accused if v.protocol is protocol]
    return Found(
        place,
        hops=tuple(v.hop for v in told if v.hop is not None),
        why_not=tuple(v.unlocated for v in told if v.unlocated is not None),
    )


def places(seeds: int) -> tuple[Place, ...]:
    """Return every technique on every link, so many times on each sort of line."""
    sorts = itertools.product(LINKS, _RTTS_S, _LOSSES, range(1, seeds + 1))
    every = [*LOCATABLE, *OUT_OF_REACH]
    return tuple(Place(technique, *sort) for sort in sorts for technique in every)


@click.command()
@click.option("--seeds", default=1, show_default=True, help="Plays of each sort of line.")
@click.option("--processes", default=2, show_default=True)
def main(seeds: int, processes: int) -> None:
    """Print for each technique how often its place was found; then the share in all."""
    counts: dict[str, Counter[str]] = {}
    for found in side_by_side(partial(walk), places(seeds), processes):
        counts.setdefault(found.place.technique, Counter()).update([found.word])
    words = sorted({word for one in counts.values() for word in one})
    rows = tuple(
        tuple(map(Cell, (technique, *(str(one[word]) for word in words))))
        for technique, one in sorted(counts.items())
    )
    show([Grid(("Technique", *words), rows), ""], sys.stdout)
    located = [one for technique, one in counts.items() if technique in LOCATABLE]
    claims = sum(one["right"] + one["wrong"] for one in located)
    right, accused = (
        sum(one["right"] for one in located),
        sum(one.total() - one["not accused"] for one in located),
    )
    click.echo(
        f"Of {accused} accused, {claims} were located, {right} at the right hop"
        f" ({right / max(claims, 1):.1%} of claims; at most"
        f" {upper_bound(claims - right, claims):.1%} wrong, one-sided 95 %)."
    )


if __name__ == "__main__":
    main()
