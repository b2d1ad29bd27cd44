"""Remember a function's answer for large frozen values, by which object they are.

`lru_cache` hashes its arguments: for a catalogue or a list of fingerprints that costs more than the
answer. The value itself is kept beside the answer, so an id is never that of another object.
"""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

# Few such values live at once: one run has one catalogue, a campaign in the lab a handful.
_KEPT = 8


def by_identity(function: Callable[[K], V]) -> Callable[[K], V]:
    """Remember the last answers of a function of one large frozen value."""
    known: dict[int, tuple[K, V]] = {}

    @wraps(function)
    def remembered(value: K) -> V:
        entry = known.get(id(value))
        if entry is not None and entry[0] is value:
            return entry[1]
        answer = function(value)
        if len(known) >= _KEPT:
            known.pop(next(iter(known)))
        known[id(value)] = (value, answer)
        return answer

    return remembered
