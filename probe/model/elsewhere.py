"""What probes and control vantages (C6) tell each other: questions by catalogue id, and answers."""

import hashlib
import json
from typing import Final, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from probe.model.base import Value
from probe.model.observation import Observation
from probe.model.target import Country, Endpoint
from probe.model.words import VantageState

PROTOCOL: Final = 1
"""Goes up with any change of meaning; both sides refuse what they do not speak."""
# The longest id in the catalogue has 40 characters; a question must not carry a text.
_ID_CHARACTERS = 128
_SHA256 = r"^[0-9a-f]{64}$"


class Told(Value):
    """A message: what a newer release says besides is left out, not refused."""

    model_config = ConfigDict(extra="ignore")


class Question(Told):
    """Asks a control vantage what it sees of one endpoint. Never an address, a name or a URL."""

    protocol: Literal[1] = PROTOCOL
    endpoint: str = Field(min_length=1, max_length=_ID_CHARACTERS)
    endpoint_sha256: str = Field(pattern=_SHA256)
    """What the asker takes the endpoint to be: see `digest_of`."""
    catalogue_sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")


class About(Told):
    """What a control vantage says of itself."""

    protocol: Literal[1] = PROTOCOL
    version: str = Field(max_length=64)
    country: Country | None = None
    asns: tuple[int, ...] = Field(default=(), max_length=4)
    catalogue_sha256: str = ""
    state: VantageState
    """What its own gates say; it answers questions only where services may be judged."""
    may_look: bool
    responder: bool = False
    """Its address also takes connections under any name, and it can say what arrived there."""


class Answer(Told):
    """What a control vantage saw of one endpoint."""

    protocol: Literal[1] = PROTOCOL
    endpoint: str
    endpoint_sha256: str
    catalogue_sha256: str = ""
    answered_at: AwareDatetime
    country: Country | None = None
    observations: tuple[Observation, ...] = ()


class Refusal(Told):
    """Why a control vantage does not answer."""

    error: Literal[
        "key",
        "rate",
        "question",
        "unknown_endpoint",
        "other_endpoint",
        "gates",
        "busy",
        "budget",
        "not_found",
    ]
    words: str = Field(default="", max_length=500)


class Arrival(Told):
    """What a responder's end of one connection saw; known by the hash of its ClientHello."""

    hello_sha256: str = Field(pattern=_SHA256)
    started_at: AwareDatetime
    received_bytes: int = Field(ge=0)
    """Bytes that arrived from the client, the ClientHello among them."""
    sent_bytes: int = Field(ge=0)
    """Bytes that the responder handed to its kernel for the client."""
    acked_bytes: int | None = None
    """Bytes that somebody acknowledged on the way back: none, and the answer did not arrive."""
    is_open: bool = True


class Seen(Told):
    """What a snapshot holds of one endpoint."""

    endpoint: str
    endpoint_sha256: str
    observations: tuple[Observation, ...] = ()


class Snapshot(Told):
    """What one vantage saw of the catalogue on one day."""

    protocol: Literal[1] = PROTOCOL
    started_at: AwareDatetime
    ended_at: AwareDatetime
    version: str = Field(max_length=64)
    country: Country | None = None
    asns: tuple[int, ...] = Field(default=(), max_length=4)
    catalogue_sha256: str = ""
    seen: tuple[Seen, ...] = ()


def digest_of(endpoint: Endpoint) -> str:
    """Return the SHA-256 of what a look at the endpoint depends on: its id, host and URL.

    Catalogues of two releases differ in their prose; that must not part a probe from its helper.
    """
    text = json.dumps([endpoint.id, endpoint.host, endpoint.url])
    return hashlib.sha256(text.encode()).hexdigest()
