from probe.model.words import SUBTYPES, Category, Flag, Grade, Layer, State, VantageState
from probe.report.glossary import explanations
from probe.report.words import wording


def test_every_word_of_a_report_is_explained():
    known = explanations(wording("en"))

    words = {*State, *Category, *Grade, *Layer, *Flag, *VantageState}
    words |= {f"{category}/{subtype}" for category in Category for subtype in SUBTYPES[category]}
    assert not {str(word) for word in words} - set(known)


def test_a_word_of_two_lists_has_both_meanings():
    kinds = [meaning.partition(":")[0] for meaning in explanations(wording("en"))["down"]]

    assert kinds == ["state", "category"]
