"""One message of one resolver: what it says, who said it."""

from dataclasses import dataclass

from probe.classify.outcomes import Ending, ending_of
from probe.model.observation import DnsAnswer, DnsObservation
from probe.model.words import Family, Transport

ENCRYPTED = frozenset({Transport.DOT, Transport.DOH})
DENIALS = frozenset({Ending.NXDOMAIN, Ending.NODATA, Ending.SERVFAIL, Ending.DENIED})
CUTS = frozenset({Ending.RESET, Ending.CLOSED})
# techniques D08: names by which a resolver asks a platform for its restricted mode: a policy that
# the network's owner chose, not censorship.
POLICY_CNAMES = frozenset(
    {"forcesafesearch.google.com", "restrict.youtube.com", "restrictmoderate.youtube.com"}
)
QUERY_TYPES = {Family.IPV4: "A", Family.IPV6: "AAAA"}


@dataclass(frozen=True, slots=True)
class Said:
    """One message for one question, judged."""

    seen: DnsObservation
    answer: DnsAnswer | None
    kind: Ending
    """DONE (addresses), a denial, SILENT, or how the exchange failed."""
    is_true: bool | None
    """None: cannot be told."""
    why: str = ""


def source_of(seen: DnsObservation) -> str:
    """Return `<resolver>/<transport>`."""
    return f"{seen.resolver}/{seen.transport}"


def is_access(resolver: str) -> bool:
    """Whether this is the access network's (or this machine's) own resolver."""
    return resolver == "system" or resolver.startswith("access")


def is_system(seen: DnsObservation) -> bool:
    """Whether the access network's (or this machine's) own resolver was asked."""
    return is_access(seen.resolver)


def kind_of(answer: DnsAnswer, seen: DnsObservation) -> Ending:
    """Return what a readable message says."""
    if answer.addresses:
        return Ending.DONE
    match answer.rcode:
        case 0:
            return Ending.NODATA
        case 2:
            return Ending.SERVFAIL
        case 3:
            return Ending.NXDOMAIN
        case 5:
            return Ending.DENIED
        case None:
            failed = ending_of(seen.failure)
            return Ending.NODATA if failed is Ending.DONE else failed
        case _:
            return Ending.SERVFAIL


def is_answered(seen: DnsObservation) -> bool:
    """Whether any readable message came."""
    return any(a.malformed is None and not a.wrong_id for a in seen.answers)


def words(s: Said) -> str:
    """Return the statement in words: `system/udp A: nxdomain (false)`."""
    what = s.kind.value
    if s.kind is Ending.DONE and s.answer is not None:
        what = ", ".join(s.answer.addresses[:2])
    truth = {True: "true", False: "false", None: "unproved"}[s.is_true]
    return f"{source_of(s.seen)} {s.seen.query_type}: {what} ({truth})"
