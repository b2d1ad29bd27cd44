import pytest

from probe.config.settings import (
    check_settings,
    checkout,
    default_database,
    read_settings,
)
from probe.errors import UsageError


def test_no_settings_file_means_no_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    assert read_settings() == {}


def test_a_settings_file_that_was_asked_for_must_be_there(tmp_path):
    with pytest.raises(UsageError, match="there is no such settings file"):
        read_settings(tmp_path / "missing.toml")


def test_dashes_and_underscores_are_one(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text('[run]\nca-file = "lab.pem"\n', encoding="utf-8")

    assert read_settings(file) == {"run": {"ca_file": "lab.pem"}}


def test_a_setting_nobody_knows_is_refused_with_what_is_known():
    with pytest.raises(UsageError, match="known: db, profile"):
        check_settings("run", {"colour": 1}, {"profile": None, "db": None})


def test_in_a_checkout_the_database_lies_in_results():
    root = checkout()

    assert root is not None
    assert default_database() == root / "results" / "roadblock.db"


def test_elsewhere_it_lies_in_the_persons_folder(monkeypatch, tmp_path):
    monkeypatch.setattr("probe.config.settings.checkout", lambda: None)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    assert default_database() == tmp_path / "roadblock" / "roadblock.db"
