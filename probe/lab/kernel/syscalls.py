"""The system calls that Python 3.11 does not name: unshare, setns, mount, prctl."""

import ctypes
import os
from pathlib import Path
from typing import Final

# linux/sched.h
CLONE_NEWNS: Final = 0x00020000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWNET: Final = 0x40000000

# linux/mount.h
MS_NODEV: Final = 0x4
MS_NOSUID: Final = 0x2
MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x40000

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leave the namespaces named by the flags, for new ones."""
    _call("unshare", ctypes.c_int(flags))


def enter(namespace_fd: int, kind: int) -> None:
    """Enter the namespace behind an open /proc/*/ns/* file."""
    _call("setns", ctypes.c_int(namespace_fd), ctypes.c_int(kind))


def mount(source: str, target: str, kind: str | None, flags: int) -> None:
    """Mount."""
    _call(
        "mount",
        os.fsencode(source),
        os.fsencode(target),
        None if kind is None else kind.encode(),
        ctypes.c_ulong(flags),
        None,
    )


def open_net_namespace() -> int:
    """Return a file descriptor of the network namespace that this thread is in."""
    # /proc/self is the process's first thread; namespaces belong to threads.
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def net_namespace_id() -> int:
    """Return the inode by which the kernel knows this thread's network namespace."""
    return Path("/proc/thread-self/ns/net").stat().st_ino
