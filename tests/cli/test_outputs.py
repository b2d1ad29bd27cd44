import pytest

from probe.cli.outputs import parse_output
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
