"""Remember answers: of a function of one large frozen value, and of a property.

`lru_cache` hashes its arguments: for a catalogue or a list of fingerprints that costs more than the
answer. The value itself is kept beside the answer, so an id is never that of another object.
"""

from collections.abc import Callable
from functools import wraps
from typing import Generic, TypeVar, overload

K = TypeVar("K")
Owner = TypeVar("Owner")
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


class once(Generic[Owner, V]):  # noqa: N801 (it is used as a decorator, like cached_property)
    """A property that is computed at its first use and kept in the instance.

    `functools.cached_property` takes a lock until Python 3.12 (python/cpython#87634), which cost a
    third of a judgement here; nothing in this room is shared between threads.
    """

    def __init__(self, function: Callable[[Owner], V]) -> None:
        self._function = function
        self._name = function.__name__
        self.__doc__ = function.__doc__

    @overload
    def __get__(self, instance: None, owner: type[Owner]) -> "once[Owner, V]": ...

    @overload
    def __get__(self, instance: Owner, owner: type[Owner]) -> V: ...

    def __get__(self, instance: Owner | None, owner: type[Owner]) -> "V | once[Owner, V]":
        """Compute, keep, return; from then on the instance's own value is found first."""
        if instance is None:
            return self
        value = self._function(instance)
        vars(instance)[self._name] = value
        return value
