"""Plays a command in worlds, each in a process of its own: leaving the network cannot be undone.

python -m tests.lab.kernel_play [--user] [--veth] FOLDER WORLD[,WORLD...] COMMAND...

Writes FOLDER/WORLD.json and the command's output, FOLDER/WORLD.out. What is needed is loaded once
and shared by forking, and a few worlds are played at a time: most of their seconds are waiting.
"""

import ctypes
import importlib
import json
import os
import sys
from pathlib import Path

from probe.lab.kernel import namespaces, play_command
from probe.lab.truth import truth
from probe.lab.worlds import build_world
from tests.lab.support import CATALOGUE

# prctl(2): after a change of user the process is not dumpable, and its /proc files are root's.
PR_SET_DUMPABLE = 4
NOBODY = 65534
AT_ONCE = 5


def become_nobody() -> None:
    """Become an ordinary user; all that is imported later must be importable by it."""
    for module in ("encodings.idna", "aioquic.h3.connection", "aioquic.quic.connection"):
        importlib.import_module(module)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)


def play(folder: Path, world_id: str, argv: list[str], options: list[str]) -> None:
    with (
        (folder / f"{world_id}.json").open("w", encoding="utf-8") as result,
        (folder / f"{world_id}.out").open("wb") as output,
    ):
        if "--user" in options:
            become_nobody()
        if "--veth" in options:
            namespaces.can_use_tun = lambda: False
        finished = play_command(build_world(world_id, CATALOGUE), argv, stdout=output)
        truths = truth(finished.world, finished.log)
        json.dump(
            {
                "exit_code": finished.exit_code,
                "fired": sorted(finished.log.fired()),
                "truth": {k: t.technique for k, t in truths.items() if t.technique},
            },
            result,
        )


def main(arguments: list[str]) -> int:
    options = [a for a in arguments[:2] if a in {"--user", "--veth"}]
    folder, worlds, *argv = arguments[len(options) :]
    failed, running = False, 0
    for world_id in worlds.split(","):
        if running == AT_ONCE:
            failed |= os.wait()[1] != 0
            running -= 1
        if os.fork() == 0:
            play(Path(folder), world_id, argv, options)
            os._exit(0)
        running += 1
    for _ in range(running):
        failed |= os.wait()[1] != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
