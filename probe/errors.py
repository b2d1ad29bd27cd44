"""The exceptions that mean *the probe* is broken; the network's failures are values, never these.

ProbeError
├── UsageError            the person or the configuration asked for something impossible   (exit 2)
│   ├── CatalogueError    target files that do not hold together; carries every complaint at once
│   ├── BaselineError     a baseline file that cannot be meant so; carries every complaint at once
│   ├── NothingStoredError  a database in which no run has stored anything yet
│   └── ConsentError      nobody has agreed to the measurement yet
├── StoreError            the database cannot be read or written                           (exit 4)
│   └── SchemaTooNewError the file was written by a newer Roadblock                        (exit 2)
├── LabError              the lab could not be built, or a scenario contradicts itself     (exit 4)
│   └── NamespacesRefusedError  this machine does not allow network namespaces
├── ForbiddenAddressError the probe was about to contact an address it must not contact (exit 4)
└── BudgetError           a plan that could never fit its budget                           (exit 2)
"""

from collections.abc import Sequence


class ProbeError(Exception):
    """Say what went wrong, where, and what to do next."""

    exit_code = 4


class UsageError(ProbeError):
    """The person or the configuration asked for something impossible."""

    exit_code = 2


class CatalogueError(UsageError):
    """Target files do not hold together; `complaints` lists all that was found, one line each."""

    def __init__(self, complaints: Sequence[str]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(self.complaints))


class BaselineError(UsageError):
    """A baseline cannot be meant so; `complaints` lists all that was found, `file:line: what`."""

    def __init__(self, complaints: Sequence[str]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(self.complaints))


class ConsentError(UsageError):
    """Nobody has agreed to the measurement yet; no packet was sent."""


class NothingStoredError(UsageError):
    """The database has no table yet: a run is just making it, or was killed at its first step."""


class StoreError(ProbeError):
    """The database cannot be read or written."""


class SchemaTooNewError(StoreError):
    """The database was written by a newer Roadblock; it was not touched."""

    exit_code = 2


class LabError(ProbeError):
    """The lab could not be built, or a scenario contradicts itself."""


class NamespacesRefusedError(LabError):
    """This machine does not let the user make network namespaces."""


class ForbiddenAddressError(ProbeError):
    """The probe was about to contact an address that it must not contact; nothing was sent."""


class BudgetError(UsageError):
    """A plan that could never fit into its budget."""
