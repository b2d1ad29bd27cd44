"""The responder in the virtual lab, asked by the probe's own steps, with boxes in between."""

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
import trio

from probe.classify.chains import judge_chain
from probe.errors import UsageError
from probe.lab.box import DROP, PASS, Box
from probe.lab.net import listen_tcp
from probe.lab.packet import Side
from probe.lab.pki import LAB_ANCHOR, authority
from probe.lab.virtual import virtual_net
from probe.measure import Tools, perform
from probe.model.experiment import Experiment, Hello, Kind
from probe.model.target import Canary, Endpoint
from probe.model.words import Arm, FailureWord, Family, Role, Transport
from probe.serve import certificates, sized
from probe.serve import responder as module
from probe.serve.arrivals import ArrivalLog
from probe.serve.certificates import NameAuthority, OwnCertificate, read_certificate
from probe.serve.responder import Responder
from probe.serve.sized import Objects
from probe.wire import tcp
from probe.wire.clock import Clock

ADDRESS = "157.240.9.9"
OWN = "responder.example.net"
CA = authority(LAB_ANCHOR)
ENDPOINT = Endpoint(
    id="instagram.web",
    service="instagram",
    host="www.instagram.com",
    role=Role.WEB,
    url="https://www.instagram.com/",
)


@dataclass(kw_only=True, eq=False)
class Swallow(Box):
    """Drop all data that goes one way."""

    id = "S05"
    source = "techniques S05"
    innocent = False
    way: Side

    def on_packet(self, packet, toward, out):
        payload = len(getattr(packet, "payload", b""))
        if toward is not self.way or not payload:
            return PASS
        return DROP


@pytest.fixture
def own(tmp_path) -> OwnCertificate:
    issued = CA.issue(OWN)
    (tmp_path / "chain.pem").write_bytes(issued.chain_pem)
    (tmp_path / "key.pem").write_bytes(issued.key_pem)
    return read_certificate(tmp_path / "chain.pem", tmp_path / "key.pem")


@dataclass
class Asker:
    responder: Responder
    tools: Tools

    async def do(self, kind, name, **fields):
        asked = Experiment(
            kind=kind,
            endpoint=ENDPOINT.id,
            arm=Arm.C2,
            name=name,
            address=ADDRESS,
            **{"url": f"https://{name}/", **fields},
        )
        return (await perform(asked, ENDPOINT, self.tools))[-1]


@pytest.fixture
def responding(own):
    @asynccontextmanager
    async def opened(*, boxes=(), objects=None, **options):
        async with (
            virtual_net(utc=LAB_ANCHOR, boxes={0: boxes}) as net,
            trio.open_nursery() as nursery,
        ):
            clock = Clock.start(net.utc_now())
            made = Responder(
                NameAuthority(clock.now, own), ArrivalLog(clock), objects or Objects(), **options
            )
            listeners = [[await listen_tcp(net, ADDRESS, port)] for port in (443, 80)]
            nursery.start_soon(made.serve, *listeners)
            yield Asker(made, Tools(clock=clock))
            nursery.cancel_scope.cancel()

    return opened


@pytest.mark.parametrize(
    "name", ["www.instagram.com", "example.com", "xn--80ak6aa92e.com", "a" * 63 + ".example"]
)
async def test_any_name_gets_a_server_hello_and_a_certificate_of_nobodys(
    autojump_clock, responding, name
):
    async with responding() as asker:
        seen = await asker.do(Kind.HANDSHAKE, name)

    chain = judge_chain(seen.chain, name, at=LAB_ANCHOR, roots=(CA.root_der,))
    assert seen.failure is None
    assert (chain.names_it, chain.verified) == (True, False)
    assert "not the real site" in chain.subject


async def test_no_name_gets_an_answer_too(autojump_clock, responding):
    async with responding() as asker:
        seen = await asker.do(Kind.HANDSHAKE, "x.example", hello=Hello.NO_NAME)

    assert seen.failure is None


@pytest.mark.parametrize("hello", [Hello.TLS12, Hello.TLS13])
async def test_either_version_is_spoken(autojump_clock, responding, hello):
    async with responding() as asker:
        seen = await asker.do(Kind.HANDSHAKE, "www.instagram.com", hello=hello)

    assert seen.failure is None


async def test_under_its_own_name_it_shows_its_real_certificate(autojump_clock, responding):
    """Else the gate against interception would take it for an interceptor."""
    async with responding() as asker:
        seen = await asker.do(Kind.HANDSHAKE, OWN)

    assert judge_chain(seen.chain, OWN, at=LAB_ANCHOR, roots=(CA.root_der,)).verified


async def test_making_certificates_for_strangers_has_an_end(
    autojump_clock, responding, monkeypatch
):
    monkeypatch.setattr(certificates, "_NEW_BURST", 1.0)
    async with responding() as asker:
        first, second = [await asker.do(Kind.HANDSHAKE, f"{n}.example") for n in "ab"]

    names = [judge_chain(o.chain, "", at=LAB_ANCHOR, roots=()).names[0] for o in (first, second)]
    assert names == ["a.example", certificates.NOBODY]


async def test_an_object_has_the_size_that_was_asked_for(autojump_clock, responding):
    async with responding() as asker:
        page = await asker.do(
            Kind.TRANSFER,
            "www.instagram.com",
            url="https://www.instagram.com/sized/300000",
            body_bytes=1_000_000,
        )

    assert (page.status, page.body_bytes, page.ended) == (200, 300_000, "complete")


async def test_cleartext_is_answered_under_any_host(autojump_clock, responding):
    async with responding() as asker:
        page = await asker.do(
            Kind.FETCH, "www.instagram.com", url="http://www.instagram.com/", port=80
        )

    assert page.status == 200
    assert b"none of the sites" in page.body


async def talk(text: bytes, read: int = 65536) -> bytes:
    """Say something in cleartext and return all that comes back."""
    stream = (await tcp.connect(ADDRESS, 80, timeout_s=10)).stream
    await stream.send_all(text)
    heard = b""
    while part := await stream.receive_some(read):
        heard += part
    stream.close()
    return heard


async def test_what_is_sent_to_it_is_counted(autojump_clock, responding):
    async with responding():
        head = b"POST /sized HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
        heard = await talk(head + b"content-length: 100000\r\n\r\n" + b"x" * 100_000)

    assert json.loads(heard.partition(b"\r\n\r\n")[2]) == {"received_bytes": 100_000}


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /sized/4194305 HTTP/1.1", b"404"),
        (b"GET /sized/999999999999999999999 HTTP/1.1", b"404"),
        (b"GET /sized/-1 HTTP/1.1", b"404"),
        (b"GET /sized/ HTTP/1.1", b"404"),
        (b"GET /../etc/passwd HTTP/1.1", b"404"),
        (b"GET http://evil.example/ HTTP/1.1", b"404"),
        (b"CONNECT evil.example:443 HTTP/1.1", b"405"),
        (b"PUT /sized HTTP/1.1", b"405"),
    ],
)
async def test_it_does_nothing_else(autojump_clock, responding, head, status):
    async with responding():
        heard = await talk(head + b"\r\nhost: x\r\nconnection: close\r\n\r\n")

    assert heard.split(b" ")[1] == status


async def test_more_than_it_takes_is_not_read_to_the_end(autojump_clock, responding, monkeypatch):
    monkeypatch.setattr(sized, "OBJECT_MAX_BYTES", 1000)
    async with responding():
        heard = await talk(
            b"POST /sized HTTP/1.1\r\nhost: x\r\ncontent-length: 5000\r\n\r\n" + b"x" * 5000
        )

    assert heard.split(b" ")[1] == b"413"


async def test_its_bytes_a_minute_have_an_end(autojump_clock, responding):
    request = b"GET /sized/600 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    async with responding(objects=Objects(bytes_per_minute=1000)):
        first, second = await talk(request), await talk(request)
        await trio.sleep(60)
        later = await talk(request)

    assert [heard.split(b" ")[1] for heard in (first, second, later)] == [b"200", b"503", b"200"]


@pytest.mark.parametrize("text", [b"\x00" * 5000, b"GET / HTTP/9\r\n\r\n", b"\x16\x03\x01" * 99])
async def test_rubbish_ends_its_own_connection_only(autojump_clock, responding, text):
    faults = []
    async with responding(on_fault=faults.append) as asker:
        await talk(text)
        stream = (await tcp.connect(ADDRESS, 443, timeout_s=10)).stream
        await stream.send_all(text)
        await stream.receive_some()
        stream.close()
        page = await asker.do(Kind.FETCH, "www.instagram.com")

    assert page.status == 200
    assert faults == []


async def test_one_peer_cannot_take_all_places(autojump_clock, responding):
    async with responding() as asker:
        held = [
            (await tcp.connect(ADDRESS, 443, timeout_s=10)).stream
            for _ in range(module.PER_PEER_MAX)
        ]
        await trio.sleep(1)
        refused = await asker.do(Kind.HANDSHAKE, "www.instagram.com")
        for stream in held:
            stream.close()
        await trio.sleep(1)
        taken = await asker.do(Kind.HANDSHAKE, "www.instagram.com")

    assert refused.failure.word in {FailureWord.EOF_ERROR, FailureWord.CONNECTION_RESET}
    assert taken.failure is None
    assert asker.responder._open.total() <= 1


async def test_whoever_says_nothing_is_let_go(autojump_clock, responding):
    async with responding():
        before = trio.current_time()
        stream = (await tcp.connect(ADDRESS, 443, timeout_s=10)).stream
        assert await stream.receive_some() == b""

    assert trio.current_time() - before == pytest.approx(module.HANDSHAKE_S, abs=1)


async def test_a_hello_that_arrived_is_in_the_log_by_its_hash(autojump_clock, responding):
    async with responding() as asker:
        seen = await asker.do(Kind.HANDSHAKE, "www.instagram.com")
        arrival = asker.responder.log.of(seen.hello_sha256)

    assert arrival.received_bytes >= seen.hello_bytes
    assert arrival.sent_bytes > 0


async def test_a_swallowed_hello_is_told_from_a_swallowed_answer(autojump_clock, responding):
    """S04 and S05: the client hears nothing either way; this end knows which it was."""
    arrivals = []
    for way in (Side.SERVER, Side.CLIENT):
        async with responding(boxes=[Swallow(way=way)]) as asker:
            seen = await asker.do(Kind.HANDSHAKE, "www.instagram.com")
            assert seen.failure.word == FailureWord.GENERIC_TIMEOUT_ERROR
            arrivals.append(asker.responder.log.of(seen.hello_sha256))

    hello_lost, answer_lost = arrivals
    assert hello_lost is None
    assert answer_lost.received_bytes > 0
    assert answer_lost.sent_bytes > 0
    # The lab counts the SYN on this side too; the kernel does not.
    assert answer_lost.acked_bytes <= 1


async def test_nobody_answers_dns_there(autojump_clock, responding):
    """Which is why its address can be a canary."""
    canary = Canary(id="mine", address=ADDRESS, family=Family.IPV4, evidence="own responder")
    async with responding() as asker:
        asker.tools = replace(asker.tools, canaries={"mine": canary})
        asked = await asker.do(
            Kind.RESOLVE,
            "www.instagram.com",
            resolver="canary:mine",
            transport=Transport.UDP,
            query_type="A",
        )

    assert asked.answers == ()


def test_a_certificate_that_does_not_fit_its_key_is_refused(tmp_path):
    (tmp_path / "chain.pem").write_bytes(CA.issue(OWN).chain_pem)
    (tmp_path / "key.pem").write_bytes(CA.issue("other.example").key_pem)

    with pytest.raises(UsageError, match="--certificate"):
        read_certificate(tmp_path / "chain.pem", tmp_path / "key.pem")
