"""What a page says it is."""

import pytest

from probe.classify import page_marks
from probe.classify.chains import Chain
from probe.classify.fingerprints import decoded, match_certificate
from probe.classify.pages import MARKS, owner_of
from probe.model.knowledge import Fingerprint
from probe.model.observation import HttpObservation
from probe.model.target import Catalogue, Expectation, Service
from probe.model.words import Flag, State
from tests.classify.build import A1, Story, endpoint, knowledge
from tests.classify.cases_http import _marked

LACKING = ("expect.status", "unexpect.body")


def page(**values: object) -> HttpObservation:
    story = Story()
    story.http(A1, **values)  # type: ignore[arg-type]
    (seen,) = story.observations
    assert isinstance(seen, HttpObservation)
    return seen


def marks(**values: object) -> set[str]:
    return set(page_marks(page(**values), knowledge()))


@pytest.mark.parametrize(
    ("mark", "values"),
    [
        ("bot.cloudflare", {"status": 403, "headers": [("cf-mitigated", "challenge")]}),
        ("bot.ddos_guard", {"status": 403, "headers": [("server", "ddos-guard")]}),
        ("bot.akamai", {"status": 403, "body": "Access Denied. Reference #18.1"}),
        ("bot.vendor", {"status": 403, "headers": [("x-datadome", "1")]}),
        ("bot.captcha", {"status": 403, "body": "please solve this CAPTCHA"}),
        ("geo.cloudflare", {"status": 403, "body": "Error 1009"}),
        (
            "geo.cloudfront",
            {"status": 403, "body": "is configured to block access from your country"},
        ),
        ("geo.text", {"status": 403, "body": "This is not available in your country."}),
        (
            "withheld.youtube",
            {"body": 'youtube "playabilityStatus" not available in your country'},
        ),
        ("withheld.x", {"body": "Account withheld in Germany"}),
        ("wall.login", {"status": 302, "location": "https://x.com/i/flow/login"}),
        ("wall.consent", {"status": 302, "location": "https://consent.youtube.com/m"}),
        ("legal.blocked_by", {"headers": [("link", '<https://r>; rel="blocked-by"')]}),
        ("proxy.via", {"headers": [("via", "1.1 proxy (squid/4)")]}),
        ("origin.header", {"headers": [("x-fb-debug", "abc")]}),
        ("fp:page.rkn", {"body": "Доступ ограничен"}),
    ],
)
def test_mark_is_found(mark, values) -> None:
    assert mark in marks(**values)


def test_every_mark_of_the_table_says_where_it_was_learnt() -> None:
    assert all(mark.source for mark in MARKS)
    assert len({mark.id for mark in MARKS}) == len(MARKS)


def test_ordinary_page_has_no_marks() -> None:
    assert marks(body="<title>Instagram</title> Sign in, captcha, access denied") == set()


def test_marks_that_are_stored_survive_the_page() -> None:
    seen = page(body="").model_copy(update={"marks": ("bot.cloudflare",), "body": b""})

    assert "bot.cloudflare" in page_marks(seen, knowledge())


def test_expectation_of_the_catalogue_is_compared() -> None:
    target = endpoint(
        expect=Expectation(
            status=(301,), header="x-fb-debug", redirect_to="https://www.", body="gone"
        )
    )
    story = Story(target)
    _marked(story, target)
    story.http(A1, 301, headers=[("x-fb-debug", "1")], location="https://www.instagram.com/")
    (seen,) = story.observations

    found = page_marks(seen, story.knowledge)  # type: ignore[arg-type]

    assert {"expect.status", "expect.header", "expect.redirect", "unexpect.body"} <= set(found)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("Доступ".encode("cp1251"), [("content-type", "text/html; charset=windows-1251")]),
        (b"<meta charset=cp1251>" + "Доступ".encode("cp1251"), []),
        ("Доступ".encode("cp1251"), []),
        ("Доступ".encode(), []),
    ],
)
def test_text_is_read_in_the_pages_charset(body, headers) -> None:
    """Bad decoding hides block pages and makes false ones (peers.md D4)."""
    seen = page(headers=headers).model_copy(update={"body": body})

    assert "Доступ" in decoded(seen)


@pytest.mark.parametrize(
    ("match", "pattern", "matches"),
    [
        ("contains", "stand", True),
        ("prefix", "It", True),
        ("prefix", "stands", False),
        ("full", "It stands", True),
        ("regexp", r"st\w+s$", True),
        ("regexp", r"(", False),
        ("unheard of", "It", False),
    ],
)
def test_fingerprints_match_as_they_say(match, pattern, matches) -> None:
    fingerprints = (Fingerprint("x", "body", match, pattern, "nat"),)
    seen = page(body="It stands")

    assert ("fp:x" in page_marks(seen, knowledge(fingerprints=fingerprints))) is matches


def test_certificate_is_known_by_hash_subject_or_issuer() -> None:
    chain = Chain(verified=False, issuer="O=Internet Widgits Pty Ltd")

    assert match_certificate(chain, knowledge()) == ("cert.widgits",)


@pytest.mark.parametrize(
    ("host", "owner"),
    [
        ("www.bbc.co.uk", "bbc.co.uk"),
        ("www.instagram.com", "instagram.com"),
        ("x.com", "x.com"),
        ("localhost", "localhost"),
    ],
)
def test_owner_is_the_registrable_part(host, owner) -> None:
    assert owner_of(host) == owner


@pytest.mark.parametrize(
    ("values", "status", "marks", "flagged"),
    [
        pytest.param({"own": True}, 200, LACKING, True, id="one's own page lacks what it should"),
        pytest.param({"own": True}, 404, ("unexpect.status",), True, id="one's own page is gone"),
        pytest.param({"own": True}, 302, LACKING, False, id="a redirect has no such body"),
        pytest.param({}, 200, LACKING, False, id="the shipped catalogue only assumes"),
    ],
)
def test_what_ones_own_file_expects_is_no_assumption(values, status, marks, flagged):
    told = Story(endpoint(expect=Expectation(status=(200, 302), body="Welcome"), **values))
    told.honest_dns(A1)
    told.tls(A1)
    told.http(A1, status, marks=marks)

    verdict = told.verdict()

    assert verdict.state is State.OK
    assert (Flag.UNEXPECTED_CONTENT in verdict.flags) is flagged


@pytest.mark.parametrize(
    ("status", "marks", "rule"),
    [
        (200, LACKING, "http.unexpected_page"),
        (404, ("unexpect.status",), "http.unexpected_page"),
        (200, ("expect.status", "expect.body"), "http.ok"),
        (200, (*LACKING, "origin.header"), "http.ok"),
        (302, LACKING, "http.ok"),
    ],
)
def test_nobody_vouches_for_ones_own_page_in_the_clear(status, marks, rule):
    told = Story(
        endpoint(
            "http://www.instagram.com/",
            own=True,
            expect=Expectation(status=(200, 302), body="Welcome"),
        )
    )
    told.honest_dns(A1)
    told.tcp(A1, port=80)
    told.http(A1, status, marks=marks)

    assert told.verdict().rule_id == rule


@pytest.mark.parametrize(("status", "lacks"), [(200, True), (204, False), (302, False)])
def test_an_empty_page_lacks_what_is_expected(status, lacks):
    target = endpoint(own=True, expect=Expectation(body="Welcome"))
    told = Story(target)
    told.http(A1, status, body="")
    (seen,) = told.observations

    instagram = Service(id="instagram", name="Instagram", endpoints=(target,))
    known = knowledge(catalogue=Catalogue(services=(instagram,)))

    assert isinstance(seen, HttpObservation)
    assert ("unexpect.body" in page_marks(seen, known)) is lacks
