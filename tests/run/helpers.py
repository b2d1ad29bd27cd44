"""A helper of a few lines, for tests of those who ask it."""

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import h11
import trio

from probe.lab.net import listen_tcp
from probe.lab.pki import LAB_ANCHOR, authority
from probe.lab.virtual import virtual_net
from probe.measure.tools import Tools
from probe.model.elsewhere import digest_of
from probe.model.knowledge import Knowledge
from probe.model.observation import OBSERVATION, TcpObservation
from probe.model.target import Catalogue, Endpoint, Service
from probe.model.words import Arm, Family, Role
from probe.run.helper import open_helpers
from probe.run.helper_line import HelperPlace
from probe.wire.clock import Clock

NAME = "helper.example.net"
ADDRESS, OTHER = "157.240.9.1", "157.240.9.2"
CA = authority(LAB_ANCHOR)
ENDPOINT = Endpoint(
    id="bbc.web", service="bbc", host="www.bbc.com", role=Role.WEB, url="https://www.bbc.com/"
)
CATALOGUE = Catalogue(services=(Service(id="bbc", name="BBC", endpoints=(ENDPOINT,)),))
KNOWLEDGE = Knowledge(catalogue=CATALOGUE, roots=(CA.root_der,))
ABOUT = {"version": "0.1.0", "country": "DE", "state": "online", "may_look": True}
SEEN = TcpObservation(
    id="x",
    experiment="x",
    endpoint="bbc.web",
    arm=Arm.TARGET,
    family=Family.IPV4,
    address="151.101.0.81",
    port=443,
    started_at=LAB_ANCHOR,
    duration_s=0.1,
)


def answer(*observations, **changes):
    raw = [json.loads(OBSERVATION.dump_json(o)) for o in observations]
    return {
        "endpoint": ENDPOINT.id,
        "endpoint_sha256": digest_of(ENDPOINT),
        "answered_at": LAB_ANCHOR.isoformat(),
        "observations": raw,
        **changes,
    }


@dataclass
class Helper:
    """A helper of a few lines: what it answers to each path, and what it was asked."""

    looks: list = field(default_factory=lambda: [answer(SEEN)])
    about: object = field(default_factory=lambda: ABOUT)
    requests: list = field(default_factory=list)

    def respond(self, target: str):
        if target == "/v1/about":
            return self.about
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    async def __call__(self, stream):
        secure = trio.SSLStream(stream, self.context, server_side=True)
        connection = h11.Connection(h11.SERVER)
        try:
            while True:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    connection.receive_data(await secure.receive_some(65536))
                elif isinstance(event, h11.Request):
                    request, body = event, b""
                elif isinstance(event, h11.Data):
                    body += event.data
                elif isinstance(event, h11.EndOfMessage):
                    break
                elif isinstance(event, h11.ConnectionClosed):
                    return
            self.requests.append((request.target.decode(), dict(request.headers), bytes(body)))
            said = self.respond(request.target.decode())
            status, headers, body = 200, [], said
            if isinstance(said, tuple):
                status, headers, body = said
            if body is None:
                await trio.sleep_forever()
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
            head = [*headers, ("content-length", str(len(body)))]
            await secure.send_all(connection.send(h11.Response(status_code=status, headers=head)))
            await secure.send_all(connection.send(h11.Data(data=body)))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            await trio.aclose_forcefully(stream)

    context = CA.context(NAME, alpn=("http/1.1",))


@asynccontextmanager
async def internet(helper, *addresses, hosts=(ADDRESS,)):
    async with (
        virtual_net(utc=LAB_ANCHOR, hosts={NAME: hosts}) as net,
        trio.open_nursery() as nursery,
    ):
        for address in addresses or (ADDRESS,):
            listener = await listen_tcp(net, address, 443)
            nursery.start_soon(trio.serve_listeners, helper, [listener])
        yield Tools(clock=Clock.start(net.utc_now()), catalogue_hosts=frozenset({"www.bbc.com"}))
        nursery.cancel_scope.cancel()


async def opened(tools, knowledge=KNOWLEDGE, url=f"https://{NAME}"):
    return await open_helpers([HelperPlace(url, "rb_secret")], knowledge, tools)
