"""Asks a responder what arrived there of a handshake that heard nothing (techniques S03 to S05)."""

from collections.abc import Sequence

from probe.model.observation import Observation, TlsObservation
from probe.run.helper import HttpRemote
from probe.run.remote import Remote


async def with_far_end(
    observations: list[Observation], remotes: Sequence[Remote]
) -> list[Observation]:
    """Return the observations, failed handshakes with a helper's own responder told by both ends.

    Only the helper that was itself reached at that address is asked: what another one did not
    receive says nothing.
    """
    ends = {
        remote.address: remote
        for remote in remotes
        if isinstance(remote, HttpRemote) and remote.has_responder and remote.address is not None
    }
    if not ends:
        return observations
    return [
        await _told(observation, ends.get(observation.address or ""))
        for observation in observations
    ]


async def _told(observation: Observation, remote: HttpRemote | None) -> Observation:
    is_silent = (
        isinstance(observation, TlsObservation)
        and observation.failure is not None
        and bool(observation.hello_sha256)
    )
    if remote is None or not is_silent:
        return observation
    assert isinstance(observation, TlsObservation)
    far_end = await remote.far_end(observation.hello_sha256)
    if far_end is None:
        return observation
    return observation.model_copy(
        update={
            "far_received_bytes": far_end.received_bytes,
            "far_acked_bytes": far_end.acked_bytes,
        }
    )
