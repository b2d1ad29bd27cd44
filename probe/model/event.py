"""A dated decision or onset in the world, to lay beside changes that were measured."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from probe.model.base import Value
from probe.model.target import Country


class Event(Value):
    """Something that happened to services in countries; it explains nothing by itself."""

    id: str
    title: str
    kind: Literal["decision", "onset"]
    """Somebody ordered or announced it; or it was seen to begin or end."""
    earliest: datetime
    latest: datetime
    """Exclusive end of the span; equal to `earliest` where the source gives a moment."""
    services: tuple[str, ...] = ()
    """Empty: all."""
    countries: tuple[Country, ...] = ()
    """`EU` stands for its member states; empty: everywhere."""
    sources: tuple[str, ...] = Field(min_length=1)
    seen: date
    """When we read the sources."""
