"""What the boxes did, in order. The lab's truth is computed from this and from nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from probe.lab.packet import Flow


class What(StrEnum):
    """What a box did. Everything but MATCHED changes what somebody receives."""

    MATCHED = "matched"  # the trigger was seen; nothing has happened to a packet yet
    INJECTED = "injected"
    DROPPED = "dropped"
    REWROTE = "rewrote"
    DELAYED = "delayed"
    REDIRECTED = "redirected"
    ANSWERED = "answered"  # a server's own doing, by the policy that the world gave it


@dataclass(frozen=True, slots=True)
class Event:
    """One deed of one box."""

    at_s: float
    """The executor's clock: seconds since the lab was opened."""
    box: str
    what: What
    flow: Flow
    name: str = ""
    """The name that fired the trigger, where one did."""


@dataclass(slots=True)
class TruthLog:
    """The events of one lab, oldest first."""

    events: list[Event] = field(default_factory=list)
    observers: list[Callable[[Event], None]] = field(default_factory=list)
    """Called with each event as it happens (traces, stories)."""

    def add(self, event: Event) -> None:
        """Keep one event."""
        self.events.append(event)
        for observer in self.observers:
            observer(event)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    def fired(self) -> frozenset[str]:
        """Return the ids of the boxes that changed what somebody receives."""
        return frozenset(event.box for event in self.events if event.what is not What.MATCHED)

    def of(self, box: str) -> tuple[Event, ...]:
        """Return one box's events."""
        return tuple(event for event in self.events if event.box == box)
