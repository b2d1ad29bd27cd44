"""Each kind of experiment, on the virtual lab."""

import pytest

from probe.lab.box import Names
from probe.lab.boxes.tls import SniReset
from probe.lab.servers.nameserver import Lie, LieKind, NameServer, Records
from probe.lab.servers.site import Manner, Page, Site
from probe.measure import refusal
from probe.model.experiment import Experiment, Hello, Kind
from probe.model.observation import (
    OBSERVATION,
    DnsObservation,
    HttpObservation,
    LocalObservation,
    QuicObservation,
    TcpObservation,
    TlsObservation,
)
from probe.model.run import Machine
from probe.model.target import Canary, Control, Pacing, Resolver
from probe.model.words import Arm, FailureWord, Family, Transport

HOST = "www.instagram.com"
V4, V4_TOO, V6 = "157.240.1.174", "157.240.1.175", "2a03:2880:f12f::1"


def experiment(kind, **fields):
    return Experiment(kind=kind, endpoint="instagram.web", **fields)


def of(kind, observations):
    return [o for o in observations if isinstance(o, kind)]


async def test_connect_is_one_connection(autojump_clock, internet):
    async with internet() as it:
        observations = await it.perform(experiment(Kind.CONNECT, address=V4, arm=Arm.C4))

    (tcp,) = observations
    assert (tcp.address, tcp.port, tcp.arm) == (V4, 443, Arm.C4)
    assert tcp.failure is None


async def test_connect_goes_to_the_port_it_names(autojump_clock, internet):
    async with internet() as it:
        (tcp,) = await it.perform(experiment(Kind.CONNECT, address=V4, port=80))

    assert tcp.port == 80


async def test_a_handshake_sends_the_name_it_is_given(autojump_clock, internet):
    """C1: the same address, another name."""
    async with internet() as it:
        observations = await it.perform(
            experiment(Kind.HANDSHAKE, address=V4, name="www.example.org", arm=Arm.C1)
        )

    tls = observations[1]
    assert tls.server_name == "www.example.org"
    assert tls.chain
    assert len(observations) == 2


@pytest.mark.parametrize("hello", [Hello.NO_NAME, Hello.TLS12, Hello.TLS13, Hello.CHROME])
async def test_a_handshake_sends_the_hello_it_is_given(autojump_clock, internet, hello):
    async with internet() as it:
        asked = experiment(Kind.HANDSHAKE, address=V4, hello=hello)
        if refusal(asked, it.tools) is not None:
            pytest.skip("the extra is not installed")
        observations = await it.perform(asked)

    assert observations[1].hello == hello.value
    assert observations[1].failure is None


async def test_a_fetch_may_name_its_own_url(autojump_clock, internet):
    pages = {"/robots.txt": Page(body=b"User-agent: *")}
    async with internet(sites=(Site(HOST, pages=pages),)) as it:
        observations = await it.perform(
            experiment(Kind.FETCH, address=V4, url=f"https://{HOST}/robots.txt")
        )

    assert observations[2].body == b"User-agent: *"
    assert observations[2].url == f"https://{HOST}/robots.txt"


async def test_a_fetch_of_a_plain_url_goes_to_port_80(autojump_clock, internet):
    async with internet(sites=(Site(HOST, fallback=Page(body=b"x"), plain=None),)) as it:
        observations = await it.perform(experiment(Kind.FETCH, address=V4, url=f"http://{HOST}/"))

    assert [o.step for o in observations] == ["tcp", "http"]
    assert {o.port for o in observations} == {80}


async def test_a_fetch_without_an_address_looks_it_up_first(autojump_clock, internet):
    async with internet() as it:
        observations = await it.perform(
            experiment(Kind.FETCH, family=Family.IPV6, resolver="google", transport=Transport.UDP)
        )

    assert [o.step for o in observations] == ["dns", "tcp", "tls", "http"]
    assert observations[1].address == V6


async def test_a_transfer_is_long_uncompressed_and_keeps_its_pace(autojump_clock, internet):
    site = Site(HOST, fallback=Page(padding_bytes=600_000))
    async with internet(sites=(site,)) as it:
        observations = await it.perform(experiment(Kind.TRANSFER, address=V4))

    page = observations[2]
    assert page.body_bytes == 262_144
    assert ("accept-encoding", "identity") in page.request_headers
    assert len(page.progress) >= 5


async def test_a_drip_is_measured_until_the_total(autojump_clock, internet):
    site = Site(HOST, fallback=Page(padding_bytes=9000, manner=Manner.DRIP))
    async with internet(sites=(site,)) as it:
        observations = await it.perform(experiment(Kind.FETCH, address=V4))

    page = observations[2]
    assert page.ended == "failed"
    assert page.failure.raw == "total 60 s"
    assert page.body_bytes > 20


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP, Transport.DOT, Transport.DOH])
async def test_one_question_by_one_transport(autojump_clock, internet, transport):
    async with internet() as it:
        observations = await it.perform(
            experiment(
                Kind.RESOLVE,
                name="www.facebook.com",
                resolver="google",
                transport=transport,
                query_type="A",
            )
        )

    (dns,) = observations
    assert (dns.name, dns.query_type, dns.transport) == ("www.facebook.com", "A", transport)
    assert dns.failure.word is FailureWord.DNS_NXDOMAIN_ERROR
    assert dns.address == "8.8.8.8"


async def test_a_canary_is_asked_at_its_address(autojump_clock, internet):
    canary = Canary(id="quiet", address="157.240.200.1", family=Family.IPV4, evidence="test")
    async with internet() as it:
        (dns,) = await it.perform(
            experiment(Kind.RESOLVE, resolver="canary:quiet", query_type="A"),
            canaries={"quiet": canary},
        )

    assert dns.address == "157.240.200.1"
    assert dns.failure is not None


async def test_a_private_resolvers_address_is_not_kept(autojump_clock, internet):
    """It would tell where the person is at home; its kind and network are enough."""
    router = Resolver(id="access", operator="?", country="RU", addresses=("192.168.1.1",))
    async with internet() as it:
        (dns,) = await it.perform(
            experiment(Kind.RESOLVE, resolver="access", query_type="A"),
            resolvers={"access": router},
        )

    assert dns.address is None
    assert "192.168" not in dns.model_dump_json()


async def test_local_facts_send_nothing(autojump_clock, internet):
    machine = Machine(
        resolv_conf="nameserver 192.168.1.1\nnameserver 127.0.0.53\nnameserver 8.8.8.8\n",
        hosts=f"127.0.0.1 localhost\n0.0.0.0 {HOST} ads.example\n",
        environment_proxies=("https_proxy",),
        tunnel_interfaces=("tun0",),
    )
    async with internet() as it:
        before = it.net.path.counts.total()
        (local,) = await it.perform(experiment(Kind.LOCAL), machine=machine)
        after = it.net.path.counts.total()

    assert isinstance(local, LocalObservation)
    assert local.proxies == ("https_proxy",)
    assert local.hosts_names == (HOST,)
    assert local.resolver_kinds == ("private", "loopback", "public")
    assert (local.has_ipv4, local.has_ipv6) == (True, True)
    assert local.tunnel_interfaces == ("tun0",)
    assert before == after
    assert "192.168" not in local.model_dump_json()


async def test_quic_asks_for_versions_then_for_the_page(autojump_clock, internet):
    pytest.importorskip("aioquic")
    sites = (Site(HOST, fallback=Page(body=b"x"), http3=True),)
    async with internet(sites=sites) as it:
        observations = await it.perform(experiment(Kind.QUIC, address=V4), quic=True)
        named = await it.perform(
            experiment(Kind.QUIC, address=V4, quic_version="1", name="www.example.org"), quic=True
        )

    assert [o.version for o in observations] == ["negotiation", "1"]
    assert observations[0].server_name is None
    assert observations[1].status == 200
    assert [o.server_name for o in of(QuicObservation, named)] == ["www.example.org"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (experiment(Kind.CONNECT, address="192.168.1.1"), "no global address"),
        (experiment(Kind.HANDSHAKE, address="::ffff:10.0.0.1"), "no global address"),
        (experiment(Kind.FETCH, address="127.0.0.1"), "no global address"),
        (experiment(Kind.QUIC, address=V4), "QUIC"),
        (experiment(Kind.RESOLVE, resolver="nobody"), "nobody"),
        (experiment(Kind.RESOLVE, resolver="canary:none"), "canary:none"),
        (experiment(Kind.HANDSHAKE, address=V4, hello=Hello.ECH), "not built"),
        (experiment(Kind.TRACE), "no address"),
        (experiment(Kind.TRACE, address="10.0.0.1"), "no global address"),
        (experiment(Kind.REMOTE), "by the run"),
        (experiment(Kind.FREEZE), "no address"),
        (experiment(Kind.FREEZE, address="10.0.0.1"), "no global address"),
        (experiment(Kind.FREEZE, address=V4, quic_version="1"), "QUIC"),
    ],
    ids=lambda value: value.kind if isinstance(value, Experiment) else None,
)
async def test_what_cannot_be_performed_is_refused_and_sends_nothing(
    autojump_clock, internet, asked, words
):
    """A refusal is not a failure: nothing was asked of the network."""
    async with internet() as it:
        observations = await it.perform(asked)
        total = it.net.path.counts.total()
        reason = refusal(asked, it.tools)

    assert observations == ()
    assert total == 0
    assert words in reason


@pytest.mark.parametrize("kind", list(Kind))
async def test_every_kind_is_performed_or_refused(autojump_clock, internet, kind):
    async with internet() as it:
        observations = await it.perform(experiment(kind, address=V4, resolver="google"))
        reason = refusal(experiment(kind, address=V4, resolver="google"), it.tools)

    assert bool(observations) != bool(reason) or kind is Kind.WAIT


async def test_a_control_is_measured_like_an_endpoint(autojump_clock, internet):
    control = Control(
        id="example", host=HOST, url=f"https://{HOST}/", operator="IANA", country="US"
    )
    async with internet() as it:
        observations = await it.perform(
            Experiment(kind=Kind.SCREEN, endpoint="example", arm=Arm.GATE), control
        )

    assert {o.arm for o in observations} == {Arm.GATE}
    assert {o.endpoint for o in observations} == {"example"}
    assert of(HttpObservation, observations)


async def test_a_reset_on_the_name_is_seen_at_the_handshake(autojump_clock, internet):
    async with internet(boxes={0: [SniReset(names=Names((HOST,)))]}) as it:
        observations = await it.perform(experiment(Kind.FETCH, address=V4))

    tcp, tls = observations
    assert tcp.failure is None
    assert tls.failure.word is FailureWord.CONNECTION_RESET
    assert tls.failed_after_s < tls.tcp_info.min_rtt_us / 1e6
    assert tls.tcp_info.bytes_acked == 1


async def test_an_empty_answer_leads_nowhere(autojump_clock, internet):
    lie = Lie(Names((HOST,)), LieKind.NODATA)
    async with internet(name_server=NameServer("google", ("8.8.8.8",), lies=(lie,))) as it:
        observations = await it.perform(
            experiment(Kind.FETCH, resolver="google", transport=Transport.UDP)
        )

    assert {o.failure.word for o in observations} == {FailureWord.DNS_NO_ANSWER}
    assert of(TcpObservation, observations) == []


async def test_an_address_that_must_not_be_contacted_is_skipped_in_a_lookup(
    autojump_clock, internet
):
    zone = {HOST: Records(a=("10.0.0.1", V4))}
    async with internet(zone=zone) as it:
        observations = await it.perform(
            experiment(Kind.CONNECT, resolver="google", transport=Transport.UDP)
        )

    assert [o.address for o in of(TcpObservation, observations)] == [V4]


async def test_observations_survive_their_journey_as_json(autojump_clock, internet):
    async with internet(transports=(Transport.UDP, Transport.DOH)) as it:
        observations = await it.screen()

    for observation in observations:
        text = OBSERVATION.dump_json(observation)
        assert OBSERVATION.validate_json(text) == observation


async def test_the_same_world_gives_the_same_observations(autojump_clock, internet):
    """Ids, times and bytes repeat; what is random by protocol does not."""

    def shape(observations):
        return sorted(
            (o.step, str(o.address), o.duration_s, o.failure, o.bytes_received)
            for o in observations
            if not isinstance(o, TlsObservation | HttpObservation)
        )

    shapes = []
    for _ in range(2):
        async with internet() as it:
            shapes.append(shape(await it.screen(pacing=Pacing(dns_window_s=0.5))))

    assert shapes[0] == shapes[1]


async def test_dns_answers_are_reported_with_the_resolvers_family(autojump_clock, internet):
    async with internet() as it:
        (dns,) = await it.perform(experiment(Kind.RESOLVE, resolver="google", query_type="A"))

    assert isinstance(dns, DnsObservation)
    assert dns.family is Family.IPV4
    assert dns.port == 53


async def test_a_fetch_does_not_wait_for_the_window(autojump_clock, internet):
    async with internet() as it:
        observations = await it.perform(
            experiment(Kind.CONNECT, resolver="google", transport=Transport.UDP)
        )

    tcp = next(o for o in observations if isinstance(o, TcpObservation))
    assert (tcp.started_at - it.tools.clock.utc_anchor).total_seconds() < 0.06
