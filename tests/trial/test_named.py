import pytest

from probe.errors import UsageError
from probe.trial.named import alone, find_line
from probe.trial.scenario import Setting


def test_a_technique_is_done_to_one_target_on_a_quiet_line():
    line, only = find_line("S02")

    assert (line.network, line.environment, only) == ("ru", "plain", None)
    assert [s.kind for s in line.scenarios] == ["S02"]


def test_a_technique_may_be_written_small():
    assert find_line("s02") == find_line("S02")


def test_an_environment_has_a_target_that_nobody_touches():
    line, _ = find_line("shutdown")

    assert line.environment == "shutdown"
    assert [s.kind for s in line.scenarios] == ["plain"]


def test_a_run_of_a_campaign_is_found_with_one_of_its_scenarios():
    line, _ = find_line("7-b2")
    first = line.scenarios[0].id

    assert find_line(f"7-b2/{first}") == (line, first)
    assert [s.id for s in alone(line, first).scenarios] == [first]


def test_a_setting_may_be_asked_for():
    assert find_line("T01", Setting.TWO)[0].setting is Setting.TWO


def test_an_unknown_id_says_where_to_look():
    with pytest.raises(UsageError, match="roadblock lab list"):
        find_line("X99")


def test_an_unknown_scenario_of_a_run_says_which_there_are():
    with pytest.raises(UsageError, match="it has: "):
        find_line("7-b2/S99.1")
