"""A control vantage that answers now (C6): asked over HTTPS for catalogue ids, never needed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import trio
from pydantic import ValidationError

from probe.measure.tools import Tools
from probe.model.elsewhere import About, Answer, Arrival, Question, Refusal, Told, digest_of
from probe.model.knowledge import Knowledge
from probe.model.observation import Observation
from probe.model.target import Catalogue, Endpoint
from probe.run.helper_line import HelperLine, HelperPlace, Reply, Unreached
from probe.run.told import believed

T = TypeVar("T", bound=Told)

ABOUT = "/v1/about"
LOOK = "/v1/look"
ARRIVALS = "/v1/arrivals"

# A look with sixteen addresses and their chains is 200 KB of JSON.
ANSWER_MAX_BYTES: Final = 1_048_576
SHORT_MAX_BYTES: Final = 16_384
# A helper waits 10 s for a place, looks for 50 s, and then may ask its own gates for 60 s before
# it tells a failure (probe/serve/vantage).
LOOK_WAIT_S: Final = 125.0
SHORT_WAIT_S: Final = 10.0
# A helper that is being asked by many says when to come back; longer than this is a no.
RETRY_MAX_S: Final = 15.0
# What a helper saw earlier than this is another day's news, whatever its cache says.
AGE_MAX_S: Final = 1800.0
AT_ONCE: Final = 4
FAILURES_MAX: Final = 3
"""After so many in a row a helper is not asked again: each may cost a minute."""


@dataclass(frozen=True, slots=True)
class FarEnd:
    """What a responder's end of a connection saw."""

    received_bytes: int
    """0: no whole ClientHello arrived."""
    acked_bytes: int | None


class HttpRemote:
    """A helper that said what it is; made by `open_helpers`."""

    def __init__(self, line: HelperLine, about: About, catalogue: Catalogue) -> None:
        self._line = line
        self._catalogue_sha256 = catalogue.sha256
        self._hosts = frozenset(endpoint.host for endpoint in catalogue.endpoints)
        self._allow = line.tools.allow
        self._places = trio.CapacityLimiter(AT_ONCE)
        self._failures = 0
        self._notes: dict[str, None] = {}
        self.has_responder = about.responder
        country = f"/{about.country}" if about.country else ""
        self.id = f"helper:{line.place.netloc}{country}"

    @property
    def notes(self) -> Sequence[str]:
        """What went wrong with it, each once."""
        return tuple(self._notes)

    @property
    def address(self) -> str | None:
        """Where it was reached."""
        return self._line.address

    @property
    def responders(self) -> Sequence[str]:
        """Where its responder is: the address at which it was reached, if it has one."""
        return (self.address,) if self.has_responder and self.address is not None else ()

    async def look(self, endpoint: Endpoint) -> Sequence[Observation]:
        """Ask what it sees of the endpoint; () where it cannot or may not say."""
        question = Question(
            endpoint=endpoint.id,
            endpoint_sha256=digest_of(endpoint),
            catalogue_sha256=self._catalogue_sha256,
        )
        content = question.model_dump_json().encode()
        async with self._places:
            if self._failures >= FAILURES_MAX:
                return ()
            reply = await self._send(LOOK, content, ANSWER_MAX_BYTES, LOOK_WAIT_S)
            if isinstance(reply, Unreached):
                self._failures += 1
                self._notes[reply.why] = None
                return ()
            self._failures = 0
        if reply.status != 200:
            self._notes[_why(reply)] = None
            return ()
        return self._read(reply.body, endpoint)

    async def far_end(self, hello_sha256: str) -> FarEnd | None:
        """Ask what its responder saw of the connection with this ClientHello; None: no answer."""
        async with self._places:
            reply = await self._send(
                f"{ARRIVALS}/{hello_sha256}", b"", SHORT_MAX_BYTES, SHORT_WAIT_S
            )
        if isinstance(reply, Unreached):
            return None
        if reply.status == 200:
            arrival = _parse(Arrival, reply.body)
            return None if arrival is None else FarEnd(arrival.received_bytes, arrival.acked_bytes)
        refusal = _parse(Refusal, reply.body)
        return FarEnd(0, None) if refusal is not None and refusal.error == "not_found" else None

    async def _send(
        self, path: str, content: bytes, limit_bytes: int, wait_s: float
    ) -> Reply | Unreached:
        reply = await self._line.send(path, content, limit_bytes=limit_bytes, wait_s=wait_s)
        if isinstance(reply, Unreached) or reply.status not in (429, 503):
            return reply
        if reply.retry_after_s is None or reply.retry_after_s > RETRY_MAX_S:
            return reply
        await trio.sleep(reply.retry_after_s)
        return await self._line.send(path, content, limit_bytes=limit_bytes, wait_s=wait_s)

    def _read(self, body: bytes, endpoint: Endpoint) -> Sequence[Observation]:
        fields = _fields(body)
        raw = fields.pop("observations", None)
        try:
            answer = Answer.model_validate_json(json.dumps(fields))
        except (ValidationError, RecursionError):
            self._notes["its answer is not one that we understand"] = None
            return ()
        if answer.endpoint != endpoint.id or answer.endpoint_sha256 != digest_of(endpoint):
            self._notes["it answered for another endpoint"] = None
            return ()
        seen = believed(raw, endpoint, hosts=self._hosts, allow=self._allow)
        # Both times are the helper's own: whose clock is wrong does not matter.
        fresh = tuple(
            observation
            for observation in seen
            if abs((answer.answered_at - observation.started_at).total_seconds()) <= AGE_MAX_S
        )
        if isinstance(raw, list) and len(fresh) < len(raw):
            self._notes["some of what it told could not be believed and was dropped"] = None
        return fresh


async def open_helpers(
    places: Sequence[HelperPlace], knowledge: Knowledge, tools: Tools
) -> tuple[tuple[HttpRemote, ...], tuple[str, ...]]:
    """Ask each helper what it is; return those that answered, and a note for each other one."""
    opened: dict[int, HttpRemote | str] = {}

    async def open_one(number: int, place: HelperPlace) -> None:
        opened[number] = await _open(place, knowledge, tools)

    async with trio.open_nursery() as nursery:
        for number, place in enumerate(places):
            nursery.start_soon(open_one, number, place)
    found = [opened[number] for number in range(len(places))]
    remotes = tuple(each for each in found if isinstance(each, HttpRemote))
    return remotes, tuple(each for each in found if isinstance(each, str))


async def _open(place: HelperPlace, knowledge: Knowledge, tools: Tools) -> HttpRemote | str:
    line = HelperLine(place, knowledge.roots, tools)
    reply = await line.send(ABOUT, limit_bytes=SHORT_MAX_BYTES, wait_s=SHORT_WAIT_S)
    who = f"control vantage {place.netloc}"
    if isinstance(reply, Unreached):
        return f"{who}: {reply.why}"
    if reply.status != 200:
        return f"{who}: {_why(reply)}"
    about = _parse(About, reply.body)
    if about is None:
        return f"{who}: its answer is not one that we understand"
    if not about.may_look:
        return f"{who}: it answers nothing, its own gates say {about.state}"
    return HttpRemote(line, about, knowledge.catalogue)


def _why(reply: Reply) -> str:
    """Say in our own words why a helper refused; its words are a stranger's."""
    refusal = _parse(Refusal, reply.body)
    if refusal is None:
        return f"it answered with status {reply.status}"
    return {
        "key": "it does not know our key",
        "rate": "it is asked too often",
        "question": "it does not understand our question",
        "unknown_endpoint": "it does not know some of the endpoints",
        "other_endpoint": "its catalogue says otherwise of some endpoints",
        "gates": "its own gates fail",
        "busy": "it is busy",
        "budget": "its day's traffic is used",
        "not_found": "it does not offer that",
    }[refusal.error]


def _parse(kind: type[T], body: bytes) -> T | None:
    try:
        return kind.model_validate_json(body)
    except (ValidationError, RecursionError):
        return None


def _fields(body: bytes) -> dict[str, object]:
    """Return the JSON object, {} where it is none; nesting without end is none either."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}
