"""The named worlds: which there are, and how to build one for a catalogue."""

import difflib
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from probe.errors import UsageError
from probe.lab.world import World
from probe.lab.worlds import benign, blocking, countries, lines, local, origins, resolvers
from probe.lab.worlds.spec import WorldSpec
from probe.model.target import Catalogue

_SPECS: Final = (
    *blocking.STORIES,
    *countries.SPECS,
    *benign.SPECS,
    *origins.SPECS,
    *resolvers.SPECS,
    *lines.SPECS,
    *local.SPECS,
    *blocking.TECHNIQUES,
)

WORLDS: Final[Mapping[str, WorldSpec]] = MappingProxyType({spec.id: spec for spec in _SPECS})
"""By id, in the order in which `roadblock lab list` shows them."""


def build_world(
    world_id: str,
    catalogue: Catalogue,
    *,
    seed: int = 0,
    at: datetime | None = None,
    pace: float = 1.0,
) -> World:
    """Return a named world for a catalogue (see `WorldSpec.build`), or say which there are."""
    spec = WORLDS.get(world_id)
    if spec is None:
        near = difflib.get_close_matches(world_id, WORLDS, n=3)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise UsageError(f"no world named {world_id!r}; {hint}`roadblock lab list` lists all")
    return spec.build(catalogue, seed=seed, at=at, pace=pace)
