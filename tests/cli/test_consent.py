import json

import pytest

from probe.cli.consent import agreed
from probe.cli.main import main, program
from probe.config.consent import (
    FILE_NAME,
    LANGUAGES,
    QUESTIONS,
    consent_sha256,
    consent_text,
    stored_consent,
)
from probe.config.settings import data_folder
from probe.errors import ConsentError


def test_nothing_is_agreed_to_without_a_terminal(cli):
    """An image, a timer or a pipe cannot agree by accident."""
    result = cli.invoke(program, ["consent", "accept"], input="y\ny\ny\ny\n")

    assert isinstance(result.exception, ConsentError)
    assert f"roadblock run --consent {consent_sha256()}" in str(result.exception)
    assert stored_consent(data_folder()) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_hash_of_the_text_agrees_and_is_recorded(language):
    record = agreed(consent_sha256(language), language="en", services=())

    assert (record.language, record.how) == (language, "command line")
    assert stored_consent(data_folder()) == record


def test_another_hash_agrees_to_nothing(capsys):
    assert main(["consent", "accept", "--consent", "0" * 64]) == 2
    assert "not the hash of the present text" in capsys.readouterr().err


def test_no_variable_can_carry_consent(monkeypatch, capsys):
    monkeypatch.setenv("ROADBLOCK_CONSENT_ACCEPT_CONSENT", consent_sha256())
    monkeypatch.setenv("ROADBLOCK_CONSENT", consent_sha256())

    assert main(["consent", "accept"]) == 2
    assert stored_consent(data_folder()) is None


def test_a_new_text_is_asked_for_again():
    agreed(consent_sha256(), language="en", services=())
    file = data_folder() / FILE_NAME
    record = json.loads(file.read_text(encoding="utf-8"))

    file.write_text(json.dumps(record | {"version": 0}), encoding="utf-8")

    assert stored_consent(data_folder()) is None


def test_a_damaged_record_is_no_consent():
    agreed(consent_sha256(), language="en", services=())

    (data_folder() / FILE_NAME).write_text("{", encoding="utf-8")

    assert stored_consent(data_folder()) is None


def test_the_record_names_nobody(monkeypatch):
    monkeypatch.setenv("USER", "someone-in-particular")

    agreed(consent_sha256(), language="en", services=())

    assert "someone" not in (data_folder() / FILE_NAME).read_text(encoding="utf-8")


def test_withdrawing_deletes_the_record(capsys):
    agreed(consent_sha256(), language="en", services=())

    assert main(["consent", "withdraw"]) == 0
    assert stored_consent(data_folder()) is None
    assert main(["consent", "withdraw"]) == 0
    assert "no consent to withdraw" in capsys.readouterr().out


class Terminal:
    """Answers yes and no on a terminal, in order."""

    def __init__(self, monkeypatch, answers):
        self.asked = []
        self.answers = list(answers)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
        monkeypatch.setattr("probe.cli.consent.click.confirm", self.confirm)

    def confirm(self, text, **_):
        self.asked.append(text)
        return self.answers.pop(0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_terminal_is_asked_two_questions_and_then_for_consent(monkeypatch, capsys, language):
    right = [question.answer for question in QUESTIONS[language]]
    terminal = Terminal(monkeypatch, [*right, True])

    record = agreed(None, language=language, services=("Instagram", "BBC"))

    assert len(terminal.asked) == 3
    assert record.how == "terminal"
    shown = capsys.readouterr().err
    assert consent_text(language) in shown
    assert "Instagram, BBC" in shown


def test_a_wrong_answer_is_explained_and_asked_again(monkeypatch, capsys):
    first, second = QUESTIONS["en"]
    terminal = Terminal(monkeypatch, [not first.answer, first.answer, second.answer, True])

    agreed(None, language="en", services=())

    assert terminal.asked[0] == terminal.asked[1] == first.text
    assert first.explanation in capsys.readouterr().err


def test_declining_sends_and_stores_nothing(monkeypatch):
    Terminal(monkeypatch, [*(question.answer for question in QUESTIONS["en"]), False])

    with pytest.raises(ConsentError, match="nothing was sent"):
        agreed(None, language="en", services=())

    assert stored_consent(data_folder()) is None


def test_the_text_says_what_it_must():
    """Contacted, seen by others, kept, published, at risk: each has its paragraph."""
    text = consent_text("en")

    for heading in ("CONTACTS", "OTHERS SEE", "KEPT", "PUBLISHED. Nothing", "RISK"):
        assert heading in text
    assert all("Roadblock" in consent_text(language) for language in LANGUAGES)


def test_who_agrees_where_nothing_can_be_kept_has_agreed_for_once(monkeypatch, tmp_path, capsys):
    """A read-only container, or a user without a home, ended as a fault of Roadblock."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))

    record = agreed(consent_sha256(), language="en", services=())

    assert record.sha256 == consent_sha256()
    assert "for this command alone" in capsys.readouterr().err


def test_a_consent_to_be_kept_that_is_not_is_no_success(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))

    assert main(["consent", "accept", "--consent", consent_sha256()]) == 2
    assert "Not stored" in capsys.readouterr().err
