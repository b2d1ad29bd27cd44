"""A control tried again after a wait: what its end must look like to say the same as before."""

from datetime import timedelta

from tests.classify.build import RTT
from tests.classify.cases_quic import NEGOTIATED, UNANSWERED, _quic, _speaks_quic_in
from tests.classify.cases_tls import GOOD, SOON, _shakes


def rechecked(after):
    told = _shakes(SOON, SOON, control=SOON)
    last = told.observations[-1]
    changes = {"id": "late", "attempt": 90, "failed_after_s": after}
    changes["started_at"] = last.started_at + timedelta(seconds=200)
    told.observations.append(last.model_copy(update=changes))
    return told.verdict().rule_id


def test_a_neutral_name_cut_too_soon_again_is_a_port_on_which_all_is_cut():
    assert rechecked(after=SOON["after"]) == "tls.reset_any_name_too_soon"


def test_a_neutral_name_that_the_server_itself_refuses_is_no_such_thing():
    """A round trip later, as servers do with names that are not theirs."""
    assert rechecked(after=RTT) == "tls.reset_injected_residual"


def quic_rules(*attempts):
    return {v.rule_id for v in _speaks_quic_in(_quic(*attempts, control=GOOD), "h/DE").verdicts()}


def test_an_address_that_answers_a_reserved_version_is_not_blocked_by_address():
    assert "quic.blocked_by_address" in quic_rules(GOOD, UNANSWERED)
    assert "quic.blocked_by_address" not in quic_rules(GOOD, NEGOTIATED)
