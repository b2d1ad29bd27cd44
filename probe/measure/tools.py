"""Everything an experiment needs besides itself: clock, pacing, resolvers, limits."""

import contextlib
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from probe.model.run import Machine
from probe.model.target import Canary, Pacing, Resolver, WhoamiName
from probe.model.words import Transport
from probe.wire.addresses import is_global
from probe.wire.clock import Clock
from probe.wire.dns import Kept


class Limiter(Protocol):
    """Politeness, enforced by `run`: waits until a flow to this address may start."""

    def flow(self, address: str, *, named: bool) -> AbstractAsyncContextManager[None]:
        """Hold one flow to the address; `named`: it carries a target's name."""
        ...


class NoLimiter:
    """No limits; for tests, and for a machine's own lab."""

    def flow(self, address: str, *, named: bool) -> AbstractAsyncContextManager[None]:
        """Wait for nothing."""
        del address, named
        return contextlib.nullcontext()


@dataclass(frozen=True, slots=True)
class Tools:
    """What the run lends to every experiment."""

    clock: Clock
    machine: Machine = field(default_factory=Machine)
    pacing: Pacing = field(default_factory=Pacing)
    resolvers: Mapping[str, Resolver] = field(default_factory=dict)
    """By id. `system` needs no entry; `access` is entered by the run when it has found one."""
    screen_resolvers: tuple[tuple[str, Transport], ...] = (("system", Transport.SYSTEM),)
    """Whom a screen asks, and how."""
    catalogue_hosts: frozenset[str] = frozenset()
    """Where a redirect may lead."""
    limiter: Limiter = field(default_factory=NoLimiter)
    kept: Kept | None = None
    """Connections to encrypted resolvers, for the length of a run; without it each serves once."""
    quic: bool = False
    canaries: Mapping[str, Canary] = field(default_factory=dict)
    whoami: tuple[WhoamiName, ...] = ()
    allow: Callable[[str], bool] = is_global
    """Which addresses may be contacted; never wider than the default outside of tests."""
