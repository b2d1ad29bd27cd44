"""What `forget` says of what it deleted, and of what is not there."""

import pytest

from probe.cli.main import main
from tests.cli.check_samples import run, store


def test_a_file_that_is_not_there_is_no_fault_of_the_program(tmp_path, capsys):
    """It ended as an internal error does, unlike every other verb."""
    assert main(["forget", "--all", "--db", str(tmp_path / "none.db")]) == 2
    assert "nothing to delete" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("names", "said"), [(["a"], "Deleted 1 run."), (["a", "b"], "Deleted 2 runs.")]
)
def test_the_deleted_are_counted(tmp_path, capsys, names, said):
    path = store(tmp_path / "runs.db", *((run(name), []) for name in names))

    assert main(["forget", "--all", "--db", str(path)]) == 0
    assert capsys.readouterr().out.strip() == said
