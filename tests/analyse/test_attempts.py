import pytest

from probe.analyse.attempts import settle
from probe.model.words import State
from tests.analyse.samples import bad, good, unclear


def settled(*verdicts, needed=2, at_most=3):
    (one,) = settle(
        [(f"run-{number}", [verdict]) for number, verdict in enumerate(verdicts, start=1)],
        is_unexpected=lambda verdict: verdict.state is State.BLOCKED,
        failures_needed=needed,
        max_attempts=at_most,
    )
    return one


@pytest.mark.parametrize(
    ("verdicts", "state", "flaky"),
    [
        pytest.param((good(),), State.OK, False, id="passed at once"),
        pytest.param((bad(),), State.BLOCKED, False, id="failed in the only attempt there was"),
        pytest.param((bad(), good()), State.OK, True, id="failed once of two"),
        pytest.param((bad(), good(), bad()), State.BLOCKED, True, id="failed twice of three"),
        pytest.param((bad(), bad()), State.BLOCKED, False, id="failed twice of two"),
        pytest.param((bad(), unclear(), bad()), State.BLOCKED, False, id="unclear does not count"),
        pytest.param((unclear(), unclear()), State.INSUFFICIENT, False, id="always unclear"),
        pytest.param((unclear(), good()), State.OK, False, id="unclear, then passed"),
    ],
)
def test_k_of_n_attempts_must_fail(verdicts, state, flaky):
    one = settled(*verdicts)

    assert (one.verdict.state, one.flaky) == (state, flaky)


def test_every_attempt_is_told_in_order():
    one = settled(bad(), good())

    assert [(a.attempt, a.run, a.state, a.final_attempt) for a in one.attempts] == [
        (1, "run-1", State.BLOCKED, False),
        (2, "run-2", State.OK, True),
    ]
    assert {a.max_attempts for a in one.attempts} == {3}
    assert len({a.retry_group for a in one.attempts}) == 1


def test_two_families_are_two_groups():
    first, second = settle(
        [("run-1", [good(family="ipv4"), good(family="ipv6")])],
        is_unexpected=lambda verdict: False,
        failures_needed=1,
        max_attempts=1,
    )

    assert first.attempts[0].retry_group != second.attempts[0].retry_group
