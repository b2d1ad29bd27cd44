"""How often one endpoint's name may be sent: walks have a budget of their own, and keep to it."""

from types import SimpleNamespace

import pytest

from probe.lab.pki import LAB_ANCHOR
from probe.measure import Tools
from probe.model.experiment import Experiment, Kind
from probe.model.observation import TraceHop, TraceObservation
from probe.model.target import Pacing
from probe.model.words import Arm
from probe.run.investigate import Case, _grant
from probe.wire.clock import Clock
from tests.run.helpers import ENDPOINT

HOST = ENDPOINT.host
NEUTRAL = "www.abc.com"


@pytest.fixture
def context():
    pacing = Pacing(names_per_endpoint=2, names_per_walk=12)
    return SimpleNamespace(tools=Tools(clock=Clock(LAB_ANCHOR, 0.0), pacing=pacing), remotes=())


def walk(name=HOST, ttls=(1, 2), **fields):
    base = {"kind": Kind.TRACE, "endpoint": ENDPOINT.id, "address": "151.101.0.81"}
    return Experiment(**base | {"name": name, "ttls": ttls} | fields)


def handshake(round_, arm=Arm.TARGET, name=HOST):
    return Experiment(kind=Kind.HANDSHAKE, endpoint=ENDPOINT.id, name=name, arm=arm, round=round_)


def walked(name, packets):
    return TraceObservation(
        id="o",
        experiment="x",
        endpoint=ENDPOINT.id,
        arm=Arm.TARGET,
        started_at=LAB_ANCHOR,
        duration_s=1.0,
        method="hello",
        name=name,
        hops=(TraceHop(ttl=1, outcome="expired"),) * packets,
    )


def granted(asked, case, context):
    return [one.id for one in _grant(asked, case, context)]


def test_walks_take_nothing_from_the_handshakes_and_handshakes_nothing_from_walks(context):
    asked = [handshake(1), walk(), handshake(2), handshake(3)]

    assert granted(asked, Case(ENDPOINT), context) == [one.id for one in asked[:3]]


def test_a_walk_counts_with_the_most_it_may_send(context):
    """Two steps may take six packets, so two such walks fit into twelve, and no third."""
    asked = [walk(port=port) for port in (443, 80, 8443)]
    case = Case(ENDPOINT)

    assert granted(asked, case, context) == [one.id for one in asked[:2]]
    assert case.refused == {asked[2].id}


def test_a_walk_that_was_made_counts_with_what_it_sent(context):
    case = Case(ENDPOINT, observations=[walked(HOST, 6)])
    assert granted([walk()], case, context)

    case = Case(ENDPOINT, observations=[walked(HOST, 7)])
    assert not granted([walk()], case, context)


def test_a_neutral_name_costs_the_target_nothing(context):
    case = Case(ENDPOINT, observations=[walked(NEUTRAL, 24)])

    assert granted([walk(name=NEUTRAL, arm=Arm.C1), walk()], case, context)
    assert not case.refused
