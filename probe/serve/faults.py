"""What breaks in a server is told as a kind of exception and its place, without its text.

The text could hold the address of whoever asked.
"""

import logging
import traceback
from collections.abc import Callable


def fault_log(on_fault: Callable[[BaseException], None]) -> logging.Logger:
    """Return a log that hands on exceptions and forgets every text."""
    log = logging.Logger("roadblock.serve")
    handler = _Faults(logging.ERROR)
    handler.on_fault = on_fault
    log.addHandler(handler)
    return log


class _Faults(logging.Handler):
    on_fault: Callable[[BaseException], None]

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info is not None and record.exc_info[1] is not None:
            self.on_fault(record.exc_info[1])


def place_of(fault: BaseException) -> str:
    """Say what broke and where, without what it said: `KeyError in app.py:120`."""
    frames = traceback.extract_tb(fault.__traceback__)
    if not frames:
        return type(fault).__name__
    file = frames[-1].filename.rpartition("/")[2]
    return f"{type(fault).__name__} in {file}:{frames[-1].lineno}"
