from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.analyse.baseline import When
from probe.analyse.baseline_file import parse_baseline
from probe.analyse.baseline_update import Why, answers_unlike, difference, updated
from probe.analyse.check import Plan, Take, check
from probe.errors import UsageError
from probe.model.words import Flag
from tests.analyse.samples import ONLINE, SERVICES, TODAY, bad, good, run, service_verdict

BAN = Why("EU ban", date(2027, 1, 31))


def read(text):
    return parse_baseline(text, file="roadblock.toml", services=SERVICES)


def report(text, *verdicts):
    measured = {verdict.endpoint for verdict in verdicts}
    plan = Plan(
        services=SERVICES,
        # One's own: then an answer unlike its target file fails.
        endpoints=tuple(
            e.model_copy(update={"own": True})
            for s in SERVICES
            for e in s.endpoints
            if e.id in measured
        ),
        baseline=read(text),
        today=TODAY,
        judge_service=lambda service, _: service_verdict(service.id),
        tool_version="0.1.0",
    )
    return check([Take(run(), ONLINE, verdicts)], plan)


def update(text, *verdicts, why=BAN):
    return updated(text, read(text), report(text, *verdicts), why)


def test_a_failure_becomes_an_exception_with_its_reason():
    assert update("# ours\nstrict = true\n", bad("rt.web"), bad("rt.de")) == (
        "# ours\nstrict = true\n\n"
        "[expect.rt]\n"
        'state = "blocked"\n'
        'category = "tls_sni_reset"\n'
        'reason = "EU ban"\n'
        "until = 2027-01-31\n"
    )


def test_where_only_a_part_fails_the_endpoint_is_named():
    assert '[expect."rt.web"]' in update("", bad("rt.web"), good("rt.de"))


def test_an_updated_baseline_passes_the_check_it_came_from():
    verdicts = (bad("rt.web"), good("rt.de"), bad("instagram.web"))
    text = update('[expect]\nrt = "ok"\n[[when]]\ncountry = "FR"\nexpect.rt = "ok"\n', *verdicts)

    assert report(text, *verdicts).exit_code == 0


def test_an_exception_that_is_not_needed_is_removed():
    text = '[expect]\n# kept\nrt = { state = "blocked", reason = "x" }\ninstagram = "ok"\n'

    assert update(text, good("rt.web")) == '[expect]\n# kept\ninstagram = "ok"\n'


def test_an_expired_exception_that_is_still_needed_is_renewed():
    text = '[expect]\nrt = { state = "blocked", reason = "old", until = 2026-01-01 }\n'

    renewed = update(text, bad("rt.web"))

    assert "old" not in renewed
    assert [entry.reason for entry in read(renewed).entries] == ["EU ban"]


def test_an_entry_over_several_lines_is_removed_whole():
    rest = '\n[expect.instagram]\nstate = "ok"\n'
    text = '[expect.rt]\nstate = [\n  "blocked",\n]\nreason = "x\u2028y"\n' + rest

    assert update(text, good("rt.web")) == rest


def test_an_exception_may_hold_in_one_place_only():
    here = Why("EU ban", when=When(0, countries=("DE",), asns=(64501,)))
    text = update('[expect]\nrt = "ok"\n', bad("rt.web"), why=here)

    assert text.startswith('[expect]\nrt = "ok"\n\n[[when]]\ncountry = "DE"\nasn = 64501\n\n[when.')
    assert report(text, bad("rt.web")).exit_code == 0


def test_what_passes_changes_nothing():
    text = '[expect]\nrt = "ok"\n'

    assert update(text, good("rt.web")) == text
    assert difference(text, text, file="roadblock.toml") == ""


def test_an_answer_unlike_its_target_file_needs_no_exception():
    """It was written down as one of state ok, which no baseline may have: the update failed."""
    odd = good("rt.web", flags=(Flag.UNEXPECTED_CONTENT,))

    assert update("", odd, good("rt.de")) == ""
    assert {r.endpoint for r in answers_unlike(report("", odd))} == {"rt.web"}
    assert '[expect."rt.de"]' in update("", odd, bad("rt.de"))


def test_an_entry_in_an_inline_table_is_left_to_the_person():
    text = 'expect = { rt = { state = "blocked", reason = "x" } }\n'

    with pytest.raises(UsageError, match=r"roadblock\.toml:1: rt stands inside an inline table"):
        update(text, good("rt.web"))


def test_a_difference_names_the_file():
    lines = difference("a\n", "b\n", file="roadblock.toml").splitlines()

    assert lines[:2] == ["--- roadblock.toml", "+++ roadblock.toml (new)"]


@given(st.text(min_size=1, max_size=30))
def test_any_reason_can_be_written(reason):
    try:
        reason.encode()
    except UnicodeEncodeError:
        return
    if not reason.strip():
        return
    text = update("", bad("rt.web"), why=replace(BAN, reason=reason))

    assert read(text).entries[0].reason == reason.strip()
