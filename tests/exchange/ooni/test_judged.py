"""Realistic documents through the whole judge: what an honest person would say of one look."""

from dataclasses import replace
from typing import Any

import pytest

from probe.cli.second_opinion import opinion_json, opinion_on
from probe.exchange.ooni import read_measurement
from probe.model.knowledge import Knowledge
from probe.reference import load_knowledge
from probe.report.words import wording
from tests.exchange.ooni.cases_handshakes import HANDSHAKES
from tests.exchange.ooni.cases_names import NAMES
from tests.exchange.ooni.cases_pages import LINES, PAGES, REDIRECTS, STOPPING
from tests.exchange.ooni.documents import Fields
from tests.exchange.ooni.judging import ROOT, request, works

# docs/guides/researchers.md: one document is one look.
ONE_LOOK = {None, "suspected", "probable"}


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    known = load_knowledge()
    return replace(known, roots=(*known.roots, ROOT))


def judged(document: Fields, knowledge: Knowledge) -> dict[str, Any]:
    return opinion_json(opinion_on(read_measurement(document), knowledge), wording("en"))


@pytest.mark.parametrize(
    ("document", "state", "category"), [*NAMES, *HANDSHAKES, *PAGES, *STOPPING, *REDIRECTS, *LINES]
)
def test_a_document_is_judged_as_an_honest_person_would(
    document: Fields, state: str, category: str, knowledge: Knowledge
) -> None:
    line = judged(document, knowledge)

    assert (line["state"], line["category"]) == (state, category), line["reason"]
    assert line["grade"] in ONE_LOOK


def test_even_what_the_service_itself_says_was_seen_once(knowledge: Knowledge) -> None:
    line = judged(works(requests=[request(code=451, body="legal")]), knowledge)

    assert (line["state"], line["grade"]) == ("restricted", "probable")


def test_an_address_that_failed_is_told_beside_the_one_that_gave_the_page(
    knowledge: Knowledge,
) -> None:
    document = next(c for c in HANDSHAKES if "page came from the other" in str(c.id)).values[0]

    assert "insufficient" in judged(document, knowledge)["reason"]
