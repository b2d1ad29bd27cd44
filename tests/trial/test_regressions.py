from dataclasses import replace

import pytest

from probe.errors import UsageError
from probe.model.words import Protocol
from probe.trial.campaign import play_one
from probe.trial.named import find_line
from probe.trial.playing import Said, Unit
from probe.trial.regressions import Regression, faults, regressions
from probe.trial.scenario import Expected


@pytest.fixture(scope="module")
def played():
    line, _ = find_line("3-g1:kind=plain")
    return play_one(line, profile="look")


def _named(played):
    return Regression(f"{played.line.id}/{played.line.scenarios[0].id}", "", is_mended=True)


def test_every_named_scenario_is_found():
    """The file is data: a drawn line that changed would leave its rows without meaning."""
    assert regressions() != ()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param(["3-g1"], "names no scenario", id="a whole run"),
        pytest.param(["3-g1:kind=plain/plain.1"] * 2, "stands there twice", id="twice"),
    ],
)
def test_a_row_that_cannot_be_played_is_refused(tmp_path, rows, message):
    file = tmp_path / "regressions.toml"
    file.write_text(
        "".join(f'[[scenario]]\nid = "{name}"\nwhy = "x"\nmended = true\n' for name in rows)
    )

    with pytest.raises(UsageError, match=message):
        regressions(file)


def test_a_right_verdict_has_no_fault(played):
    assert faults(_named(played), played) == ()


def test_a_wrong_verdict_is_a_fault(played):
    """The check can fail: the same play with an accusation put in its place."""
    first = played.outcomes[0]
    said = Said(("blocked", "ip_block"), Protocol.HTTPS)
    accused = replace(first, units=(Unit(said, Expected(("ok",))),))

    wrong = faults(_named(played), replace(played, outcomes=(accused,)))

    assert wrong == ("accusation: said blocked/ip_block",)


def test_a_run_without_the_scenario_is_a_fault(played):
    """A run that never ended judged nothing; that is not the same as nothing wrong."""
    assert faults(_named(played), replace(played, outcomes=())) != ()
