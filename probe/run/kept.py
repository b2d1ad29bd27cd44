"""What happens to observations between the wire and the store."""

from collections.abc import Sequence

from probe.classify import page_marks
from probe.classify.chains import judge_chain
from probe.model.knowledge import Knowledge
from probe.model.observation import HttpObservation, Observation, TlsObservation


def marked(observation: Observation, knowledge: Knowledge) -> Observation:
    """Name the page marks that a page shows, while its body is still there."""
    if not isinstance(observation, HttpObservation):
        return observation
    marks = page_marks(observation, knowledge)
    return observation.model_copy(update={"marks": marks}) if marks else observation


def verified_pages(observations: Sequence[Observation], knowledge: Knowledge) -> frozenset[str]:
    """Return the ids of pages that came over TLS which verifies: their bodies need not be kept.

    The handshake of a page is the last one before it, of the same experiment and address.
    """
    handshakes: dict[tuple[str, int, str | None], TlsObservation] = {}
    verified = set()
    for observation in observations:
        key = (observation.experiment, observation.attempt, observation.address)
        if isinstance(observation, TlsObservation):
            handshakes[key] = observation
        elif isinstance(observation, HttpObservation) and observation.over_tls:
            handshake = handshakes.get(key)
            if handshake is not None and _is_verified(handshake, observation.host, knowledge):
                verified.add(observation.id)
    return frozenset(verified)


def _is_verified(handshake: TlsObservation, host: str, knowledge: Knowledge) -> bool:
    name = host.partition(":")[0]
    return judge_chain(
        handshake.chain, name, at=handshake.started_at, roots=knowledge.roots
    ).verified
