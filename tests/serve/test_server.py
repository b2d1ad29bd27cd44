"""A control vantage on real sockets of this machine, asked by the run's own client."""

import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
import trio

from probe.errors import UsageError
from probe.lab.pki import authority
from probe.measure.tools import Tools
from probe.model.elsewhere import About
from probe.model.experiment import Hello
from probe.model.knowledge import Knowledge
from probe.model.observation import TcpObservation
from probe.model.words import Arm, Family, VantageState
from probe.run.helper import open_helpers
from probe.run.helper_line import HelperPlace
from probe.serve.certificates import read_certificate
from probe.serve.faults import place_of
from probe.serve.keys import KeyRing, add_key, read_keys
from probe.serve.server import Bind, Station, serve
from probe.wire import tcp, tls
from probe.wire.clock import Clock

pytestmark = pytest.mark.loopback
HERE = "127.0.0.1"


class Vantage:
    """Stands in for a control vantage that passed its gates."""

    country = "DE"

    def __init__(self, knowledge, clock):
        self.knowledge, self.clock = knowledge, clock
        self.breaks = False

    async def run(self, *, task_status):
        task_status.started()
        await trio.sleep_forever()

    def about(self, *, responder):
        return About(
            version="0.1.0",
            country=self.country,
            state=VantageState.ONLINE,
            may_look=True,
            responder=responder,
        )

    async def look(self, endpoint):
        if self.breaks:
            raise KeyError("198.51.100.77")
        return (
            TcpObservation(
                id="x",
                experiment="x",
                endpoint=endpoint.id,
                arm=Arm.TARGET,
                family=Family.IPV4,
                address="151.101.0.81",
                port=443,
                started_at=self.clock.now(),
                duration_s=0.1,
            ),
        )


class Served:
    def __init__(self, vantage, bound, key, root):
        self.vantage, self.bound, self.key, self.root = vantage, bound, key, root
        self.faults = []

    @property
    def port(self):
        return int(self.bound[0].rpartition(":")[2])

    def port_of(self, number):
        return int(self.bound[number].split(" ")[0].rpartition(":")[2])

    async def open(self, key=None):
        knowledge = Knowledge(catalogue=self.vantage.knowledge.catalogue, roots=(self.root,))
        place = HelperPlace(f"https://{HERE}:{self.port}", key or self.key)
        return await open_helpers([place], knowledge, Tools(clock=self.vantage.clock))


@pytest.fixture
def serving(knowledge, tmp_path):
    @asynccontextmanager
    async def opened(*, responder=False, proxied=False):
        now = datetime.now(UTC)
        issued = authority(now).issue(HERE)
        (tmp_path / "chain.pem").write_bytes(issued.chain_pem)
        (tmp_path / "key.pem").write_bytes(issued.key_pem)
        certificate = read_certificate(tmp_path / "chain.pem", tmp_path / "key.pem")
        key = add_key(tmp_path / "keys", "anna")
        station = Station(
            Bind(HERE, 0),
            certificate,
            not proxied,
            Bind(HERE, 0) if responder else None,
            Bind(HERE, 0) if responder else None,
        )
        vantage = Vantage(knowledge, Clock.start(now))
        served = Served(vantage, (), key, authority(now).root_der)
        ready = trio.Event()

        def on_ready(bound):
            served.bound = bound
            ready.set()

        async def run():
            await serve(
                station,
                vantage,
                read_keys(tmp_path / "keys"),
                on_ready=on_ready,
                on_fault=served.faults.append,
            )

        async with trio.open_nursery() as nursery:
            nursery.start_soon(run)
            with trio.fail_after(20):
                await ready.wait()
                yield served
            nursery.cancel_scope.cancel()

    return opened


async def test_a_run_asks_it_over_https(serving, endpoint):
    async with serving() as served:
        (remote,), notes = await served.open()
        seen = await remote.look(endpoint("bbc.web"))

    assert (remote.id, notes) == (f"helper:{HERE}:{served.port}/DE", ())
    assert [o.address for o in seen] == ["151.101.0.81"]


async def test_a_wrong_key_is_told_so(serving):
    async with serving() as served:
        remotes, (note,) = await served.open("rb_wrong")

    assert remotes == ()
    assert "does not know our key" in note


async def test_behind_a_proxy_it_speaks_cleartext(serving):
    async with serving(proxied=True) as served:
        stream = await trio.open_tcp_stream(HERE, served.port)
        await stream.send_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        heard = b"".join([part async for part in stream])

    assert heard.startswith(b"HTTP/1.1 200")
    assert b"server:" not in heard.lower()


async def test_a_fault_is_told_by_its_place_and_ends_nothing(serving, endpoint, capsys):
    async with serving() as served:
        (remote,), _ = await served.open()
        served.vantage.breaks = True
        broken = await remote.look(endpoint("bbc.web"))
        served.vantage.breaks = False
        whole = await remote.look(endpoint("bbc.web"))

    assert (len(broken), len(whole)) == (0, 1)
    assert [place_of(fault).split(":")[0] for fault in served.faults] == [
        "KeyError in test_server.py"
    ]
    captured = capsys.readouterr()
    assert captured.out + captured.err == "", "nobody's address is written anywhere"


async def garble(port, text, *, encrypted=False):
    """Say something that is no request, and leave without a word."""
    stream = await trio.open_tcp_stream(HERE, port)
    if encrypted:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        stream = trio.SSLStream(stream, context)
    try:
        await stream.send_all(text)
        with trio.move_on_after(0.2):
            await stream.receive_some()
    except trio.BrokenResourceError:
        pass
    await trio.aclose_forcefully(stream)


RUBBISH = (
    b"\x00" * 3000,
    b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 5000,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 100,
    b"POST /v1/look HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    b"GET /v1/about HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
    b"\x16\x03\x01\x02\x00" + b"\x01" * 600,
)


async def test_rubbish_does_not_end_it(serving, endpoint):
    async with serving(responder=True) as served:
        for text in RUBBISH:
            for port in (served.port, served.port_of(1), served.port_of(2)):
                await garble(port, text)
            await garble(served.port, text, encrypted=True)
            await garble(served.port_of(1), text, encrypted=True)
        (remote,), _ = await served.open()
        seen = await remote.look(endpoint("bbc.web"))

    assert len(seen) == 1
    assert served.faults == []


async def test_the_responder_says_what_arrived_of_a_real_handshake(serving):
    async with serving(responder=True) as served:
        (remote,), _ = await served.open()
        connected = await tcp.connect(HERE, served.port_of(1), timeout_s=5)
        shaken = await tls.handshake(
            connected.stream,
            server_name="www.instagram.com",
            hello=Hello.SSL,
            alpn=("http/1.1",),
            first_s=5,
            idle_s=5,
            total_s=5,
        )
        far_end = await remote.far_end(shaken.hello_sha256)
        missing = await remote.far_end("0" * 64)
        connected.stream.close()

    assert remote.has_responder
    assert far_end.received_bytes >= shaken.hello_bytes > 0
    assert far_end.acked_bytes > 0
    assert missing.received_bytes == 0


async def test_a_port_that_is_taken_is_said(knowledge):
    (taken,) = await trio.open_tcp_listeners(0, host=HERE)
    port = taken.socket.getsockname()[1]
    vantage = Vantage(knowledge, Clock.start(datetime.now(UTC)))

    with pytest.raises(UsageError, match=f"cannot listen on {HERE}:{port}: Address already in use"):
        await serve(Station(Bind(HERE, port), None), vantage, KeyRing({}))
    await taken.aclose()
