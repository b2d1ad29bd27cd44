"""A headless Chromium for tests, told what to do over a pipe: no port, no driver, no library.

with browsing(folder) as browser:
    browser.show("file:///tmp/page.html", width=360, scheme="dark")
    browser.evaluate("document.title")
"""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NEEDED = "needs chromium: apt-get install chromium"
_OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    # Whatever a page asks of any other host fails at once.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
)  # fmt: skip


class Browser:
    """One page of one Chromium; its protocol is a message of JSON and a nought."""

    def __init__(self, to: int, come: int) -> None:
        self._to, self._from = to, os.fdopen(come, "rb")
        self._number, self._session = 0, None
        self.asked: list[str] = []
        """Every address that the shown page asked for, itself included."""
        self.complaints: list[str] = []
        """What the console of the shown page has to say."""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for part in ("Page", "Network", "Log", "Runtime"):
            self._ask(f"{part}.enable")

    def show(self, address: str, *, width: int, height: int = 800, scheme: str = "light") -> None:
        """Open a page, as wide as a screen of so many CSS pixels, in light or dark."""
        self.asked.clear()
        self.complaints.clear()
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self._ask("Emulation.setEmulatedMedia", media="screen", features=[feature])
        self._ask("Page.navigate", url=address)
        while self._read().get("method") != "Page.loadEventFired":
            pass

    def evaluate(self, expression: str) -> object:
        """Return what an expression of JavaScript gives, awaited."""
        said = self._ask(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def picture(self) -> str:
        """Return the whole page as PNG, in base64."""
        said = self._ask("Page.captureScreenshot", captureBeyondViewport=True)
        return str(said["data"])

    def _ask(self, method: str, **parameters: object) -> dict:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (said := self._read()).get("id") != self._number:
            pass
        assert "error" not in said, f"{method}: {said['error']}"
        return said["result"]

    def _read(self) -> dict:
        text = bytearray()
        while (letter := self._from.read(1)) != b"\0":
            assert letter, "chromium has ended"
            text += letter
        said = json.loads(text)
        match said.get("method"):
            case "Network.requestWillBeSent":
                self.asked.append(said["params"]["request"]["url"])
            case "Log.entryAdded":
                self.complaints.append(said["params"]["entry"]["text"])
        return said


@contextmanager
def browsing(folder: Path) -> Iterator[Browser]:
    """Start Chromium with its profile in a folder, and end it."""
    assert CHROMIUM is not None, NEEDED
    (theirs_in, to), (come, theirs_out) = os.pipe(), os.pipe()
    nowhere = [(os.POSIX_SPAWN_OPEN, end, os.devnull, os.O_RDWR, 0) for end in (0, 1, 2)]
    # High numbers first, so that neither end overwrites the other on its way to 3 and 4.
    high_in, high_out = os.dup2(theirs_in, 103), os.dup2(theirs_out, 104)
    pipes = [(os.POSIX_SPAWN_DUP2, high_in, 3), (os.POSIX_SPAWN_DUP2, high_out, 4)]
    child = os.posix_spawn(
        CHROMIUM,
        [CHROMIUM, *_OPTIONS, f"--user-data-dir={folder}"],
        {**os.environ, "HOME": str(folder)},
        file_actions=[*nowhere, *pipes],
    )
    for end in (theirs_in, theirs_out, high_in, high_out):
        os.close(end)
    try:
        yield Browser(to, come)
    finally:
        os.close(to)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
