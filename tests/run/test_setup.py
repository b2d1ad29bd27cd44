"""Which resolvers a run asks, and which of them it takes for the access network's."""

from datetime import UTC, datetime

import pytest
import trio

from probe.model.run import Machine
from probe.reference import load_knowledge
from probe.run.setup import access_resolver, make_tools


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("127.0.0.53", id="a stub on this machine"),
        pytest.param("192.168.178.1", id="a home router"),
        pytest.param("fe80::1%eth0", id="a router by its link's address"),
        pytest.param("100.64.0.1", id="behind a carrier's NAT"),
        pytest.param("nonsense", id="no address"),
    ],
)
def test_a_resolver_in_the_house_is_not_the_networks(address):
    """A parental filter in a router must not be told from the provider by its address."""
    assert access_resolver(Machine(resolv_conf=f"nameserver {address}\n")) is None


def test_a_global_resolver_is_asked_directly():
    found = access_resolver(Machine(resolv_conf="nameserver 217.237.148.70\noptions edns0\n"))

    assert found is not None
    assert found.addresses == ("217.237.148.70",)


async def test_a_look_asks_by_every_transport(autojump_clock):
    knowledge = load_knowledge()
    machine = Machine(resolv_conf="nameserver 217.237.148.70\n")

    tools = make_tools(knowledge, machine, utc=datetime(2026, 11, 20, tzinfo=UTC))

    asked = {transport for _, transport in tools.screen_resolvers}
    assert asked == {"system", "udp", "tcp", "dot", "doh"}
    operators = {tools.resolvers[r].operator for r, t in tools.screen_resolvers if t == "doh"}
    assert len(operators) == 2
    assert tools.clock.now() == datetime(2026, 11, 20, tzinfo=UTC)
    await trio.lowlevel.checkpoint()
