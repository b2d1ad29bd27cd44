"""What holds for every test."""

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No property is one of the machine's speed: it may be busy with something else.
settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("unhurried")

_ROOT = Path(__file__).parents[1]
_FOUND = pytest.StashKey[set[str]]()
_CLOCKS = frozenset({"autojump_clock", "mock_clock"})


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test that has a virtual clock through another fixture only.

    pytest-trio runs a test on a clock only if the clock stands in the test's own arguments; else
    the test runs in real time, passes, and takes minutes.
    """
    if not isinstance(item, pytest.Function):
        return
    own = set(item._fixtureinfo.argnames)  # there is no public name for these
    hidden = _CLOCKS & set(item.fixturenames) - own
    if hidden:
        clock = min(hidden)
        pytest.fail(f"{clock} is asked for by a fixture; ask for it in the test itself, too", False)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Note what stands in the project's root before the first test."""
    session.config.stash[_FOUND] = _entries()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a session that left something in the project's root: tests write to tmp_path alone."""
    left = _entries() - session.config.stash[_FOUND]
    if left and not hasattr(session.config, "workerinput"):
        sys.stderr.write(f"\nThe tests left in the project's root: {sorted(left)}\n")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _entries() -> set[str]:
    """Return what stands in the project's root; tools keep their caches under a dot."""
    return {entry.name for entry in _ROOT.iterdir() if not entry.name.startswith(".")}
