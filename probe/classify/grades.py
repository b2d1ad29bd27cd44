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
    elsewhere: bool
    """Another vantage point sees the step work."""
    elsewhere_home: bool
    """... one in our own country."""
    too_soon: int
    """Failures that came before the server could have answered."""
    p_value: float | None
    discordant: bool
    """Every round failed with the name and passed without."""
    failures: int
    controls: int
    residual: bool


def name_grade(case: Case) -> Grade:
    """Return the grade of "it is the name".

    techniques 0.2: the test says that the name makes a difference, not that a censor does: an edge
    whose backend for this one name is broken gives the same pattern. So beyond `probable` something
    must speak against the server itself: the name fails at a host that has nothing to do with it
    (C2), another vantage point is served (C6), or the end came sooner than the server could answer.
    """
    physical = case.too_soon >= k.ARTEFACT_SIGHTINGS
    if case.c2 == "alive" and not physical and not case.elsewhere_home:
        return Grade.SUSPECTED
    if not case.c1_alive and case.c2 != "dead":
        return Grade.SUSPECTED
    backed = case.c2 == "dead" or case.elsewhere or physical
    proved = case.c2 == "dead" or case.elsewhere_home
    several = case.failures >= k.ARTEFACT_SIGHTINGS and case.controls >= k.ARTEFACT_SIGHTINGS
    grades = [Grade.SUSPECTED, _by_test(case, backed=backed, proved=proved)]
    if several and (physical or case.c2 == "dead"):
        grades.append(Grade.PROBABLE)
    if case.too_soon >= k.TOO_SOON_STRONG:
        # No order needs to be drawn for what the server cannot have sent.
        grades.append(Grade.STRONG)
    return max(grades, key=RANK.index)


def _by_test(case: Case, *, backed: bool, proved: bool) -> Grade:
    p = case.p_value
    if p is None or case.residual:
        # techniques 0.3: with residual state about, a control's failure is no data.
        return Grade.SUSPECTED
    if p < k.P_CONFIRMED and proved:
        return Grade.CONFIRMED
    if p < k.P_STRONG and backed:
        return Grade.STRONG
    if p <= k.P_PROBABLE + _EPSILON and (case.discordant or p < k.P_STRONG):
        return Grade.PROBABLE
    return Grade.SUSPECTED
