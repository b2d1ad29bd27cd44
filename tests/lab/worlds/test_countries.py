"""What a plain client sees where half of the controls are blocked."""

import pytest

from probe.lab.opened import virtual_world
from probe.lab.truth import truth
from probe.lab.worlds import build_world
from probe.model.words import Category, State
from tests.lab.support import CATALOGUE, look

# How Instagram looks to a client where it is blocked, and the truth about it.
BLOCKED = [
    ("china", Category.DNS_INJECTION, "race"),
    ("iran", Category.DNS_INJECTION, "in_path"),
    ("russia", Category.TLS_SNI_RESET, "rewrite"),
]


@pytest.mark.parametrize(("country", "category", "subtype"), BLOCKED)
async def test_instagram_is_blocked_like_the_controls(autojump_clock, country, category, subtype):
    world = build_world(f"{country}-blocked", CATALOGUE)

    async with virtual_world(world) as net:
        seen = await look(world)
        others = [await look(world, host) for host in ("example.com", "vk.com")]
        found = truth(world, net.log)["instagram.web"]

    assert seen != "200"
    assert others == ["200", "200"]
    assert (found.state, found.category, found.subtype) == (State.BLOCKED, category, subtype)


@pytest.mark.parametrize("country", ["china", "iran", "russia"])
async def test_instagram_is_open_and_the_neighbours_are_not(autojump_clock, country):
    world = build_world(f"{country}-open", CATALOGUE)

    async with virtual_world(world) as net:
        seen = await look(world)
        neighbour = await look(world, "www.facebook.com")
        truths = truth(world, net.log)

    assert seen == "200"
    assert neighbour != "200"
    assert truths["instagram.web"].state is State.OK
    assert truths["facebook.web"].state is State.BLOCKED


def test_they_are_where_they_say():
    assert [build_world(f"{word}-open", CATALOGUE).country for word, *_ in BLOCKED] == [
        "CN",
        "IR",
        "RU",
    ]
