"""The systemd units that run a probe by a timer, as texts; nothing is written here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

NAME: Final = "roadblock"
Manager = Literal["user", "system"]

# What one run needs, and nothing else. systemd-analyze security calls the system's unit 1.3 "OK";
# the test holds it below 2.0.
_HARDENING: Final = """\
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
LockPersonality=yes
MemoryDenyWriteExecute=yes
PrivateDevices=yes
PrivateTmp=yes
PrivateUsers=yes
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
UMask=0077
"""
# A user's manager may not take capabilities away, nor hide what the user owns.
_USER_HARDENING: Final = """\
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
UMask=0077
"""


@dataclass(frozen=True, slots=True)
class Units:
    """A service that makes one run, and the timer that starts it."""

    service: str
    timer: str

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """(file name, text) of each."""
        return (f"{NAME}.service", self.service), (f"{NAME}.timer", self.timer)


def folder(manager: Manager, home: Path) -> Path:
    """Return where a manager looks for units that people add."""
    return home / ".config/systemd/user" if manager == "user" else Path("/etc/systemd/system")


def make_units(
    manager: Manager, command: Sequence[str], *, interval_hours: float, database: Path | None
) -> Units:
    """Return the units; `command` starts one run, `database` only for a user's manager."""
    lines = [
        "[Unit]",
        "Description=Roadblock: measure which services can be reached from here",
        "Documentation=man:systemd.timer(5)",
        "Wants=network-online.target",
        "After=network-online.target",
        "",
        "[Service]",
        "Type=oneshot",
        f"ExecStart={_command_line(command)}",
        # Offline, or nothing due yet: no fault of the unit.
        "SuccessExitStatus=3 5",
        "TimeoutStartSec=1h",
        "KillSignal=SIGINT",
        "Nice=10",
        "CPUQuota=50%",
        "MemoryMax=256M",
    ]
    if manager == "system":
        lines += [
            "DynamicUser=yes",
            f"StateDirectory={NAME}",
            "StateDirectoryMode=0700",
            f"Environment=XDG_DATA_HOME=/var/lib/{NAME} XDG_CONFIG_HOME=/etc",
            f"Environment=ROADBLOCK_DB=/var/lib/{NAME}/{NAME}.db",
            "ProtectHome=yes",
            *_HARDENING.splitlines(),
        ]
    else:
        if database is not None:
            lines.append(f"Environment={_quoted(f'ROADBLOCK_DB={database}')}")
        lines += _USER_HARDENING.splitlines()
    seconds = round(interval_hours * 3600)
    timer = [
        "[Unit]",
        "Description=Roadblock: when to measure",
        "",
        "[Timer]",
        "OnActiveSec=10min",
        # From the end of one run to the next, and up to a tenth more: a fixed hour is a
        # fingerprint. What was missed while the machine slept is not caught up in a burst.
        f"OnUnitInactiveSec={seconds}s",
        f"RandomizedDelaySec={seconds // 10}s",
        "AccuracySec=1min",
        "Persistent=false",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    return Units("\n".join(lines) + "\n", "\n".join(timer) + "\n")


def _command_line(words: Sequence[str]) -> str:
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    """Write a word so that systemd takes it as it is: its % and $ mean something else."""
    safe = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{safe}"' if safe != word or any(c in word for c in " \t'\";") or not word else word
