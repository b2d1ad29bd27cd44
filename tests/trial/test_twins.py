import pytest

from probe.trial.blocking import BLOCKING
from probe.trial.innocent import INNOCENT
from probe.trial.scenario import Setting, common
from probe.trial.twins import ALSO_TRUE, TWINS, identifiable, truth_of_kind


def reach(key, setting):
    return identifiable(key, truth_of_kind(key), setting)


@pytest.mark.parametrize("setting", [Setting.NONE, Setting.SNAPSHOT])
def test_silence_says_nothing_without_a_helper(setting):
    """techniques 0.6: T01, G05 and E10 look alike from one client."""
    assert reach("T01", setting) == ()
    assert reach("dead", setting) == ()
    assert reach("geofence-l3", setting) == ()


def test_a_helper_abroad_tells_the_dead_from_the_rest():
    assert reach("dead", Setting.ONE) == ("down", "down")
    assert reach("T01", Setting.ONE) == ()


def test_a_second_helper_at_home_tells_a_block_from_a_geofence():
    assert reach("T01", Setting.TWO) == ("blocked", "ip_block", "silent")
    assert reach("geofence-l3", Setting.TWO) == ("refused", "server_geoblock", "l3")


def test_a_withdrawn_route_is_never_told_from_a_lost_one():
    assert {reach("T05", setting) for setting in Setting} == {()}


def test_a_name_that_is_cut_everywhere_needs_nobody_else():
    assert reach("S02", Setting.NONE) == ("blocked", "tls_sni_reset", "rewrite")


def test_a_name_that_is_cut_at_its_own_address_only_may_be_the_server_s_doing():
    assert reach("S02@pair", Setting.NONE) == ()


def test_twins_name_kinds_that_exist():
    every = {*BLOCKING, *INNOCENT}

    assert {kind.partition("@")[0] for twins in TWINS for kind in twins.kinds} <= every
    assert set(ALSO_TRUE) <= every


def test_the_common_node_is_the_deepest_that_all_share():
    nodes = [("blocked", "tls_sni_drop", "unacked"), ("blocked", "tls_sni_drop")]

    assert common(nodes) == ("blocked", "tls_sni_drop")
    assert common([*nodes, ("down",)]) == ()
