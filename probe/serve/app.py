"""What a control vantage answers over HTTP: to known keys, for catalogue ids, at a rate.

GET /v1/about · POST /v1/look · GET /v1/arrivals/HASH. There is no parameter that could name an
address, a host or a URL, and nothing is fetched that the catalogue does not name: it is no proxy.
"""

import json
import math
from collections.abc import Awaitable, Callable
from typing import Final

import trio
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from probe.model.elsewhere import Answer, Question, Refusal, digest_of
from probe.run.helper import ANSWER_MAX_BYTES
from probe.serve.arrivals import ArrivalLog
from probe.serve.bucket import Bucket
from probe.serve.keys import KeyRing
from probe.serve.vantage import Closed, ControlVantage

QUESTION_MAX_BYTES: Final = 2048
QUESTION_WAIT_S: Final = 20.0
PER_MINUTE: Final = 60.0
"""Questions a minute and key; a run asks one for each endpoint that fails."""
BURST: Final = 120.0
_GZIP_FROM_BYTES: Final = 1024
_STATUS: Final = {
    "key": 401,
    "rate": 429,
    "question": 400,
    "unknown_endpoint": 404,
    "other_endpoint": 409,
    "gates": 503,
    "busy": 503,
    "budget": 503,
    "not_found": 404,
}
_FRONT: Final = (
    "A Roadblock control vantage: it tells probes with a key whether public services can be\n"
    "reached from here. It measures catalogue entries only, a few times an hour, and fetches\n"
    "nothing on anybody's behalf.\n"
)

Handler = Callable[[Request, str], Awaitable[Response]]


class Api:
    """The routes of one control vantage."""

    def __init__(
        self,
        vantage: ControlVantage,
        keys: KeyRing,
        *,
        arrivals: ArrivalLog | None = None,
        per_minute: float = PER_MINUTE,
        burst: float = BURST,
    ) -> None:
        self._vantage = vantage
        self._keys = keys
        self._arrivals = arrivals
        self._endpoints = {e.id: e for e in vantage.knowledge.catalogue.endpoints}
        self._buckets = {name: Bucket(per_minute=per_minute, burst=burst) for name in keys.hashes}

    def app(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(
            routes=[
                Route("/", _front),
                Route("/v1/about", self._guarded(self._about)),
                Route("/v1/look", self._guarded(self._look), methods=["POST"]),
                Route("/v1/arrivals/{hello}", self._guarded(self._arrived)),
            ],
            middleware=[Middleware(GZipMiddleware, minimum_size=_GZIP_FROM_BYTES)],
            exception_handlers={HTTPException: _no_such_thing},
        )

    def _guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Let only known keys in, and each only so often; the body is not read before."""

        async def guarded(request: Request) -> Response:
            scheme, _, key = request.headers.get("authorization", "").partition(" ")
            name = self._keys.name_of(key.strip()) if scheme.lower() == "bearer" else None
            if name is None:
                return _refuse("key", "send a known key: Authorization: Bearer KEY")
            wait_s = self._buckets[name].take()
            if wait_s is not None:
                return _refuse("rate", "asked too often", retry_after_s=math.ceil(wait_s))
            return await handler(request, name)

        return guarded

    async def _about(self, request: Request, name: str) -> Response:
        del request, name
        return _said(self._vantage.about(responder=self._arrivals is not None))

    async def _look(self, request: Request, name: str) -> Response:
        del name
        question = await _question(request)
        if question is None:
            return _refuse("question", f"send a question of at most {QUESTION_MAX_BYTES} bytes")
        endpoint = self._endpoints.get(question.endpoint)
        if endpoint is None:
            return _refuse("unknown_endpoint", "no endpoint of this catalogue has that id")
        if question.endpoint_sha256 != digest_of(endpoint):
            return _refuse("other_endpoint", "this catalogue has another host or URL under that id")
        seen = await self._vantage.look(endpoint)
        if isinstance(seen, Closed):
            return _refuse(seen.error, seen.words, retry_after_s=seen.retry_after_s)
        answer = Answer(
            endpoint=endpoint.id,
            endpoint_sha256=digest_of(endpoint),
            catalogue_sha256=self._vantage.knowledge.catalogue.sha256,
            answered_at=self._vantage.clock.now(),
            country=self._vantage.country,
            observations=seen,
        )
        return _said(_fitting(answer))

    async def _arrived(self, request: Request, name: str) -> Response:
        del name
        arrival = None
        if self._arrivals is not None:
            arrival = self._arrivals.of(request.path_params["hello"])
        if arrival is None:
            return _refuse("not_found", "no connection with that ClientHello was seen lately")
        return _said(arrival)


async def _question(request: Request) -> Question | None:
    """Read the question; None for one that is too long, too slow or none at all."""
    body = b""
    with trio.move_on_after(QUESTION_WAIT_S) as patience:
        async for part in request.stream():
            body += part
            if len(body) > QUESTION_MAX_BYTES:
                return None
    if patience.cancelled_caught:
        return None
    try:
        return Question.model_validate_json(body)
    except ValidationError:
        return None


def _fitting(answer: Answer) -> Answer:
    """Leave out the last steps until the answer fits into what askers read."""
    while len(answer.model_dump_json(exclude_none=True)) >= ANSWER_MAX_BYTES:
        kept = answer.observations[: len(answer.observations) * 3 // 4]
        answer = answer.model_copy(update={"observations": kept})
    return answer


def _said(value: BaseModel, status: int = 200, retry_after_s: int | None = None) -> Response:
    headers = {"cache-control": "no-store"}
    if retry_after_s is not None:
        headers["retry-after"] = str(retry_after_s)
    return Response(
        value.model_dump_json(exclude_none=True),
        status,
        headers=headers,
        media_type="application/json",
    )


def _refuse(error: str, words: str, *, retry_after_s: int | None = None) -> Response:
    refusal = Refusal.model_validate({"error": error, "words": words})
    return _said(refusal, _STATUS[error], retry_after_s)


async def _front(request: Request) -> Response:
    del request
    return PlainTextResponse(_FRONT)


async def _no_such_thing(request: Request, error: Exception) -> Response:
    """Answer unknown paths and methods without repeating what was sent."""
    del request
    status = error.status_code if isinstance(error, HTTPException) else 400
    return Response(json.dumps({"error": "not_found"}), status, media_type="application/json")
