import sqlite3
from datetime import UTC, datetime

import pytest

from probe.cli.checks import (
    check_clock,
    check_database,
    check_ipv6,
    check_resolvers,
    check_surroundings,
)
from probe.model.knowledge import Network, NoGeo
from probe.model.run import Machine
from probe.model.target import Catalogue, Endpoint, Resolver, Service
from probe.model.words import Role
from probe.store.schema import APPLICATION_ID

CATALOGUE = Catalogue(
    services=(
        Service(
            id="bbc",
            name="BBC",
            endpoints=(
                Endpoint(
                    id="bbc.web",
                    service="bbc",
                    host="www.bbc.com",
                    role=Role.WEB,
                    url="https://www.bbc.com/",
                ),
            ),
        ),
    ),
    resolvers=(Resolver(id="google", operator="Google", country="US", addresses=("8.8.8.8",)),),
)


class Geo(NoGeo):
    def network_of(self, address):
        return Network(15169, "US", "GOOGLE") if address == "8.8.8.8" else None


@pytest.mark.parametrize(
    ("year", "synchronised", "state"),
    [(1970, True, "bad"), (2027, True, "ok"), (2027, False, "note")],
)
def test_a_clock_before_the_release_is_wrong(year, synchronised, state):
    assert check_clock(datetime(year, 1, 1, tzinfo=UTC), synchronised=synchronised).state == state


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("8.8.8.8", "Google's public resolver (AS15169 GOOGLE); your provider's is not tested"),
        ("127.0.0.53", "a stub on this machine"),
        ("192.168.1.1", "in this network"),
        ("9.9.9.9", "an unknown network"),
        ("fe80::1%eth0", "in this network"),
        ("rubbish", "is no address"),
    ],
)
def test_the_resolver_is_named_and_whose_it_is(address, said):
    machine = Machine(resolv_conf=f"# by hand\nnameserver {address}\nsearch example\n")

    (check,) = check_resolvers(machine, CATALOGUE, Geo())

    assert said in check.text


REAL = "2a032880f27b01e4face000000000001 04 40 00 80 eth0\n"
LOCAL = "fd000000000000000000000000000002 04 40 00 82 eth0\n"
ROUTE = f"{'0' * 32} 00 {'0' * 32} 00 fe800000000000000000000000000001 0 0 0 0 eth0\n"
LOOPBACK = f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 1 0 0 lo\n"


@pytest.mark.parametrize(
    ("addresses", "routes", "state"),
    [
        pytest.param(REAL, ROUTE, "ok", id="address and route"),
        pytest.param(REAL, LOOPBACK, "note", id="no route"),
        pytest.param(LOCAL, ROUTE, "note", id="only a local address"),
        pytest.param("", "", "note", id="nothing"),
    ],
)
def test_ipv6_needs_a_global_address_and_a_route(tmp_path, addresses, routes, state):
    (tmp_path / "addresses").write_text(addresses)
    (tmp_path / "routes").write_text(routes)

    assert check_ipv6(tmp_path / "addresses", tmp_path / "routes").state == state


def test_a_system_that_does_not_say_is_not_tested(tmp_path):
    assert check_ipv6(tmp_path / "no", tmp_path / "none").state == "not tested"


def test_what_stands_between_is_named():
    machine = Machine(
        hosts="127.0.0.1 localhost\n0.0.0.0 www.bbc.com # ads\n",
        environment_proxies=("https_proxy",),
        tunnel_interfaces=("wg",),
    )

    found = {check.name: check.text for check in check_surroundings(machine, CATALOGUE)}

    assert set(found) == {"Proxy", "VPN", "Hosts file"}
    assert "www.bbc.com" in found["Hosts file"]
    assert "localhost" not in found["Hosts file"]


def test_a_database_that_is_still_to_be_made_is_fine(tmp_path):
    states = {c.name: c.state for c in check_database(tmp_path / "new" / "folder" / "roadblock.db")}

    assert states == {"Database": "ok", "Disk": "ok"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"no database at all", "no SQLite database", id="another kind of file"),
        pytest.param(b"", None, id="empty"),
    ],
)
def test_a_file_that_no_run_could_add_to_is_named(tmp_path, content, problem):
    """It said ok, and the run failed."""
    path = tmp_path / "results.db"
    path.write_bytes(content)

    check = next(check_database(path))

    assert check.state == ("ok" if problem is None else "bad")
    assert (problem or str(path)) in check.text


def test_a_database_of_a_newer_roadblock_is_named(tmp_path):
    path = tmp_path / "results.db"
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("PRAGMA user_version = 999")

    assert "newer Roadblock" in next(check_database(path)).text
