"""Roadblock: an internet censorship probe that shows its evidence."""

__version__ = "0.1.0"
