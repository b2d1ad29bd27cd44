import json

import pytest

from probe.report.escape import escape, escape_json


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("\x1b[2Jgone", "\\x1b[2Jgone", id="ANSI escape"),
        pytest.param("\x9b31m", "\\x9b31m", id="C1 CSI, obeyed by some terminals"),
        pytest.param("a\r\nb", "a\\x0d\\x0ab", id="line ends"),
        pytest.param("moc\u202egpj", "moc\\u202egpj", id="bidirectional override"),
        pytest.param("\U000e0041", "\\U000e0041", id="tag character"),
        pytest.param("Доступ закрыт ü 封锁", "Доступ закрыт ü 封锁", id="letters stay"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_instead(text, shown):
    assert escape(text) == shown


def test_endless_text_is_cut_visibly():
    assert escape("x" * 900, limit=10) == "xxxxxxxxxx…"


def test_json_keeps_its_meaning_and_loses_its_controls():
    text = json.dumps({"detail": "\x9b31m\u202eДоступ\x7f"}, ensure_ascii=False)

    escaped = escape_json(text)

    assert json.loads(escaped) == json.loads(text)
    assert not {"\x9b", "\u202e", "\x7f"} & set(escaped)
    assert "Доступ" in escaped
