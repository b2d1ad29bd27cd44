"""Bare refusals in the clear, and what the catalogue's expectation of them is worth."""

import pytest

from probe.model.target import Expectation
from tests.classify.cases_http import _answers
from tests.classify.filing import HTTP

GUESSES = Expectation(status=(301, 403))
OBSERVED = GUESSES.model_copy(update={"sureness": "observed"})
NOTHING_ELSE = Expectation(status=(403,))
REFUSED = {"status": 403, "marks": ("expect.status",)}


def said(expect, c2=None):
    target = HTTP.model_copy(update={"expect": expect})
    verdict = _answers(REFUSED, target=target, control={"status": 404}, c2=c2).verdict()
    return verdict.state.value, verdict.rule_id


@pytest.mark.parametrize("expect", [OBSERVED, NOTHING_ELSE])
def test_a_refusal_that_is_known_of_the_service_is_fine(expect):
    assert said(expect) == ("ok", "http.ok")


def test_a_refusal_that_is_one_guess_among_several_is_nobodys():
    assert said(GUESSES) == ("insufficient", "http.unexplained_page")


def test_a_guess_excuses_no_refusal_that_the_name_meets_anywhere():
    assert said(GUESSES, c2={"status": 403}) == ("blocked", "http.refusal_without_origin")


def test_a_refusal_at_its_own_addresses_alone_is_the_servers():
    assert said(GUESSES, c2={"status": 200}) == ("restricted", "http.refusal_in_cleartext")
