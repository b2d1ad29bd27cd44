"""When silence to QUIC's first version is about the version: literal evidence."""

import pytest

from tests.classify.cases_quic import DONE, NEGOTIATED, UNANSWERED, _quic

SILENT: dict[str, object] = {}
SECOND = {**DONE, "version": "2"}
SECOND_SILENT = {"version": "2"}


@pytest.mark.parametrize(
    ("attempts", "is_version"),
    [
        pytest.param((SILENT, NEGOTIATED, SECOND, SILENT), True, id="both-others-answered"),
        pytest.param(
            (SILENT, NEGOTIATED, NEGOTIATED, SECOND_SILENT, SILENT), True, id="speaks-no-version-2"
        ),
        pytest.param((SILENT, NEGOTIATED, SILENT), False, id="one-answer-is-chance"),
        pytest.param((SILENT, UNANSWERED, SECOND, SILENT), False, id="others-fail-too"),
        pytest.param((SILENT, NEGOTIATED, UNANSWERED, SECOND, SILENT), False, id="now-and-then"),
        pytest.param((SILENT, SILENT, NEGOTIATED, SECOND), False, id="it-may-have-ended"),
    ],
)
def test_other_versions_are_answered_between_its_failures(attempts, is_version):
    rules = [v.rule_id for v in _quic(*attempts, control=SILENT).verdicts()]

    assert ("quic.blocked_by_version" in rules) is is_version
