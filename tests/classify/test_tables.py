"""The tables themselves: ids, last rows, cases, rivals, words."""

from itertools import chain

import pytest

from probe.classify.facts import derive
from probe.classify.judge import findings_of, scenes
from probe.classify.outcomes import ENDINGS
from probe.classify.rivals import RIVALS
from probe.classify.rules_dns import RULES_DNS
from probe.classify.rules_gates import RULES_GATES
from probe.classify.rules_http import RULES_HTTP
from probe.classify.rules_pace import RULES_PACE
from probe.classify.rules_quic import RULES_QUIC
from probe.classify.rules_tcp import RULES_TCP
from probe.classify.rules_tls import RULES_TLS
from probe.model.words import SUBTYPES, Category, FailureWord, State
from tests.classify.cases import CASES

TABLES = (RULES_DNS, RULES_TCP, RULES_TLS, RULES_HTTP, RULES_PACE, RULES_QUIC)
RULES = [rule for table in TABLES for rule in table]
UNGRADED = {State.OK, State.INSUFFICIENT}


def test_ids_are_unique_over_all_tables() -> None:
    ids = [rule.id for rule in chain(RULES, RULES_GATES)] + [row.id for row in RIVALS]

    assert len(ids) == len(set(ids))


def test_every_rule_says_why() -> None:
    assert [rule.id for rule in RULES if len(rule.why) < 15] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_subtype_belongs_to_its_category(rule) -> None:
    assert rule.subtype is None or rule.subtype in SUBTYPES[rule.category]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_accusations_name_rivals_and_every_rival_is_in_the_table(rule) -> None:
    known = {row.id for row in RIVALS}

    assert set(rule.rivals) <= known
    if rule.state in {State.BLOCKED, State.IMPAIRED}:
        assert rule.rivals


def test_every_rival_is_named_by_some_rule() -> None:
    named = {id_ for rule in RULES for id_ in rule.rivals}

    assert {row.id for row in RIVALS} == named


@pytest.mark.parametrize("row", RIVALS, ids=lambda row: row.id)
def test_every_rival_has_a_sentence_and_an_experiment_in_words(row) -> None:
    assert row.sentence.endswith(".")
    assert row.experiment


def test_every_failure_word_is_mapped() -> None:
    assert set(ENDINGS) == set(FailureWord)


def test_every_rule_has_a_case() -> None:
    assert {rule.id for rule in RULES} == set(CASES)


@pytest.mark.parametrize("rule", CASES)
def test_the_case_fires_its_rule(rule) -> None:
    story = CASES[rule]()

    spoken = [
        finding
        for scene in scenes(derive(story.evidence(), story.knowledge))
        for finding in findings_of(scene)
    ]

    assert rule in [finding.rule_id for finding in spoken]


@pytest.mark.parametrize("rule", CASES)
def test_grades_go_with_states(rule) -> None:
    for verdict in CASES[rule]().verdicts():
        for finding in (verdict, *verdict.also):
            assert (finding.grade is None) == (finding.state in UNGRADED), finding.rule_id


@pytest.mark.parametrize("rule", CASES)
def test_every_rival_of_a_case_has_an_experiment_somewhere(rule) -> None:
    """A rival without an experiment could never be ruled out: it would be decoration."""
    story = CASES[rule]()

    for verdict in story.verdicts():
        assert all(rival.experiment for rival in verdict.rivals)


def test_every_category_is_said_by_some_rule() -> None:
    said = {rule.category for rule in RULES} | {rule.category for rule in RULES_GATES}

    assert set(Category) - said == set()
