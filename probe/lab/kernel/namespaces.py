"""Leaves the machine's network, and makes the two sides: the client's namespace and the servers'.

It fails closed. `isolate` comes first: from then on this process has no way to the real network,
so that no bug in path or servers can send to the addresses that the lab plays.
"""

import os
import socket
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from probe.errors import LabError, NamespacesRefusedError
from probe.lab.kernel import syscalls
from probe.lab.kernel.netlink import Netlink, families
from probe.lab.kernel.wire import (
    LINK,
    Tun,
    VethEnd,
    Wire,
    add_veth_pair,
    can_use_tun,
    in_namespace_of,
)

# RFC 894: what an Ethernet carries; as outside, the lab's client sends up to 1,460 bytes a segment.
_MTU: Final = 1500

# Kernel documentation, ip-sysctl: no limits on ICMP, or hop searches would miss routers; no waiting
# for duplicate addresses; and replies may come from wherever a route leads.
_SYSCTLS: Final = {
    "ipv4/icmp_ratelimit": "0",
    "ipv4/icmp_ratemask": "0",
    "ipv4/icmp_msgs_per_sec": "1000000",
    "ipv6/icmp/ratelimit": "0",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    "ipv6/conf/all/accept_dad": "0",
    "ipv6/conf/default/accept_dad": "0",
    "ipv6/conf/all/accept_ra": "0",
    "ipv6/conf/default/accept_ra": "0",
}

_home: int | None = None
"""The empty network namespace to which `isolate` has taken this process; None: not yet."""


def isolate() -> None:
    """Leave the machine's network for good; raise NamespacesRefusedError where that is not allowed.

    Root gets a network namespace; anybody else a user namespace as well, in which the same user is
    mapped to itself. Must be called before the process has threads: a user namespace is refused to
    processes that have them, and threads that exist already would stay outside.
    """
    global _home
    if _home is not None:
        return
    outside = syscalls.net_namespace_id()
    user, group = os.geteuid(), os.getegid()
    try:
        if user == 0:
            _unshare_as_root(user, group)
        else:
            _unshare_as_user(user, group)
    except OSError as error:
        raise NamespacesRefusedError(
            f"this machine lets user {user} make no network namespace ({error.strerror}); run as"
            " root, or allow user namespaces (Ubuntu: kernel.apparmor_restrict_unprivileged_userns)"
        ) from error
    here = syscalls.net_namespace_id()
    links = [name for _, name in socket.if_nameindex()]
    if here == outside or any(name not in _BORN_LINKS for name in links):
        raise LabError(f"left the machine's network, and still there are links: {links}")
    _home = syscalls.open_net_namespace()


# Tunnel modules put an idle device of their own into every namespace (net.core.fb_tunnels_only_…).
_BORN_LINKS: Final = frozenset(
    {"lo", "tunl0", "sit0", "ip6tnl0", "gre0", "gretap0", "erspan0", "ip6gre0", "ip_vti0",
     "ip6_vti0"}
)  # fmt: skip


def _unshare_as_root(user: int, group: int) -> None:
    try:
        syscalls.unshare(syscalls.CLONE_NEWNET)
    except PermissionError:
        # Root in a container without CAP_SYS_ADMIN may still have user namespaces.
        _unshare_as_user(user, group)


def _unshare_as_user(user: int, group: int) -> None:
    syscalls.unshare(syscalls.CLONE_NEWUSER | syscalls.CLONE_NEWNET)
    # user_namespaces(7): groups are given up before an ordinary user may map its own.
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")


@dataclass(frozen=True, slots=True)
class Sides:
    """The two sides, and the wires by which their packets come and go."""

    client_namespace: int
    """File descriptor of the client's network namespace."""
    client: Wire
    server: Wire

    def close(self) -> None:
        """Let go of everything; the kernel takes the namespaces down."""
        self.client.close()
        self.server.close()
        os.close(self.client_namespace)
        assert _home is not None
        in_namespace_of(_home)


def make_sides(client_addresses: tuple[str, ...], router_addresses: tuple[str, ...]) -> Sides:
    """Make both sides; the calling thread is in the servers' namespace until they are closed.

    There every address but the client's and the routers' is local.
    """
    if _home is None:
        raise LabError("isolate() comes first: servers must not stand in the machine's network")
    opened = ExitStack()
    try:
        sides = _make_sides(opened, client_addresses, router_addresses)
    except OSError as error:
        opened.close()
        in_namespace_of(_home)
        raise NamespacesRefusedError(
            f"this machine does not let us build the lab's network: {error}"
        ) from error
    opened.pop_all()
    return sides


def _make_sides(
    opened: ExitStack, client_addresses: tuple[str, ...], router_addresses: tuple[str, ...]
) -> Sides:
    make_wire = Tun if can_use_tun() else _VethMaker()
    syscalls.unshare(syscalls.CLONE_NEWNET)
    client_namespace = syscalls.open_net_namespace()
    opened.callback(os.close, client_namespace)
    client = opened.enter_context(closing(make_wire()))
    _quieten()
    with Netlink() as netlink:
        netlink.set_up("lo")
        netlink.set_up(LINK, mtu=_MTU, without_arp=True)
        for address in client_addresses:
            netlink.add_address(LINK, address)
        for family in families(client_addresses):
            netlink.add_default_route(family, LINK)
    syscalls.unshare(syscalls.CLONE_NEWNET)
    server = opened.enter_context(closing(make_wire()))
    _quieten()
    with Netlink() as netlink:
        netlink.set_up("lo")
        netlink.set_up(LINK, mtu=_MTU, without_arp=True)
        for address in (*client_addresses, *router_addresses):
            netlink.add_route_before_local(address, LINK)
        for family in (socket.AF_INET, socket.AF_INET6):
            netlink.own_everything(family)
    return Sides(client_namespace, client, server)


class _VethMaker:
    """Makes wires of veth pairs, whose far ends stand in a namespace where nothing listens."""

    def __init__(self) -> None:
        here = syscalls.open_net_namespace()
        syscalls.unshare(syscalls.CLONE_NEWNET)
        self._far = syscalls.open_net_namespace()
        in_namespace_of(here)
        os.close(here)
        self._number = 0

    def __call__(self) -> Wire:
        """Make a pair, the near end here."""
        self._number += 1
        far_name = f"far{self._number}"
        hardware_address = add_veth_pair(far_name, self._far)
        here = syscalls.open_net_namespace()
        in_namespace_of(self._far)
        try:
            with Netlink() as netlink:
                netlink.set_up(far_name, mtu=_MTU, without_arp=True)
            return VethEnd(far_name, hardware_address)
        finally:
            in_namespace_of(here)
            os.close(here)


def _quieten() -> None:
    for name, value in _SYSCTLS.items():
        # Read-only in some containers: then hop searches may miss routers, all else works.
        with suppress(OSError):
            (Path("/proc/sys/net") / name).write_text(value)
