import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from probe.exchange.columns import COLUMNS
from probe.exchange.datapackage import write_package
from probe.exchange.privacy import Privacy
from probe.exchange.rows import Table
from probe.store import Reader

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_a_package_says_sizes_and_hashes_of_its_files(reader: Reader, tmp_path: Path) -> None:
    folder = tmp_path / "package"

    package = write_package(reader, reader.runs(), folder, created_at=NOW, licence="CC-BY-4.0")

    assert package == json.loads((folder / "datapackage.json").read_text())
    assert {resource["name"] for resource in package["resources"]} == set(Table)
    for resource in package["resources"]:
        data = (folder / resource["path"]).read_bytes()
        assert resource["bytes"] == len(data)
        assert resource["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        names = [field["name"] for field in resource["schema"]["fields"]]
        assert data.decode().splitlines()[0] == ",".join(names)


def test_a_package_made_twice_is_the_same(reader: Reader, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_package(reader, reader.runs(), tmp_path / name, created_at=NOW)

    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_a_package_is_for_everybody_unless_said_otherwise(reader: Reader, tmp_path: Path) -> None:
    write_package(reader, reader.runs(), tmp_path / "all", created_at=NOW)
    write_package(reader, reader.runs(), tmp_path / "own", created_at=NOW, privacy=Privacy.OWN)

    assert b"12389" not in (tmp_path / "all" / "runs.csv").read_bytes()
    assert b"12389" in (tmp_path / "own" / "runs.csv").read_bytes()


def test_every_column_is_explained() -> None:
    assert all(column.about for columns in COLUMNS.values() for column in columns)
