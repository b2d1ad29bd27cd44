from datetime import date

import pytest

from probe.analyse.baseline_file import parse_baseline
from probe.errors import BaselineError
from probe.model.words import Grade, Layer, State
from tests.analyse.samples import SERVICES, baseline

WHOLE = """\
version = 1
strict = true
fail_on = ["blocked", "refused"]
min_grade = "probable"

[expect]
instagram = "ok"
"rt/dns" = { state = ["ok", "blocked"], category = "dns_lie/nxdomain", reason = "EU ban" }

[expect."instagram.web"]
tls_ms_p95 = 800

[[when]]
country = ["DE", "AT"]
asn = 64501
expect."rt.web" = { state = "blocked", reason = "EU ban", until = 2027-01-31 }
"""


def complaints(text):
    with pytest.raises(BaselineError) as caught:
        parse_baseline(text, file="roadblock.toml", services=SERVICES)
    return caught.value.complaints


def test_everything_that_a_baseline_may_say_is_read():
    read = baseline(WHOLE)

    assert read.strict
    assert read.fail_on == (State.BLOCKED, State.REFUSED)
    assert read.min_grade is Grade.PROBABLE
    assert len(read.sha256) == 64
    plain, dns, web, germany = read.entries
    assert (plain.key, plain.states, plain.first_line) == ("instagram", (State.OK,), 7)
    assert (dns.subject, dns.layer, dns.reason) == ("rt", Layer.DNS, "EU ban")
    assert dns.categories == ("dns_lie/nxdomain",)
    assert (web.subject, web.thresholds) == ("instagram.web", {"tls_ms_p95": 800.0})
    assert (web.first_line, web.last_line) == (10, 11)
    assert germany.until == date(2027, 1, 31)
    assert germany.when is not None
    assert (germany.when.countries, germany.when.asns) == (("DE", "AT"), (64501,))
    assert (germany.id, germany.first_line) == ("rt.web (when 1)", 16)


def test_an_empty_file_expects_every_endpoint_to_be_ok():
    assert baseline("").entries == ()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(
            '[expect]\nrt = "blocked"',
            "2: expect.rt: expects blocked and does not say why; "
            'write { state = "blocked", reason = "…" }',
            id="an exception without a reason",
        ),
        pytest.param(
            '[expect]\ninstagran = "ok"',
            '2: expect.instagran: there is no service or endpoint "instagran"; '
            "did you mean instagram?",
            id="an unknown service",
        ),
        pytest.param(
            '[expect]\n"rt/tsl" = "ok"',
            '2: expect.rt/tsl: there is no layer "tsl"; did you mean tls?',
            id="an unknown layer",
        ),
        pytest.param(
            '[expect]\nrt = "blokced"',
            '2: expect.rt.state: "blokced" is no state; did you mean blocked?',
            id="an unknown state",
        ),
        pytest.param(
            '[expect]\nrt = { state = "blocked", reason = "x", category = "dns_lies" }',
            '2: expect.rt.category: "dns_lies" is no category; did you mean dns_lie?',
            id="an unknown category",
        ),
        pytest.param(
            '[expect]\nrt = { state = "blocked", reason = "x", until = "2027-01-31" }',
            "2: expect.rt.until: is 2027-01-31; write a date as 2027-01-31, without quotes",
            id="a date in quotes",
        ),
        pytest.param(
            '[expect]\nrt = { state = "ok", reasn = "x" }',
            "2: expect.rt.reasn: is not a known key; did you mean reason?",
            id="a mistyped key",
        ),
        pytest.param(
            "strickt = true",
            "1: strickt: is not a known key; did you mean strict?",
            id="a mistyped setting",
        ),
        pytest.param(
            '[[when]]\nexpect.rt = "ok"',
            "1: when 1: has no condition; add one of country, asn, vantage",
            id="a when without a condition",
        ),
        pytest.param(
            '[[when]]\ncountry = "Germany"',
            '2: when 1.country: "Germany" is no country; write two capital letters, "DE"',
            id="a country by its name",
        ),
        pytest.param(
            '[[when]]\nasn = "AS3320"',
            "2: when 1.asn: is 'AS3320'; write the number alone, 3320, or a list of them",
            id="a network by its name",
        ),
        pytest.param(
            '[when]\ncountry = "DE"',
            "1: when: is no list; write [[when]] in double brackets",
            id="single brackets",
        ),
        pytest.param(
            "[expect]\nrt = {}",
            '2: expect.rt: expects nothing; add state = "ok" or a threshold',
            id="an empty entry",
        ),
        pytest.param(
            "[expect]\nrt = { tls_ms_p95 = 0 }",
            "2: expect.rt.tls_ms_p95: is 0; write a number above 0",
            id="a threshold of nothing",
        ),
        pytest.param(
            "expect = 1",
            '1: expect: is no table; write [expect] and instagram = "ok" below',
            id="expect is no table",
        ),
        pytest.param(
            "fail_on = []",
            '1: fail_on: is empty; write at least one state, "ok"',
            id="failing on nothing",
        ),
        pytest.param(
            'min_grade = "sure"',
            '1: min_grade: "sure" is no grade; use confirmed, strong, probable, suspected',
            id="an unknown grade",
        ),
        pytest.param(
            "version = 2",
            "1: version: is 2; this Roadblock reads version 1",
            id="a version to come",
        ),
    ],
)
def test_a_fault_is_named_with_its_line_and_its_remedy(text, complaint):
    assert f"roadblock.toml:{complaint}" in complaints(text)


def test_every_fault_is_named_at_once_from_top_to_bottom():
    found = complaints(
        '[expect]\nrt = "blocked"\nnobody = "ok"\n[[when]]\nasn = 0\nexpect.rt = 3\n'
    )

    assert [complaint.split(":")[1] for complaint in found] == ["2", "3", "5", "6", "6"]


@pytest.mark.parametrize(
    "text", ["[expect", "x = " + 100_000 * "[", "x = " + 10_000 * "9"], ids=lambda text: text[:7]
)
def test_what_is_no_toml_is_said_so(text):
    (complaint,) = complaints(text)

    assert complaint.startswith("roadblock.toml: is not TOML: ")
