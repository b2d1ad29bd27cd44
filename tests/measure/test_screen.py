"""The composite that one look shows, on the virtual lab."""

from datetime import date

import pytest
import trio

from probe.lab.box import Names, Where
from probe.lab.boxes.dns import Race
from probe.lab.boxes.ip import Blackhole
from probe.lab.servers.nameserver import Lie, LieKind, NameServer, Records
from probe.lab.servers.site import Edge, Page, Site, TlsManner
from probe.model.experiment import Experiment, Kind
from probe.model.observation import (
    DnsObservation,
    HttpObservation,
    QuicObservation,
    TcpObservation,
    TlsObservation,
)
from probe.model.run import Machine
from probe.model.target import Endpoint, LastKnownAddress, Pacing
from probe.model.words import FailureWord, Family, Role, Transport

HOST = "www.instagram.com"
V4, V4_TOO, V6 = "157.240.1.174", "157.240.1.175", "2a03:2880:f12f::1"


def of(kind, observations):
    return [o for o in observations if isinstance(o, kind)]


def it_endpoint(url):
    return Endpoint(id="x.web", service="x", host=HOST, role=Role.WEB, url=url)


def screen_of(endpoint):
    return Experiment(kind=Kind.SCREEN, endpoint=endpoint.id)


def lying(*lies):
    return NameServer("google", ("8.8.8.8",), lies=lies)


async def test_every_address_of_both_families_is_measured(autojump_clock, internet):
    async with internet() as it:
        observations = await it.screen()

    assert {o.address for o in of(TcpObservation, observations)} == {V4, V4_TOO, V6}
    assert {o.address for o in of(TlsObservation, observations)} == {V4, V4_TOO, V6}
    assert {o.family for o in of(HttpObservation, observations)} == {Family.IPV4, Family.IPV6}
    assert len(of(HttpObservation, observations)) == 2
    assert all(o.failure is None for o in observations)


async def test_a_page_is_read_to_the_limit_with_its_progress(autojump_clock, internet):
    async with internet() as it:
        observations = await it.screen()

    page = of(HttpObservation, observations)[0]
    assert page.status == 200
    assert page.http_version == "2"
    assert page.title == "Instagram"
    assert page.ended == "limit"
    assert page.body_bytes == len(page.body) == 65_536
    assert page.declared_bytes == 100_043
    assert page.progress[-1][1] >= 65_536
    assert ("set-cookie", "sid") in page.headers
    assert page.request_headers[0] == ("host", HOST)


async def test_each_step_keeps_time_bytes_and_tcp_info(autojump_clock, internet):
    async with internet() as it:
        observations = await it.screen()

    tls = of(TlsObservation, observations)[0]
    assert tls.duration_s == pytest.approx(0.05, abs=0.001)
    assert tls.bytes_sent >= tls.hello_bytes > 200
    assert tls.bytes_received > 500
    assert tls.tcp_info.min_rtt_us == pytest.approx(50_000, rel=0.05)
    assert tls.first_byte_s == pytest.approx(0.05, abs=0.001)
    assert len(tls.chain) >= 2
    assert tls.started_at.tzinfo is not None


async def test_ids_are_unique_and_name_the_experiment(autojump_clock, internet):
    async with internet() as it:
        observations = await it.screen()

    ids = [o.id for o in observations]
    assert len(set(ids)) == len(ids)
    assert all(o.id == f"{o.experiment}/0/{o.id.split('/')[2]}" for o in observations)


@pytest.mark.parametrize("transport", list(Transport))
async def test_every_transport_learns_the_addresses(autojump_clock, internet, transport):
    async with internet(transports=(transport,)) as it:
        observations = await it.screen()

    asked = {o.query_type: o for o in of(DnsObservation, observations)}
    assert set(asked["A"].addresses) == {V4, V4_TOO}
    assert asked["AAAA"].addresses == (V6,)
    assert asked["A"].transport is transport
    assert len(of(TlsObservation, observations)) == 3
    if transport in (Transport.DOT, Transport.DOH):
        assert asked["A"].chain


async def test_the_window_listens_beside_the_next_steps(autojump_clock, internet):
    """One round trip for DNS, then TCP at once: the window of 2 s delays nobody."""
    async with internet() as it:
        started = trio.current_time()
        observations = await it.screen()
        took_s = trio.current_time() - started

    first = of(TcpObservation, observations)[0]
    assert (first.started_at - it.tools.clock.utc_anchor).total_seconds() < 0.06
    assert took_s == pytest.approx(2.05, abs=0.05)


async def test_a_forged_answer_and_the_real_one_are_both_kept(autojump_clock, internet):
    box = Race(names=Names((HOST,)))
    async with internet(boxes={0: [box]}) as it:
        observations = await it.screen()

    asked = next(o for o in of(DnsObservation, observations) if o.query_type == "A")
    assert len(asked.answers) >= 2
    assert asked.answers[0].after_s < asked.answers[-1].after_s
    assert set(asked.answers[-1].addresses) == {V4, V4_TOO}


@pytest.mark.parametrize(
    "lie",
    ["127.0.0.1", "10.10.34.35", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"],
)
async def test_no_answer_leads_to_a_non_global_address(autojump_clock, internet, destinations, lie):
    """A resolver that names the user's router must not make the probe knock there."""
    zone = {HOST: Records(a=(lie,), aaaa=("::1", "fe80::1", "fd00::1", "64:ff9b::7f00:1"))}
    async with internet(zone=zone) as it:
        seen = destinations(it.net)
        observations = await it.screen()

    assert seen == {"8.8.8.8"}
    assert of(TcpObservation, observations) == []
    assert of(DnsObservation, observations)[0].addresses == (lie,)


async def test_a_flood_of_addresses_does_not_make_a_scanner(autojump_clock, internet, destinations):
    zone = {HOST: Records(a=tuple(f"157.240.2.{i}" for i in range(1, 60)))}
    async with internet(zone=zone) as it:
        seen = destinations(it.net)
        await it.screen()

    assert len(seen - {"8.8.8.8"}) == 16


async def test_plain_http_goes_to_port_80_without_tls(autojump_clock, internet):
    async with internet(sites=(Site(HOST, fallback=Page(body=b"plain"), plain=None),)) as it:
        endpoint = it_endpoint(f"http://{HOST}/")
        observations = await it.perform(screen_of(endpoint), endpoint)

    assert of(TlsObservation, observations) == []
    pages = of(HttpObservation, observations)
    assert {(p.port, p.over_tls, p.body) for p in pages} == {(80, False, b"plain")}


async def test_a_tls_endpoint_gets_a_handshake_and_a_tcp_one_a_connection(autojump_clock, internet):
    async with internet() as it:
        tls, tcp = it_endpoint(f"tls://{HOST}:443"), it_endpoint(f"tcp://{HOST}:443")
        shaken = await it.perform(screen_of(tls), tls)
        connected = await it.perform(screen_of(tcp), tcp)

    assert len(of(TlsObservation, shaken)) == 3
    assert of(HttpObservation, shaken) == []
    assert len(of(TcpObservation, connected)) == 3
    assert of(TlsObservation, connected) == []


async def test_handshakes_are_limited_per_family(autojump_clock, internet):
    """TCP goes to every address; names only to a few."""
    many = tuple(f"157.240.2.{i}" for i in range(1, 8))
    edge = Edge((Site(HOST, fallback=Page(body=b"x")),))
    zone = {HOST: Records(a=many)}
    async with internet(zone=zone, edges=dict.fromkeys(many, edge)) as it:
        observations = await it.screen()

    assert len(of(TcpObservation, observations)) == 7
    # One of the three is kept for a resolver that tells something else.
    assert len(of(TlsObservation, observations)) == 2


async def test_a_differing_answer_still_gets_its_proof(autojump_clock, internet):
    """A lie of many addresses must not use up the handshakes that would prove the truth."""
    lies = tuple(f"31.28.24.{i}" for i in range(1, 9))
    async with internet(hosts={HOST: lies}, transports=(Transport.SYSTEM, Transport.UDP)) as it:
        observations = await it.screen()

    proved = {o.address for o in of(TlsObservation, observations) if o.failure is None}
    assert proved & {V4, V4_TOO}


async def test_last_known_addresses_serve_where_no_resolver_tells_any(autojump_clock, internet):
    lie = Lie(Names((HOST,)), LieKind.NXDOMAIN)
    async with internet(name_server=lying(lie)) as it:
        known = (
            LastKnownAddress(address=V4, seen=date(2026, 1, 1)),
            LastKnownAddress(address="10.0.0.1", seen=date(2026, 1, 1)),
        )
        endpoint = it_endpoint(f"https://{HOST}/").model_copy(update={"last_known": known})
        observations = await it.perform(screen_of(endpoint), endpoint)

    assert {o.failure.word for o in of(DnsObservation, observations)} == {
        FailureWord.DNS_NXDOMAIN_ERROR
    }
    assert [o.address for o in of(TcpObservation, observations)] == [V4]
    assert of(HttpObservation, observations)[0].status == 200


async def test_last_known_addresses_are_left_alone_where_dns_works(autojump_clock, internet):
    async with internet() as it:
        known = (LastKnownAddress(address="157.240.9.9", seen=date(2026, 1, 1)),)
        endpoint = it_endpoint(f"https://{HOST}/").model_copy(update={"last_known": known})
        observations = await it.perform(screen_of(endpoint), endpoint)

    assert "157.240.9.9" not in {o.address for o in of(TcpObservation, observations)}


async def test_a_hosts_file_is_named_as_the_reason(autojump_clock, internet):
    async with internet(hosts={HOST: (V4,)}, transports=(Transport.SYSTEM,)) as it:
        observations = await it.screen(
            machine=Machine(hosts=f"127.0.0.1 localhost\n{V4} {HOST} # pinned\n")
        )

    asked = of(DnsObservation, observations)
    assert {o.local_reason for o in asked} == {"hosts"}
    assert {o.address for o in asked} == {None}


async def test_a_failing_handshake_leaves_the_page_to_another_address(autojump_clock, internet):
    broken = Edge((Site(HOST, tls=TlsManner.RESET),))
    async with internet(edges={V4: broken}) as it:
        observations = await it.screen()

    pages = of(HttpObservation, observations)
    assert {p.address for p in pages} == {V4_TOO, V6}
    reset = next(o for o in of(TlsObservation, observations) if o.address == V4)
    assert reset.failure.word is FailureWord.CONNECTION_RESET


async def test_quic_is_asked_where_the_service_speaks_it(autojump_clock, internet):
    pytest.importorskip("aioquic")
    sites = (Site(HOST, fallback=Page(body=b"hello over quic"), http3=True),)
    async with internet(sites=sites) as it:
        endpoint = it_endpoint(f"https://{HOST}/").model_copy(update={"http3": True})
        observations = await it.perform(screen_of(endpoint), endpoint, quic=True)
        without = await it.perform(screen_of(endpoint), endpoint, quic=False)

    asked = of(QuicObservation, observations)
    assert {o.family for o in asked} == {Family.IPV4, Family.IPV6}
    assert all(o.handshake_done and o.status == 200 and o.body_bytes == 15 for o in asked)
    assert all(o.chain and o.datagrams_received for o in asked)
    assert of(QuicObservation, without) == []


async def test_a_cancelled_screen_has_emitted_its_finished_steps(autojump_clock, internet):
    """Ctrl-C keeps every finished measurement, the answers of an open window among them."""
    async with internet() as it:
        with trio.move_on_after(0.12) as scope:
            await it.screen()

    assert scope.cancelled_caught
    kinds = [type(o) for o in it.observations]
    assert kinds.count(TcpObservation) == 3
    assert kinds.count(DnsObservation) == 2
    assert HttpObservation not in kinds


async def test_a_black_hole_costs_exactly_the_timeout(autojump_clock, internet):
    """A dropped flow is told from a slow one by the clock."""
    hole = Blackhole(where=Where(prefixes=("157.240.0.0/16", "2a03:2880::/32")))
    async with internet(boxes={0: [hole]}) as it:
        started = trio.current_time()
        observations = await it.screen(pacing=Pacing(connect_timeout_s=7.0))
        took_s = trio.current_time() - started

    connections = of(TcpObservation, observations)
    assert {o.failure.word for o in connections} == {FailureWord.GENERIC_TIMEOUT_ERROR}
    assert {o.duration_s for o in connections} == {7.0}
    assert took_s == pytest.approx(7.05, abs=0.01)


async def test_an_endpoint_by_address_is_not_asked_of_dns(autojump_clock, internet):
    async with internet() as it:
        endpoint = it_endpoint(f"https://{V4}/")
        observations = await it.perform(screen_of(endpoint), endpoint)

    assert of(DnsObservation, observations) == []
    assert [o.address for o in of(TcpObservation, observations)] == [V4]


async def test_one_measurement_costs_six_round_trips(autojump_clock, internet):
    """DNS, TCP, TLS, the request, and two for 50 KB from a window of ten segments: the bound."""
    sites = (Site(HOST, fallback=Page(padding_bytes=51_200)),)
    zone = {HOST: Records(a=(V4,))}
    async with internet(sites=sites, zone=zone) as it:
        started = trio.current_time()
        observations = await it.screen(pacing=Pacing(dns_window_s=0.0))
        took_s = trio.current_time() - started

    assert of(HttpObservation, observations)[0].body_bytes == 51_200
    assert took_s <= 6 * 0.05 * 1.03
