"""A scenario of another project's, as facts: what happens, what they expect, what we say."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One scenario. `make` builds it: a document to be read, or a world to be played."""

    suite: str
    name: str
    """Theirs, where they have one."""
    happens: str
    theirs: str
    """What they expect their own tool to say."""
    ours: str
    """What we say: `state`, or `state: category/subtype`; what is left out is not held to."""
    make: Callable[[], Any]
    why: str = ""
    """Why ours is another, where it is."""

    def is_met_by(self, words: str) -> bool:
        """Whether a verdict says it, or says it more exactly."""
        return words == self.ours or words.startswith((f"{self.ours}: ", f"{self.ours}/"))

    @property
    def id(self) -> str:
        """Return the test's name."""
        return f"{self.suite} {self.name}".replace("/", "-")


def said(state: str, category: str, subtype: str | None) -> str:
    """Return a verdict as the table says it."""
    if category == state or state == "insufficient":
        return state if not subtype else f"{state}: {subtype}"
    return f"{state}: {category}" + (f"/{subtype}" if subtype else "")
