"""What a plain client sees behind portals, programs and wrong clocks, and the truth about it."""

from datetime import timedelta

import pytest

from probe.lab.opened import virtual_world
from probe.lab.pki import LAB_ANCHOR, Certificate, authority
from probe.lab.truth import truth
from probe.lab.worlds import build_world
from probe.lab.worlds.local import SPECS
from probe.model.words import State
from tests.lab.support import CATALOGUE, connect, fetch, look

PORTAL = "connectivitycheck.gstatic.com"

# What a client sees of Instagram over TLS, of example.com, and of a portal's check in the clear.
SEEN = [
    ("portal-dns", "certificate", "certificate", "302"),
    ("portal-dns-private", "certificate", "certificate", "302"),
    ("portal-page", "certificate", "certificate", "200"),
    ("portal-511", "timeout", "timeout", "511"),
    ("walled-garden", "certificate", "certificate", "302"),
    ("antivirus-trusted", "certificate", "certificate", "404"),
    ("antivirus-social", "certificate", "200", "404"),
    ("state-root-idle", "200", "200", "404"),
    ("stale-store", "certificate", "200", "404"),
    ("stale-store-one", "certificate", "200", "404"),
    ("clock-year-ahead", "200", "200", "404"),
    ("clock-day-behind", "200", "200", "404"),
    ("vpn", "200", "200", "404"),
    ("proxy-in-environment", "200", "200", "404"),
    ("proxy-only", "timeout", "timeout", "timeout"),
]


@pytest.mark.parametrize(
    ("world_id", "instagram", "example", "portal"), SEEN, ids=[row[0] for row in SEEN]
)
async def test_the_client_sees_what_the_story_says_and_nobody_is_accused(
    autojump_clock, world_id, instagram, example, portal
):
    world = build_world(world_id, CATALOGUE)

    async with virtual_world(world) as net:
        seen = (
            await look(world),
            await look(world, "example.com"),
            await look(world, PORTAL, port=80),
        )
        truths = truth(world, net.log)

    assert seen == (instagram, example, portal)
    assert {found.state for found in truths.values()} == {State.OK}


async def test_a_walled_garden_lets_its_own_through(autojump_clock):
    world = build_world("walled-garden", CATALOGUE)

    async with virtual_world(world):
        assert await look(world, "www.facebook.com") == "200"


async def test_a_state_root_in_the_store_does_not_excuse_the_state(autojump_clock):
    world = build_world("state-root", CATALOGUE)

    async with virtual_world(world) as net:
        seen = await look(world)
        found = truth(world, net.log)["instagram.web"]

    assert seen == "certificate"
    assert (found.technique, found.state, found.subtype) == ("S11", State.BLOCKED, "state_ca")
    assert world.local_roots_der == (authority(world.at).forger_root(Certificate.STATE_CA),)


@pytest.mark.parametrize("days", [365, -365])
async def test_a_clock_that_is_wrong_is_the_machines_alone(autojump_clock, days):
    world = build_world(f"clock-year-{'ahead' if days > 0 else 'behind'}", CATALOGUE)

    async with virtual_world(world) as net:
        stream = await connect(world.hosts[PORTAL][0], 80)
        date = (await fetch(stream, PORTAL, "/generate_204")).headers["date"]
        clock = net.utc_now()

    assert clock.date() == LAB_ANCHOR.date()
    assert world.skew == timedelta(days=days)
    assert date.startswith((LAB_ANCHOR - timedelta(days=days)).strftime("%a, %d %b %Y"))


def test_another_date_moves_the_servers_with_the_machines_clock():
    """The kernel's lab has the machine's clock: the world must stay as wrong as it was."""
    world = build_world("clock-day-ahead", CATALOGUE)
    at = LAB_ANCHOR + timedelta(days=40)

    assert world.dated(at).at == at
    assert world.dated(at).farm.at == at - timedelta(days=1)


def test_only_the_states_box_means_harm():
    harmful = {
        spec.id
        for spec in SPECS
        for row in build_world(spec.id, CATALOGUE).boxes.values()
        for box in row
        if not box.innocent
    }

    assert harmful == {"state-root"}
