"""The shape of a language: which texts a translation must have."""

from collections.abc import Mapping
from dataclasses import dataclass

from probe.model.words import Category, Flag, Grade, Layer, State, VantageState


@dataclass(frozen=True, slots=True)
class Mechanism:
    """What is said of a category or subtype."""

    seen: str
    """The observation alone: said while other explanations are open."""
    known: str = ""
    """The mechanism: said when strong or confirmed. Empty: the observation says it all."""


Mechanisms = Mapping[tuple[Category, str | None], Mechanism]


@dataclass(frozen=True, slots=True)
class Wording:
    """All texts of one language; tests/report holds every language to the closed lists."""

    language: str
    states: Mapping[State, str]
    """After the service's name and a colon."""
    blocked: Mapping[Grade, str]
    """The same for `blocked`, which is said as loudly as it is proved."""
    grades: Mapping[Grade, str]
    repeated: str
    """Instead of the sentence for `suspected`, when more than one look was taken. {n}"""
    mechanisms: Mechanisms
    unknowns: Mapping[str, str]
    """By rule id: what was seen where nothing can be told, instead of the category's sentence."""
    cells: Mapping[Category, str]
    """The table's cell at the layer where it showed: a word or two."""
    layers: Mapping[Layer, str]
    columns: Mapping[str, str]
    vantage: Mapping[VantageState, str]
    gates: Mapping[str, str]
    """What a failed gate means."""
    flags: Mapping[Flag, str]
    rivals: Mapping[str, str]
    next_steps: Mapping[Category, str]
    """What the reader can do now. Never anything that raises a risk."""
    phrases: Mapping[str, str]
