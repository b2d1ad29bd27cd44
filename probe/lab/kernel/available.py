"""Finds out, without touching this process, whether the machine lets us make the kernel's lab."""

import os
import sys
import warnings
from contextlib import suppress
from functools import lru_cache

from probe.errors import LabError
from probe.lab.kernel import syscalls
from probe.lab.kernel.namespaces import isolate, make_sides


@lru_cache(maxsize=1)
def kernel_available() -> str | None:
    """Return None where the kernel's lab can be made, else the reason in words.

    A child process tries it: leaving the network cannot be undone. Asked once per process.
    """
    if sys.platform != "linux":
        return f"network namespaces are Linux's, and this is {sys.platform}"
    read_end, write_end = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns of fork beside threads; the child calls the kernel and nothing else.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.close(read_end)
        os.write(write_end, _try().encode()[:4000])
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        reason = pipe.read().decode("utf-8", "replace")
    _, status = os.waitpid(child, 0)
    if status != 0:
        return "the attempt to make network namespaces ended in a crash"
    return reason.removeprefix("ok") or None


def _try() -> str:
    """Make everything once; return "ok" or the reason."""
    try:
        isolate()
        sides = make_sides(("192.0.2.2", "2001:db8::2"), ())
        syscalls.unshare(syscalls.CLONE_NEWNS)
        syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
        syscalls.mount("/etc/hosts", "/etc/resolv.conf", None, syscalls.MS_BIND)
        with suppress(OSError):
            sides.close()
    except LabError as error:
        return str(error)
    except OSError as error:
        return f"this machine does not let us mount the lab's files: {error}"
    return "ok"
