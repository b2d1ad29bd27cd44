"""Scenarios of other projects, judged by ours; docs/other-suites.md is what they print."""

from dataclasses import replace
from pathlib import Path

import pytest

from probe.cli.second_opinion import opinion_on
from probe.exchange.ooni import read_measurement
from probe.model.verdict import Verdict
from probe.model.words import Family, Protocol
from probe.reference import load_knowledge
from probe.reference.catalogue import load_catalogue
from probe.trial.play import play
from probe.trial.playing import knowledge_of
from tests.exchange.ooni.judging import ROOT
from tests.suites import ooni_analysts, ooni_quality, worlds
from tests.suites.row import Row, said
from tests.suites.table import document

READ = (*ooni_quality.ROWS, *ooni_analysts.ROWS)
PAGE = Path(__file__).parents[1] / "docs" / "other-suites.md"


def _words(verdict: Verdict) -> str:
    return said(verdict.state.value, verdict.category.value, verdict.subtype)


@pytest.fixture(scope="module")
def knowledge():
    known = load_knowledge()
    return replace(known, roots=(*known.roots, ROOT))


@pytest.fixture(scope="module")
def catalogue():
    return load_catalogue(None)


@pytest.mark.parametrize("row", READ, ids=lambda row: row.id)
def test_a_document_is_judged_as_the_table_says(row: Row, knowledge) -> None:
    opinion = opinion_on(read_measurement(row.make()), knowledge)

    words = _words(opinion.verdict)
    assert row.is_met_by(words), (words, opinion.verdict.rule_id)


@pytest.mark.parametrize("row", worlds.ROWS, ids=lambda row: row.id)
def test_a_world_is_judged_as_the_table_says(row: Row, catalogue) -> None:
    world = row.make().build(catalogue, seed=3)
    targets = [e for e in catalogue.endpoints if e.id == "instagram.web"]

    verdicts = play(world, targets, knowledge_of(world), profile="quick").result.verdicts

    (verdict,) = (
        v for v in verdicts if v.protocol is Protocol.HTTPS and v.family in (Family.IPV4, None)
    )
    assert row.is_met_by(_words(verdict)), (_words(verdict), verdict.rule_id)


def test_no_scenario_stands_there_twice() -> None:
    ids = [row.id for row in (*READ, *worlds.ROWS)]

    assert len(ids) == len(set(ids)) > 60


def test_the_page_is_what_the_rows_print() -> None:
    """Write it anew with `python -m tests.suites > docs/other-suites.md`."""
    assert PAGE.read_text() == document()
