from pathlib import Path

import pytest

SERVICE = """\
name = "My blog"

[[endpoint]]
url = "https://blog.example.org/"
expect = { status = [200], body = "Welcome" }

[[endpoint]]
url = "tcp://chat.example.org:5222"
role = "messaging"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder of targets with the one file that targets/README.md shows."""
    directory = tmp_path / "mine"
    directory.mkdir()
    (directory / "blog.toml").write_text(SERVICE)
    return directory
