"""What earlier runs leave to the next one."""

from probe.cli.measuring import Past, past_of
from probe.model.target import Pacing


def test_a_file_that_another_run_is_just_making_leaves_nothing(tmp_path):
    """Of two runs started at once, one failed with `no such table: run`."""
    path = tmp_path / "new.db"
    path.touch()

    assert past_of(path, Pacing()) == Past({}, None)
