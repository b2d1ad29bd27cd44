"""How far each sort of DNS interference carries.

techniques 4.5 for the numbers; 0.2: a lie is nothing that chance draws, so it has no p-value.
"""

from probe.classify import constants as k
from probe.classify.look_dns import DnsLook
from probe.classify.outcomes import Ending
from probe.model.words import Grade


def artefact_grade(sightings: int) -> Grade:
    """Techniques 0.2 and 4.2: what cannot be an accident proves itself when seen twice."""
    return Grade.CONFIRMED if sightings >= k.ARTEFACT_SIGHTINGS else Grade.PROBABLE


def lie_grade(look: DnsLook) -> Grade:
    """Techniques 4.5: three lies, two honest operators, and the resolver works otherwise."""
    lies = {s.seen.id for s in look.system_lies}
    if look.known_lies or (look.artefacts and not _may_be_local(look)):
        return artefact_grade(look.artefacts)
    controlled = any(look.control_works(s.seen) for s in look.system_lies)
    if _may_be_local(look) or not controlled or any(s.is_true for s in look.system):
        return Grade.SUSPECTED
    honest = len(look.honest_operators)
    if len(lies) >= k.LIES_STRONG and honest >= k.HONEST_OPERATORS_STRONG:
        grade = Grade.STRONG
    elif len(lies) >= k.ARTEFACT_SIGHTINGS and honest:
        grade = Grade.PROBABLE
    else:
        grade = Grade.SUSPECTED
    match look.lie_kind(look.system_lies):
        case "servfail" | "nodata":
            # The zone's own servers may refuse this resolver (techniques G06).
            return Grade.SUSPECTED
        case "wrong_address" if not look.lies_in_own_network:
            # It may still name the server that the service has left.
            return Grade.SUSPECTED
    return grade


def _may_be_local(look: DnsLook) -> bool:
    """Whether the liar may be of this house, or of a stranger whom somebody here chose to ask.

    A filtering resolver that is not the network's own (1.1.1.3, a school's) lies by wish.
    """
    if not look.is_networks_own:
        return True
    return look.is_private and not look.access_lies


def canary_grade(look: DnsLook) -> Grade:
    """Row 5: an answer from where no resolver is."""
    return artefact_grade(len(look.canary_answers))


def race_grade(look: DnsLook) -> Grade:
    """Techniques 0.7: home routers relay two upstreams, so only races elsewhere count fully."""
    elsewhere = {s.seen.id for s in look.races if not s.seen.resolver.startswith("system")}
    if elsewhere:
        return artefact_grade(len(elsewhere))
    if look.races:
        return Grade.SUSPECTED if look.is_private else Grade.PROBABLE
    sightings = {s.seen.id for s in look.weak_races}
    return Grade.PROBABLE if len(sightings) >= k.ARTEFACT_SIGHTINGS else Grade.SUSPECTED


def injection_grade(look: DnsLook) -> Grade:
    """D10: several public resolvers, and their own other ways say otherwise."""
    resolvers = {s.seen.resolver for s in look.udp_lies}
    controlled = any(look.control_works(s.seen) for s in look.udp_lies)
    if look.artefacts:
        return artefact_grade(look.artefacts)
    if not controlled or not look.honest_operators or len(resolvers) < 2:
        return Grade.SUSPECTED
    many = len({s.seen.id for s in look.udp_lies}) >= k.LIES_STRONG
    return Grade.STRONG if many and len(look.honest_operators) >= 2 else Grade.PROBABLE


def intercepted_grade(look: DnsLook) -> Grade:
    """D11: another resolver answers in the public ones' names, and lies."""
    if look.artefacts:
        return artefact_grade(look.artefacts)
    # A home's router that leads all questions to its own filter looks like the provider's.
    return Grade.SUSPECTED


def drop_grade(look: DnsLook) -> Grade:
    """Row 9: the exact test; the rule wants resolvers of two operators."""
    p = look.drop_p
    if p is None or any(s.is_true for s in look.system):
        return Grade.SUSPECTED
    if p < k.P_STRONG and len(look.honest_operators) >= 2:
        return Grade.STRONG
    return Grade.PROBABLE if p <= k.P_PROBABLE and look.honest_operators else Grade.SUSPECTED


def reset_grade(look: DnsLook) -> Grade:
    """D14: cut at one resolver may be that resolver's own."""
    return Grade.PROBABLE if len({s.seen.resolver for s in look.resets}) >= 2 else Grade.SUSPECTED


def dead_grade(look: DnsLook) -> Grade:
    """Failing and refusing everywhere may be the zone's servers that refuse our country (G06)."""
    kinds = {s.kind for s in look.encrypted}
    if Ending.NXDOMAIN not in kinds or len(look.denying_operators) < 2:
        return Grade.SUSPECTED
    return Grade.PROBABLE
