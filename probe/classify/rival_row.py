"""What a row of the table of rivals holds, and the profiles from which its question is asked."""

from collections.abc import Callable
from dataclasses import dataclass

from probe.classify.experiments import Asked
from probe.classify.scene import Scene

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
