import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.analyse.toml_lines import spots

TEXT = '''\
# A comment with [brackets] and "quotes"
version = 1

[expect]
rt = { state = "blocked", reason = "a # is no comment" }  # a trailing [comment]
"rt.web/dns" = { state = [
    "ok",
    "blocked",
], reason = """
two [lines]
= "quoted" """ }

[[when]]
country = "DE"
expect.'bbc.web' = "ok"

[[when]]
country = "FR"
[when.expect]
tiktok = "ok"
'''


def found(text):
    return {spot.path: (spot.first, spot.last) for spot in spots(text) if not spot.is_header}


def test_every_key_is_found_at_its_lines():
    assert tomllib.loads(TEXT)
    assert found(TEXT) == {
        ("version",): (2, 2),
        ("expect", "rt"): (5, 5),
        ("expect", "rt.web/dns"): (6, 11),
        ("when", 0, "country"): (14, 14),
        ("when", 0, "expect", "bbc.web"): (15, 15),
        ("when", 1, "country"): (18, 18),
        ("when", 1, "expect", "tiktok"): (20, 20),
    }


def test_headers_are_found_too():
    headers = {spot.path: spot.first for spot in spots(TEXT) if spot.is_header}

    assert headers == {
        ("expect",): 4,
        ("when", 0): 13,
        ("when", 1): 17,
        ("when", 1, "expect"): 19,
    }


def test_windows_line_ends_count_as_one():
    assert found(TEXT.replace("\n", "\r\n")) == found(TEXT)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "a = 1"])
def test_texts_without_a_last_newline_end(text):
    assert len(list(spots(text))) == text.count("=")


@given(st.dictionaries(st.text("ab.\"'\\ /é", max_size=5), st.text(max_size=12), max_size=5))
def test_any_quoted_key_and_text_is_found(table):
    """Whatever a person quotes, tomllib and the scanner agree on which keys there are."""

    def quoted(text):
        return '"' + "".join(f"\\U{ord(letter):08x}" for letter in text) + '"'

    text = "\n".join(f"{quoted(key)} = {quoted(value)}" for key, value in table.items())
    try:
        known = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return

    assert {spot.path for spot in spots(text)} == {(key,) for key in known}
