from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.analyse.changes import changes, regimes
from probe.analyse.series import REACHED, Label, Reading
from probe.model.words import Category, State
from tests.analyse.truth import World, invented_in_constant_series, score

START = datetime(2022, 2, 20, 10, tzinfo=UTC)
BLOCKED = Label(State.BLOCKED, Category.TLS_SNI_RESET)
SLOWED = Label(State.IMPAIRED, Category.THROTTLE)
LETTERS = {".": REACHED, "x": BLOCKED, "s": SLOWED}


def daily(text, *, every_hours=24):
    """One reading per letter; a space is a day (or a slot) without any."""
    return [
        Reading(START + timedelta(hours=every_hours * slot), LETTERS[letter])
        for slot, letter in enumerate(text)
        if letter != " "
    ]


def days(text, **options):
    """Say the changes as `+12 . x`: days since the start, before and after."""
    letters = {label: letter for letter, label in LETTERS.items()}
    return [
        f"+{(c.at - START).days} {letters[c.before.label]} {letters[c.after.label]}"
        for c in changes(daily(text, **options))
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="nothing read"),
        pytest.param("x", [], id="one reading"),
        pytest.param("." * 40, [], id="always ok"),
        pytest.param("x" * 40, [], id="always blocked"),
        pytest.param("." * 20 + "x" + "." * 20, [], id="one bad day"),
        pytest.param("." * 10 + "xx" + "." * 20 + "xxx" + "." * 10, [], id="a few bad days"),
        pytest.param("." * 20 + "xxx", [], id="three days are not enough yet"),
        pytest.param("." * 20 + "xxxx", ["+20 . x"], id="four days are"),
        pytest.param("." * 20 + "x" * 20, ["+20 . x"], id="an onset"),
        pytest.param("x" * 20 + "." * 20, ["+20 x ."], id="an end"),
        pytest.param("." * 20 + "x" * 12 + "." * 20, ["+20 . x", "+32 x ."], id="both"),
        pytest.param("." * 20 + "s" * 7 + "x" * 20, ["+20 . s", "+27 s x"], id="another mechanism"),
        pytest.param(
            "." * 18 + "x." + "x" * 9 + "." + "x" * 9, ["+20 . x"], id="one-offs beside the onset"
        ),
        pytest.param("." * 10 + " " * 10 + "x" * 10, ["+20 . x"], id="across a gap"),
    ],
)
def test_prevailing_verdicts_change_when_they_do(text, expected):
    assert days(text) == expected


def test_a_burst_within_a_day_is_one_bad_day():
    readings = daily("." * 20)
    hour = [Reading(START + timedelta(days=20, minutes=m), BLOCKED) for m in range(50)]

    assert changes([*readings, *hour]) == ()


def test_the_interval_of_a_clean_change_is_the_time_between_two_readings():
    (change,) = changes(daily("." * 20 + "x" * 20))

    assert change.earliest == START + timedelta(days=19)
    assert change.at == change.latest == START + timedelta(days=20)


def test_a_gap_lies_within_the_interval():
    (change,) = changes(daily("." * 20 + " " * 9 + "x" * 20))

    assert (change.latest - change.earliest).days == 10


def test_doubt_makes_the_interval_wider():
    (change,) = changes(daily("." * 18 + "x.x." + "x" * 20))

    assert change.earliest <= START + timedelta(days=17)
    assert change.latest >= START + timedelta(days=20)


def test_several_readings_a_day_date_within_the_day():
    (change,) = changes(daily("." * 41 + "x" * 40, every_hours=6))

    assert change.at == START + timedelta(hours=6 * 41)
    assert change.latest - change.earliest < timedelta(days=2)


def test_a_change_tells_how_much_stands_behind_it():
    (change,) = changes(daily("." * 9 + "x" + "." * 10 + "x" * 20))

    assert (change.before.days, change.before.agreeing) == (20, 19)
    assert (change.after.days, change.after.agreeing) == (20, 20)


def test_regimes_cover_the_whole_series():
    found = regimes(daily("." * 20 + "x" * 20 + "." * 20))

    assert [(regime.label, regime.days) for regime in found] == [
        (REACHED, 20),
        (BLOCKED, 20),
        (REACHED, 20),
    ]
    assert [regime.label for regime in regimes(daily("..."))] == [REACHED]


@given(st.text(".xs ", max_size=60), st.sampled_from([6, 24]))
def test_whatever_is_read_changes_alternate_and_intervals_hold_their_dates(text, every_hours):
    found = changes(daily(text, every_hours=every_hours))

    for change in found:
        assert change.before.label != change.after.label
        assert change.earliest < change.latest
        assert change.earliest < change.at <= change.latest
    for earlier, later in pairwise(found):
        assert earlier.at < later.at
        assert earlier.after.label == later.before.label


# --- Against known truth; `python -m tests.analyse.truth` prints the whole table.

ONE_OFFS = (0.0, 0.01, 0.05, 0.10)


@pytest.mark.parametrize("per_day", [1, 4])
@pytest.mark.parametrize("one_offs", ONE_OFFS)
def test_constant_series_have_no_change(per_day, one_offs):
    assert invented_in_constant_series(World(per_day, one_offs), 60) == 0


@pytest.mark.parametrize(
    ("per_day", "one_offs", "recall", "same_day"),
    [
        pytest.param(1, 0.0, 0.95, 1.0, id="daily, clean"),
        pytest.param(1, 0.01, 0.95, 0.95, id="daily, 1 % one-offs"),
        pytest.param(1, 0.05, 0.93, 0.85, id="daily, 5 % one-offs"),
        pytest.param(1, 0.10, 0.88, 0.70, id="daily, 10 % one-offs"),
        pytest.param(4, 0.0, 0.95, 1.0, id="four a day, clean"),
        pytest.param(4, 0.01, 0.95, 0.95, id="four a day, 1 % one-offs"),
        pytest.param(4, 0.05, 0.95, 0.92, id="four a day, 5 % one-offs"),
        pytest.param(4, 0.10, 0.93, 0.88, id="four a day, 10 % one-offs"),
    ],
)
def test_onsets_and_ends_are_found_and_dated(per_day, one_offs, recall, same_day):
    """The natural rule (three-day means) dated 153 of 173 onsets a day early."""
    told = score(per_day, one_offs, 60)

    assert told.invented == 0
    assert told.recall >= recall
    assert told.within(0) >= same_day
    assert told.coverage >= 0.93
    assert abs(told.mean_error) < 0.35
