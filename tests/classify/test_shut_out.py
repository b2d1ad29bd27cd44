"""What a filter remembers of a name may meet the next connection already."""

from probe.model.experiment import Kind
from probe.model.words import Arm, Category, Flag, State
from tests.classify.build import A1, HOST, OTHER, REFUSED, RESET, TIMEOUT, Story

SOON = {"fails": RESET, "after": 0.016, "acked": 1}
OWN = {"fails": RESET, "after": 0.05, "acked": 518}


def _shut(**ends: object) -> Story:
    """The name ends so; the connection for a neutral one is then refused."""
    told = Story()
    told.honest_dns(A1)
    told.tcp(A1)
    told.tls(A1, **ends)  # type: ignore[arg-type]
    told.tcp(A1, REFUSED, arm=Arm.C1)
    return told


def test_a_connection_refused_after_the_name_was_cut_is_a_control_that_failed():
    told = _shut(**SOON)

    verdict = told.verdict()

    assert verdict.rule_id == "tls.reset_injected_residual"
    assert "residual_state" in [rival.id for rival in verdict.rivals]
    assert [e.kind for e in told.asked("quick") if e.kind is Kind.WAIT] == [Kind.WAIT]


def test_a_server_that_cuts_and_then_shuts_its_door_is_not_accused():
    verdict = _shut(**OWN).verdict()

    assert verdict.state is State.INSUFFICIENT


def test_silence_after_the_name_is_a_control_too():
    told = Story()
    told.honest_dns(A1)
    told.tls(A1, TIMEOUT, after=10.0, acked=1)
    told.tcp(A1, TIMEOUT, arm=Arm.C1)

    assert told.verdict().rule_id == "tls.silent_any_name"


def test_a_door_that_was_shut_before_the_name_says_nothing_of_the_name():
    told = Story()
    told.honest_dns(A1)
    told.tcp(A1, REFUSED, arm=Arm.C1)
    told.tls(A1, **SOON)  # type: ignore[arg-type]

    assert told.verdict().rule_id == "tls.ends_untested"


def _passes_again(told: Story) -> Story:
    told.tls(A1, arm=Arm.C1, attempt=90)
    return told


def test_a_neutral_name_that_passes_after_the_wait_leaves_the_name_as_the_cause():
    verdict = _passes_again(_shut(**SOON)).verdict()

    assert (verdict.state, verdict.category) == (State.BLOCKED, Category.TLS_SNI_RESET)
    assert Flag.RESIDUAL_SEEN in verdict.flags


def test_the_name_is_tried_once_more_before_anything_is_spread_over_half_an_hour():
    """A machine that was away for two minutes is back: the name passes, and nobody is accused."""
    told = _passes_again(_shut(**SOON))
    told.performed = {e.id: e for e in told.asked("quick") if e.name == OTHER}

    again = [e for e in told.asked("quick") if e.name == HOST and e.arm is Arm.TARGET and e.round]

    assert [e.round for e in again] == [90]


def test_a_machine_that_was_away_is_not_accused():
    told = _passes_again(_shut(fails=TIMEOUT, after=10.0, acked=1))
    told.tls(A1, attempt=90)

    assert told.verdict().state is not State.BLOCKED


def test_a_run_of_fifteen_minutes_has_room_for_one_spaced_block():
    """Each name of ours is followed by a wait; `deep` has several runs."""
    told = _passes_again(_shut(**SOON))
    told.tls(A1, attempt=90, **SOON)  # type: ignore[arg-type]
    told.performed = {e.id: e for e in told.asked("quick")}

    spaced = [e for e in told.asked("standard") if e.wait_s is not None and e.round]

    assert {e.round for e in spaced} == {1, 2, 3}
    assert sum(e.wait_s or 0.0 for e in spaced if e.arm is Arm.TARGET) < 600
    assert {e.round for e in told.asked("deep") if e.round and e.wait_s} > {1, 2, 3}
