"""Whole runs in the lab's worlds, on the virtual clock."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

import pytest
import trio

from probe.lab.box import DROP, PASS, Box, BoxContext, Verdict
from probe.lab.packet import Packet, Side
from probe.lab.virtual.net import run_virtual, virtual_net
from probe.lab.worlds import build_world
from probe.model.experiment import Experiment, Kind
from probe.model.target import Control
from probe.model.words import Arm, Category, State, VantageState
from probe.reference import load_knowledge
from probe.run import EndpointDone, EndpointStarted, RunRequest, Stopped, measure
from probe.run.memory import MemorySink
from probe.run.setup import make_tools
from probe.store import open_reader
from probe.trial.play import knowledge_in, play


@pytest.fixture(scope="module")
def base():
    return load_knowledge()


def _endpoints(base, *ids):
    by_id = {endpoint.id: endpoint for endpoint in base.catalogue.endpoints}
    return tuple(by_id[id_] for id_ in ids)


def _play(base, world_id, *ids, **options):
    world = build_world(world_id, base.catalogue)
    return play(world, _endpoints(base, *ids), knowledge_in(world, base), **options)


def test_an_open_world_is_ok(base):
    played = _play(base, "open", "twitter.web", "bbc.web")

    assert played.result.run.status == "complete"
    assert played.result.vantage.state is VantageState.ONLINE
    assert {verdict.state for verdict in played.result.verdicts} == {State.OK}
    assert {service.state for service in played.result.services} == {State.OK}


@pytest.mark.parametrize("world", ["d06", "d08"])
def test_a_block_page_in_the_clear_that_the_resolver_leads_to_is_not_ok(base, world):
    """Nothing proves an address there: the page at one that verified resolvers name does."""
    played = _play(base, world, "instagram.http", profile="look")

    said = {verdict.rule_id for verdict in played.result.verdicts}
    assert said <= {"http.another_page_here", "http.another_page_there"}


def test_an_offline_vantage_judges_nothing(base):
    """`make run` on a machine without internet must accuse nobody."""
    played = _play(base, "offline", "instagram.web")

    assert played.result.run.status == "offline"
    assert played.result.verdicts == ()
    assert {o.arm for o in played.sink.observations} == {Arm.GATE}


def test_without_a_working_control_targets_that_work_show_the_line(base):
    """A network may block every control, and another lab may have none of them."""
    world = build_world("open", base.catalogue)
    unknown = Control(
        id="gone", host="gone.example", url="https://gone.example/", operator="x", country="US"
    )
    catalogue = world.catalogue.model_copy(update={"controls": (unknown,)})
    knowledge = replace(knowledge_in(world, base), catalogue=catalogue)

    played = play(world, _endpoints(base, "bbc.web", "dw.web", "twitter.web"), knowledge)

    assert played.result.vantage.state is VantageState.DEGRADED
    assert {v.state for v in played.result.verdicts if v.protocol == "https"} == {State.OK}


def test_a_captive_portal_judges_nothing(base):
    played = _play(base, "captive-portal", "instagram.web")

    assert played.result.vantage.state is VantageState.CAPTIVE_PORTAL
    assert played.result.verdicts == ()


def test_a_lying_resolver_is_named(base):
    played = _play(base, "europe-rt", "rt.web", "bbc.web")

    found = {v.endpoint: v.category for v in played.result.verdicts if v.protocol == "https"}
    assert found == {"rt.web": Category.DNS_LIE, "bbc.web": Category.OK}


def _said(verdict):
    """What a verdict says, without the order in which simultaneous answers were read."""
    return verdict.model_dump(exclude={"evidence", "detail", "rivals", "also"})


def test_the_same_seed_gives_the_same_run(base):
    first, second = (_play(base, "march-2022", "instagram.web", "rt.web", seed=7) for _ in range(2))

    assert [_said(v) for v in first.result.verdicts] == [_said(v) for v in second.result.verdicts]
    assert len(first.sink.observations) == len(second.sink.observations)
    # An ECDSA signature is 70 to 72 bytes long: on a link with a rate that moves times a little.
    assert first.result.run.ended_at - second.result.run.ended_at < timedelta(milliseconds=5)


def test_a_byte_budget_stops_the_run_and_says_so(base):
    world = build_world("open", base.catalogue)
    catalogue = base.catalogue
    pacing = catalogue.pacing.model_copy(update={"bytes_per_run": 1, "workers": 1})
    knowledge = knowledge_in(world, base)
    small = type(knowledge)(
        catalogue=world.catalogue.model_copy(update={"pacing": pacing}),
        roots=knowledge.roots,
        fingerprints=knowledge.fingerprints,
        geo=knowledge.geo,
    )
    events = []

    played = play(
        world,
        _endpoints(base, "twitter.web", "bbc.web", "dw.web"),
        small,
        on_event=events.append,
    )

    assert played.result.run.status == "budget"
    assert any(isinstance(event, Stopped) for event in events)
    assert not any(isinstance(event, EndpointDone) for event in events)


def test_an_interrupted_run_keeps_what_was_finished(base):
    """Ctrl-C at any moment: whatever a step has found out is in the sink."""
    world = build_world("open", base.catalogue)
    sink = MemorySink()

    async def inside():
        async with (
            virtual_net(
                routers=world.routers,
                boxes=world.boxes,
                link=world.link,
                client=world.client.addresses,
                nameservers=world.client.resolvers,
                utc=world.at,
            ) as net,
            world.open(net),
        ):
            tools = make_tools(base, world.client.machine, utc=net.utc_now())
            request = RunRequest(
                endpoints=_endpoints(base, "bbc.web"), world="lab:open", again=True, govern=False
            )
            with trio.CancelScope() as work:

                def cancel_when_connected(event):
                    if type(event).__name__ == "EndpointStarted":
                        work.deadline = trio.current_time() + 0.12

                await measure(
                    request,
                    knowledge_in(world, base),
                    tools,
                    sink,
                    run_id="r",
                    on_event=cancel_when_connected,
                )
            assert work.cancelled_caught

    run_virtual(inside)

    seen = [o for o in sink.observations if o.endpoint == "bbc.web"]
    assert any(o.step == "tcp" and o.failure is None for o in seen)
    assert sink.runs[-1].status == "interrupted"
    assert sink.runs[-1].ended_at is not None
    assert any(verdict.endpoint == "bbc.web" for verdict in sink.verdicts)


def test_an_endpoint_measured_within_the_pause_is_left_out(base):
    world = build_world("open", base.catalogue)

    async def inside():
        async with (
            virtual_net(
                routers=world.routers,
                link=world.link,
                client=world.client.addresses,
                nameservers=world.client.resolvers,
                utc=world.at,
            ) as net,
            world.open(net),
        ):
            tools = make_tools(base, world.client.machine, utc=net.utc_now())
            request = RunRequest(
                endpoints=_endpoints(base, "bbc.web", "twitter.web"),
                world="lab:open",
                recent={"bbc.web": net.utc_now()},
                govern=False,
            )
            return await measure(
                request, knowledge_in(world, base), tools, MemorySink(), run_id="r"
            )

    result = run_virtual(inside)

    assert {verdict.endpoint for verdict in result.verdicts} == {"twitter.web"}


def test_a_wait_is_kept_and_scaled(base, monkeypatch):
    """Residual state must run out before a control says anything."""

    def ask_to_wait(evidence, *_):
        wait = Experiment(kind=Kind.WAIT, endpoint=evidence.endpoint.id, wait_s=100.0)
        return () if wait.id in evidence.performed else (wait,)

    monkeypatch.setattr("probe.run.investigate.ask", ask_to_wait)
    took = {
        pace: _play(base, "open", "bbc.web", pace_factor=pace).result.run for pace in (1.0, 0.1)
    }

    seconds = {pace: (run.ended_at - run.started_at).total_seconds() for pace, run in took.items()}
    assert seconds[1.0] - seconds[0.1] == pytest.approx(90.0, abs=1.0)


@pytest.mark.parametrize(
    ("name", "waits"),
    [
        pytest.param("neutral.example", 1, id="after neutral names there is nothing to forget"),
        pytest.param("www.bbc.com", 2, id="after each of ours there is"),
    ],
)
def test_only_the_name_starts_a_filters_memory(base, monkeypatch, name, waits):
    def ask_twice(evidence, *_):
        at = next(o for o in evidence.observations if o.step == "tls")
        asked = (
            Experiment(
                kind=Kind.HANDSHAKE,
                endpoint=evidence.endpoint.id,
                arm=Arm.TARGET if name == evidence.endpoint.host else Arm.C1,
                name=name,
                family=at.family,
                address=at.address,
                port=443,
                round=round_,
                wait_s=100.0,
            )
            for round_ in (1, 2)
        )
        return tuple(e for e in asked if e.id not in evidence.performed)

    monkeypatch.setattr("probe.run.investigate.ask", ask_twice)

    run = _play(base, "open", "bbc.web").result.run

    assert (run.ended_at - run.started_at).total_seconds() == pytest.approx(waits * 100.0, abs=25.0)


@dataclass(kw_only=True, eq=False)
class Cut(Box):
    """The line, from a moment on."""

    id: ClassVar[str] = "cut"
    source: ClassVar[str] = "a plug that is pulled"
    innocent: ClassVar[bool] = True
    from_s: float

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Let nothing pass once the moment has come."""
        del packet, toward
        return DROP if out.now >= self.from_s else PASS


def test_a_line_that_died_meanwhile_is_asked_by_all_gates(base):
    """The few looks at the end may vouch for a line; that it is dead, all controls must say."""
    world = build_world("open", base.catalogue)
    went_well = play(world, _endpoints(base, "bbc.web"), knowledge_in(world, base))
    measured = [o for o in went_well.sink.observations if o.arm is Arm.GATE]
    closing_at = min(o.started_at for o in measured if o.attempt == 2)

    cut = Cut(from_s=(closing_at - world.at).total_seconds() - 0.001)
    world = replace(build_world("open", base.catalogue), boxes={0: (cut,)})
    died = play(world, _endpoints(base, "bbc.web"), knowledge_in(world, base))

    hosts = {n: {o.endpoint for o in measured if o.attempt == n} - {"local"} for n in (0, 2, 3)}
    assert len(hosts[0]) > 2 * len(hosts[2])
    assert not hosts[3]
    assert went_well.result.run.status == "complete"
    assert died.result.run.status == "offline"
    asked = {o.endpoint for o in died.sink.observations if o.attempt == 3} - {"local"}
    assert asked >= hosts[0]


def test_where_a_run_was_made_is_on_the_disk_before_any_service_is_measured(base, tmp_path):
    """A run that is killed does not come to say it at its end."""
    world = build_world("open", base.catalogue)
    known = []

    def look(event):
        if isinstance(event, EndpointStarted):
            with open_reader(tmp_path / "a.db") as reader:
                run = reader.latest_run("lab:open")
                known.append((reader.vantage(run.id), run.vantage.country, run.ended_at))

    play(
        world,
        _endpoints(base, "bbc.web"),
        knowledge_in(world, base),
        database=tmp_path / "a.db",
        on_event=look,
    )

    ((vantage, country, ended_at),) = known
    assert vantage is not None
    assert vantage.state is VantageState.ONLINE
    assert (country, ended_at) == ("DE", None)
