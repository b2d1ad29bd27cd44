"""Plays a command in a world, in a process of its own: leaving the network cannot be undone.

python -m tests.lab.kernel_play [--user] [--veth] RESULT_FILE WORLD COMMAND...
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


def become_nobody() -> None:
    """Become an ordinary user; all that is imported later must be importable by it."""
    for module in ("encodings.idna", "aioquic.h3.connection", "aioquic.quic.connection"):
        importlib.import_module(module)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)


def main(arguments: list[str]) -> None:
    result = Path(arguments[0]).open("w", encoding="utf-8")  # noqa: SIM115 (the user changes)
    options = [a for a in arguments if a in {"--user", "--veth"}]
    world_id, *argv = arguments[1 + len(options) :]
    if "--user" in options:
        become_nobody()
    if "--veth" in options:
        namespaces.can_use_tun = lambda: False
    finished = play_command(build_world(world_id, CATALOGUE), argv)
    truths = truth(finished.world, finished.log)
    with result:
        json.dump(
            {
                "exit_code": finished.exit_code,
                "fired": sorted(finished.log.fired()),
                "truth": {k: t.technique for k, t in truths.items() if t.technique},
                "cwd": str(Path.cwd()),
            },
            result,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
