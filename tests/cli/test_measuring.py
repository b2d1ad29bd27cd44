"""What earlier runs leave to the next one."""

import signal

from probe.cli.measuring import Past, _endings, past_of
from probe.model.target import Pacing


def test_a_file_that_another_run_is_just_making_leaves_nothing(tmp_path):
    """Of two runs started at once, one failed with `no such table: run`."""
    path = tmp_path / "new.db"
    path.touch()

    assert past_of(path, Pacing()) == Past({}, None)


def test_under_nohup_a_closed_terminal_ends_nothing():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert set(_endings()) == {signal.SIGINT, signal.SIGTERM}
    finally:
        signal.signal(signal.SIGHUP, before)
