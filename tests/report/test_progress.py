import errno
import io

from probe.report.progress import LiveProgress, LogProgress, SilentProgress, progress


def test_a_log_has_one_line_per_result():
    file = io.StringIO()

    with progress(file) as shown:
        shown.work("bbc.web", "first look", done=0, total=2)
        shown.done("bbc.web: works.", done=1, total=2)

    assert isinstance(shown, LogProgress)
    assert file.getvalue() == "[1/2] bbc.web: works.\n"


def test_a_log_obeys_no_control_characters():
    file = io.StringIO()

    progress(file).say("page \x1b]0;title\x07")

    assert file.getvalue() == "page \\x1b]0;title\\x07\n"


def test_quiet_says_nothing():
    file = io.StringIO()

    with progress(file, quiet=True) as shown:
        shown.done("bbc.web: works.", done=1, total=2)

    assert isinstance(shown, SilentProgress)
    assert file.getvalue() == ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_live_line(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    file = Terminal()

    with progress(file) as shown:
        shown.work("bbc.web", "first look", done=0, total=2)
        shown.done("bbc.web: works. \x1b[2J[red]", done=1, total=2)

    assert isinstance(shown, LiveProgress)
    assert "bbc.web: works. \\x1b[2J[red]" in file.getvalue()


def test_no_color_means_a_plain_log(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    assert isinstance(progress(Terminal()), LogProgress)


def test_a_log_that_takes_no_more_ends_no_run():
    """Its disk is full, or who read it went away: what is measured is stored all the same."""

    class Full(io.StringIO):
        def write(self, text):
            raise OSError(errno.ENOSPC, "No space left on device")

    with LogProgress(Full()) as shown:
        shown.say("The line works.")
        shown.done("bbc.web: works.", done=1, total=2)
