import importlib
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from probe.cli import main as main_module
from probe.cli.main import main, program
from probe.cli.verbs import VERBS, Section
from probe.errors import CatalogueError, StoreError, UsageError
from tests.cli.check_samples import run, store, verdict

MODULES = {
    path.stem
    for path in Path(main_module.__file__).parent.glob("*.py")
    if "\ncommand" in path.read_text(encoding="utf-8")
    or "def command(" in path.read_text(encoding="utf-8")
}


def test_the_help_lists_every_verb_under_its_heading(cli):
    text = cli.invoke(program, ["--help"]).output

    places = [text.index(f"\n{section}:") for section in Section]
    assert places == sorted(places)
    for verb in VERBS:
        assert f"  {verb.name.ljust(12)}  {verb.help}" in text


def test_the_table_and_the_modules_name_the_same_verbs():
    """A verb that does not work yet is not shown, and none is hidden by mistake."""
    assert {verb.module or verb.name for verb in VERBS} == MODULES


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_verb_has_help_of_its_own(cli, verb):
    command = importlib.import_module(f"probe.cli.{verb.module or verb.name}").command

    result = cli.invoke(program, [verb.name, "--help"])

    assert result.exit_code == 0
    assert isinstance(command, click.Command)
    assert len(result.output.splitlines()) > 4
    assert all(option.help for option in command.params if isinstance(option, click.Option)), (
        "every option says what it does"
    )


def test_a_stream_that_knows_few_characters_ends_no_command():
    """A page's title may hold anything; an old console, or a C locale, does not."""
    code = "import sys; from probe.cli.main import main; main(['--help']); print('\u2717', 'é')"

    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )

    assert ended.stdout.endswith(b"\\u2717 \\xe9\n")


def test_the_help_imports_nothing_heavy():
    """What `roadblock --help` costs is what it imports: a Raspberry Pi shows it at once."""
    code = (
        "import sys; from probe.cli.main import main; main(['--help']);"
        "heavy = {'trio', 'pydantic', 'rich', 'httpx', 'dns', 'cryptography', 'sqlite3'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert ended.stderr == ""
    assert ended.returncode == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(UsageError("no such thing"), 2, id="usage"),
        pytest.param(CatalogueError(["a", "b"]), 2, id="targets"),
        pytest.param(StoreError("disk"), 4, id="ours"),
        pytest.param(ExceptionGroup("nursery", [UsageError("no such thing")]), 2, id="in a group"),
        pytest.param(ValueError("oops"), 4, id="a crash is never 1"),
        pytest.param(KeyboardInterrupt(), 130, id="interrupted"),
        pytest.param(BaseExceptionGroup("n", [KeyboardInterrupt()]), 130, id="interrupted in trio"),
    ],
)
def test_every_ending_has_its_exit_code(monkeypatch, error, code):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(program, "main", fail)

    assert main([]) == code


def test_a_mistake_of_the_person_is_said_without_a_traceback(capsys):
    assert main(["targets", "check", "--targets", "/nowhere"]) == 2

    captured = capsys.readouterr()
    assert captured.err.startswith("roadblock: /nowhere: ")
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_a_complaint_that_quotes_a_file_cannot_drive_the_terminal(tmp_path, capsys):
    """Target files are sent around, and a url may hold an escape sequence."""
    (tmp_path / "a.toml").write_text('[[endpoint]]\nurl = "https://\\u001b[2Jred.example/"\n')

    assert main(["targets", "check", "--targets", str(tmp_path)]) == 2

    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert r"\x1b[2Jred" in said


def test_an_unknown_verb_is_wrong_usage(capsys):
    assert main(["measure"]) == 2
    assert "No such command 'measure'" in capsys.readouterr().err


def test_an_unknown_service_gets_a_suggestion(capsys):
    assert main(["targets", "list", "instagrm"]) == 2
    assert "did you mean instagram?" in capsys.readouterr().err


def test_the_version_is_one_line(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("roadblock 0.")


def test_settings_come_from_the_file(tmp_path, capsys):
    folder = tmp_path / "nowhere"
    settings = tmp_path / "settings.toml"
    settings.write_text(f'[targets.check]\ntargets = "{folder}"\n', encoding="utf-8")

    assert main(["--config", str(settings), "targets", "check"]) == 2
    assert str(folder) in capsys.readouterr().err


def test_a_variable_wins_over_the_file(tmp_path, capsys, monkeypatch):
    settings = tmp_path / "settings.toml"
    settings.write_text('[targets.check]\ntargets = "/from/file"\n', encoding="utf-8")
    monkeypatch.setenv("ROADBLOCK_TARGETS", "/from/variable")

    assert main(["--config", str(settings), "targets", "check"]) == 2
    assert "/from/variable" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param('[targets.check]\ntarget = "x"\n', "did you mean targets?", id="typo"),
        pytest.param('[consent.accept]\nconsent = "x"\n', "no setting 'consent'", id="consent"),
        pytest.param("targets = 3\n", "targets must be a table", id="no table"),
        pytest.param("[targets\n", "is not TOML", id="no TOML"),
        pytest.param("x = " + 100_000 * "[", "is not TOML", id="without end"),
    ],
)
def test_a_wrong_settings_file_is_refused(tmp_path, capsys, text, complaint):
    settings = tmp_path / "settings.toml"
    settings.write_text(text, encoding="utf-8")
    verb = "consent" if "consent" in text else "targets"

    assert main(["--config", str(settings), verb, "status" if verb == "consent" else "check"]) == 2
    assert complaint in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_crash():
    """As `| head -n 1` does; here it is gone before the first line."""
    read, write = os.pipe()
    os.close(read)

    with os.fdopen(write, "w") as nobody:
        ended = subprocess.run(
            [sys.executable, "-m", "probe", "targets", "list", "--all", "--tier", "3"],
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert ended.stderr == ""
    assert ended.returncode == 130, "1 is the word for a check that failed"


def shell(line: str) -> subprocess.CompletedProcess[str]:
    line = line.replace("roadblock", f"{sys.executable} -m probe")
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_a_stream_that_was_closed_is_nobody_who_listens(closed):
    """Jobs close them; the verb was an internal error before it had begun."""
    ended = shell(f"roadblock targets check {closed}")

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the full disk is Linux's")
def test_a_full_disk_is_no_fault_of_ours():
    ended = shell("roadblock targets list --all > /dev/full")

    assert ended.returncode == 4
    assert "could not be written" in ended.stderr
    assert "fault in Roadblock" not in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("verb", ["service", "baseline", "control", "lab"])
def test_the_help_of_a_group_cuts_no_sentence(cli, verb):
    """Click cuts at 45 letters: "Read the file, and say each expectation in a line; every..."."""
    assert "..." not in cli.invoke(program, [verb, "--help"]).output.partition("Commands:")[2]


def test_the_shortest_pause_is_said_in_words(cli):
    """It stood there as x>=0.016666666666666666."""
    shown = " ".join(cli.invoke(program, ["watch", "--help"]).output.split())

    assert "[at least a minute]" in shown


def test_a_folder_that_is_not_there_is_no_fault_of_ours(tmp_path, capsys):
    page = tmp_path / "none" / "page.html"
    database = store(tmp_path / "runs.db", (run("one"), [verdict("bbc.web")]))

    assert main(["report", "--html", str(page), "--db", str(database)]) == 2

    said = capsys.readouterr().err
    assert str(page.parent) in said
    assert "No such file or directory" in said
    assert "fault in Roadblock" not in said


def test_one_service_is_no_services(tmp_path, capsys):
    (tmp_path / "shop.toml").write_text('[[endpoint]]\nurl = "https://shop.example/"\n')

    assert main(["targets", "check", "--targets", str(tmp_path)]) == 0
    assert "1 service, 1 endpoint (0 core), " in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        "status --max-age nan",
        "status --max-age inf",
        "status --max-age 1e30",
        "check --deadline nan",
        "run --pace-factor inf",
        "watch --interval nan",
        "changes --until 9999-12-31",
        "rates --until 9999-12-31",
        "export --until 9999-12-31",
        "report --list --until 9999-12-31",
        "changes --event-days 99999999999999999999",
    ],
)
def test_a_number_or_day_without_an_end_is_wrong_usage(arguments, tmp_path, capsys):
    """Each was an internal error, after it had passed as a float or a date."""
    verb, *rest = arguments.split()
    path = store(tmp_path / "runs.db", (run("one"), [verdict("bbc.web")]))

    assert main([verb, *rest, "--db", str(path)]) == 2
    assert "internal error" not in capsys.readouterr().err


def test_an_argument_that_is_no_text_is_wrong_usage(tmp_path, capsys):
    path = store(tmp_path / "runs.db", (run("one"), []))

    assert main(["report", "--world", "\udcff", "--db", str(path)]) == 2
    assert "not UTF-8" in capsys.readouterr().err
