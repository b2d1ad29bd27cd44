"""The whole command over hundreds of odd documents: none stops it, and each has its line."""

import json
from pathlib import Path
from typing import Any

import pytest

from probe.cli.main import main
from tests.exchange.ooni.documents import document
from tests.exchange.ooni.odd import broken_documents, odd_documents

KEYS = {
    "input", "ooni_blocking", "ooni_accessible", "state", "category", "subtype", "grade", "rule_id",
    "reason", "problems",
}  # fmt: skip


def imported(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> list[Any]:
    assert main(["import", "ooni", "--json", *options, str(path)]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    "named",
    [
        pytest.param(list(odd_documents()), id="what archives hold"),
        pytest.param(list(broken_documents(800, 1)), id="what nobody would write"),
    ],
)
def test_each_odd_document_is_judged_or_skipped_with_a_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], named: list[tuple[str, Any]]
) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text("".join(json.dumps(odd) + "\n" for _, odd in named))

    lines = imported(path, capsys)

    assert len(lines) == len(named) > 700
    for (name, _), line in zip(named, lines, strict=True):
        assert set(line) == KEYS, name
        assert all(line[key] for key in ("state", "category", "rule_id", "reason")), name
        assert line["state"] in {"insufficient", "ok"} or line["grade"], name
        # What only the net below caught is a fault of the reader.
        told = " ".join(line["problems"])
        assert not any(word in told for word in ("not understood", "not judged")), (name, told)


def test_documents_nested_too_deeply_to_be_handed_on_are_judged_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = json.dumps(document(x_deep=json.loads("[" * 900 + "]" * 900)))
    path = tmp_path / "deep.jsonl"
    path.write_text(f"{deep}\n" * 300)

    assert len(imported(path, capsys, "--jobs", "2")) == 300


def test_what_was_not_read_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "two.jsonl"
    path.write_text(json.dumps(document()) + "\n{broken\n" + json.dumps({"test_name": "dash"}))

    main(["import", "ooni", str(path)])

    told = capsys.readouterr()
    assert "Of 2 nothing could be read" in told.err
    assert "the test is dash; only web_connectivity is read" in told.out
