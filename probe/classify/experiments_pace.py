"""What can be asked about QUIC's versions and about pace: other versions, repeats, pairs."""

from probe.classify import constants as k
from probe.classify.addresses import family_of, neutral_name
from probe.classify.experiments import Asked, attempt, neutral_at_same_address, url_of
from probe.classify.facts import SIZED_PATH
from probe.classify.scene import Scene
from probe.model.experiment import Experiment, Kind
from probe.model.words import Arm, Protocol


def quic_versions(scene: Scene) -> Asked:
    """A reserved version, which any QUIC server answers; then it again, and version 2.

    Where not even that is answered, UDP does not get there, and no version is told from another.
    """
    if scene.quic.negotiation_tried and not scene.quic.negotiates:
        return ()
    more = (("2", 0), ("negotiation", 1)) if scene.quic.negotiates else ()
    return tuple(
        Experiment(
            kind=Kind.QUIC,
            endpoint=scene.facts.endpoint.id,
            name=scene.host,
            family=spot.family,
            address=spot.address,
            port=scene.facts.port,
            quic_version=version,
            round=round_,
        )
        for spot in scene.quic.spots[:1]
        for version, round_ in (("negotiation", 0), *more)
    )


def neutral_at_same_pace(scene: Scene) -> Asked:
    """C1: a neutral name at the same address; a page of it where the endpoint's own is slow."""
    fetched = [s for s in scene.pace.spots if s.fetches]
    if scene.protocol is not Protocol.HTTPS or not scene.pace.slow:
        return neutral_at_same_address(scene)
    name = neutral_name(scene.host)
    return tuple(
        Experiment(
            kind=Kind.FETCH,
            endpoint=scene.facts.endpoint.id,
            arm=Arm.C1,
            name=name,
            family=spot.family,
            address=spot.address,
            port=scene.facts.port,
            url=url_of(scene, name),
        )
        for spot in fetched[:1]
    )


def repeat_downloads(scene: Scene) -> Asked:
    """The same page again, a few times, at one address."""
    if scene.protocol not in {Protocol.HTTPS, Protocol.HTTP}:
        return ()
    fetched = [s for s in scene.facts.spots_of(scene.family) if s.fetches]
    return tuple(
        Experiment(
            kind=Kind.TRANSFER,
            endpoint=scene.facts.endpoint.id,
            name=scene.host,
            family=spot.family,
            address=spot.address,
            port=scene.facts.port,
            url=scene.facts.endpoint.url,
            round=round_,
        )
        for spot in fetched[:1]
        for round_ in range(1, k.FIRST_BLOCK_ROUNDS + 2)
    )


def frozen(scene: Scene) -> Asked:
    """The same page a few times; once it stops alike, connections that carry next to nothing."""
    if scene.protocol is Protocol.QUIC:
        stalled = [s for s in scene.quic.spots if scene.quic.stalls]
        again = tuple(
            attempt(scene, spot, Arm.TARGET, scene.host, round_)
            for spot in stalled[:1]
            for round_ in range(1, k.FREEZE_RUNS_STRONG)
        )
        return (*again, *(_pings(scene, "1") if scene.quic.stalls_alike else ()))
    return (*repeat_downloads(scene), *(_pings(scene, None) if scene.pace.stalls_alike else ()))


def _pings(scene: Scene, quic_version: str | None) -> Asked:
    """Nothing but PINGs under the name, over TCP and HTTP/2 or over QUIC (techniques 4.4)."""
    if scene.protocol not in {Protocol.HTTPS, Protocol.QUIC}:
        return ()
    spots = scene.quic.spots if quic_version else [s for s in scene.pace.spots if s.fetches]
    return tuple(
        Experiment(
            kind=Kind.FREEZE,
            endpoint=scene.facts.endpoint.id,
            name=scene.host,
            family=spot.family,
            address=spot.address,
            port=scene.facts.port,
            alpn=("h2",),
            quic_version=quic_version,
            round=k.PING_ROUND + number,
        )
        for spot in spots[:1]
        for number in range(k.PING_RUNS)
    )


def paired_at_responder(scene: Scene) -> Asked:
    """One object under the endpoint's name and under a neutral one, at a helper's own responder.

    techniques 4.3.1: nothing differs but the name, and it is nobody else's server.
    """
    found = [a for a in scene.facts.vantage.facts.responders if family_of(a) is scene.family]
    if scene.protocol is not Protocol.HTTPS or not found:
        return ()
    return tuple(
        Experiment(
            kind=Kind.TRANSFER,
            endpoint=scene.facts.endpoint.id,
            arm=Arm.C2,
            name=name,
            family=scene.family,
            address=found[0],
            url=f"https://{name}{SIZED_PATH}{k.SIZED_BYTES}",
            body_bytes=k.SIZED_BYTES,
            round=round_,
        )
        for round_ in range(1, k.THROTTLE_FLOWS + 1)
        for name in (scene.host, neutral_name(scene.host))
    )


def paired_transfers(scene: Scene) -> Asked:
    """The endpoint's page and one of another name at the same address, in one block.

    Only names that the catalogue knows to be served there give pages worth timing.
    """
    endpoint = scene.facts.endpoint
    fetched = [s for s in scene.facts.spots_of(scene.family) if s.fetches]
    if scene.protocol is not Protocol.HTTPS or not endpoint.neutral_names:
        return ()
    other = endpoint.neutral_names[0]
    arms = ((Arm.TARGET, scene.host, endpoint.url), (Arm.C1, other, url_of(scene, other)))
    return tuple(
        Experiment(
            kind=Kind.TRANSFER,
            endpoint=endpoint.id,
            arm=arm,
            name=name,
            family=spot.family,
            address=spot.address,
            port=scene.facts.port,
            url=url,
            round=round_,
        )
        for spot in fetched[:1]
        for round_ in range(1, k.THROTTLE_FLOWS + 1)
        for arm, name, url in arms
    )
