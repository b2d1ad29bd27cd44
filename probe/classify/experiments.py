"""What can be asked: experiments as functions of what is known, one family at a time.

Everything is bounded by the evidence: addresses come from it or from the catalogue, rounds from the
constants. So only finitely many experiments exist for an endpoint, and asking ends.
"""

from collections import Counter
from collections.abc import Iterable

from probe.classify import constants as k
from probe.classify.addresses import family_of, is_bogon, network_of, neutral_name
from probe.classify.scene import Scene
from probe.classify.spots import Spot, Truth
from probe.classify.statements import is_access
from probe.model.experiment import Experiment, Hello, Kind
from probe.model.target import Control
from probe.model.words import Arm, Family, Protocol

Asked = tuple[Experiment, ...]
# One address and a spare: what is true of two is rarely an accident of one.
_ADDRESSES = 2


def _neutral(scene: Scene) -> tuple[str, ...]:
    """The reserved name of equal length, and a name known to be served there, if any."""
    return (neutral_name(scene.host), *scene.facts.endpoint.neutral_names[:1])


def _failing(scene: Scene) -> tuple[Spot, ...]:
    """Addresses at which something goes wrong, else all that may be the endpoint's."""
    if scene.protocol is Protocol.HTTP:
        spots = scene.http.spots or scene.tcp.spots
    elif scene.protocol is Protocol.QUIC:
        spots = scene.quic.spots
    else:
        bad = [s for s in scene.tls.spots if any(not h.is_verified for h in s.target)]
        spots = tuple(bad) or scene.tls.spots
    return spots[:_ADDRESSES]


def attempt(scene: Scene, spot: Spot, arm: Arm, name: str, round_: int = 0) -> Experiment:
    """One try of this protocol at one address, with one name."""
    common = {
        "endpoint": scene.facts.endpoint.id,
        "arm": arm,
        "name": name,
        "family": spot.family,
        "address": spot.address,
        "port": scene.facts.port,
        "round": round_,
    }
    match scene.protocol:
        case Protocol.HTTP:
            url = scene.facts.endpoint.url if arm is Arm.TARGET else url_of(scene, name)
            return Experiment(kind=Kind.FETCH, url=url, **common)
        case Protocol.QUIC:
            return Experiment(kind=Kind.QUIC, quic_version="1", **common)
        case Protocol.TCP:
            return Experiment(kind=Kind.CONNECT, **common)
        case _:
            inside = scene.http.all_fail and bool(scene.tls.verified)
            if inside:
                url = scene.facts.endpoint.url if arm is Arm.TARGET else url_of(scene, name)
                return Experiment(kind=Kind.FETCH, url=url, **common)
            return Experiment(kind=Kind.HANDSHAKE, **common)


def url_of(scene: Scene, name: str) -> str:
    """Return the root page under another name, by the endpoint's own scheme and port."""
    scheme = "http" if scene.protocol is Protocol.HTTP else "https"
    default = 80 if scheme == "http" else 443
    port = "" if scene.facts.port == default else f":{scene.facts.port}"
    return f"{scheme}://{name}{port}/"


def neutral_at_same_address(scene: Scene) -> Asked:
    """C1: the same address, a neutral name of equal length."""
    if scene.protocol is Protocol.TCP:
        return ()
    return tuple(
        attempt(scene, spot, Arm.C1, name) for spot in _failing(scene) for name in _neutral(scene)
    )


def neutral_again(scene: Scene) -> Asked:
    """C1 once more, after the wait: a control that failed only after the name is residue."""
    if scene.protocol is Protocol.TCP:
        return ()
    name = neutral_name(scene.host)
    return tuple(
        attempt(scene, spot, Arm.C1, name, k.RECHECK_ROUND) for spot in _failing(scene)[:1]
    )


def name_again(scene: Scene) -> Asked:
    """The name once more, now that a neutral one passes again: a server that was away is back."""
    if scene.protocol is Protocol.TCP:
        return ()
    return tuple(
        attempt(scene, spot, Arm.TARGET, scene.host, k.RECHECK_ROUND)
        for spot in _failing(scene)[:1]
    )


def wait(scene: Scene, seconds: float) -> Asked:
    """Let residual state run out."""
    return (Experiment(kind=Kind.WAIT, endpoint=scene.facts.endpoint.id, wait_s=seconds),)


def wait_then_neutral(scene: Scene) -> Asked:
    """First the wait; once it is over, the control again."""
    waited = wait(scene, k.WAIT_QUICK_S)
    if waited[0].id not in scene.facts.evidence.performed:
        return waited
    return neutral_again(scene)


def rounds(scene: Scene, first: int, last: int, *, wait_s: float | None = None) -> Asked:
    """One block: the name and a neutral one, so many times each, at one address per family.

    The order within a block is drawn by the run from its recorded seed; `wait_s` is the pause
    before each attempt where residual state was seen.
    """
    neutral = neutral_name(scene.host)
    spots = _failing(scene)[:1]
    arms = [(Arm.TARGET, scene.host), (Arm.C1, neutral)]
    if scene.protocol is Protocol.TCP:
        arms.pop()
    return tuple(
        attempt(scene, spot, arm, name, round_).model_copy(update={"wait_s": wait_s})
        for spot in spots
        for round_ in range(first, last + 1)
        for arm, name in arms
    )


def first_block(scene: Scene) -> Asked:
    """Repeats: enough for a screen, and for `probable`.

    Not before a neutral name was seen to pass: after one that fails as well, attempts would only
    feed what a filter remembers. Where one remembers, the rounds take half an hour: see `spaced`.
    """
    if scene.protocol in {Protocol.HTTPS, Protocol.TLS} and scene.tls.failures:
        known = scene.tls.c1 == "alive" or scene.tls.c2 == "dead"
        if not known:
            return ()
    if scene.tls.residual:
        return name_again(scene)
    # Where another name's page fares no better, rounds of minutes tell nothing; one more look may.
    last = 1 if scene.pace.fails_whatever_name and scene.http.c2 != "dead" else k.FIRST_BLOCK_ROUNDS
    return rounds(scene, 1, last)


def spaced(scene: Scene) -> Asked:
    """The first block where a filter remembers our name: each attempt when it has forgotten."""
    rechecked = any(h.is_alive and h.seen.attempt >= k.RECHECK_ROUND for h in scene.tls.controls)
    wait_s = k.RESIDUAL_SLOT_MEASURED_S if rechecked else k.RESIDUAL_SLOT_S
    return rounds(scene, 1, k.FIRST_BLOCK_ROUNDS, wait_s=wait_s)


def more_connections(scene: Scene) -> Asked:
    """Connections again, to every address that may be the endpoint's, a few.

    As many to a neutral host beside them (C5): a full address translator or a dead line refuses
    those as well, if they are not all made in one good moment.
    """
    arms = [(Arm.TARGET, spot.address) for spot in scene.tcp.spots[:_ADDRESSES]]
    # Addresses of one network are tried one after the other (design, Pacing).
    crowded = Counter(network_of(address) for _, address in arms)
    gap_s = k.MEANWHILE_S * max(crowded.values(), default=1)
    arms += [(Arm.C5, address) for address in _neutral_hosts(scene)]
    return tuple(
        Experiment(
            kind=Kind.CONNECT,
            endpoint=scene.facts.endpoint.id,
            arm=arm,
            family=family_of(address),
            address=address,
            port=scene.facts.port if arm is Arm.TARGET else 443,
            round=round_,
            wait_s=None if arm is Arm.TARGET else gap_s,
        )
        for arm, address in arms
        for round_ in range(1, k.FIRST_BLOCK_ROUNDS + 1)
    )


def name_at_neutral_host(scene: Scene) -> Asked:
    """C2: the name at a host that has nothing to do with it, between two neutral names there.

    All endpoints share that host, and a filter that remembers client and server cuts whatever comes
    after another endpoint's name (1.9): only what passes before and after shows the name's own.
    """
    if scene.protocol in {Protocol.TCP, Protocol.QUIC}:
        return ()
    names = (neutral_name(scene.host), scene.host, neutral_name(scene.host, 1))
    found = []
    for address in _neutral_hosts(scene):
        family = family_of(address)
        spot = Spot(address=address, family=family or Family.IPV4, truth=Truth.UNKNOWN)
        tried = [attempt(scene, spot, Arm.C2, name) for name in names]
        # Twice: a grade above `probable` rests on it.
        found += [*tried, tried[1].model_copy(update={"round": 1})]
    return tuple(found)


def _neutral_hosts(scene: Scene) -> Iterable[str]:
    facts = scene.facts.vantage.facts
    known = [
        last.address
        for control in scene.facts.knowledge.catalogue.controls
        if control.accepts_foreign_names
        for last in control.last_known
    ]
    candidates = dict.fromkeys((*facts.responders, *facts.neutral_addresses, *known))
    own = {spot.address for spot in scene.facts.spots}
    usable = [a for a in candidates if a not in own and family_of(a) is scene.family]
    usable = usable or [a for a in candidates if a not in own and scene.family is None]
    return usable[:1]


def other_addresses(scene: Scene) -> Asked:
    """C3: the same name at addresses not tried yet, learnt or known of old."""
    tried = {s.address for s in scene.facts.spots if s.connects and (s.target or s.fetches)}
    learnt = [s.address for s in scene.facts.spots_of(scene.family) if s.truth is not Truth.FALSE]
    old = [last.address for last in scene.facts.endpoint.last_known]
    addresses = [
        a
        for a in dict.fromkeys((*learnt, *old))
        if a not in tried
        and not is_bogon(a)
        and (scene.family is None or family_of(a) is scene.family)
    ]
    return tuple(_named(scene, address) for address in addresses[: _ADDRESSES + 1])


def _named(scene: Scene, address: str) -> Experiment:
    family = family_of(address)
    spot = Spot(address=address, family=family or Family.IPV4, truth=Truth.UNKNOWN)
    return attempt(scene, spot, Arm.C3, scene.host)


def prove_answers(scene: Scene) -> Asked:
    """A handshake at every answered address that nothing proved yet."""
    if scene.protocol is Protocol.TCP:
        return ()
    unproved = [
        s.address
        for s in scene.facts.spots_of(scene.family)
        if s.truth is Truth.UNKNOWN and not s.target and not is_bogon(s.address)
    ]
    return tuple(_named(scene, address) for address in unproved[: _ADDRESSES + 1])


def page_where_proved(scene: Scene) -> Asked:
    """The endpoint's page at an address that proved the name."""
    if scene.protocol is not Protocol.HTTPS:
        return ()
    proved = [s for s in scene.tls.spots if any(h.is_verified for h in s.target)]
    return tuple(
        Experiment(
            kind=Kind.FETCH,
            endpoint=scene.facts.endpoint.id,
            name=scene.host,
            family=spot.family,
            address=spot.address,
            port=scene.facts.port,
            url=scene.facts.endpoint.url,
        )
        for spot in proved[:1]
    )


def page_where_endorsed(scene: Scene) -> Asked:
    """C3: the page in the clear at an address that a proved source names, and where we are led."""
    if scene.protocol is not Protocol.HTTP:
        return ()
    spots = scene.facts.spots_of(scene.family)
    named = [s for s in spots if s.truth is Truth.ENDORSED]
    led = [
        s
        for s in spots
        if s.truth is Truth.UNKNOWN and any(is_access(resolver) for resolver, _ in s.named_by)
    ]
    wanted = [s for s in (*named[:1], *led[:1]) if not is_bogon(s.address)]
    untold = (s for s in wanted if all(o.arm is Arm.C3 for o in s.fetches))
    return tuple(_named(scene, s.address) for s in untold)


def other_ports(scene: Scene) -> Asked:
    """The same addresses on the web's other port: is the host alive?"""
    scheme = "https" if scene.facts.port == 80 else "http"
    return tuple(
        Experiment(
            kind=Kind.CONNECT,
            endpoint=scene.facts.endpoint.id,
            family=spot.family,
            address=spot.address,
            port=443 if scheme == "https" else 80,
            url=f"{scheme}://{scene.host}/",
        )
        for spot in scene.tcp.spots[:_ADDRESSES]
    )


def time_to_host(scene: Scene) -> Asked:
    """Connections to another port of the same addresses, for the time a packet needs."""
    return tuple(
        asked.model_copy(update={"round": round_})
        for asked in other_ports(scene)
        for round_ in range(k.FIRST_BLOCK_ROUNDS + 1)
    )


def other_hellos(scene: Scene) -> Asked:
    """The same name and address with one thing in the hello changed at a time."""
    if scene.protocol not in {Protocol.HTTPS, Protocol.TLS}:
        return ()
    return tuple(
        attempt(scene, spot, Arm.TARGET, scene.host).model_copy(update={"hello": hello})
        for spot in _failing(scene)[:1]
        for hello in (Hello.CHROME, Hello.TLS13, Hello.TLS12)
    )


def browser_hello(scene: Scene) -> Asked:
    """A browser's hello to an endpoint that answers ours."""
    return other_hellos(scene)[:1]


def from_elsewhere(scene: Scene) -> Asked:
    """C6: the same thing from every other vantage point there is."""
    endpoint = scene.facts.endpoint
    return (
        Experiment(
            kind=Kind.REMOTE, endpoint=endpoint.id, arm=Arm.C6, name=endpoint.host, url=endpoint.url
        ),
    )


def unrelated_hosts(scene: Scene) -> Asked:
    """C5: hosts that have nothing to do with it."""
    return tuple(_visit(scene, c, Kind.FETCH) for c in controls(scene, "reach")[:2])


def unrelated_transfer(scene: Scene) -> Asked:
    """C5: a longer download from elsewhere: how fast is this line?"""
    return tuple(_visit(scene, c, Kind.TRANSFER) for c in controls(scene, "transfer")[:2])


def unrelated_quic(scene: Scene) -> Asked:
    """C5: QUIC to hosts that are known to speak it."""
    return tuple(_visit(scene, c, Kind.QUIC) for c in controls(scene, "quic")[:2])


def _visit(scene: Scene, control: Control, kind: Kind) -> Experiment:
    return Experiment(
        kind=kind,
        endpoint=scene.facts.endpoint.id,
        arm=Arm.C5,
        name=control.host,
        url=control.url,
        family=scene.family,
    )


def controls(scene: Scene, purpose: str) -> list[Control]:
    """Return the catalogue's controls for a purpose, without those that fail here."""
    failing = set(scene.facts.vantage.failing_controls)
    return [
        c
        for c in scene.facts.knowledge.catalogue.controls
        if purpose in c.purpose and c.id not in failing
    ]


def screen(scene: Scene) -> Asked:
    """The first look itself."""
    endpoint = scene.facts.endpoint
    return (
        Experiment(
            kind=Kind.SCREEN, endpoint=endpoint.id, name=endpoint.host, url=endpoint.url, port=0
        ),
    )
