"""The run's clock: UTC is an anchor plus trio's clock, so a lab's time is the lab's."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import trio


@dataclass(frozen=True, slots=True)
class Clock:
    """Tell UTC from trio's clock; step times never jump when the machine's clock is set."""

    utc_anchor: datetime
    trio_anchor: float

    @classmethod
    def start(cls, utc: datetime) -> "Clock":
        """Return a clock that shows `utc` now. Called inside `trio.run`."""
        if utc.tzinfo is None:
            raise ValueError("Clock.start needs an aware datetime, e.g. datetime.now(UTC)")
        return cls(utc.astimezone(UTC), trio.current_time())

    def now(self) -> datetime:
        """Return the time in UTC."""
        return self.at(trio.current_time())

    def at(self, trio_time: float) -> datetime:
        """Return the UTC time of a moment on trio's clock."""
        return self.utc_anchor + timedelta(seconds=trio_time - self.trio_anchor)
