"""This machine's own addresses are learnt whoever answers, and go nowhere."""

from dataclasses import replace
from datetime import UTC, datetime

from probe.lab.virtual.net import virtual_net
from probe.lab.worlds import build_world
from probe.model.observation import DnsAnswer, DnsObservation
from probe.model.target import Catalogue, WhoamiName
from probe.model.verdict import Verdict
from probe.model.words import Arm, Category, Protocol, State, Transport
from probe.reference import load_knowledge
from probe.run.memory import MemorySink
from probe.run.own import OwnAddresses
from probe.trial.play import knowledge_in, play
from probe.wire.addresses import is_global

V4, V6, OTHER = "93.184.216.34", "2a02:6b8:1:2:3:0:5:6", "157.240.9.1"
CATALOGUE = Catalogue(
    services=(),
    whoami=tuple(
        WhoamiName(
            id=tells,
            name="whoami.example",
            query_type="A",
            operator="Example",
            tells=tells,
            server="157.240.9.9" if tells == "client" else None,
        )
        for tells in ("client", "resolver")
    ),
)


class Spy(MemorySink):
    def __init__(self):
        super().__init__()
        self.protected = set()

    def protect(self, addresses):
        self.protected |= set(addresses)


def dns(*addresses, resolver="system", arm=Arm.TARGET):
    return DnsObservation(
        id="x/0/0",
        experiment="x",
        endpoint="a.web",
        arm=arm,
        started_at=datetime(2026, 11, 23, tzinfo=UTC),
        duration_s=0.1,
        name="a.example",
        query_type="A",
        resolver=resolver,
        transport=Transport.UDP,
        answers=(DnsAnswer(after_s=0.1, rcode=0, addresses=addresses),),
    )


async def test_the_machine_itself_tells_what_it_sends_from(autojump_clock):
    """Where IPv6 to whoami's servers is filtered, the IPv6 address stood in every page we kept."""
    sink = Spy()
    async with virtual_net(client={4: "192.0.2.2", 6: V6}) as net:
        await OwnAddresses(sink).look()

    assert sink.protected == {"192.0.2.2", V6}
    assert net.path.counts.total() == 0


def test_a_run_learns_them_without_any_whoami_name(monkeypatch):
    base = load_knowledge()
    world = build_world("open", base.catalogue)
    mute = world.catalogue.model_copy(update={"whoami": ()})
    knowledge = replace(knowledge_in(world, base), catalogue=mute)
    learnt = set()
    monkeypatch.setattr(MemorySink, "protect", lambda _, addresses: learnt.update(addresses))

    play(world, [next(e for e in mute.endpoints if e.id == "bbc.web")], knowledge, quic=False)

    assert learnt == set(world.client.addresses.values())


def test_an_address_that_a_later_question_went_out_from_is_learnt_too():
    """Providers with too few addresses send each flow from another."""
    own = OwnAddresses(sink := Spy())
    own.listen(
        [dns(V4, resolver="whoami:client"), dns(OTHER, resolver="whoami:resolver")], CATALOGUE
    )

    assert sink.protected == {V4}


def test_they_are_not_contacted_however_they_are_spelt():
    own = OwnAddresses(Spy())
    own.add([V4, V6])
    allow = own.guard(is_global)

    assert not any(allow(text) for text in (V4, V6, "2a02:06b8:1:2:3::5:6", "127.0.0.1"))
    assert allow(OTHER)


def test_an_answer_that_names_one_says_so_without_it():
    """Else an experiment at that address is asked for, and its row and id tell it."""
    own = OwnAddresses(Spy())
    own.add([V4])
    clean = dns(OTHER)

    (answer,) = own.without(dns(V4, OTHER)).answers

    assert (answer.addresses, answer.texts) == ((OTHER,), ("[client]",))
    assert own.without(clean) is clean


def test_the_gates_still_learn_where_we_are():
    own = OwnAddresses(Spy())
    own.add([V4])
    seen = dns(V4, arm=Arm.GATE)

    assert own.without(seen) is seen


def test_no_verdict_tells_one():
    """Printed, told to a person, and written to a file that CI keeps for everybody."""
    own = OwnAddresses(Spy())
    own.add([V4])
    verdict = Verdict(
        endpoint="a.web",
        service="a",
        protocol=Protocol.HTTPS,
        state=State.OK,
        category=Category.OK,
        rule_id="test",
        detail=f"certificate self_signed (issuer CN={V4})",
    )

    assert own.untold(verdict).detail == "certificate self_signed (issuer CN=[client])"
