import re
import time

import pytest

from probe.model.patterns import bounded, is_bounded, literal

WORST = ["a" * 65_536, "ab" * 32_768, "<" * 65_536]


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("(a+)+b", id="nested repeats"),
        pytest.param("(a|a)*b", id="repeated alternatives"),
        pytest.param("(a|ab)(b|bc){0,30}d", id="alternatives many times over"),
        pytest.param(r"(a)\1", id="back reference"),
        pytest.param("(?=a)b", id="look-ahead"),
        pytest.param("(?<!a)b", id="look-behind"),
        pytest.param("a.*b.*c", id="two endless gaps"),
        pytest.param("a{0,300}b{0,300}c", id="two wide gaps"),
        pytest.param("[a-z]+@", id="endless class"),
        pytest.param("(", id="no pattern at all"),
        pytest.param("a{99999999999}", id="overflow"),
    ],
)
def test_patterns_whose_work_could_grow_are_refused(pattern):
    assert not is_bounded(pattern)
    assert bounded(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "plain text",
        "You don.t have",
        "https?://x",
        "(http|https)://x",
        "a.{0,300}b",
        "(?i)(?:blocked|closed).{0,200}order",
        "^start",
        "[0-9]{1,3}",
    ],
)
def test_patterns_of_bounded_work_are_admitted_as_they_are(pattern):
    assert is_bounded(pattern)
    assert bounded(pattern) == pattern


@pytest.mark.parametrize(
    ("pattern", "cut"),
    [
        ("blocked.*order", "blocked.{0,300}order"),
        ("blocked.+order", "blocked.{1,300}order"),
        ("blocked.*?order", "blocked.{0,300}order"),
        (r"a\\.*b", r"a\\.{0,300}b"),
    ],
)
def test_one_endless_gap_is_cut(pattern, cut):
    assert bounded(pattern) == cut


def test_an_escaped_dot_is_no_gap():
    assert bounded(r"x\.*y") is None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("fortinet\\.net", "fortinet.net"),
        ("Блокировка", "Блокировка"),
        ("a.b", None),
        ("a?", None),
        ("(?i)a", None),
        ("(a)", None),
        ("(", None),
    ],
)
def test_plain_text_is_told_from_patterns(pattern, text):
    assert literal(pattern) == text


@pytest.mark.parametrize(
    "pattern",
    ["a.{0,300}c", "a{0,19}a{0,19}c", "(a|ab|b){0,5}c", "(?i)(?:<a|<b).{0,150}c", "[^c]{0,399}c"],
)
def test_the_worst_page_for_an_admitted_pattern_does_not_explode(pattern):
    """Backtracking without a bound takes hours on these pages; half a minute is any machine's."""
    assert is_bounded(pattern)
    compiled = re.compile(pattern, re.DOTALL)

    start = time.process_time()
    for page in WORST:
        compiled.search(page)

    assert time.process_time() - start < 30
