from collections import Counter
from dataclasses import replace

import pytest

from probe.errors import UsageError
from probe.trial.blocking import BLOCKING
from probe.trial.catalogue import whole_layout
from probe.trial.environments import ENVIRONMENTS
from probe.trial.grid import Plan, line_named, lines
from probe.trial.innocent import INNOCENT
from probe.trial.playing import base_knowledge
from probe.trial.scenario import Setting
from probe.trial.worlds import catalogue_of, line_world


def test_the_same_seed_draws_the_same_lines():
    assert lines(Plan(30, 60, seed=5)) == lines(Plan(30, 60, seed=5))


def test_a_larger_campaign_only_has_more_lines():
    """A wrong verdict keeps its id when the campaign grows."""
    small = {line.id: line for line in lines(Plan(20, 60, seed=5))}
    large = {line.id: line for line in lines(Plan(60, 200, seed=5))}

    assert small.items() <= large.items()


def test_a_line_is_found_again_by_its_id():
    line = lines(Plan(40, 0, seed=7))[2]

    assert line_named(line.id) == line
    assert line_named("no-such-line") is None


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(Plan(20, 20, 3, kinds=("S02", "plain")), id="kinds"),
        pytest.param(Plan(20, 20, 3, environments=("loss-3", "jitter")), id="environments"),
        pytest.param(Plan(20, 20, 3, Setting.TWO), id="setting"),
        pytest.param(Plan(20, 20, 3, Setting.ONE, ("jitter",), ("S02", "plain")), id="all"),
    ],
)
def test_a_narrowed_campaigns_line_is_found_again_by_its_id(plan):
    """What a score names, `lab run` must play: not another line of the same number."""
    drawn = lines(plan)

    assert [line_named(line.id) for line in drawn] == list(drawn)


def test_a_setting_asked_for_anew_plays_the_same_line_in_it():
    line = lines(Plan(8, 0, 3, Setting.TWO))[0]

    other = line_named(line.id, Setting.NONE)

    assert other == replace(line, setting=Setting.NONE)


def test_an_unknown_kind_in_an_id_is_named():
    with pytest.raises(UsageError, match="no kind is named 'S99'"):
        line_named("3-b1:kind=S99")


def test_a_plan_of_unknown_environments_is_refused():
    """Else a misspelt name gives an empty score, or an error of ours."""
    with pytest.raises(UsageError, match="no environment is named 'lossy'"):
        lines(Plan(8, 8, 3, environments=("lossy",)))


def test_every_kind_comes_round():
    drawn = Counter(s.kind for line in lines(Plan(200, 900, seed=3)) for s in line.scenarios)

    assert set(BLOCKING) <= set(drawn)
    assert set(INNOCENT) <= set(drawn)


def test_every_environment_comes_round():
    drawn = {line.environment for line in lines(Plan(0, 16 * len(ENVIRONMENTS), seed=3))}

    assert drawn == set(ENVIRONMENTS)


def test_targets_of_one_line_share_no_network():
    """Filters by address must not hit a neighbour."""
    hosts = whole_layout().hosts

    for line in lines(Plan(40, 80, seed=2)):
        catalogue = catalogue_of(line)
        own = {e.id: hosts[e.host] for e in catalogue.endpoints if e.id in line.endpoints}
        every = [address for addresses in own.values() for address in addresses]
        assert len(every) == len(set(every))


def test_a_setting_that_is_asked_for_changes_nothing_else():
    drawn = lines(Plan(16, 16, seed=9))
    asked = lines(Plan(16, 16, seed=9, setting=Setting.TWO))

    assert {line.setting for line in asked} == {Setting.TWO}
    assert [line.scenarios for line in asked] == [line.scenarios for line in drawn]


def test_every_line_can_be_built():
    for line in lines(Plan(160, 700, seed=4)):
        line_world(line)


@pytest.mark.parametrize("name", ["20220304-b99", "20220304-b172"])
def test_a_rule_for_all_names_below_one_hits_no_other_target(name):
    line = line_named(name)
    hosts = {e.id: e.host for e in base_knowledge().catalogue.endpoints}
    named = [hosts[scenario.endpoint] for scenario in line.scenarios]

    below = [(one, other) for one in named for other in named if one.endswith(f".{other}")]
    assert below == []
