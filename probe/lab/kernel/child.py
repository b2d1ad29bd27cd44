"""Calls a function as the client of a world: a fork of this process, in the client's network."""

import multiprocessing
import os
import tempfile
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any, Final, TypeVar

import trio

from probe.errors import LabError
from probe.lab.kernel.command import become_client, hurry, write_etc
from probe.lab.kernel.namespaces import isolate
from probe.lab.kernel.net import KernelNet, kernel_net
from probe.lab.log import TruthLog
from probe.lab.world import World

T = TypeVar("T")

_GRACE_S: Final = 3.0


def call_in_world(
    world: World,
    work: Callable[[], T],
    *,
    limit_s: float,
    on_open: Callable[[KernelNet], None] = lambda _: None,
) -> tuple[T, TruthLog]:
    """Return what `work()` returns as the client of a world, and the world's log.

    As with `play_command` this process leaves the machine's network for good; `work` runs in a fork
    of it, so nothing is imported twice, and its result comes back pickled. Date the world today.
    `on_open` is called with the lab's network before anything is sent: for taps.
    LabError where `work` raised, or did not end within `limit_s`.
    """
    isolate()
    hurry()
    with tempfile.TemporaryDirectory(prefix="roadblock-lab-") as folder:
        etc = write_etc(Path(folder), world)
        forks = multiprocessing.get_context("fork")
        here, there = forks.Pipe()
        child = forks.Process(target=_be_client, args=(there, work, etc))
        child.start()
        there.close()
        try:
            told, log = trio.run(_play, world, here, limit_s, on_open)
        finally:
            here.close()
            _end(child)
    if isinstance(told, str):
        raise LabError(f"world {world.id}: {told}")
    (result,) = told
    return result, log


async def _play(
    world: World, here: Connection, limit_s: float, on_open: Callable[[KernelNet], None]
) -> tuple[tuple[Any] | str, TruthLog]:
    async with kernel_net(world) as net:
        on_open(net)
        # The child has a network namespace of its own only by its name here.
        here.send(f"/proc/{os.getpid()}/fd/{net.client_namespace}")
        with trio.move_on_after(limit_s):
            await trio.lowlevel.wait_readable(here.fileno())
            try:
                return here.recv(), net.log
            except EOFError:
                return "the client ended without a word", net.log
        return f"the client did not end within {limit_s:g} s", net.log


def _be_client(there: Connection, work: Callable[[], Any], etc: Mapping[str, Path]) -> None:
    try:
        namespace = os.open(there.recv(), os.O_RDONLY)
        become_client(namespace, etc)
        there.send((work(),))
    except BaseException:  # noqa: BLE001 - told to the parent, which raises it
        there.send(traceback.format_exc())


def _end(child: ForkProcess) -> None:
    """End the child if it still runs: first in good order, then at once."""
    child.join(_GRACE_S)
    if child.is_alive():
        child.terminate()
        child.join(_GRACE_S)
    if child.is_alive():
        child.kill()
        child.join()
    with suppress(ValueError):
        child.close()
