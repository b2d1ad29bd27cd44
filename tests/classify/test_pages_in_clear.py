"""Pages and redirects in the clear: what alone accuses nobody, and what does."""

import pytest

from probe.model.experiment import Kind
from probe.model.target import Expectation
from probe.model.words import Arm, State
from tests.classify.build import A1, HOST, RTT, TIMEOUT
from tests.classify.cases_http import _answers, _elsewhere_http, led
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


@pytest.mark.parametrize(
    ("status", "there", "rule"),
    [
        pytest.param(404, {}, "http.missing_here_only", id="missing here"),
        pytest.param(410, {}, "http.missing_here_only", id="gone here"),
        pytest.param(404, {"status": 404}, "http.ok", id="missing there as well"),
        pytest.param(404, {"status": 302}, "http.ok", id="moved there"),
    ],
)
def test_an_error_here_where_others_are_given_the_page_is_not_fine(status, there, rule):
    """Tunisia's filter answered 404 for years; a site may do so to one country, too."""
    told = _elsewhere_http(_answers({"status": status}, target=HTTP), **there)

    assert told.verdict().rule_id == rule


@pytest.mark.parametrize(
    ("declared", "rule"),
    [
        pytest.param(0, "http.unlike_elsewhere", id="the answer says that it is empty"),
        pytest.param(None, "http.ok", id="nobody kept the body"),
    ],
)
def test_an_empty_page_is_not_the_one_that_others_are_given(declared, rule):
    empty = {"status": 200, "body": "", "declared_bytes": declared}
    told = _elsewhere_http(
        _answers(empty, target=HTTP), body="<title>Instagram</title>" * 9, title="Instagram"
    )

    assert told.verdict().rule_id == rule


def test_another_edge_of_a_site_shows_the_same_page():
    """CDNs name other addresses to each resolver: nobody lies there."""
    assert led(title="Instagram").verdict().state is State.OK


def test_the_page_at_a_vouched_address_is_asked_for():
    asked = led(compared=False).asked()

    assert A1 in {e.address for e in asked if e.kind is Kind.FETCH and e.arm is Arm.C3}


def test_a_page_where_the_service_only_redirects_is_not_its_own():
    """Most sites only lead to their encrypted side; a block page does not."""
    told = led(compared=False)
    told.http(A1, 301, location=f"https://{HOST}/", arm=Arm.C3)

    assert told.verdict().rule_id == "http.another_page_here"


def test_a_vouched_address_that_serves_nobody_puts_no_other_page_in_doubt():
    told = led(compared=False)
    told.http(A1, None, TIMEOUT, arm=Arm.C3)

    assert told.verdict().state is State.OK


def test_a_page_at_an_address_that_we_are_not_led_to_is_not_yet_ok():
    """The encrypted resolver may answer first: the page at its address is not what people get."""
    told = led(compared=False)
    told.observations = [o for o in told.observations if o.address is None]
    told.tcp(A1, port=80)
    told.http(A1)

    assert told.verdict().rule_id == "http.page_unvouched"
    assert "188.254.2.66" in {e.address for e in told.asked("look")}
