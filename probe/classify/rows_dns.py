"""The rows of the DNS table that are made alike: a resolver's lies, and forged answers."""

from collections.abc import Callable
from dataclasses import replace

from probe.classify.grades_dns import lie_grade
from probe.classify.look_dns import DnsLook
from probe.classify.rules import Rule
from probe.classify.statements import Said
from probe.model.words import Category, Grade, Layer, Locus, State, Trigger

LIE_RIVALS = ("dead_name", "resolver_broken", "local_filter", "geo_dns")


def forged_on_path(look: DnsLook) -> bool:
    """A public resolver lies over UDP alone, and it is no other resolver that answers."""
    return look.lies_only_over_udp and not look.is_intercepted


def is_unvouched(look: DnsLook, lies: tuple[Said, ...]) -> bool:
    """No answer, or an empty one: a lie, or the zone's own servers refuse us, or have nothing.

    A resolver that was asked nothing else may refuse everything: it is for others.
    """
    kind = look.lie_kind(lies)
    is_for_others = kind == "refused" and not any(look.control_works(s.seen) for s in lies)
    return (
        bool(lies)
        and (kind in {"servfail", "nodata"} or is_for_others)
        and not look.artefacts
        and not look.resolves_at_home
    )


def is_unvouched_failure(look: DnsLook) -> bool:
    """The same of the resolver that speaks here: the system's, or one that answers for all."""
    lies = look.system_lies or (look.udp_lies if look.is_intercepted else ())
    return is_unvouched(look, lies)


def lie(subtype: str, why: str) -> Rule[DnsLook]:
    """A row for one kind of lie of the access network's resolver."""
    return Rule(
        id=f"dns.lie_{subtype}",
        when=lambda look: bool(look.system_lies) and look.lie_kind(look.system_lies) == subtype,
        state=State.BLOCKED,
        category=Category.DNS_LIE,
        subtype=subtype,
        layer=Layer.DNS,
        trigger=Trigger.NAME,
        locus=Locus.ISP_RESOLVER,
        grade=lie_grade,
        rivals=(*LIE_RIVALS, "authority_refuses_resolver")
        if subtype in {"servfail", "nodata", "refused"}
        else LIE_RIVALS,
        why=why,
    )


def _injected(rule: Rule[DnsLook]) -> tuple[Rule[DnsLook], Rule[DnsLook]]:
    """Two rows: where the system's own resolver is honest, ordinary use is not prevented."""
    beside = replace(
        rule,
        id=f"{rule.id}_beside_honest_resolver",
        when=lambda look: look.system_is_honest and rule.when(look),
        state=State.IMPAIRED,
        why=f"{rule.why} The system's own resolver is honest: the site can be reached.",
    )
    return beside, rule


def injection(
    id_: str,
    when: Callable[[DnsLook], bool],
    subtype: str,
    grade: Callable[[DnsLook], Grade],
    rivals: tuple[str, ...],
    why: str,
) -> tuple[Rule[DnsLook], Rule[DnsLook]]:
    """The two rows of answers that somebody forges on the path."""
    return _injected(
        Rule(
            id=id_,
            when=when,
            state=State.BLOCKED,
            category=Category.DNS_INJECTION,
            subtype=subtype,
            layer=Layer.DNS,
            trigger=Trigger.NAME,
            locus=Locus.PATH,
            grade=grade,
            rivals=rivals,
            why=why,
        )
    )
