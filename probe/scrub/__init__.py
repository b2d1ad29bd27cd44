"""Take the client's addresses and secrets out of values and bytes. Pure: no I/O, no clock."""

from probe.scrub.scrubber import Scrubber
from probe.scrub.spellings import PLACEHOLDER

__all__ = ["PLACEHOLDER", "Scrubber"]
