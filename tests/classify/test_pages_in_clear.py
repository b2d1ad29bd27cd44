"""Pages and redirects in the clear: what alone accuses nobody, and what does."""

import pytest

from probe.model.target import Expectation
from tests.classify.build import A1, RTT
from tests.classify.cases_http import _answers
from tests.classify.filing import HTTP, STRANGE

ASSUMED = HTTP.model_copy(update={"expect": Expectation(status=(301,))})
PAGE = {"status": 200, "body": "<h1>Access restricted</h1>", "marks": ("unexpect.status",)}
REDIRECT = {"status": 302, "location": STRANGE}


@pytest.mark.parametrize(
    ("c2", "rule"),
    [
        pytest.param(PAGE, "http.strange_page", id="anywhere"),
        pytest.param({"status": 404}, "http.ok", id="only-there"),
        pytest.param(None, "http.ok", id="nobody-asked"),
    ],
)
def test_a_page_that_a_stranger_gives_under_the_name_as_well_is_no_sites(c2, rule):
    """Though the catalogue only assumes another answer: what decides is the stranger's host."""
    assert _answers(PAGE, target=ASSUMED, c2=c2).verdict().rule_id == rule


def redirected(*after):
    told = _answers(target=HTTP)
    for number, seconds in enumerate(after):
        told.tcp(A1, port=80)
        told.http(A1, attempt=number, first_byte=seconds, **REDIRECT)
    return told.verdict().rule_id


def test_one_early_redirect_is_no_proof():
    """A full queue makes every connection late, and one answer early beside them."""
    assert redirected(RTT / 3, RTT, RTT) == "http.unexplained_page"


def test_redirects_sooner_than_every_connection_are():
    assert redirected(RTT / 3, RTT / 3, RTT / 3, RTT / 3) == "http.strange_redirect"
