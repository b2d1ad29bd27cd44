"""httpx without its command line, whose import would bring rich, click and pygments along.

httpx/__init__.py tries `from ._main import main` and goes on without it where it cannot be
imported. None in sys.modules is Python's way to say so (docs: importlib, "the module cache"); it
saves 5 MB and a quarter of the import time of the hot path. Import httpx from here only.
"""

import sys

_COMMAND_LINE = "httpx._main"

if "httpx" not in sys.modules:
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]  # the documented None
    import httpx

    del sys.modules[_COMMAND_LINE]
else:
    import httpx

__all__ = ["httpx"]
