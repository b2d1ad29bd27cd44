"""What other vantage points see of a line's targets: the same servers, without the line's boxes."""

from collections.abc import Sequence
from functools import lru_cache

from probe.lab.opened import virtual_world
from probe.lab.virtual.net import run_virtual
from probe.lab.world import World
from probe.measure.perform import perform
from probe.model.observation import Observation
from probe.model.target import Endpoint
from probe.run.investigate import screen
from probe.run.remote import SeenElsewhere
from probe.run.setup import make_tools
from probe.trial.places import NETWORKS
from probe.trial.playing import knowledge_of
from probe.trial.scenario import Line, Scenario, Setting
from probe.trial.worlds import helper_world, responder_place, service_country

_SNAPSHOT_DATE = "2026-11-17"
"""Three days before the lab's own date."""


def remotes(line: Line) -> tuple[SeenElsewhere, ...]:
    """Return the line's helpers with their answers, as its setting says.

    Each target is looked at from its own service's country (or another one abroad), for that is
    where an origin refuses nobody; the setting TWO adds the client's own country.
    """
    if line.setting is Setting.NONE:
        return ()
    client = NETWORKS[line.network].access.country
    seen: dict[str, dict[str, tuple[Observation, ...]]] = {}
    for scenario in line.scenarios:
        for country in _countries(scenario, client, line.setting):
            answers = _look(_alone(line, scenario), country)
            seen.setdefault(country, {})[scenario.endpoint] = answers
    place = responder_place(line)
    responders: dict[str, tuple[str, ...]] = {}
    if place is not None:
        at = (place.ipv4, place.ipv6)
        responders[place.country] = tuple(address for address in at if address is not None)
        seen.setdefault(place.country, {})
    return tuple(
        SeenElsewhere(_name(country, line.setting), answers, responders=responders.get(country, ()))
        for country, answers in sorted(seen.items())
    )


def _name(country: str, setting: Setting) -> str:
    if setting is Setting.SNAPSHOT:
        return f"snapshot:{_SNAPSHOT_DATE}/{country}"
    return f"helper:{country.lower()}.lab.example/{country}"


def _countries(scenario: Scenario, client: str, setting: Setting) -> Sequence[str]:
    home = service_country(scenario.endpoint.partition(".")[0])
    abroad = home if home != client else "US" if client != "US" else "DE"
    return (abroad, client) if setting is Setting.TWO else (abroad,)


def _alone(line: Line, scenario: Scenario) -> Line:
    """Return a line with this scenario alone, so that looks at equal servers are kept.

    A snapshot is older than any trouble: it saw the genuine servers.
    """
    told = () if line.setting is Setting.SNAPSHOT else (scenario,)
    plain = Scenario(scenario.endpoint, "plain", scenario.endpoint)
    kept = tuple(Scenario(s.endpoint, s.kind, s.endpoint, s.family, s.options) for s in told) or (
        plain,
    )
    return Line(id="helper", network=line.network, scenarios=kept)


@lru_cache(maxsize=4096)
def _look(line: Line, country: str) -> tuple[Observation, ...]:
    world = helper_world(line, country)
    target = line.scenarios[0].endpoint
    endpoint = next(e for e in world.catalogue.endpoints if e.id == target)
    return run_virtual(_screen, world, endpoint)


async def _screen(world: World, endpoint: Endpoint) -> tuple[Observation, ...]:
    async with virtual_world(world) as net:
        tools = make_tools(knowledge_of(world), world.client.machine, utc=net.utc_now())
        return await perform(screen(endpoint), endpoint, tools)
