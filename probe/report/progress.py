"""What a run tells while it works, on stderr: a live line on a terminal, a plain log elsewhere."""

from types import TracebackType
from typing import Protocol, Self, TextIO

from probe.report.escape import escape
from probe.report.grid import wants_colour


class Progress(Protocol):
    """Shows how far a run has come; used as a context manager around the work."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""

    def say(self, line: str) -> None:
        """Show a line that stays."""

    def work(self, endpoint: str, doing: str, *, done: int, total: int) -> None:
        """Show what is being done now."""

    def done(self, line: str, *, done: int, total: int) -> None:
        """Show the result of one endpoint."""


class LogProgress:
    """A line per event that matters; nothing is overwritten, so that a log file can be read."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._is_heard = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    def say(self, line: str) -> None:
        """Print the line; a full disk or a reader who left is no reason to stop measuring."""
        if not self._is_heard:
            return
        try:
            print(escape(line), file=self._file, flush=True)
        except OSError:
            self._is_heard = False

    def work(self, endpoint: str, doing: str, *, done: int, total: int) -> None:
        """Print nothing: the results are log enough."""

    def done(self, line: str, *, done: int, total: int) -> None:
        """Print the result, with its number."""
        self.say(f"[{done}/{total}] {line}")


class SilentProgress(LogProgress):
    """Shows nothing (`--quiet`)."""

    def say(self, line: str) -> None:
        """Print nothing."""


class LiveProgress:
    """One line at the bottom of the terminal, results above it."""

    def __init__(self, file: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as RichProgress

        self._console = Console(file=file, highlight=False, markup=False, emoji=False)
        # Without a refreshing thread: this process times packets, events draw often enough.
        self._bar = RichProgress(
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            auto_refresh=False,
            transient=True,
        )
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def say(self, line: str) -> None:
        """Print the line above the bar."""
        self._console.print(escape(line))

    def work(self, endpoint: str, doing: str, *, done: int, total: int) -> None:
        """Name the endpoint beside the bar."""
        text = escape(f"{endpoint}: {doing}")
        self._bar.update(self._task, completed=done, total=total, description=text, refresh=True)

    def done(self, line: str, *, done: int, total: int) -> None:
        """Print the result above the bar and move it."""
        self._console.print(escape(line))
        self._bar.update(self._task, completed=done, total=total, refresh=True)


def progress(file: TextIO, *, quiet: bool = False) -> Progress:
    """Return the progress display that suits the file."""
    if quiet:
        return SilentProgress(file)
    return LiveProgress(file) if wants_colour(file) else LogProgress(file)
