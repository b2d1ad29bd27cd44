"""The HTTP side of a control vantage, asked in process."""

import gzip
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest
import trio

from probe.model.elsewhere import About, Answer, Arrival, Refusal, digest_of
from probe.model.observation import HttpObservation, TcpObservation
from probe.model.words import Arm, Family, VantageState
from probe.run.helper import ANSWER_MAX_BYTES
from probe.serve.app import QUESTION_MAX_BYTES, Api
from probe.serve.arrivals import ArrivalLog
from probe.serve.keys import KeyRing, add_key, read_keys
from probe.serve.vantage import Closed
from probe.wire.clock import Clock

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
STEP = {
    "id": "x",
    "experiment": "x",
    "endpoint": "bbc.web",
    "arm": Arm.TARGET,
    "family": Family.IPV4,
    "address": "151.101.0.81",
    "port": 443,
    "started_at": AT,
    "duration_s": 0.1,
}
SEEN = (TcpObservation(**STEP),)


class Vantage:
    """Stands in for a control vantage: says what a test wants, and who was asked for."""

    country = "DE"

    def __init__(self, knowledge, says=SEEN):
        self.knowledge, self.says, self.asked = knowledge, says, []
        self.clock = Clock.start(AT)

    def about(self, *, responder):
        return About(version="0.1.0", state=VantageState.ONLINE, may_look=True, responder=responder)

    async def look(self, endpoint):
        self.asked.append(endpoint.id)
        return self.says


class Client:
    def __init__(self, http, vantage, bbc):
        self.http, self.vantage, self.bbc = http, vantage, bbc

    def question(self, **changes):
        return {"endpoint": self.bbc.id, "endpoint_sha256": digest_of(self.bbc), **changes}

    async def look(self, content=None, **changes):
        body = json.dumps(self.question(**changes)) if content is None else content
        return await self.http.post("/v1/look", content=body)


@pytest.fixture
def asking(knowledge, endpoint, tmp_path):
    @asynccontextmanager
    async def opened(*, says=SEEN, key=None, arrivals=None, **rates):
        vantage = Vantage(knowledge, says)
        real = add_key(tmp_path / "keys", "anna")
        api = Api(vantage, read_keys(tmp_path / "keys"), arrivals=arrivals, **rates)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=api.app()),
            base_url="https://helper.example.net",
            headers={"authorization": f"Bearer {key if key is not None else real}"},
        ) as http:
            yield Client(http, vantage, endpoint("bbc.web"))

    return opened


async def test_a_known_key_and_id_get_what_is_seen(autojump_clock, asking, endpoint):
    async with asking() as client:
        reply = await client.look()

    answer = Answer.model_validate_json(reply.content)
    assert reply.status_code == 200
    assert answer.observations == SEEN
    assert answer.endpoint_sha256 == digest_of(endpoint("bbc.web"))
    assert (answer.answered_at, answer.country) == (AT, "DE")


@pytest.mark.parametrize("key", ["", "rb_wrong", "Bearer"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/about"), ("POST", "/v1/look"), ("GET", f"/v1/arrivals/{'a' * 64}")],
)
async def test_without_a_known_key_nothing_is_told(autojump_clock, asking, key, method, path):
    async with asking(key=key) as client:
        reply = await client.http.request(method, path, content=b"{}")

    assert reply.status_code == 401
    assert client.vantage.asked == []


async def test_no_key_opens_a_vantage_without_clients(autojump_clock, knowledge):
    app = Api(Vantage(knowledge), KeyRing({})).app()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="https://x"
    ) as http:
        assert (await http.get("/v1/about")).status_code == 401


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"endpoint": "no.such"}, 404, "unknown_endpoint"),
        ({"endpoint": "157.240.1.174"}, 404, "unknown_endpoint"),
        ({"endpoint": "https://evil.example/"}, 404, "unknown_endpoint"),
        ({"endpoint_sha256": "0" * 64}, 409, "other_endpoint"),
        ({"endpoint_sha256": "0"}, 400, "question"),
        ({"endpoint": ""}, 400, "question"),
        ({"endpoint": "x" * 200}, 400, "question"),
        ({"protocol": 2}, 400, "question"),
    ],
)
async def test_only_ids_of_the_catalogue_are_looked_at(
    autojump_clock, asking, changes, status, error
):
    async with asking() as client:
        reply = await client.look(**changes)

    assert reply.status_code == status
    assert Refusal.model_validate_json(reply.content).error == error
    assert client.vantage.asked == []


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"\xff", b"[" * 2000, b"x" * (QUESTION_MAX_BYTES + 1), b"x" * 10**7]
)
async def test_what_is_no_question_is_refused_before_it_is_read_whole(
    autojump_clock, asking, content
):
    async with asking() as client:
        reply = await client.look(content)

    assert reply.status_code == 400
    assert client.vantage.asked == []


async def test_what_else_a_question_says_is_not_listened_to(autojump_clock, asking):
    """An older helper must not do what a newer field would have forbidden, nor fetch a URL."""
    async with asking() as client:
        reply = await client.look(url="https://evil.example/", address="10.0.0.1")

    assert reply.status_code == 200
    assert client.vantage.asked == ["bbc.web"]


async def test_gates_that_fail_are_said(autojump_clock, asking):
    async with asking(says=Closed("gates", "its own gates say offline", 60)) as client:
        reply = await client.look()

    assert (reply.status_code, reply.headers["retry-after"]) == (503, "60")
    assert Refusal.model_validate_json(reply.content).error == "gates"


async def test_each_key_has_its_own_rate(autojump_clock, asking, knowledge, tmp_path):
    async with asking(per_minute=60, burst=3) as client:
        codes = [(await client.look()).status_code for _ in range(5)]
        refused = await client.look()
        await trio.sleep(int(refused.headers["retry-after"]))
        after = await client.look()

    assert codes == [200, 200, 200, 429, 429]
    assert after.status_code == 200


async def test_one_keys_hurry_costs_another_nothing(autojump_clock, knowledge, tmp_path):
    keys = [add_key(tmp_path / "keys", name) for name in ("anna", "boris")]
    app = Api(Vantage(knowledge), read_keys(tmp_path / "keys"), per_minute=60, burst=1).app()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="https://x"
    ) as http:
        codes = [
            (await http.get("/v1/about", headers={"authorization": f"Bearer {key}"})).status_code
            for key in (keys[0], keys[0], keys[1])
        ]

    assert codes == [200, 429, 200]


async def test_an_answer_never_outgrows_what_askers_read(autojump_clock, asking):
    page = HttpObservation(
        **STEP, url="https://www.bbc.com/", host="www.bbc.com", over_tls=True, body=b"x" * 60_000
    )
    async with asking(says=(*SEEN, *[page] * 40)) as client:
        reply = await client.look()

    assert len(reply.content) < ANSWER_MAX_BYTES
    kept = Answer.model_validate_json(reply.content).observations
    assert kept[:2] == (*SEEN, page), "the first steps are kept"


async def test_a_long_answer_is_packed(autojump_clock, asking):
    async with (
        asking(says=SEEN * 50) as client,
        client.http.stream(
            "POST", "/v1/look", json=client.question(), headers={"accept-encoding": "gzip"}
        ) as reply,
    ):
        packed = b"".join([part async for part in reply.aiter_raw()])

    assert reply.headers["content-encoding"] == "gzip"
    assert len(Answer.model_validate_json(gzip.decompress(packed)).observations) == 50


async def test_it_says_what_it_is(autojump_clock, asking):
    async with asking(arrivals=ArrivalLog(Clock.start(AT))) as client:
        with_responder = About.model_validate_json((await client.http.get("/v1/about")).content)
    assert with_responder.responder


async def test_what_arrived_is_told_by_its_hello(autojump_clock, asking):
    log = ArrivalLog(Clock.start(AT))
    log.note("a" * 64, lambda: 0).received_bytes = 517
    async with asking(arrivals=log) as client:
        found = await client.http.get(f"/v1/arrivals/{'a' * 64}")
        missing = await client.http.get(f"/v1/arrivals/{'b' * 64}")

    assert Arrival.model_validate_json(found.content).received_bytes == 517
    assert missing.status_code == 404


async def test_without_a_responder_nothing_arrived(autojump_clock, asking):
    async with asking() as client:
        assert (await client.http.get(f"/v1/arrivals/{'a' * 64}")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/look"),
        ("DELETE", "/v1/about"),
        ("GET", "/v2/look"),
        ("GET", "/<script>"),
        ("GET", "/v1/proxy?url=https://evil.example/"),
    ],
)
async def test_there_is_nothing_else_there(autojump_clock, asking, method, path):
    async with asking() as client:
        reply = await client.http.request(method, path)

    assert reply.status_code in (404, 405)
    assert b"script" not in reply.content


async def test_the_front_page_says_what_this_is_to_anybody(autojump_clock, knowledge):
    app = Api(Vantage(knowledge), KeyRing({})).app()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="https://x"
    ) as http:
        assert "Roadblock control vantage" in (await http.get("/")).text
