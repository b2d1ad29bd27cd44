"""Explains the words that reports use: every member of the closed lists, from the texts we have."""

from collections.abc import Iterator, Mapping

from probe.model.words import SUBTYPES, Category, Flag, Grade, Layer, State, VantageState
from probe.report.language.wording import Wording


def explanations(words: Wording) -> Mapping[str, tuple[str, ...]]:
    """Return what each word means; a word of two lists has both meanings.

    {"down": ("state: does not work.", "category: The service itself does not seem to work.")}
    """
    found: dict[str, tuple[str, ...]] = {}
    for word, meaning in _all(words):
        found[word] = (*found.get(word, ()), meaning)
    return found


def _all(words: Wording) -> Iterator[tuple[str, str]]:
    for state in State:
        yield state.value, f"state: {words.states[state]}"
    for category in Category:
        yield category.value, f"category: {_mechanism(words, category, None)}"
        for subtype in sorted(SUBTYPES[category]):
            yield f"{category.value}/{subtype}", f"category: {_mechanism(words, category, subtype)}"
    for grade in Grade:
        yield grade.value, f"grade: {words.grades[grade]}"
    for layer in Layer:
        yield layer.value, f"layer: {words.layers[layer]}"
    for flag in Flag:
        yield flag.value, f"flag: {words.flags[flag]}"
    for vantage in VantageState:
        yield vantage.value, f"vantage: {words.vantage[vantage]}"
    for gate, text in words.gates.items():
        yield gate, f"gate, failed: {text}"
    for rival, text in words.rivals.items():
        yield rival, f"rival: {text}"


def _mechanism(words: Wording, category: Category, subtype: str | None) -> str:
    row = words.mechanisms[(category, subtype)]
    return f"{row.seen} / {row.known}" if row.known else row.seen
