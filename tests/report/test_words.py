import string

import pytest

from probe.classify.rivals import RIVALS
from probe.classify.rules_gates import RULES_GATES
from probe.model.verdict import Rival, ServiceVerdict
from probe.model.words import (
    SUBTYPES,
    Category,
    Flag,
    Grade,
    Layer,
    RivalStatus,
    State,
    VantageState,
)
from probe.report.language import WORDINGS
from probe.report.words import (
    finding_sentence,
    next_step,
    rival_sentence,
    service_sentence,
    wording,
)
from tests.classify.test_tables import RULES
from tests.report.samples import CUT, verdict

EN = wording("en")
ALL = [pytest.param(words, id=words.language) for words in WORDINGS.values()]
KINDS = [(category, None) for category in Category] + [
    (category, subtype) for category in Category for subtype in sorted(SUBTYPES[category])
]


@pytest.mark.parametrize("words", ALL)
def test_every_category_and_subtype_has_a_sentence_and_no_other_has(words):
    assert set(words.mechanisms) == set(KINDS)


@pytest.mark.parametrize("words", ALL)
@pytest.mark.parametrize(
    ("table", "closed_list"),
    [
        ("states", State),
        ("blocked", Grade),
        ("grades", Grade),
        ("cells", Category),
        ("layers", Layer),
        ("vantage", VantageState),
        ("flags", Flag),
        ("next_steps", Category),
    ],
)
def test_every_word_of_a_closed_list_is_worded(words, table, closed_list):
    assert set(getattr(words, table)) == set(closed_list)


@pytest.mark.parametrize("table", ["columns", "gates", "rivals", "phrases"])
def test_all_languages_have_the_same_keys(table):
    keys = {language: set(getattr(words, table)) for language, words in WORDINGS.items()}

    assert all(found == keys["en"] for found in keys.values())


def test_all_languages_have_the_same_gaps_in_their_phrases():
    def gaps(text):
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for words in WORDINGS.values():
        for key, text in words.phrases.items():
            assert gaps(text) == gaps(EN.phrases[key]), key


@pytest.mark.parametrize("words", ALL)
def test_no_text_has_a_percentage(words):
    """What the lab calibrates depends on its share of blocked worlds: a number would mislead."""
    texts = [
        *words.states.values(),
        *words.blocked.values(),
        *words.grades.values(),
        *words.phrases.values(),
        *(text for row in words.mechanisms.values() for text in (row.seen, row.known)),
    ]

    assert not [text for text in texts if "%" in text]


@pytest.mark.parametrize("words", ALL)
def test_no_advice_leads_around_a_block(words):
    """Advice must not raise anybody's risk: circumvention is forbidden in places."""
    forbidden = {"vpn", "tor", "proxy", "прокси", "mirror", "зеркало"}

    for advice in words.next_steps.values():
        assert not forbidden & set(advice.lower().replace(".", "").replace(",", "").split())


def test_one_look_is_said_as_one_look():
    cut = verdict("instagram.web", State.BLOCKED, **CUT)

    assert finding_sentence(cut, EN) == (
        "could not be reached. The connection was cut right after we named the site. "
        "One look, not yet confirmed."
    )


def test_the_mechanism_is_named_only_when_proved():
    lie = {"category": Category.DNS_LIE, "layer": Layer.DNS, "n_target": 8}
    suspected = verdict("rt.web", State.BLOCKED, grade=Grade.SUSPECTED, **lie)
    confirmed = verdict("rt.web", State.BLOCKED, grade=Grade.CONFIRMED, **lie)

    assert "does not look right" in finding_sentence(suspected, EN)
    assert "gives a false answer" in finding_sentence(confirmed, EN)


def test_a_service_that_works_is_said_in_one_word():
    service = ServiceVerdict(service="bbc", state=State.OK, category=Category.OK, witness="bbc.web")

    assert service_sentence(service, [verdict("bbc.web")], "BBC", EN) == "BBC: works."


def test_a_part_of_a_service_is_said_to_be_a_part(found):
    service = next(s for s in found.services if s.service == "instagram")

    sentence = service_sentence(service, found.of("instagram"), "Instagram", EN)

    assert sentence.endswith("Affected: 1 of its 2 endpoints.")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (RivalStatus.RULED_OUT, "ruled out: some rival"),
        (RivalStatus.NOT_ASKED, "could also be: some rival (not asked)"),
        (RivalStatus.REMAINS, "could also be: some rival (asked, and it remains)"),
    ],
)
def test_what_became_of_a_rival_is_said(status, said):
    assert rival_sentence(Rival(id="some_rival", status=status), EN) == said


def test_nothing_is_advised_where_nothing_is_wrong():
    assert next_step(verdict("bbc.web"), EN, "look") == ""


@pytest.mark.parametrize("words", ALL)
def test_every_rival_that_the_judge_names_has_words(words):
    """Reports import nothing of the judge's; what it may name is checked here.

    A rival that is gone from the judge keeps its words: stored verdicts still name it.
    """
    assert {row.id for row in RIVALS} <= set(words.rivals)


@pytest.mark.parametrize("words", ALL)
def test_every_gate_has_words(words):
    assert set(words.gates) == {rule.gate for rule in RULES_GATES}


def test_an_unknown_language_falls_back_to_english():
    assert wording("tlh") is EN


def _unknown(rule_id, *rivals):
    standing = tuple(Rival(id=id_, status=RivalStatus.NOT_ASKED) for id_ in rivals)
    return verdict("bbc.web", State.INSUFFICIENT, rule_id=rule_id, rivals=standing, **UNKNOWN)


UNKNOWN = {"category": Category.INSUFFICIENT, "layer": Layer.TCP, "grade": None}


def test_what_cannot_be_told_says_what_was_seen():
    silent = finding_sentence(_unknown("tcp.fails_everywhere_from_here"), EN)

    assert silent.startswith("no verdict. No connection to its servers was made")
    assert "not enough evidence" in finding_sentence(_unknown("tcp.unclear"), EN)


@pytest.mark.parametrize("words", ALL)
def test_rules_with_words_of_their_own_are_rules_that_cannot_tell(words):
    cannot = {rule.id for rule in RULES if rule.category is Category.INSUFFICIENT}

    assert set(words.unknowns) <= cannot
    assert set(words.unknowns) == set(EN.unknowns)
    assert all(text.endswith(".") for text in words.unknowns.values())


@pytest.mark.parametrize(
    ("profile", "rivals", "advice"),
    [
        pytest.param("look", ("site_down",), "--profile quick", id="a look"),
        pytest.param("quick", ("site_down",), "--control", id="only elsewhere can tell"),
        pytest.param("quick", ("loss",), "another time", id="chance"),
    ],
)
def test_nobody_is_told_to_do_what_they_just_did(profile, rivals, advice):
    step = next_step(_unknown("tcp.unclear", *rivals), EN, profile)

    assert advice in step


@pytest.mark.parametrize(
    ("profile", "advice"),
    [("look", "--profile quick"), ("quick", "--profile standard"), ("standard", "--control")],
)
def test_advice_on_a_suspicion_goes_one_profile_further(profile, advice):
    standing = (Rival(id="site_down", status=RivalStatus.NOT_ASKED),)
    cut = verdict("instagram.web", State.BLOCKED, rivals=standing, **CUT)

    assert advice in next_step(cut, EN, profile)
