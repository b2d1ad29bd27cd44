"""What holds for every test."""

import pytest

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
