"""Reads the facts about this machine that a run needs: once, at its start, from ordinary files."""

import os
import sys
from pathlib import Path

from probe.model.run import Machine

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "socks_proxy")
# Interface name prefixes of the tunnels that people run: OpenVPN and Tor transports (tun, tap),
# WireGuard (wg), PPP links, Apple's and Tailscale's.
TUNNEL_PREFIXES = ("tun", "tap", "wg", "ppp", "utun", "tailscale", "ipsec")
TEXT_LIMIT_BYTES = 262_144


def read_machine() -> Machine:
    """Read resolver configuration, hosts file, proxy variables and tunnels of this machine."""
    return Machine(
        resolv_conf=_text(Path("/etc/resolv.conf")),
        hosts=_text(_hosts_path()),
        environment_proxies=tuple(
            name for name in sorted(os.environ) if name.lower() in PROXY_VARIABLES
        ),
        tunnel_interfaces=_tunnels(),
    )


def _hosts_path() -> Path:
    if sys.platform == "win32":
        root = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"))
        return root / "System32" / "drivers" / "etc" / "hosts"
    return Path("/etc/hosts")


def _text(path: Path) -> str:
    """Return the file's text, or nothing where there is none: other systems keep it elsewhere."""
    try:
        with path.open("rb") as file:
            return file.read(TEXT_LIMIT_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _tunnels() -> tuple[str, ...]:
    """Return the kinds of tunnel interfaces that are up; a name's number says nothing."""
    try:
        names = [entry.name for entry in Path("/sys/class/net").iterdir()]
    except OSError:
        return ()
    kinds = {prefix for prefix in TUNNEL_PREFIXES for name in names if name.startswith(prefix)}
    return tuple(sorted(kinds))
