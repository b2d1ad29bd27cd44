from dataclasses import replace
from datetime import date

import pytest

from probe.analyse.attempts import settle
from probe.analyse.compare import Measured, compare, is_unexpected
from probe.analyse.timings import Timing
from probe.model.check import Outcome, Severity
from probe.model.run import Vantage
from probe.model.verdict import Finding, Rival
from probe.model.words import Category, Family, Grade, Layer, Protocol, RivalStatus, State
from tests.analyse.samples import (
    GERMANY,
    SERVICES,
    TODAY,
    bad,
    baseline,
    good,
    restricted,
    service,
    unclear,
)

BLOCKED_RT = 'rt = { state = "blocked", reason = "EU ban" }'


def results(*verdicts, text="", vantage=GERMANY, today=TODAY, timings=None, **changes):
    services = {verdict.service for verdict in verdicts}
    endpoints = tuple(
        endpoint
        for service in SERVICES
        if service.id in services
        for endpoint in service.endpoints
        if any(verdict.endpoint == endpoint.id for verdict in verdicts)
    )
    settled = settle(
        [("run-1", verdicts)],
        is_unexpected=lambda verdict: False,
        failures_needed=1,
        max_attempts=1,
    )
    measured = Measured(settled, endpoints, timings=timings or {})
    expectation = replace(baseline(text), **changes)
    return compare(measured, expectation, vantage=vantage, today=today)


def worth_a_word(*args, **options):
    return {
        result.id: (result.outcome, result.severity)
        for result in results(*args, **options)
        if result.severity is not Severity.NONE
    }


FAILS = (Outcome.UNEXPECTED, Severity.FAILURE)
TLS_ROW = "instagram.web/https/ipv4/tls"


def test_without_a_baseline_what_is_ok_passes_at_every_layer():
    assert [(r.id, r.outcome) for r in results(good())] == [
        (f"instagram.web/https/ipv4/{layer}", Outcome.EXPECTED)
        for layer in ("dns", "tcp", "tls", "http")
    ]


def test_a_block_fails_once_at_its_layer_and_says_what_was_expected():
    assert worth_a_word(bad()) == {TLS_ROW: FAILS}
    (failure,) = [r for r in results(bad()) if r.severity is Severity.FAILURE]
    assert failure.message == "expected ok, got blocked: tls_sni_reset/injected (probable)"
    assert failure.host == "www.instagram.example"


def test_a_failure_carries_its_evidence():
    rivals = (
        Rival(id="server_refuses_name", status=RivalStatus.RULED_OUT),
        Rival(id="server_down_for_name", status=RivalStatus.NOT_ASKED),
    )
    (failure,) = [
        r for r in results(bad(rivals=rivals, p_value=0.00077)) if r.severity is Severity.FAILURE
    ]

    assert failure.evidence == (
        "reset 16 ms after the name; connection took 52 ms",
        "rule tls.reset_after_hello, probable",
        "3 attempts with the trigger, 3 without it",
        "p = 0.00077 if the trigger made no difference",
        "ruled out: server_refuses_name",
        "not asked: server_down_for_name",
        "observations: e1/0/1",
    )


def test_a_bot_wall_is_only_noticed():
    """Runners in data centres meet one at every large platform."""
    assert worth_a_word(restricted()) == {
        "instagram.web/https/ipv4/http": (Outcome.UNEXPECTED, Severity.NOTICE)
    }


def test_a_refusal_by_the_service_is_only_warned_of():
    refused = bad(state=State.REFUSED, category=Category.SERVER_GEOBLOCK, subtype="l3")

    assert worth_a_word(refused) == {TLS_ROW: (Outcome.UNEXPECTED, Severity.WARNING)}


def test_what_fails_is_a_matter_of_choice():
    assert worth_a_word(restricted(), fail_on=(State.RESTRICTED,)) == {
        "instagram.web/https/ipv4/http": FAILS
    }
    assert worth_a_word(bad(), fail_on=(State.DOWN,)) == {
        TLS_ROW: (Outcome.UNEXPECTED, Severity.WARNING)
    }


@pytest.mark.parametrize(
    ("grade", "severity"),
    [
        pytest.param(Grade.CONFIRMED, Severity.FAILURE, id="stronger than asked"),
        pytest.param(Grade.PROBABLE, Severity.FAILURE, id="as strong as asked"),
        pytest.param(Grade.SUSPECTED, Severity.WARNING, id="weaker than asked"),
    ],
)
def test_a_grade_below_the_stated_one_does_not_fail(grade, severity):
    found = worth_a_word(bad(grade=grade), min_grade=Grade.PROBABLE)

    assert found == {TLS_ROW: (Outcome.UNEXPECTED, severity)}


def test_one_look_is_enough_to_fail_unless_more_is_asked():
    assert worth_a_word(bad(grade=Grade.SUSPECTED)) == {TLS_ROW: FAILS}


def test_an_expected_block_passes():
    assert worth_a_word(bad("rt.web"), text=f"[expect]\n{BLOCKED_RT}") == {}


def test_an_expected_block_by_another_mechanism_fails():
    text = '[expect]\nrt = { state = "blocked", category = "dns_lie", reason = "EU ban" }'
    (failure,) = [r for r in results(bad("rt.web"), text=text) if r.severity is Severity.FAILURE]

    assert failure.message == (
        "expected blocked by dns_lie, got blocked: tls_sni_reset/injected (probable)"
    )
    assert (failure.expected.entry, failure.expected.line) == ("rt", 2)


def test_a_category_may_be_named_with_its_subtype():
    text = '[expect]\nrt = { state = "blocked", category = "tls_sni_reset/%s", reason = "x" }'

    assert worth_a_word(bad("rt.web"), text=text % "injected") == {}
    assert worth_a_word(bad("rt.web"), text=text % "fin") == {"rt.web/https/ipv4/tls": FAILS}


def test_an_exception_that_is_not_needed_is_warned_of():
    assert worth_a_word(good("rt.web"), text=f"[expect]\n{BLOCKED_RT}") == {
        "entry:rt": (Outcome.XPASS, Severity.WARNING)
    }


def test_an_exception_that_is_not_needed_fails_when_strict():
    assert worth_a_word(good("rt.web"), text=f"strict = true\n[expect]\n{BLOCKED_RT}") == {
        "entry:rt": (Outcome.XPASS, Severity.FAILURE)
    }


def test_an_exception_for_a_service_is_needed_while_one_endpoint_is_blocked():
    verdicts = (good("rt.web"), bad("rt.de"))

    assert worth_a_word(*verdicts, text=f"[expect]\n{BLOCKED_RT}") == {}


def test_an_endpoint_without_a_verdict_does_not_speak_against_an_exception():
    verdicts = (good("rt.web"), unclear("rt.web", family="ipv6"))

    assert list(worth_a_word(*verdicts, text=f"[expect]\n{BLOCKED_RT}")) == ["entry:rt"]


def test_an_exception_holds_through_its_last_day():
    text = '[expect]\nrt = { state = "blocked", reason = "EU ban", until = 2026-11-23 }'

    assert worth_a_word(bad("rt.web"), text=text, today=date(2026, 11, 23)) == {}


def test_an_expired_exception_fails_and_holds_no_more():
    text = '[expect]\nrt = { state = "blocked", reason = "EU ban", until = 2026-11-22 }'

    assert worth_a_word(bad("rt.web"), text=text) == {
        "rt.web/https/ipv4/tls": FAILS,
        "entry:rt": (Outcome.EXPIRED, Severity.FAILURE),
    }
    assert worth_a_word(good("rt.web"), text=text) == {
        "entry:rt": (Outcome.EXPIRED, Severity.FAILURE)
    }


def test_an_expired_exception_about_something_else_is_left_alone():
    text = '[expect]\nrt = { state = "blocked", reason = "EU ban", until = 2026-11-22 }'

    assert worth_a_word(good("instagram.web"), text=text) == {}


WHEN = f"""\
[expect]
rt = "ok"
[[when]]
country = "DE"
expect.{BLOCKED_RT}
"""


def test_an_override_holds_at_its_vantage_point_only():
    austria = Vantage(country="AT")

    assert worth_a_word(bad("rt.web"), text=WHEN) == {}
    assert worth_a_word(bad("rt.web"), text=WHEN, vantage=austria) == {
        "rt.web/https/ipv4/tls": FAILS
    }


def test_an_unknown_country_matches_no_override():
    assert worth_a_word(bad("rt.web"), text=WHEN, vantage=Vantage()) == {
        "rt.web/https/ipv4/tls": FAILS
    }


@pytest.mark.parametrize("condition", ["asn = 64501", 'vantage = "office"', "asn = [1, 64501]"])
def test_an_override_may_name_a_network_or_a_label(condition):
    text = f"[[when]]\n{condition}\nexpect.{BLOCKED_RT}"
    office = GERMANY.model_copy(update={"label": "office"})

    assert worth_a_word(bad("rt.web"), text=text, vantage=office) == {}
    assert worth_a_word(bad("rt.web"), text=text, vantage=Vantage(label="home")) != {}


def test_a_later_override_wins_over_an_earlier_one():
    text = f'[[when]]\ncountry = "DE"\nexpect.rt = "ok"\n[[when]]\nasn = 64501\nexpect.{BLOCKED_RT}'

    assert worth_a_word(bad("rt.web"), text=text) == {}


def test_an_endpoint_wins_over_its_service():
    text = f'[expect]\n{BLOCKED_RT}\n"rt.web" = "ok"'

    assert worth_a_word(bad("rt.web"), bad("rt.de"), text=text) == {"rt.web/https/ipv4/tls": FAILS}


def test_a_layer_may_have_an_expectation_of_its_own():
    text = '[expect]\n"*/quic" = { state = ["ok", "blocked"], reason = "no UDP here" }'
    quic = {"protocol": Protocol.QUIC, "layer": Layer.QUIC, "category": Category.QUIC_BLOCK}

    assert worth_a_word(good(), bad(**quic, subtype="generic"), text=text) == {}
    assert worth_a_word(bad(), text=text) == {TLS_ROW: FAILS}


def test_what_was_seen_at_another_layer_besides_fails_as_well():
    lie = Finding(
        state=State.BLOCKED,
        category=Category.DNS_LIE,
        layer=Layer.DNS,
        rule_id="dns.nxdomain",
        grade=Grade.STRONG,
    )

    assert worth_a_word(bad(also=(lie,))) == {
        "instagram.web/https/ipv4/dns": FAILS,
        TLS_ROW: FAILS,
    }


def test_no_verdict_at_all_is_an_error():
    assert worth_a_word(unclear()) == {
        "instagram.web/https/ipv4/http": (Outcome.ERROR, Severity.INCONCLUSIVE)
    }


def test_a_family_without_a_verdict_is_skipped_when_the_other_has_one():
    """A runner without IPv6 must not make every check inconclusive."""
    assert worth_a_word(good(), unclear(family="ipv6")) == {}


def test_quic_without_a_verdict_is_skipped_when_https_has_one():
    assert worth_a_word(good(), unclear(protocol=Protocol.QUIC)) == {}


def test_https_without_a_verdict_is_an_error_even_if_quic_has_one():
    found = worth_a_word(unclear(), good(protocol=Protocol.QUIC))

    assert list(found.values()) == [(Outcome.ERROR, Severity.INCONCLUSIVE)]


def test_no_verdict_may_be_expected():
    text = '[expect]\ninstagram = { state = "insufficient", reason = "the line is too slow" }'

    assert worth_a_word(unclear(), text=text) == {}


@pytest.mark.parametrize(
    ("limit", "outcome"),
    [
        pytest.param("tls_ms_p95 = 100", Outcome.UNEXPECTED, id="too slow"),
        pytest.param("tls_ms_p95 = 400", Outcome.EXPECTED, id="fast enough"),
        pytest.param("goodput_kbps_min = 2000", Outcome.UNEXPECTED, id="too little"),
        pytest.param("goodput_kbps_min = 500", Outcome.EXPECTED, id="enough"),
        pytest.param("dns_ms_p95 = 10", Outcome.SKIPPED, id="not measured"),
    ],
)
def test_limits_are_kept_or_not(limit, outcome):
    timings = {("instagram.web", Family.IPV4): Timing({Layer.TLS: [0.05, 0.2]}, [1500.0])}
    found = results(good(), text=f"[expect]\ninstagram = {{ {limit} }}", timings=timings)

    (result,) = [r for r in found if r.kind == "threshold"]
    assert result.outcome is outcome


def test_what_makes_a_check_fail_is_worth_another_attempt():
    read = baseline("")

    assert is_unexpected(bad(), read, vantage=GERMANY, today=TODAY)
    assert not is_unexpected(restricted(), read, vantage=GERMANY, today=TODAY)
    assert not is_unexpected(unclear(), read, vantage=GERMANY, today=TODAY)


OTHER_CONTENT = {"flags": ("unexpected_content",), "detail": "HTTP 404, 9 bytes, body complete"}


def test_an_answer_that_is_not_the_expected_one_is_warned_of():
    """Others redesign their pages; that is not our failure."""
    assert worth_a_word(good(**OTHER_CONTENT)) == {
        "instagram.web/https/ipv4/http": (Outcome.UNEXPECTED, Severity.WARNING)
    }


@pytest.mark.parametrize(
    "values",
    [
        {},
        pytest.param(
            {"state": "insufficient", "category": "insufficient", "rule_id": "http.unexpected_page"}
            | {"protocol": "http"},
            id="in the clear",
        ),
    ],
)
def test_an_answer_of_ones_own_endpoint_that_is_not_the_expected_one_fails(values):
    shop = service("shop", own=True)
    settled = settle(
        [("run-1", [good("shop.web", **OTHER_CONTENT, **values)])],
        is_unexpected=lambda verdict: False,
        failures_needed=1,
        max_attempts=1,
    )

    found = compare(Measured(settled, shop.endpoints), baseline(""), vantage=GERMANY, today=TODAY)

    (failure,) = [r for r in found if r.severity is Severity.FAILURE]
    assert failure.message.endswith(
        "not what its target file expects: HTTP 404, 9 bytes, body complete"
    )
    read = baseline("")
    verdict = good("shop.web", **OTHER_CONTENT, **values)
    assert is_unexpected(verdict, read, vantage=GERMANY, today=TODAY, own=frozenset({"shop.web"}))


def test_the_order_of_verdicts_does_not_matter():
    verdicts = (good("rt.web"), bad("instagram.web"), good("instagram.web", family="ipv6"))

    assert results(*verdicts) == results(*reversed(verdicts))
