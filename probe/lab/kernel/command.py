"""Starts any command as the client of a world: its network, its resolver, its hosts file."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

import trio

from probe.errors import NamespacesRefusedError, UsageError
from probe.lab.kernel import syscalls
from probe.lab.kernel.namespaces import isolate
from probe.lab.kernel.net import kernel_net
from probe.lab.log import TruthLog
from probe.lab.mark import marked
from probe.lab.world import World

File = int | IO[bytes] | None

# Name services that answer over Unix sockets, which no network namespace holds back.
_CACHES: Final = ("/run/nscd", "/var/run/nscd")

# Read by OpenSSL, curl, Python's requests, git and Node.
_CA_VARIABLES: Final = (
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
)

_GRACE_S: Final = 3.0
"""How long a command may take to end once it has been asked to."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that ran in a world, and what the world did to it."""

    exit_code: int
    """Of the command; 128 and the signal's number where one ended it, as shells say it."""
    log: TruthLog
    world: World
    """As it was played: dated today."""


def run_command(
    world: World,
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stdin: File = None,
    stdout: File = None,
    stderr: File = None,
    trusts_ca: bool = True,
) -> int:
    """Run a command as the client of a world; return its exit code."""
    return play_command(
        world, argv, env=env, stdin=stdin, stdout=stdout, stderr=stderr, trusts_ca=trusts_ca
    ).exit_code


def play_command(
    world: World,
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stdin: File = None,
    stdout: File = None,
    stderr: File = None,
    trusts_ca: bool = True,
    ca_file: Path | None = None,
) -> Finished:
    """Run a command as the client of a world; return its exit code and the world's log.

    This process leaves the machine's network for good, and plays path and servers; the command sees
    the client's side alone. `trusts_ca` lets common programs verify the lab's certificates, by
    environment variables; the probe itself wants `--ca-file` instead. `ca_file`: where the lab's
    root is written for it (the variable LAB_CA_FILE names it, too). Not to be called inside trio.
    """
    if not argv:
        raise UsageError("no command given; say: roadblock lab exec WORLD -- COMMAND")
    if shutil.which(argv[0], path=(env or os.environ).get("PATH")) is None:
        raise UsageError(f"no command named {argv[0]!r} was found")
    isolate()
    hurry()
    today = world.dated(datetime.now(UTC))
    with tempfile.TemporaryDirectory(prefix="roadblock-lab-") as folder:
        etc = write_etc(Path(folder), today)
        root = ca_file or Path(folder) / "ca.pem"
        root.write_bytes(today.ca_pem)
        environment = _environment(env, root, trusts_ca=trusts_ca)
        files = _Files(stdin, stdout, stderr)
        finished = trio.run(_play, today, tuple(argv), environment, etc, files)
    if isinstance(finished, subprocess.SubprocessError):
        # Python tells no more than that become_client failed.
        raise NamespacesRefusedError(
            "this machine does not let us cover /etc for the command (mount namespaces)"
        ) from finished
    if isinstance(finished, OSError):
        raise UsageError(f"{argv[0]}: {finished.strerror}") from finished
    return finished


@dataclass(frozen=True, slots=True)
class _Files:
    stdin: File
    stdout: File
    stderr: File


async def _play(
    world: World,
    argv: tuple[str, ...],
    environment: Mapping[str, str],
    etc: Mapping[str, Path],
    files: _Files,
) -> Finished | OSError | subprocess.SubprocessError:
    """Play the world while the command runs; an error is returned where it did not start."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        async with kernel_net(world) as net, trio.open_nursery() as nursery:

            def enter() -> None:
                become_client(net.client_namespace, etc)

            try:
                # Popen, not trio's: that one starts the command from a thread.
                command = subprocess.Popen(  # noqa: S603, ASYNC220
                    argv,
                    env=dict(environment),
                    stdin=files.stdin,
                    stdout=files.stdout,
                    stderr=files.stderr,
                    preexec_fn=enter,
                )
            except (OSError, subprocess.SubprocessError) as error:
                return error
            try:
                nursery.start_soon(_pass_on, signals, command.pid)
                status = await _wait(command)
            finally:
                await _end(command)
            nursery.cancel_scope.cancel()
    return Finished(status if status >= 0 else 128 - status, net.log, world)


async def _wait(command: "subprocess.Popen[bytes]") -> int:
    pidfd = os.pidfd_open(command.pid)
    try:
        await trio.lowlevel.wait_readable(pidfd)
    finally:
        os.close(pidfd)
    return command.wait()


async def _pass_on(signals: AsyncIterator[int], pid: int) -> None:
    """Pass signals on to the command, save a Ctrl-C that the terminal has given it already."""
    async for number in signals:
        if number == signal.SIGINT and _is_in_foreground():
            continue
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _is_in_foreground() -> bool:
    """Say whether this process has a terminal whose keys reach it (and the command)."""
    try:
        with Path("/dev/tty").open() as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


async def _end(command: "subprocess.Popen[bytes]") -> None:
    """End the command if it still runs: first in good order, then at once."""
    if command.poll() is not None:
        return
    command.terminate()
    with trio.CancelScope(shield=True):
        for _ in range(round(_GRACE_S / 0.05)):
            await trio.sleep(0.05)
            if command.poll() is not None:
                return
    command.kill()
    command.wait()


_HURRY: Final = -10


def hurry() -> None:
    """Let path and servers go before the command where both want the processor.

    A busy machine would else make a box's reset as late as the server's own answer. Ordinary users
    may not; then it is as it is.
    """
    if os.getpriority(os.PRIO_PROCESS, 0) == 0:
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, _HURRY)


def write_etc(folder: Path, world: World) -> dict[str, Path]:
    """Write the client's own files of /etc."""
    texts = {
        "/etc/resolv.conf": marked(world.client.resolv_conf, world.id),
        "/etc/hosts": world.client.hosts_file,
        "/etc/nsswitch.conf": world.client.nsswitch,
    }
    files = {}
    if not Path("/etc/resolv.conf").exists():
        raise NamespacesRefusedError(
            "this machine has no /etc/resolv.conf that the lab's could cover; make an empty one"
        )
    for target, text in texts.items():
        file = folder / Path(target).name
        file.write_text(text)
        # mkdtemp's folder is the user's own; the command may run as somebody else.
        file.chmod(0o644)
        files[target] = file
    folder.chmod(0o755)
    return files


def _environment(env: Mapping[str, str] | None, root: Path, *, trusts_ca: bool) -> dict[str, str]:
    """Return the command's environment: the caller's, without proxies that are not in the lab."""
    given = os.environ if env is None else env
    environment = {
        name: value for name, value in given.items() if not name.lower().endswith("_proxy")
    }
    root.chmod(0o644)
    environment["LAB_CA_FILE"] = str(root)
    if trusts_ca:
        environment.update(dict.fromkeys(_CA_VARIABLES, str(root)))
    return environment


def become_client(namespace: int, etc: Mapping[str, Path]) -> None:
    """Enter the client's network and give it its own /etc; runs in the child, before the command.

    An exception here keeps the command from starting (subprocess.SubprocessError in the parent).
    """
    if os.getpriority(os.PRIO_PROCESS, 0) == _HURRY:
        os.setpriority(os.PRIO_PROCESS, 0, 0)
    syscalls.enter(namespace, syscalls.CLONE_NEWNET)
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
    for target, file in etc.items():
        # A link (systemd-resolved) is followed: its target is what programs read.
        if Path(target).exists():
            syscalls.mount(str(file), str(Path(target).resolve()), None, syscalls.MS_BIND)
    for folder in _CACHES:
        if Path(folder).is_dir():
            syscalls.mount("none", folder, "tmpfs", syscalls.MS_NODEV | syscalls.MS_NOSUID)
