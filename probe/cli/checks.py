"""Local facts by which `doctor` tells whether a run can work here. Opens no socket."""

import importlib.util
import ipaddress
import platform
import shutil
import ssl
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import probe
from probe.config.consent import stored_consent
from probe.config.settings import data_folder
from probe.errors import NothingStoredError, StoreError
from probe.model.knowledge import Geo
from probe.model.run import Machine
from probe.model.target import Catalogue
from probe.run.machine import read_machine
from probe.store.connect import connect_reader

State = Literal["ok", "note", "bad", "not tested"]
# A clock before this release is wrong; certificates would look invalid.
RELEASED = datetime(2026, 11, 1, tzinfo=UTC)
# A database of 10,000 looks takes about 100 MB (see results/README.md).
DISK_FREE_MIN_BYTES = 200_000_000
# Written by systemd-timesyncd, and read here rather than asked for over the network.
TIMESYNC_MARK = Path("/run/systemd/timesync/synchronized")
IPV6_ADDRESSES = Path("/proc/net/if_inet6")
IPV6_ROUTES = Path("/proc/net/ipv6_route")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: State
    text: str


def local_checks(database: Path, catalogue: Catalogue, geo: Geo) -> tuple[Check, ...]:
    """Look at everything that needs no packet."""
    machine = read_machine()
    return (
        check_program(),
        check_clock(datetime.now(UTC), synchronised=TIMESYNC_MARK.exists()),
        *check_resolvers(machine, catalogue, geo),
        check_ipv6(IPV6_ADDRESSES, IPV6_ROUTES),
        *check_surroundings(machine, catalogue),
        *check_database(database),
        check_consent(),
        *check_parts(),
        check_lab(),
        Check("UDP port 443", "not tested", "--network asks the control hosts that speak HTTP/3"),
    )


def check_program() -> Check:
    """Say what runs here; other systems than Linux lack some evidence."""
    text = (
        f"roadblock {probe.__version__}, Python {platform.python_version()}, {ssl.OPENSSL_VERSION}"
    )
    if sys.platform == "linux":
        return Check("Program", "ok", text)
    lacking = "TCP_INFO, the error queue and the kernel lab are not available on this system"
    return Check("Program", "note", f"{text}; {lacking}")


def check_clock(now: datetime, *, synchronised: bool) -> Check:
    """Tell a clock that is certainly wrong; how far off it is only the network tells."""
    text = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now < RELEASED:
        return Check("Clock", "bad", f"{text} is before this program was made; set the clock")
    if synchronised:
        return Check("Clock", "ok", f"{text}, kept by time synchronisation")
    return Check("Clock", "note", f"{text}; whether it is right is not known; --network compares")


def check_resolvers(machine: Machine, catalogue: Catalogue, geo: Geo) -> Iterator[Check]:
    """Say which resolvers this machine asks, and whose they are."""
    addresses = [
        words[1]
        for words in map(str.split, machine.resolv_conf.splitlines())
        if len(words) > 1 and words[0] == "nameserver"
    ]
    if not addresses:
        yield Check("Resolver", "note", "/etc/resolv.conf names none")
    for address in addresses:
        yield _check_resolver(address, catalogue, geo)


def check_ipv6(addresses: Path, routes: Path) -> Check:
    """Say whether there is a global IPv6 address and a default route."""
    try:
        # proc(5): if_inet6 begins with the address; of a route, the second field is the prefix
        # length and the last the interface.
        has_address = any(
            ipaddress.IPv6Address(int(line.split()[0], 16)).is_global for line in _lines(addresses)
        )
        has_route = any(
            fields[1] == "00" and fields[9] != "lo" for fields in map(str.split, _lines(routes))
        )
    except OSError:
        return Check("IPv6", "not tested", "this system does not say; a run finds out")
    if has_address and has_route:
        return Check("IPv6", "ok", "an address and a route")
    return Check("IPv6", "note", "not available here: nothing is judged over it")


def check_surroundings(machine: Machine, catalogue: Catalogue) -> Iterator[Check]:
    """Name what would stand between: proxies, tunnels, entries of the hosts file."""
    if machine.environment_proxies:
        names = ", ".join(machine.environment_proxies)
        yield Check("Proxy", "note", f"{names} set; Roadblock connects directly all the same")
    if machine.tunnel_interfaces:
        names = ", ".join(machine.tunnel_interfaces)
        yield Check("VPN", "note", f"a tunnel ({names}) is up: its network would be measured")
    hosts = {endpoint.host for endpoint in catalogue.endpoints}
    listed = sorted(
        name
        for line in machine.hosts.splitlines()
        for name in line.partition("#")[0].split()[1:]
        if name.lower() in hosts
    )
    if listed:
        yield Check("Hosts file", "note", f"answers for {', '.join(listed)}")


def check_database(database: Path) -> Iterator[Check]:
    """Say whether results can be written, and whether there is room."""
    folder = database.parent
    while not folder.exists():
        folder = folder.parent
    problem = _write_problem(database, folder) or _read_problem(database)
    yield Check("Database", "ok" if problem is None else "bad", problem or str(database))
    free_bytes = shutil.disk_usage(folder).free
    enough = free_bytes >= DISK_FREE_MIN_BYTES
    yield Check("Disk", "ok" if enough else "bad", f"{free_bytes / 1e9:.1f} GB free")


def _read_problem(database: Path) -> str | None:
    """Say why a run could not add to the file that is there."""
    if not database.exists():
        return None
    try:
        connect_reader(database).close()
    except NothingStoredError:
        return None
    except StoreError as error:
        return str(error)
    return None


def check_consent() -> Check:
    """Say whether somebody has agreed to measure from here."""
    record = stored_consent(data_folder())
    if record is None:
        return Check("Consent", "note", "not given yet; `roadblock consent show`")
    return Check("Consent", "ok", f"given on {record.agreed_at}")


def check_parts() -> Iterator[Check]:
    """Say which optional parts are installed."""
    for name, module, extra, without in (
        ("HTTP/3", "aioquic", "quic", "not measured"),
        ("Browser's hello", "utls", "browser", "not measured"),
        ("Status page", "hypercorn", "serve", "not here"),
        ("Pictures", "matplotlib", "pictures", "not here"),
        ("Notices", "apprise", "notify", "not here"),
    ):
        if importlib.util.find_spec(module) is not None:
            yield Check(name, "ok", f"{module} is installed")
        else:
            remedy = f"pip install 'roadblock[{extra}]'"
            yield Check(name, "note", f"{without}: {module} is not installed ({remedy})")


def check_lab() -> Check:
    """Say whether this machine lets us make network namespaces."""
    from probe.lab.kernel import kernel_available

    reason = kernel_available()
    if reason is None:
        return Check("Kernel lab", "ok", "network namespaces can be made")
    return Check("Kernel lab", "note", f"{reason}; the demo uses the virtual lab")


def _check_resolver(address: str, catalogue: Catalogue, geo: Geo) -> Check:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return Check("Resolver", "note", f"{address} is no address")
    if parsed.is_loopback:
        text = f"{address}: a stub on this machine; whom it asks in turn is not known"
        return Check("Resolver", "note", text)
    if not parsed.is_global:
        return Check("Resolver", "ok", f"{address}: in this network (router or provider)")
    network = geo.network_of(str(parsed))
    whose = f"AS{network.asn} {network.name}" if network else "an unknown network"
    for resolver in catalogue.resolvers:
        if str(parsed) in resolver.addresses:
            text = f"{address}: {resolver.operator}'s public resolver ({whose})"
            return Check("Resolver", "note", f"{text}; your provider's is not tested")
    return Check("Resolver", "ok", f"{address}: {whose}")


def _write_problem(database: Path, folder: Path) -> str | None:
    """Try it: what a root user, a read-only disk or a container allows is not in the mode bits."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
        if database.exists():
            with database.open("r+b"):
                pass
    except OSError as error:
        where = error.filename or folder
        return f"{where} cannot be written ({error.strerror}); name another with --db"
    return None


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="ascii", errors="replace").splitlines()
