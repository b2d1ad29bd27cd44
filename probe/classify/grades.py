"""How far a name-triggered failure carries: one ladder for TLS, HTTP and QUIC."""

from dataclasses import dataclass

from probe.classify import constants as k
from probe.classify.rules import RANK
from probe.model.words import Grade

# Rounding must not decide whether 1/20 is within 0.05.
_EPSILON = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the ladder looks at."""

    c1_alive: bool
    """A neutral name at the same address was answered."""
    c2: str | None
    """The name at a neutral host: `dead` (fails there too), `alive`, None (not tried)."""
    elsewhere_home: bool
    """A vantage point of our own country sees the step work, now."""
    too_soon: int
    """Failures that came before the server could have answered."""
    too_soon_p: float
    """Of so many ends being sooner than every round trip seen, had the server sent them."""
    p_value: float | None
    discordant: bool
    """Every round failed with the name and passed without."""
    failures: int
    controls: int
    residual: bool

    @property
    def is_physical(self) -> bool:
        """Whether the ends came sooner than the server could send them, beyond chance."""
        return self.too_soon >= k.ARTEFACT_SIGHTINGS and self.too_soon_p <= k.P_PROBABLE + _EPSILON


def name_grade(case: Case) -> Grade:
    """Return the grade of "it is the name".

    techniques 0.2: the test says that the name makes a difference, not that a censor does: an edge
    whose backend for this one name is broken gives the same pattern, and so does an origin that
    refuses our country under this name. So beyond `suspected` something must speak against the
    server itself: the name fails at a host that has nothing to do with it (C2), the end came sooner
    than the server could answer, or a vantage of our own country is served (C6).
    """
    if not case.c1_alive and case.c2 != "dead":
        return Grade.SUSPECTED
    served_at_home = case.elsewhere_home and case.c2 is None
    if not (case.c2 == "dead" or case.is_physical or served_at_home):
        return Grade.SUSPECTED
    grades = [Grade.SUSPECTED, _by_test(case)]
    several = case.failures >= k.ARTEFACT_SIGHTINGS and case.controls >= k.ARTEFACT_SIGHTINGS
    if several and case.c2 == "dead":
        grades.append(Grade.PROBABLE)
    if case.is_physical:
        grades.append(_by_rounds(case))
    return max(grades, key=RANK.index)


def _by_rounds(case: Case) -> Grade:
    """What ends too soon is no server's, but it may be what a filter remembers of another name.

    Names share addresses, and each is tried: only where the rounds, spaced beyond any memory, all
    fail with this name and all pass without it, is it this one.
    """
    if case.p_value is None or not case.discordant:
        return Grade.SUSPECTED
    if case.too_soon >= k.TOO_SOON_STRONG and case.p_value < k.P_STRONG:
        return Grade.STRONG
    return Grade.PROBABLE if case.p_value <= k.P_PROBABLE + _EPSILON else Grade.SUSPECTED


def _by_test(case: Case) -> Grade:
    p = case.p_value
    if p is None or case.residual:
        # techniques 0.3: with residual state about, a control's failure is no data.
        return Grade.SUSPECTED
    # A server may refuse this client alone, whom it saw before; the name at a stranger's host not.
    proved = case.c2 == "dead" or (case.is_physical and case.elsewhere_home)
    if p < k.P_CONFIRMED and proved:
        return Grade.CONFIRMED
    if p < k.P_STRONG:
        return Grade.STRONG
    if p <= k.P_PROBABLE + _EPSILON and case.discordant:
        return Grade.PROBABLE
    return Grade.SUSPECTED
