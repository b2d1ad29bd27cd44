"""What a control vantage says of an endpoint, and when it says nothing."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import trio

from probe.lab.box import PASS
from probe.lab.worlds.trouble import Outage
from probe.model.observation import TcpObservation, TlsObservation
from probe.model.target import LastKnownAddress
from probe.model.words import Arm, Family, VantageState
from probe.serve import vantage as module
from probe.serve.server import answering_dns
from probe.serve.vantage import Closed


@dataclass(kw_only=True, eq=False)
class Switch(Outage):
    """An outage that begins when a test says so."""

    is_on: bool = False

    def on_packet(self, packet, toward, out):
        return super().on_packet(packet, toward, out) if self.is_on else PASS


@pytest.fixture
def counted(monkeypatch):
    """Count the looks that leave the machine."""
    performed = []
    real = module.perform

    async def perform(experiment, endpoint, tools, **options):
        performed.append(endpoint.id)
        return await real(experiment, endpoint, tools, **options)

    monkeypatch.setattr(module, "perform", perform)
    return performed


async def test_it_sees_what_a_run_there_would_see(autojump_clock, stationed, endpoint):
    async with stationed("open") as vantage:
        seen = await vantage.look(endpoint("bbc.web"))

    assert {o.step for o in seen} >= {"dns", "tcp", "tls", "http"}
    assert {o.arm for o in seen} == {Arm.TARGET}
    assert not [o for o in seen if o.failure is not None]
    assert (vantage.country, vantage.about().state) == ("DE", VantageState.ONLINE)


async def test_pages_keep_their_marks_and_lose_their_bodies(autojump_clock, stationed, endpoint):
    async with stationed("open") as vantage:
        seen = await vantage.look(endpoint("bbc.web"))

    pages = [o for o in seen if o.step == "http"]
    assert [page.body for page in pages] == [b""] * len(pages)
    assert all(page.body_sha256 and page.title for page in pages if page.status == 200)


async def test_an_endpoint_that_is_down_is_told_so(autojump_clock, stationed, endpoint):
    async with stationed("dead-server") as vantage:
        seen = await vantage.look(endpoint("instagram.web"))

    tried = [o for o in seen if isinstance(o, TcpObservation | TlsObservation)]
    assert tried
    assert all(o.failure is not None for o in tried if isinstance(o, TlsObservation))


async def test_where_its_own_gates_fail_it_says_so_and_answers_nothing(
    autojump_clock, stationed, endpoint, counted
):
    async with stationed("offline") as vantage:
        answer = await vantage.look(endpoint("bbc.web"))

    assert answer == Closed("gates", "its own gates say offline", 60)
    assert vantage.about().may_look is False
    assert counted == []


async def test_a_portal_vouches_for_nothing(autojump_clock, stationed, endpoint):
    async with stationed("captive-portal") as vantage:
        assert isinstance(await vantage.look(endpoint("bbc.web")), Closed)


async def test_its_own_outage_is_not_told_as_the_services(autojump_clock, stationed, endpoint):
    """Else "both fail" would make of two dead lines a dead service."""
    switch = Switch()
    async with stationed("open", boxes=[switch]) as vantage:
        await trio.sleep(120)
        switch.is_on = True
        answer = await vantage.look(endpoint("bbc.web"))

    assert isinstance(answer, Closed)
    assert answer.error == "gates"


async def test_after_an_outage_it_speaks_again(autojump_clock, stationed, endpoint):
    switch = Switch(is_on=True)
    async with stationed("open", boxes=[switch]) as vantage:
        assert isinstance(await vantage.look(endpoint("bbc.web")), Closed)
        switch.is_on = False
        await trio.sleep(module.GATES_AGAIN_S + 30)

        assert not isinstance(await vantage.look(endpoint("bbc.web")), Closed)


async def test_a_family_that_it_does_not_have_is_not_told_as_failing(
    autojump_clock, stationed, endpoint
):
    async with stationed("no-ipv6") as vantage:
        seen = await vantage.look(endpoint("facebook.web"))

    flows = [o for o in seen if o.step != "dns"]
    assert {o.family for o in flows} == {Family.IPV4}


async def test_without_udp_443_nothing_is_told_of_quic(autojump_clock, stationed, endpoint):
    async with stationed("no-udp443") as vantage:
        seen = await vantage.look(endpoint("facebook.web"))

    assert "quic" not in {o.step for o in seen}


async def test_many_who_ask_at_once_cause_one_look(autojump_clock, stationed, endpoint, counted):
    async with stationed("open") as vantage, trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon(vantage.look, endpoint("bbc.web"))

    assert counted == ["bbc.web"]


async def test_an_answer_is_kept_for_minutes_and_no_longer(
    autojump_clock, stationed, endpoint, counted
):
    async with stationed("open") as vantage:
        for pause_s in (0, module.CACHE_S / 2, module.CACHE_S):
            await trio.sleep(pause_s)
            await vantage.look(endpoint("bbc.web"))

    assert counted == ["bbc.web"] * 2


PRIVATE = ("10.0.0.1", "127.0.0.1", "169.254.169.254", "[::1]", "[fd00::1]", "192.168.0.1")


async def test_no_private_address_is_contacted_for_anybody(autojump_clock, stationed, endpoint):
    """A catalogue entry or a lying resolver must not make a helper knock at its own network."""
    async with stationed("open") as vantage:
        for number, host in enumerate(PRIVATE):
            inside = endpoint("bbc.web").model_copy(
                update={"id": f"inside.{number}", "url": f"https://{host}/"}
            )
            assert await vantage.look(inside) == (), host


async def test_its_own_addresses_are_not_contacted_for_anybody(autojump_clock, stationed, endpoint):
    """Whatever name leads to the helper itself: it asks itself nothing, and is no way around."""
    mirror = endpoint("bbc.web").model_copy(
        update={"id": "me", "host": "93.184.216.34", "url": "https://93.184.216.34/"}
    )
    async with stationed("open", own_addresses=["93.184.216.34"]) as vantage:
        seen = await vantage.look(mirror)

    assert len(vantage._own) > 1, "what it found out itself is known beside what it was told"
    assert not any(map(vantage.tools.allow, vantage._own))
    assert seen == ()


async def test_a_dated_address_that_is_private_is_not_contacted(
    autojump_clock, stationed, endpoint
):
    known = LastKnownAddress(address="10.1.2.3", seen="2026-11-01", source="a test")
    lost = endpoint("bbc.web").model_copy(
        update={"id": "lost", "host": "no.such.host.example", "last_known": (known,)}
    )
    lost = lost.model_copy(update={"url": "https://no.such.host.example/"})
    async with stationed("open") as vantage:
        seen = await vantage.look(lost)

    assert {o.step for o in seen} == {"dns"}


async def test_its_own_address_is_in_nothing_that_it_tells(autojump_clock, stationed, endpoint):
    async with stationed("open") as vantage:
        seen = await vantage.look(endpoint("bbc.web"))

    said = "".join(o.model_dump_json() for o in seen)
    assert not [address for address in vantage._own if address in said]


async def test_the_days_traffic_has_an_end(autojump_clock, stationed, endpoint):
    async with stationed("open") as vantage:
        assert vantage._spent_bytes > 0, "the gates' own traffic counts"
        pacing = vantage.tools.pacing.model_copy(update={"bytes_per_day": 1})
        vantage.tools = replace(vantage.tools, pacing=pacing)
        today = await vantage.look(endpoint("bbc.web"))
        vantage._spent_on -= timedelta(days=1)
        tomorrow = await vantage.look(endpoint("bbc.web"))

    assert today == Closed("budget", "the day's traffic is used", 3600)
    assert not isinstance(tomorrow, Closed)


async def test_more_askers_than_places_are_told_to_come_back(
    autojump_clock, stationed, endpoint, monkeypatch
):
    monkeypatch.setattr(module, "WAITING_MAX", 2)
    answers = []

    async def perform(*_, **__):
        await trio.sleep(40)

    async def ask(number):
        other = endpoint("bbc.web").model_copy(update={"id": f"bbc.{number}"})
        answers.append(await vantage.look(other))

    async with stationed("open") as vantage, trio.open_nursery() as nursery:
        monkeypatch.setattr(module, "perform", perform)
        for number in range(20):
            nursery.start_soon(ask, number)

    assert answers.count(Closed("busy", "too many look at once", 15)) == 20 - module.AT_ONCE


async def test_a_fault_of_ours_in_one_look_ends_neither_the_server_nor_the_asker(
    autojump_clock, stationed, endpoint, monkeypatch
):
    async def perform(*_, **__):
        raise KeyError("a bug")

    told = []
    async with stationed("open", on_fault=told.append) as vantage:
        with monkeypatch.context() as patched:
            patched.setattr(module, "perform", perform)
            broken = await vantage.look(endpoint("bbc.web"))
        whole = await vantage.look(endpoint("bbc.web"))

    assert broken == Closed("busy", "the look failed", 60)
    assert [type(fault) for fault in told] == [KeyError]
    assert not isinstance(whole, Closed)


async def test_a_resolver_at_an_address_of_ours_is_found(autojump_clock, stationed):
    """Such an address can be no canary; the guide says so, and so does the command."""
    async with stationed("open"):
        found = await answering_dns(["8.8.8.8", "93.184.216.34"])

    assert found == ["8.8.8.8"]
