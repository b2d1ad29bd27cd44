"""The guide for researchers, followed: its commands run on a database with one run."""

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trio

from probe.cli.main import main
from probe.model.run import Run
from probe.store import open_writer

GUIDE = (Path(__file__).parents[1] / "docs" / "guides" / "researchers.md").read_text("utf-8")


def commands():
    """Return the indented commands that need no file of somebody's."""
    lines = re.findall(r"^ {4}(roadblock [^\n]+)", GUIDE, re.MULTILINE)
    return [line for line in lines if not re.search(r"\b[A-Z]{3,}\b(?!-)", line)]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("ROADBLOCK_DB", str(tmp_path / "roadblock.db"))
    monkeypatch.chdir(tmp_path)

    async def fill():
        async with open_writer(tmp_path / "roadblock.db") as writer:
            run = Run(
                id="r1",
                started_at=datetime(2026, 11, 23, tzinfo=UTC),
                seed=1,
                status="complete",
                services=("instagram", "rt"),
            )
            await writer.begin_run(run)
            await writer.finish_run(run)

    trio.run(fill)


@pytest.mark.parametrize("line", commands())
def test_every_command_of_the_guide_runs(here, line, capsys):
    if "parquet" in line:
        pytest.importorskip("pyarrow", reason="needs pyarrow, the extra `parquet`")

    assert main(shlex.split(line)[1:]) == 0, capsys.readouterr().err
