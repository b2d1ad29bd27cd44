"""What a check says: each thing that was compared with the baseline, and the whole report."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from probe.model.base import Value
from probe.model.words import (
    Category,
    Family,
    Grade,
    Layer,
    Protocol,
    State,
    VantageState,
)


class Outcome(StrEnum):
    """How a result compares with what was expected."""

    EXPECTED = "expected"
    UNEXPECTED = "unexpected"
    XPASS = "xpass"  # an exception of the baseline is not needed any more: all of it is reachable
    EXPIRED = "expired"  # the day until which an exception of the baseline holds is over
    ERROR = "error"  # nothing could be concluded
    SKIPPED = "skipped"  # not reached, or not measured, and somebody else answers for it


class Severity(StrEnum):
    """What a result does to the check, worst first."""

    FAILURE = "failure"  # the check fails
    INCONCLUSIVE = "inconclusive"  # the check cannot pass
    WARNING = "warning"
    NOTICE = "notice"
    NONE = "none"


class Attempt(Value):
    """One attempt at one endpoint over one protocol and family (after Elastic's `summary`)."""

    attempt: int
    """1 is the first."""
    max_attempts: int
    final_attempt: bool
    retry_group: str
    """The same in all attempts of one endpoint, protocol and family in one check."""
    run: str
    state: State
    category: Category
    subtype: str | None = None
    layer: Layer | None = None
    grade: Grade | None = None
    unexpected: bool


class Expected(Value):
    """What the baseline expects of one result, and which entry says so."""

    states: tuple[State, ...] = (State.OK,)
    categories: tuple[str, ...] = ()
    """Allowed ones as `category` or `category/subtype`; empty: any."""
    reason: str = ""
    until: date | None = None
    entry: str = ""
    """Key of the entry, e.g. `rt`, `rt.web/dns`; empty: the default."""
    file: str = ""
    line: int | None = None

    @property
    def words(self) -> str:
        """The states in words, `ok or restricted`."""
        return " or ".join(self.states)


class CheckResult(Value):
    """One comparison: an endpoint's layer, a threshold, or an entry of the baseline."""

    id: str
    """Stable from run to run: `instagram.web/https/ipv4/tls`, `entry:rt/dns`."""
    kind: Literal["layer", "threshold", "entry"]
    outcome: Outcome
    severity: Severity
    service: str
    endpoint: str | None = None
    host: str = ""
    protocol: Protocol | None = None
    family: Family | None = None
    layer: Layer | None = None
    state: State | None = None
    category: Category | None = None
    subtype: str | None = None
    grade: Grade | None = None
    rule_id: str = ""
    expected: Expected = Expected()
    message: str
    """One line: `expected ok, got blocked: tls_sni_reset/injected (probable)`."""
    evidence: tuple[str, ...] = ()
    """Lines of facts: what was seen, what was ruled out, which observations."""
    duration_s: float | None = None
    """How long this layer's step took, where observations are at hand."""
    attempts: tuple[Attempt, ...] = ()
    flaky: bool = False
    """An attempt failed and a later one passed, or too few failed."""
    is_new: bool | None = None
    """Against `--compare`: whether this failure was absent then; None: nothing to compare with."""

    @property
    def cause(self) -> str:
        """Category and subtype, `tls_sni_reset/injected`."""
        if self.category is None:
            return ""
        return f"{self.category}/{self.subtype}" if self.subtype else str(self.category)


class ServiceLine(Value):
    """One service in one line: what the judge says, and how the check took it."""

    service: str
    name: str
    state: State
    category: Category | None = None
    grade: Grade | None = None
    sentence: str = ""
    worst: Severity = Severity.NONE
    results: int = 0
    failures: int = 0


class Phase(Value):
    """How long one kind of step took, over all steps of a service that succeeded."""

    service: str
    phase: Layer
    n: int
    median_s: float
    p95_s: float


class CheckVantage(Value):
    """Where the check was made from."""

    name: str
    """`DE/AS64501`, the person's label, or `unknown`."""
    label: str = ""
    country: str | None = None
    asns: tuple[int, ...] = ()
    state: VantageState | None = None
    """None: nothing was measured."""
    sentence: str = ""


class CheckReport(Value):
    """The whole check. The JSON format is this value as it stands."""

    schema_version: Literal[1] = 1
    result: Literal["passed", "failed", "inconclusive", "nothing_selected"]
    exit_code: Literal[0, 1, 3, 5]
    tool_version: str
    runs: tuple[str, ...] = ()
    """Run ids, one per attempt."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    vantage: CheckVantage
    baseline: str = ""
    """The file's name; empty: none, everything was expected to be ok."""
    baseline_sha256: str = ""
    strict: bool = False
    fail_on: tuple[State, ...] = ()
    min_grade: Grade = Grade.SUSPECTED
    counts: dict[Outcome, int] = Field(default_factory=dict)
    failures: int = 0
    services: tuple[ServiceLine, ...] = ()
    results: tuple[CheckResult, ...] = ()
    phases: tuple[Phase, ...] = ()
    bytes_sent: int = 0
    bytes_received: int = 0
    compared_with: str | None = None
    """The earlier document, its first run's id."""
    new: tuple[str, ...] = ()
    """Ids of failures that the earlier document does not have."""
    fixed: tuple[str, ...] = ()
    """Ids of its failures that passed now; what was not measured now is not fixed."""
    notes: tuple[str, ...] = ()
    """What else a reader must know: a deadline, an offline vantage, an unknown country."""
