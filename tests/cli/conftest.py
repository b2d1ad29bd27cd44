"""Keeps every test of the command line out of the person's own folders and variables."""

import os

import pytest
from click.testing import CliRunner


@pytest.fixture(autouse=True)
def own_folders(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("ROADBLOCK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def cli():
    return CliRunner()
