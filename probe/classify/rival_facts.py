"""What rules a rival out: each a yes or no about one scene."""

from probe.classify import constants as k
from probe.classify.outcomes import Ending
from probe.classify.scene import Scene
from probe.model.words import Protocol, VantageState


def c1_alive(scene: Scene) -> bool:
    """Whether a neutral name is answered where the endpoint's is not."""
    match scene.protocol:
        case Protocol.HTTP:
            return scene.http.c1 == "alive"
        case Protocol.QUIC:
            return scene.quic.c1 == "alive"
        case _:
            return scene.tls.c1 == "alive" or scene.http.c1 == "alive"


def name_proved(scene: Scene) -> bool:
    """The name fails at a host that has nothing to do with it, or fails before the server can."""
    if scene.protocol is Protocol.HTTP:
        return scene.http.c2 == "dead" or len(scene.http.too_soon) >= 2
    return scene.tls.c2 == "dead" or len(scene.tls.too_soon) >= 2


def server_is_fast(scene: Scene) -> bool:
    """Whether the same server gives more, or goes further, under another name.

    A neutral name's handshake says nothing of how fast pages come.
    """
    pace = scene.pace
    if any(f.has_stalled for f in pace.target):
        return pace.same_address_goes_further
    if pace.slow:
        own, other = pace.rate_bps, pace.same_address_rate_bps
        is_faster = bool(own and other and own <= k.THROTTLE_RATIO_MAX * other)
        return pace.is_throttled or is_faster
    return pace.is_throttled or c1_alive(scene)


def beyond_the_house(scene: Scene) -> bool:
    """Whether the ends come later than this house's own router could send them, or farther away.

    A packet with the name that a router beyond the first gave up had passed the house's.
    """
    failed = [h for h in scene.tls.failures if h.ending in {Ending.RESET, Ending.CLOSED}]
    after = [
        h.seen.failed_after_s - (h.seen.loop_lag_s or 0.0)
        for h in failed
        if h.seen.failed_after_s is not None
    ]
    if after and min(after) > k.HOUSE_MAX_S:
        return True
    named = (t for t in scene.facts.traces if t.name == scene.host and t.method == "hello")
    return any(h.ttl > 1 and h.outcome == "expired" for t in named for h in t.hops)


def works_elsewhere(scene: Scene) -> bool:
    """Whether another vantage point sees the failing step work."""
    step = {Protocol.HTTP: "http", Protocol.QUIC: "quic", Protocol.TCP: "tcp"}
    if scene.protocol in step:
        return bool(scene.tcp.elsewhere.passing(step[scene.protocol]))
    failing = "tcp" if scene.tcp.all_fail else "tls"
    return bool(scene.tcp.elsewhere.passing(failing))


def works_at_home(scene: Scene) -> bool:
    """Whether one in our own country does."""
    elsewhere = scene.tcp.elsewhere
    return elsewhere.passing_at_home("tcp" if scene.tcp.all_fail else "tls")


def resolves_at_home(scene: Scene) -> bool:
    """Whether a resolver of our own country in another network names addresses now."""
    return scene.dns.resolves_at_home


def repeated(scene: Scene) -> bool:
    """Every repeat failed with the name, and none of at least three without it."""
    looks = (scene.tls, scene.http, scene.quic)
    if any(look.is_discordant for look in looks):
        return True
    return scene.tcp.all_fail and len(scene.tcp.failures) > 3


def all_addresses(scene: Scene) -> bool:
    """Whether several addresses fail and none works."""
    return len(scene.tls.failing_spots) >= 2 and not scene.tls.verified


def online(scene: Scene) -> bool:
    """Whether the gates let services be judged."""
    return scene.facts.vantage.state in {VantageState.ONLINE, VantageState.DEGRADED}


def resolver_works(scene: Scene) -> bool:
    """Whether every doubted resolver answers for neutral names."""
    doubted = [s for s in scene.dns.first_said if s.is_true is not True]
    return bool(doubted) and all(scene.dns.control_works(s.seen) for s in doubted)


def gate_passes(scene: Scene, *gates: str) -> bool:
    """Whether these gates pass."""
    outcomes = {g.gate: g.outcome for g in scene.facts.vantage.gates}
    return all(outcomes.get(gate) == "pass" for gate in gates)


def never(scene: Scene) -> bool:
    """For rivals that no evidence of ours can rule out."""
    del scene
    return False


def affirmed(scene: Scene) -> bool:
    """Whether a trusted source affirms the name."""
    return scene.dns.is_affirmed


def not_filtered_at_home(scene: Scene) -> bool:
    """Whether the access network's resolver, and no router of the house, is known to lie.

    Where other resolvers' questions are answered by a third one, a router may answer the provider's
    as well.
    """
    dns = scene.dns
    return (dns.access_lies or not dns.is_private) and not dns.is_intercepted


def proved_all(scene: Scene) -> bool:
    """Whether all lies are denials: no address is in doubt."""
    return bool(scene.dns.system_lies) and all(
        s.kind is not Ending.DONE for s in scene.dns.system_lies
    )
