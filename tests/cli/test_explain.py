"""What `explain` says when there is nothing to explain."""

import pytest

from probe.cli.main import main
from probe.model.words import State
from tests.cli.check_samples import run, store, verdict


@pytest.fixture
def base(tmp_path):
    path = store(tmp_path / "runs.db", (run("one"), [verdict("twitter.web", State.OK)]))
    return ["--db", str(path)]


def test_a_service_without_a_verdict_is_not_called_misspelt(base, capsys):
    """After a run without a line it said: 'instagram' is no word; did you mean instagram?"""
    assert main(["explain", "instagram", *base]) == 2

    said = capsys.readouterr().err
    assert "did you mean" not in said
    assert "no verdict on instagram" in said
    assert "--list" in said


def test_a_misspelt_one_gets_a_suggestion(base, capsys):
    assert main(["explain", "instagrm", *base]) == 2
    assert "did you mean instagram?" in capsys.readouterr().err


def test_a_word_is_explained_as_tables_print_it(capsys):
    """What was seen and is not claimed stands there with a question mark; no database is needed."""
    assert main(["explain", "throttle?"]) == 0
    assert capsys.readouterr().out.startswith("throttle (category)")
