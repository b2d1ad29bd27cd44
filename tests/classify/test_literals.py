"""The shortcut before a pattern is searched: it may spare a search, never a match."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.classify.literals import needed
from probe.reference import load_knowledge


@pytest.mark.parametrize(
    ("pattern", "literal", "lowers"),
    [
        pytest.param("(?i)(?:one|two).{0,150}149-ФЗ", "149-", True, id="after a group"),
        pytest.param(r"10\.10\.34\.3[4-6]", "10.10.34.3", False, id="escaped dots"),
        pytest.param("abcd?xy", "abc", False, id="what may be absent"),
        pytest.param("abcd{0,3}x", "abc", False, id="what may be repeated no times"),
        pytest.param("abcd+x", "abcd", False, id="at least once"),
        pytest.param("abc|xyz", "", False, id="one or the other"),
        pytest.param("(?:abc|xyz)", "", False, id="one or the other, in a group"),
        pytest.param(r"\d\w\babc", "abc", False, id="classes are no letters"),
        pytest.param("[abc]|]d", "", False, id="a set, then an alternative"),
        pytest.param("(?i)Kiosk HALLO", " hallo", True, id="letters with other cases"),
        pytest.param("(?x) a b c", "", False, id="spaces that mean nothing"),
    ],
)
def test_what_a_pattern_needs(pattern: str, literal: str, lowers: bool) -> None:
    assert needed(pattern) == (literal, lowers)


_PIECES = (
    *("a", "b", "s", "K", "ı", "x", "Ф", ".", "[ab]", "[^]a]", "(", "(?:", ")", "|"),
    *("*", "+", "?", "{0,2}", "{2}", "^", "$", r"\.", r"\d", r"\b"),
)


@given(
    st.lists(st.sampled_from(_PIECES), max_size=9).map("".join),
    st.sampled_from(["", "(?i)"]),
    st.text("abskKxıſФф .1K", max_size=12),
)
def test_no_match_is_lost(pattern: str, flags: str, text: str) -> None:
    """A block page that the shortcut hides would be a missed block."""
    try:
        compiled = re.compile(flags + pattern, re.DOTALL)
    except re.error:
        return
    literal, lowers = needed(flags + pattern)

    if compiled.search(text):
        assert literal in (text.lower() if lowers else text)


def test_every_pattern_of_ours_is_searched_only_where_it_may_match() -> None:
    patterns = [f.pattern for f in load_knowledge().fingerprints if f.match == "regexp"]

    assert patterns
    assert all(needed(pattern)[0] for pattern in patterns)
