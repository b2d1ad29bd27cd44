"""`--locate` in the lab, where we know the link that each box stands on."""

import pytest

from probe.model.words import State
from probe.trial.located import LOCATABLE, Place, walk
from probe.trial.named import find_line
from probe.trial.play import play
from probe.trial.playing import knowledge_of
from probe.trial.scenario import Setting
from probe.trial.worlds import line_world


def accused(technique, link):
    """Return the verdicts that blame somebody, of a run with the box on this link."""
    world = line_world(Place(technique, link).line())
    targets = tuple(e for e in world.catalogue.endpoints if e.id == "instagram.web")
    played = play(world, targets, knowledge_of(world), profile="quick", seed=1, locate=True)
    return [v for v in played.result.verdicts if v.state is State.BLOCKED], played


@pytest.mark.parametrize(
    ("technique", "link"), [(row, 1 + number % 3) for number, row in enumerate(LOCATABLE)]
)
def test_the_box_is_found_behind_the_router_before_it(technique, link):
    """A packet that dies at router n has crossed link n - 1."""
    assert walk(Place(technique, link)).word == "right"


@pytest.mark.parametrize("technique", ["S02", "S03"])
def test_what_acts_on_answers_is_said_to_be_out_of_reach(technique):
    verdicts, _ = accused(technique, 2)

    assert {v.hop for v in verdicts} == {None}
    assert "acts_on_answers" in {v.unlocated for v in verdicts}


def test_the_network_and_the_border_are_named():
    inside, at = (accused("S04", link)[0][0].location for link in (2, 3))

    assert (inside.asn, inside.country, inside.border) == (12389, "RU", "before")
    assert (at.asn, at.country, at.border) == (1299, "SE", "at")


def test_the_control_walks_first_and_the_name_walks_little():
    _, played = accused("S04", 2)

    walks = [o for o in played.sink.observations if o.step.value == "trace"]
    assert [(w.method, w.arm.value) for w in walks] == [
        ("syn", "c1"),
        ("hello", "c1"),
        ("hello", "target"),
    ]
    # Two packets to the router before the box, and four that it eats: no more with the name.
    assert [(hop.ttl, hop.outcome) for hop in walks[-1].hops] == [
        *[(ttl, "expired") for ttl in (1, 2) for _ in range(2)],
        *[(ttl, "silent") for ttl in (3, 4) for _ in range(2)],
    ]


def test_nobody_walks_unasked_or_where_nothing_is_accused():
    line, _ = find_line("S04", Setting.NONE)
    world = line_world(line)
    targets = tuple(e for e in world.catalogue.endpoints if e.id in line.endpoints)

    played = play(world, targets, knowledge_of(world), profile="look", seed=1)

    assert not [o for o in played.sink.observations if o.step.value == "trace"]
