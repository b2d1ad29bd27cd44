"""`perform(experiment)`: experiments made of wire operations; returns what happened, no opinion."""

from probe.measure.perform import perform, refusal
from probe.measure.tools import Limiter, NoLimiter, Tools

__all__ = ["Limiter", "NoLimiter", "Tools", "perform", "refusal"]
