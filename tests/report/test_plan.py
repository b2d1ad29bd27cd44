import pytest

from probe.model.target import Catalogue, Control, Endpoint, Pacing, Resolver, Service
from probe.model.words import Role, Transport
from probe.reference.catalogue import load_catalogue
from probe.report.grid import plain
from probe.report.plan import plan, plan_blocks, plan_json

RESOLVERS = (("system", Transport.SYSTEM), ("quad9", Transport.DOH))


def endpoint(name: str, url: str, **fields) -> Endpoint:
    host = url.partition("://")[2].strip("/").partition(":")[0]
    return Endpoint(id=name, service="bbc", host=host, role=Role.WEB, url=url, **fields)


CATALOGUE = Catalogue(
    services=(
        Service(
            id="bbc",
            name="BBC",
            endpoints=(
                endpoint("bbc.web", "https://www.bbc.example/", http3=True),
                endpoint("bbc.push", "tcp://push.bbc.example:5222", ipv6=False),
            ),
        ),
    ),
    controls=(
        Control(
            id="c",
            host="control.example",
            url="https://control.example/",
            operator="X",
            country="DE",
        ),
    ),
    resolvers=(Resolver(id="quad9", operator="Quad9", country="CH"),),
)


def planned(*, quic: bool = True):
    return plan(CATALOGUE.endpoints, CATALOGUE, resolvers=RESOLVERS, quic=quic)


def test_the_plan_names_every_host_and_resolver():
    text = "\n".join(plain(block) for block in plan_blocks(planned(), {"bbc": "BBC"}))

    for name in ("www.bbc.example", "push.bbc.example:5222", "control.example", "quad9 (doh)"):
        assert name in text
    assert text.endswith("Nothing was sent.")


@pytest.mark.parametrize(
    ("place", "quic", "steps"),
    [
        pytest.param(0, True, ("dns", "tcp", "tls", "http", "quic"), id="a page with HTTP/3"),
        pytest.param(0, False, ("dns", "tcp", "tls", "http"), id="HTTP/3 left out"),
        pytest.param(1, True, ("dns", "tcp"), id="a bare port"),
    ],
)
def test_the_plan_names_the_steps_that_a_look_takes(place, quic, steps):
    assert planned(quic=quic).endpoints[place].steps == steps


def test_a_page_costs_its_body_in_both_families():
    page, port = planned(quic=False).endpoints

    assert page.bytes > 2 * Pacing().body_bytes
    assert port.bytes < Pacing().body_bytes


def test_the_budget_bounds_the_plan():
    small = CATALOGUE.model_copy(update={"pacing": Pacing(bytes_per_run=1000)})

    assert plan(small.endpoints, small, resolvers=RESOLVERS, quic=True).bytes == 1000


def test_programs_read_the_same_plan():
    read = plan_json(planned())

    assert [each["id"] for each in read["endpoints"]] == ["bbc.web", "bbc.push"]
    assert read["pacing"]["session_hours"] == 6.0


def test_a_name_that_is_asked_of_three_servers_is_told_once():
    entries = load_catalogue().whoami
    told = plan((), load_catalogue(), resolvers=RESOLVERS, quic=True).whoami_names

    assert len(entries) > len({entry.name for entry in entries})
    assert len(told) == len(set(told))
