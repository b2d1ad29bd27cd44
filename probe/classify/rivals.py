"""The table of rivals: what else would look like this, and the experiment that would rule it out.

Every rule names its rivals by id. A rival is ruled out by evidence, never by being unlikely; what
was asked and did not rule it out remains; what was not asked says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from probe.classify import experiments as ask
from probe.classify.experiments import Asked
from probe.classify.outcomes import Ending
from probe.classify.scene import Scene
from probe.model.experiment import Experiment
from probe.model.verdict import Rival
from probe.model.words import Protocol, RivalStatus, VantageState

# Profiles, from little to much; an experiment is asked from its own profile on.
LOOK, QUICK, STANDARD, DEEP = range(4)
PROFILES = {"look": LOOK, "quick": QUICK, "standard": STANDARD, "deep": DEEP}


@dataclass(frozen=True, slots=True)
class Row:
    """One rival."""

    id: str
    sentence: str
    """What else it might be."""
    experiment: str
    """In words: what would rule it out."""
    asks: Callable[[Scene], Asked]
    is_out: Callable[[Scene], bool]
    """Whether the evidence rules it out."""
    profile: int = LOOK


def _c1_alive(scene: Scene) -> bool:
    match scene.protocol:
        case Protocol.HTTP:
            return scene.http.c1 == "alive"
        case Protocol.QUIC:
            return scene.quic.c1 == "alive"
        case _:
            return scene.tls.c1 == "alive" or scene.http.c1 == "alive"


def _name_proved(scene: Scene) -> bool:
    """The name fails at a host that has nothing to do with it, or fails before the server can."""
    if scene.protocol is Protocol.HTTP:
        return scene.http.c2 == "dead" or len(scene.http.too_soon) >= 2
    return scene.tls.c2 == "dead" or len(scene.tls.too_soon) >= 2


def _works_elsewhere(scene: Scene) -> bool:
    step = {Protocol.HTTP: "http", Protocol.QUIC: "quic", Protocol.TCP: "tcp"}
    if scene.protocol in step:
        return bool(scene.tcp.elsewhere.passing(step[scene.protocol]))
    failing = "tcp" if scene.tcp.all_fail else "tls"
    return bool(scene.tcp.elsewhere.passing(failing))


def _works_at_home(scene: Scene) -> bool:
    elsewhere = scene.tcp.elsewhere
    return elsewhere.passing_at_home("tcp" if scene.tcp.all_fail else "tls")


def _repeated(scene: Scene) -> bool:
    """Every repeat failed with the name, and none of at least three without it."""
    looks = (scene.tls, scene.http, scene.quic)
    if any(look.is_discordant for look in looks):
        return True
    return scene.tcp.all_fail and len(scene.tcp.failures) > 3


def _all_addresses(scene: Scene) -> bool:
    return len(scene.tls.failing_spots) >= 2 and not scene.tls.verified


def _online(scene: Scene) -> bool:
    return scene.facts.vantage.state in {VantageState.ONLINE, VantageState.DEGRADED}


def _resolver_works(scene: Scene) -> bool:
    doubted = [s for s in scene.dns.first_said if s.is_true is not True]
    return bool(doubted) and all(scene.dns.control_works(s.seen) for s in doubted)


def _gate_passes(scene: Scene, *gates: str) -> bool:
    outcomes = {g.gate: g.outcome for g in scene.facts.vantage.gates}
    return all(outcomes.get(gate) == "pass" for gate in gates)


def _never(scene: Scene) -> bool:
    del scene
    return False


def _affirmed(scene: Scene) -> bool:
    return scene.dns.is_affirmed


def _proved_all(scene: Scene) -> bool:
    return bool(scene.dns.system_lies) and all(
        s.kind is not Ending.DONE for s in scene.dns.system_lies
    )


RIVALS: tuple[Row, ...] = (
    Row("not_measured", "Nothing was measured yet.", "look at it", ask.screen, _never),
    # --- about names ------------------------------------------------------------------------------
    Row(
        "dead_name",
        "The name does not exist, for anyone.",
        "ask encrypted resolvers of other operators",
        ask.encrypted_resolvers,
        _affirmed,
    ),
    Row(
        "name_taken_down",
        "The registry took the name away, for everyone.",
        "look from another vantage point",
        ask.from_elsewhere,
        _never,
    ),
    Row(
        "resolver_broken",
        "The resolver fails for every name.",
        "ask the same resolver for a neutral name",
        ask.neutral_at_same_resolver,
        _resolver_works,
    ),
    Row(
        "local_filter",
        "The router's or this machine's own resolver filters.",
        "ask the provider's resolver past the router",
        ask.access_resolver,
        lambda scene: scene.dns.access_lies or not scene.dns.is_private,
        QUICK,
    ),
    Row(
        "geo_dns",
        "Another address of the same service, nearer to here.",
        "prove each answered address by a handshake there",
        ask.prove_answers,
        _proved_all,
    ),
    Row(
        "stale_answer",
        "The resolver still names a server that is gone.",
        "ask the same resolver again",
        ask.same_question_again,
        _never,
        QUICK,
    ),
    Row(
        "authority_refuses_resolver",
        "The name's own servers refuse this resolver.",
        "ask the same resolver for the name's other records",
        ask.other_records,
        _never,
        QUICK,
    ),
    Row(
        "two_upstreams",
        "The resolver passes on two answers of two upstreams.",
        "ask the same resolvers by other transports",
        ask.resolver_matrix,
        lambda scene: any(not s.seen.resolver.startswith("system") for s in scene.dns.races),
        QUICK,
    ),
    Row(
        "transparent_proxy",
        "The network answers questions to public resolvers itself.",
        "ask an address that serves no DNS for a neutral name",
        ask.canaries,
        lambda scene: bool(scene.facts.canary) and not scene.dns.canary_answers_all,
        QUICK,
    ),
    Row(
        "dns_forged",
        "Answers are forged on the way.",
        "ask the same resolvers by other transports",
        ask.resolver_matrix,
        _never,
        QUICK,
    ),
    Row(
        "last_known_works",
        "The name is denied, and its server is alive.",
        "try the addresses that a dated source knew",
        ask.other_addresses,
        lambda scene: bool(scene.tls.verified),
    ),
    # --- about servers ----------------------------------------------------------------------------
    Row(
        "server_down",
        "The server, or the way to it, fails whatever the name.",
        "the same address with a neutral name of equal length",
        ask.neutral_at_same_address,
        _c1_alive,
    ),
    Row(
        "server_refuses_name",
        "The server itself ends connections for this name.",
        "the same name at a host that has nothing to do with it",
        ask.name_at_neutral_host,
        _name_proved,
        QUICK,
    ),
    Row(
        "server_refuses_neutral",
        "The server ends connections for names that it does not know.",
        "the same name at a host that has nothing to do with it",
        ask.name_at_neutral_host,
        _c1_alive,
        QUICK,
    ),
    Row(
        "site_down",
        "The service is down for everyone.",
        "look from another vantage point",
        ask.from_elsewhere,
        _works_elsewhere,
    ),
    Row(
        "blocked_there_too",
        "It is blocked where the other vantage point is, in the same way.",
        "look from a vantage point in another country",
        ask.from_elsewhere,
        _never,
    ),
    Row(
        "origin_geofence",
        "The service refuses this country's addresses.",
        "look from another network in this country",
        ask.from_elsewhere,
        _works_at_home,
    ),
    Row(
        "one_bad_address",
        "One server of several is broken.",
        "the same name at other addresses of the service",
        ask.other_addresses,
        _all_addresses,
    ),
    Row(
        "closed_port",
        "Nothing listens on this port.",
        "the same address on another port",
        ask.other_ports,
        lambda scene: len(scene.tcp.too_soon) >= 2 or _works_elsewhere(scene),
    ),
    Row(
        "port_only",
        "Only this port is closed or filtered.",
        "the same addresses on another port",
        ask.other_ports,
        lambda scene: (
            bool(scene.tcp.spots)
            and any(s.other_ports for s in scene.tcp.spots)
            and not scene.tcp.other_port_works
        ),
    ),
    Row(
        "forged_reset",
        "The refusal was forged on the way.",
        "the same address on another port, for the time a packet needs",
        ask.other_ports,
        _never,
    ),
    Row(
        "slow_server",
        "The server is slow for everyone.",
        "the same address with a neutral name, and another vantage point",
        lambda scene: (*ask.neutral_at_same_address(scene), *ask.from_elsewhere(scene)),
        lambda scene: scene.pace.is_throttled or _c1_alive(scene),
    ),
    Row(
        "rate_limit",
        "The server limits how often it is asked.",
        "repeat the attempt, spaced",
        ask.first_block,
        _repeated,
        QUICK,
    ),
    Row(
        "no_http3",
        "The service does not speak HTTP/3.",
        "look from another vantage point",
        ask.from_elsewhere,
        lambda scene: scene.quic.works_elsewhere,
    ),
    Row(
        "canonical_redirect",
        "The service sends its visitors there itself.",
        "the same address with a neutral Host",
        ask.neutral_at_same_address,
        lambda scene: scene.http.c2 == "dead" or len(scene.http.too_soon) >= 2,
    ),
    # --- about certificates -----------------------------------------------------------------------
    Row(
        "default_certificate",
        "The server shows its default certificate to names that it does not serve.",
        "the same address with a neutral name",
        ask.neutral_at_same_address,
        lambda scene: bool(scene.tls.control_leaves) and not scene.tls.shows_one_certificate,
    ),
    Row(
        "origin_certificate",
        "The service's own certificate is bad.",
        "look at the certificate from another vantage point",
        ask.from_elsewhere,
        lambda scene: bool(scene.tls.elsewhere.leaves()) and not scene.tls.same_leaf_elsewhere,
    ),
    Row(
        "forged_for_address",
        "Somebody answers for the whole address, whatever the name.",
        "look at the certificate from another vantage point",
        ask.from_elsewhere,
        _never,
    ),
    Row(
        "stale_roots",
        "Our list of public authorities is out of date.",
        "look at the certificate from another vantage point",
        ask.from_elsewhere,
        lambda scene: bool(scene.tls.verified),
    ),
    # --- about this line and this machine ---------------------------------------------------------
    Row(
        "local_interception",
        "A program or appliance here exchanges certificates.",
        "look at the certificates of unrelated hosts",
        ask.unrelated_hosts,
        lambda scene: _gate_passes(scene, "interception"),
    ),
    Row(
        "clock",
        "This machine's clock is wrong.",
        "compare with the Date of unrelated hosts",
        ask.unrelated_hosts,
        lambda scene: _gate_passes(scene, "clock"),
    ),
    Row(
        "portal",
        "A portal or a filter of this line answers for every site.",
        "fetch pages whose content is known",
        ask.unrelated_hosts,
        lambda scene: _gate_passes(scene, "captive_portal"),
    ),
    Row(
        "line_trouble",
        "This line fails.",
        "unrelated hosts elsewhere and at home",
        ask.unrelated_hosts,
        _online,
    ),
    Row(
        "route_fault",
        "A route to that network is broken.",
        "look from another vantage point",
        ask.from_elsewhere,
        _never,
    ),
    Row(
        "slow_line",
        "This line is slow.",
        "a longer download from unrelated hosts",
        ask.unrelated_transfer,
        lambda scene: scene.pace.is_line_fast,
    ),
    Row(
        "loss",
        "Packets were lost by chance.",
        "repeat with and without the name, in an order drawn by lot",
        lambda scene: (
            ask.same_question_again(scene)
            if not scene.facts.spots
            else ask.more_connections(scene)
            if scene.tcp.all_fail
            else ask.first_block(scene)
        ),
        _repeated,
        QUICK,
    ),
    Row(
        "mtu",
        "Large packets are lost on the way.",
        "the same address with a name whose answer is as large",
        ask.neutral_at_same_address,
        lambda scene: scene.tls.c1_large or scene.tls.acked is False,
    ),
    Row(
        "residual_state",
        "A filter still remembers our name from the attempt before.",
        "wait, then the neutral name again",
        ask.wait_then_neutral,
        _never,
        QUICK,
    ),
    Row(
        "hello_shape",
        "The hello's shape is filtered, whatever the name.",
        "the same name with other hellos",
        ask.other_hellos,
        lambda scene: _c1_alive(scene),
        QUICK,
    ),
    Row(
        "library_defect",
        "Our TLS library and this server do not get on.",
        "the same hello from another vantage point",
        ask.from_elsewhere,
        _works_elsewhere,
        QUICK,
    ),
    Row(
        "udp_closed",
        "This line's router closes UDP port 443.",
        "QUIC to unrelated hosts that speak it",
        ask.unrelated_quic,
        lambda scene: scene.quic.gate == "pass",
    ),
    Row(
        "quic_version",
        "Only version 1 of QUIC is filtered.",
        "ask for versions, and try version 2",
        ask.quic_versions,
        lambda scene: scene.quic.negotiation_tried and not scene.quic.negotiates,
    ),
    Row(
        "transparent_cache",
        "A cache of this line answers truthfully.",
        "the same name at a host that has nothing to do with it",
        ask.name_at_neutral_host,
        lambda scene: bool(scene.http.block_pages),
        QUICK,
    ),
    Row(
        "frozen",
        "A filter stops connections after so many packets.",
        "repeat the download",
        ask.repeat_downloads,
        _never,
        QUICK,
    ),
)

BY_ID = {row.id: row for row in RIVALS}


def settle(ids: Sequence[str], scene: Scene) -> tuple[Rival, ...]:
    """Return what became of these rivals."""
    performed = scene.facts.evidence.performed - scene.facts.evidence.refused
    return tuple(_settle(BY_ID[id_], scene, performed) for id_ in ids)


def _settle(row: Row, scene: Scene, performed: frozenset[str]) -> Rival:
    if row.is_out(scene):
        status = RivalStatus.RULED_OUT
    elif any(experiment.id in performed for experiment in row.asks(scene)):
        status = RivalStatus.REMAINS
    else:
        status = RivalStatus.NOT_ASKED
    return Rival(id=row.id, status=status, experiment=row.experiment, by=_by(row, scene))


def _by(row: Row, scene: Scene) -> tuple[str, ...]:
    """Return the observations of the experiments that this rival asked for."""
    wanted = {experiment.id for experiment in row.asks(scene)}
    return tuple(o.id for o in scene.facts.evidence.observations if o.experiment in wanted)[:8]


def questions(ids: Sequence[str], scene: Scene, profile: int) -> list[Experiment]:
    """Return what to ask about these rivals at this profile, those ruled out left alone."""
    found: list[Experiment] = []
    for id_ in ids:
        row = BY_ID[id_]
        if row.profile <= profile and not row.is_out(scene):
            found.extend(e.model_copy(update={"rival": row.id}) for e in row.asks(scene))
    return found
