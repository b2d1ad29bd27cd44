"""Makes the pictures of docs/gallery: what the command really prints and draws, about lab runs.

`python -m probe.trial.gallery docs/gallery`. The runs are played on the virtual clock with fixed
seeds, so the same program makes the same pictures; those of pages need Chromium.
"""

import fcntl
import io
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from probe.errors import UsageError
from probe.lab.worlds import build_world
from probe.reference import load_knowledge
from probe.trial.demo import installed_command
from probe.trial.play import knowledge_in, play

FIRST_DAY: Final = datetime(2022, 3, 3, 12, tzinfo=UTC)
DAYS: Final = 18
ENDPOINTS: Final = ("instagram.web", "twitter.web", "rt.web", "bbc.web", "youtube.web")
_LINES_MAX: Final = 46


@dataclass(frozen=True, slots=True)
class Printed:
    """What a command prints, in colours, as SVG."""

    name: str
    arguments: tuple[str, ...]
    about: str
    columns: int = 118


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plot that a command writes."""

    name: str
    plot: str
    about: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A page in a browser: of so many CSS pixels, in light or dark."""

    name: str
    arguments: tuple[str, ...]
    about: str
    width: int
    height: int
    is_dark: bool = False


PRINTED: Final = (
    Printed(
        "demo.svg",
        ("demo", "--virtual", "instagram", "rt", "bbc"),
        "A whole run in a censored internet in a box, beside what the censor did.",
    ),
    Printed(
        "plan.svg",
        ("plan", "instagram.web"),
        "What a run would send, before anything is sent.",
    ),
    Printed(
        "report.svg",
        ("report", "--world", "march-2022"),
        "The last run in words and tables.",
    ),
    Printed(
        "explain.svg",
        ("explain", "instagram", "--world", "march-2022"),
        "What speaks for a verdict, what else would look like it, and every step (its beginning).",
    ),
    Printed(
        "changes.svg",
        ("changes", "--world", "lab", "instagram", "twitter"),
        "When verdicts changed, with the known events of those days beside.",
    ),
    Printed("story.svg", ("lab", "show", "S02"), "How one technique of censorship works.", 100),
)
DRAWN: Final = (
    Drawn("map.png", "map", "Services by network. Hatched: nothing can be said. Dashed: no data."),
    Drawn("days.png", "days", "Days by network, with known events."),
    Drawn("causes.png", "causes", "Causes over days."),
)
SHOWN: Final = (
    Shown(
        "page.png",
        ("report", "--html", "FILE", "--world", "lab"),
        "The report as one offline page.",
        1000,
        900,
    ),
    Shown(
        "status.png",
        ("status", "--web", "--world", "lab"),
        "The status page, as a phone in the dark shows it.",
        390,
        844,
        is_dark=True,
    ),
)


def play_story(database: Path) -> None:
    """Play eighteen days of March 2022 on two lines, and a third that only looks in now and then.

    In Russia a filter begins on the 14th; in Germany the resolver lies about RT all the time; the
    third line has no way out on some days.
    """
    base = load_knowledge()
    for number in range(DAYS):
        noon = FIRST_DAY + timedelta(days=number)
        lines = ["europe-rt", "russia-open" if noon.day < 14 else "march-2022"]
        if number % 5 == 1:
            lines.insert(0, "offline")
        for hours, line in enumerate(lines):
            at = noon + timedelta(hours=hours)
            world = build_world(line, base.catalogue, seed=number, at=at)
            targets = [e for e in world.catalogue.endpoints if e.id in ENDPOINTS]
            play(world, targets, knowledge_in(world, base), seed=number, database=database)


def print_picture(picture: Printed, database: Path) -> str:
    """Run the command on a terminal of its own, and return what it shows as SVG."""
    command = [*installed_command(), *picture.arguments]
    text = _on_a_terminal(command, database, picture.columns)
    lines = text.rstrip().splitlines()
    if len(lines) > _LINES_MAX:
        lines = [*lines[:_LINES_MAX], "..."]
    console = Console(
        record=True, width=picture.columns, file=io.StringIO(), force_terminal=True, highlight=False
    )
    console.print(Text("$ roadblock " + " ".join(picture.arguments), style="bold"))
    console.print(Text.from_ansi("\n".join(lines)))
    svg = console.export_svg(title="roadblock", theme=MONOKAI)
    # rich's own frame fetches a font from elsewhere; every terminal has one.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code, monospace", "DejaVu Sans Mono, Menlo, Consolas, monospace")


def _on_a_terminal(command: list[str], database: Path, columns: int) -> str:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(  # noqa: S603 - our own command
        command,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env=_environment(database) | {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
    )
    os.close(theirs)
    parts = []
    try:
        while part := os.read(ours, 65536):
            parts.append(part)
    except OSError:
        # How Linux says that the other end is closed.
        pass
    os.close(ours)
    if process.wait() != 0:
        raise UsageError(f"{' '.join(command)} ended with {process.returncode}")
    return b"".join(parts).decode().replace("\r\n", "\n")


def _environment(database: Path) -> dict[str, str]:
    """Return an environment in which nothing of the person's own is read."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    home = os.fspath(database.parent)
    return kept | {
        "HOME": home, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home, "ROADBLOCK_DB": str(database),
    }  # fmt: skip


def draw(picture: Drawn, folder: Path, database: Path) -> None:
    """Let the command write a plot."""
    file = folder / picture.name
    _run(["report", "--png", str(file), "--plot", picture.plot, "--world", "lab"], database)


def _run(arguments: list[str], database: Path) -> None:
    subprocess.run(  # noqa: S603 - our own command
        [*installed_command(), *arguments],
        check=True, stderr=subprocess.DEVNULL, env=_environment(database),
    )  # fmt: skip


def photograph(picture: Shown, folder: Path, database: Path, chromium: str) -> None:
    """Open a page in Chromium, and keep what it shows."""
    if picture.arguments[0] == "report":
        page = database.with_name("page.html")
        arguments = [str(page) if part == "FILE" else part for part in picture.arguments]
        _run(arguments, database)
        _screenshot(picture, folder, page.as_uri(), database, chromium)
        return
    with subprocess.Popen(  # noqa: S603 - our own command
        [*installed_command(), *picture.arguments],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=_environment(database),
    ) as serving:  # fmt: skip
        assert serving.stdout is not None
        address = serving.stdout.readline().strip()
        _screenshot(picture, folder, address, database, chromium)
        serving.terminate()


def _screenshot(picture: Shown, folder: Path, address: str, database: Path, chromium: str) -> None:
    scheme = 0 if picture.is_dark else 1
    subprocess.run(  # noqa: S603 - named by the person's PATH
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            f"--blink-settings=preferredColorScheme={scheme}",
            f"--window-size={picture.width},{picture.height}",
            f"--user-data-dir={database.with_name('profile')}",
            f"--screenshot={(folder / picture.name).absolute()}",
            address,
        ],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip


def read_me() -> str:
    """Return the page that shows the pictures, each with the command that makes it."""
    parts = [
        "# Gallery",
        "Made by `make gallery`, which plays eighteen days of March 2022 in the lab: made-up "
        "servers, made-up censors.\nNo picture here is a measurement of any real network.",
    ]
    for picture in (*PRINTED, *DRAWN, *SHOWN):
        if isinstance(picture, Drawn):
            command = f"report --png {picture.name} --plot {picture.plot} --world lab"
        else:
            command = " ".join(picture.arguments).replace("FILE", "page.html")
        parts.append(f"## {picture.name.partition('.')[0].capitalize()}\n\n{picture.about}")
        parts.append(f"    roadblock {command}")
        parts.append(f"![{picture.about}]({picture.name})")
    return "\n\n".join(parts) + "\n"


def main(folder: Path) -> None:
    """Make all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(read_me(), encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="roadblock-gallery-") as work:
        database = Path(work) / "roadblock.db"
        play_story(database)
        for printed in PRINTED:
            sys.stderr.write(f"{printed.name}\n")
            # A demo stores its run: into a database of its own.
            apart = Path(work) / "demo.db" if printed.arguments[0] == "demo" else database
            (folder / printed.name).write_text(print_picture(printed, apart), encoding="utf-8")
        for drawn in DRAWN:
            draw(drawn, folder, database)
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        if chromium is None:
            sys.stderr.write("Chromium is not here: pages are not photographed anew.\n")
            return
        for shown in SHOWN:
            photograph(shown, folder, database, chromium)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
