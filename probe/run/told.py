"""What a vantage tells others of its observations, and what is believed of a stranger's.

A helper is a stranger's machine: it may be wrong, broken or somebody else's. What it says is facts
about the endpoint that was asked for, in bounds that our own code would keep, or it is dropped.
"""

import json
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from probe.model.observation import (
    OBSERVATION,
    DnsObservation,
    HttpObservation,
    Observation,
    QuicObservation,
    TcpObservation,
    TlsObservation,
)
from probe.model.target import Endpoint
from probe.model.words import Arm
from probe.scrub import Scrubber
from probe.wire.addresses import canonical, family_of

OBSERVATIONS_MAX: Final = 256
"""A look at sixteen addresses by every resolver makes fewer than a hundred steps."""
# Titles have 200 characters, headers 2048 (probe/wire/http); base64 of nothing is longer than a
# certificate of 16 KB.
_TEXT_MAX: Final = 4096
_BYTES_MAX: Final = 16_384
_ITEMS_MAX: Final = 256
# SQLite's integers have 64 bits, but nothing that we count comes near 2**40.
_NUMBER_MAX: Final = 2**40
_EARLIEST: Final = datetime(2026, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_TELLABLE: Final = (
    DnsObservation,
    TcpObservation,
    TlsObservation,
    HttpObservation,
    QuicObservation,
)
"""Steps that say something about the endpoint; a vantage's own machine is nobody's business."""


def told(observations: Sequence[Observation], scrubber: Scrubber) -> tuple[Observation, ...]:
    """Return what may leave this vantage: no bodies, no raw messages, no address of its own."""
    return tuple(
        scrubber.scrub(_lean(observation))
        for observation in observations
        if isinstance(observation, _TELLABLE)
    )


def believed(
    raw: object, endpoint: Endpoint, *, hosts: frozenset[str], allow: Callable[[str], bool]
) -> tuple[Observation, ...]:
    """Return what a stranger's list of observations (parsed JSON) is worth; the rest is dropped.

    `hosts` are those that a look may have met: the catalogue's. `allow`: see `Tools`.
    """
    if not isinstance(raw, list):
        return ()
    kept: list[Observation] = []
    for entry in raw[:OBSERVATIONS_MAX]:
        try:
            # Back to JSON: only there are bytes read as base64.
            observation = OBSERVATION.validate_json(json.dumps(entry))
        except (ValidationError, RecursionError):
            continue
        if _is_about(observation, endpoint, hosts | {endpoint.host}, allow):
            kept.append(_lean(observation).model_copy(update={"id": str(len(kept))}))
    return tuple(kept)


def _lean(observation: Observation) -> Observation:
    """Drop what only the vantage itself needs: a page is its hash, length, title and marks."""
    update: dict[str, Any] = {"tcp_info": None}
    if isinstance(observation, DnsObservation):
        update["answers"] = tuple(
            answer.model_copy(update={"wire": b""}) for answer in observation.answers
        )
        update["source_port"] = None
    elif isinstance(observation, TcpObservation):
        update |= {"source_port": None, "icmp": None}
    elif isinstance(observation, HttpObservation):
        update |= {"body": b"", "request_headers": (), "progress": ()}
    elif isinstance(observation, TlsObservation | QuicObservation):
        update["progress"] = ()
    return observation.model_copy(update=update)


def _is_about(
    observation: Observation,
    endpoint: Endpoint,
    hosts: frozenset[str],
    allow: Callable[[str], bool],
) -> bool:
    """Whether an honest look at the endpoint could have made this observation."""
    return (
        isinstance(observation, _TELLABLE)
        and observation.endpoint == endpoint.id
        and observation.arm is Arm.TARGET
        and observation.vantage is None
        and _is_peer(observation, allow)
        and (isinstance(observation, TcpObservation) or _host_of(observation) in hosts)
        and _is_sane(observation.model_dump(exclude={"body"}))
    )


def _is_peer(observation: Observation, allow: Callable[[str], bool]) -> bool:
    address = observation.address
    if isinstance(observation, DnsObservation):
        # What an answer says may be any address, a lie's among them; but it has to be one.
        answered = all(canonical(a) for answer in observation.answers for a in answer.addresses)
        return answered and (address is None or allow(address))
    return (
        address is not None
        and canonical(address) == address
        and allow(address)
        and observation.family is family_of(address)
    )


def _host_of(observation: Observation) -> str | None:
    """Return the host that the step names."""
    if isinstance(observation, DnsObservation):
        return observation.name
    if isinstance(observation, TlsObservation | QuicObservation):
        return observation.server_name
    if isinstance(observation, HttpObservation):
        try:
            return urlsplit(observation.url).hostname
        except ValueError:
            return None
    return None


def _is_sane(value: object) -> bool:
    """Whether a dumped value keeps the bounds that our own code would."""
    if isinstance(value, bool | None):
        return True
    if isinstance(value, int | float):
        return math.isfinite(value) and abs(value) <= _NUMBER_MAX
    if isinstance(value, str):
        return len(value) <= _TEXT_MAX
    if isinstance(value, bytes):
        return len(value) <= _BYTES_MAX
    if isinstance(value, datetime):
        return value.tzinfo is not None and _EARLIEST <= value <= _LATEST
    if isinstance(value, dict):
        return len(value) <= _ITEMS_MAX and all(map(_is_sane, value.values()))
    if isinstance(value, tuple | list):
        return len(value) <= _ITEMS_MAX and all(map(_is_sane, value))
    return False
