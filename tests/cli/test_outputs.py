import os
import stat

import pytest

from probe.cli.outputs import parse_output, replacing
from probe.errors import UsageError


def test_an_output_names_format_and_file(tmp_path):
    output = parse_output(f"json={tmp_path}/run.json")

    assert (output.form, output.path) == ("json", tmp_path / "run.json")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("run.json", "write FORMAT=FILE"),
        ("json=", "write FORMAT=FILE"),
        ("pdf=run.pdf", "no format 'pdf'"),
        ("json=/no/such/folder/run.json", "there is no folder"),
    ],
)
def test_a_file_that_cannot_be_written_is_known_before_the_run(text, complaint):
    with pytest.raises(UsageError, match=complaint):
        parse_output(text)


def test_a_file_is_replaced_only_when_complete(tmp_path):
    file = tmp_path / "run.json"
    file.write_text("old")

    with pytest.raises(ValueError, match="cut"), replacing(file) as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise ValueError("cut")

    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_device_or_a_pipe_is_written_to_and_not_replaced(tmp_path):
    """`--output /dev/stdout` by root put a file in the device's place."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with replacing(pipe) as lent:
        assert lent == pipe

    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_goes_on_leading_to_its_file(tmp_path):
    file, link = tmp_path / "2026.json", tmp_path / "latest.json"
    file.write_text("old")
    link.symlink_to(file)

    with replacing(link) as temporary:
        temporary.write_text("new")

    assert (link.is_symlink(), file.read_text()) == (True, "new")


def test_a_folder_that_may_not_be_written_is_known_before_the_run(tmp_path, monkeypatch):
    """It was measured for minutes, and then nothing was written and nothing printed."""
    monkeypatch.setattr("os.access", lambda path, _: path != tmp_path)

    with pytest.raises(UsageError, match="may not be written"):
        parse_output(f"json={tmp_path}/run.json")
