"""Verdicts beside a baseline: one result per layer, threshold and entry that is worth a word."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date

from probe.analyse.attempts import Settled
from probe.analyse.baseline import (
    EVERYTHING,
    GRADES,
    REACHED,
    Baseline,
    Entry,
    entry_for,
    threshold_for,
)
from probe.analyse.baseline_file import THRESHOLDS
from probe.analyse.evidence import cause_of, evidence_lines
from probe.analyse.layers import LayerRow, rows
from probe.analyse.timings import Timing, TimingKey, merged, percentile
from probe.model.check import CheckResult, Expected, Outcome, Severity
from probe.model.run import Vantage
from probe.model.target import Endpoint
from probe.model.verdict import Finding, Verdict
from probe.model.words import Flag, Layer, Protocol, State


@dataclass(frozen=True, slots=True)
class Measured:
    """What there is to compare."""

    settled: tuple[Settled, ...]
    endpoints: tuple[Endpoint, ...]
    """All that were to be checked, measured or not, in the order of the catalogue."""
    left_out: AbstractSet[str] = frozenset()
    """Endpoints that politeness left out of the run."""
    timings: Mapping[TimingKey, Timing] = field(default_factory=dict)


def compare(
    measured: Measured, baseline: Baseline, *, vantage: Vantage, today: date
) -> tuple[CheckResult, ...]:
    """Return every result, in the order of the catalogue; entries of the baseline come last."""
    return _Comparison(measured, baseline, vantage, today).results()


def is_unexpected(
    verdict: Verdict,
    baseline: Baseline,
    *,
    vantage: Vantage,
    today: date,
    own: AbstractSet[str] = frozenset(),
) -> bool:
    """Say whether a verdict makes the check fail: whether it is worth another attempt."""
    if verdict.endpoint in own and _other_content(verdict):
        return True
    entries = baseline.applying(vantage, today)
    return any(
        row.reached and _severity(row.finding, expected, baseline) is Severity.FAILURE
        for row in rows(verdict)
        for expected in (
            baseline.expected(entry_for(entries, verdict.service, verdict.endpoint, row.layer)),
        )
    )


def inconclusive(measured: Measured, *, why: str) -> tuple[CheckResult, ...]:
    """Return every endpoint as skipped: from this vantage point nothing may be judged."""
    return tuple(
        CheckResult(
            id=endpoint.id,
            kind="layer",
            outcome=Outcome.SKIPPED,
            severity=Severity.NONE,
            service=endpoint.service,
            endpoint=endpoint.id,
            host=endpoint.host,
            message=why,
        )
        for endpoint in measured.endpoints
    )


class _Comparison:
    """The state of one comparison: which entries covered which rows."""

    def __init__(
        self, measured: Measured, baseline: Baseline, vantage: Vantage, today: date
    ) -> None:
        self.measured, self.baseline = measured, baseline
        self.entries = baseline.applying(vantage, today)
        self.expired = baseline.expired(vantage, today)
        self.hosts = {endpoint.id: endpoint.host for endpoint in measured.endpoints}
        self.own = {endpoint.id for endpoint in measured.endpoints if endpoint.own}
        self.covered: dict[str, list[State | None]] = {}
        self.answered = {
            (one.verdict.endpoint, protocol)
            for one in measured.settled
            if one.verdict.state is not State.INSUFFICIENT
            # QUIC comes on top: whoever answers over TCP answers for the endpoint.
            for protocol in (one.verdict.protocol, Protocol.QUIC)
        }

    def results(self) -> tuple[CheckResult, ...]:
        by_endpoint: dict[str, list[Settled]] = {e.id: [] for e in self.measured.endpoints}
        for one in self.measured.settled:
            by_endpoint.setdefault(one.verdict.endpoint, []).append(one)
        services = {endpoint.id: endpoint.service for endpoint in self.measured.endpoints}
        found: list[CheckResult] = []
        for endpoint, settled in by_endpoint.items():
            if not settled:
                found.append(self._unmeasured(services[endpoint], endpoint))
                continue
            service = settled[0].verdict.service
            for one in sorted(settled, key=lambda s: (s.verdict.protocol, s.verdict.family or "")):
                found += [self._row(one, row) for row in rows(one.verdict)]
            found += self._limits(service, endpoint)
        found += self._entries()
        return tuple(found)

    def _unmeasured(self, service: str, endpoint: str) -> CheckResult:
        left_out = endpoint in self.measured.left_out
        return CheckResult(
            id=endpoint,
            kind="layer",
            outcome=Outcome.SKIPPED if left_out else Outcome.ERROR,
            severity=Severity.NONE if left_out else Severity.INCONCLUSIVE,
            service=service,
            endpoint=endpoint,
            host=self.hosts.get(endpoint, ""),
            message=(
                "not measured: the last session with it was too recent (--again measures anyway)"
                if left_out
                else "not measured: the run ended before"
            ),
        )

    def _row(self, one: Settled, row: LayerRow) -> CheckResult:
        verdict = one.verdict
        entry = entry_for(self.entries, verdict.service, verdict.endpoint, row.layer)
        expected = self.baseline.expected(entry)
        outcome, severity, message = self._compared(verdict, row, expected)
        state = _state(row)
        if entry is not None and entry.is_exception and state not in {None, State.INSUFFICIENT}:
            self.covered.setdefault(entry.id, []).append(state)
        finding = row.finding if row.reached or row.decides else None
        return CheckResult(
            id="/".join((verdict.endpoint, verdict.protocol, verdict.family or "-", row.layer)),
            kind="layer",
            outcome=outcome,
            severity=severity,
            service=verdict.service,
            endpoint=verdict.endpoint,
            host=self.hosts.get(verdict.endpoint, ""),
            protocol=verdict.protocol,
            family=verdict.family,
            layer=row.layer,
            state=state,
            category=finding.category if finding else None,
            subtype=finding.subtype if finding else None,
            grade=finding.grade if finding else None,
            rule_id=finding.rule_id if finding else "",
            expected=expected,
            message=message,
            evidence=_evidence(finding, message),
            duration_s=self._median(verdict, row) if state is State.OK else None,
            attempts=one.attempts if row.decides else (),
            flaky=one.flaky and row.decides,
        )

    def _median(self, verdict: Verdict, row: LayerRow) -> float | None:
        for family in (verdict.family, None):
            timing = self.measured.timings.get((verdict.endpoint, family), Timing())
            if row.layer in timing.seconds:
                return percentile(timing.seconds[row.layer], 0.5)
        return None

    def _compared(
        self, verdict: Verdict, row: LayerRow, expected: Expected
    ) -> tuple[Outcome, Severity, str]:
        if row.decides and _other_content(verdict) and State.OK in expected.states:
            is_own = verdict.endpoint in self.own
            return (
                Outcome.UNEXPECTED,
                Severity.FAILURE if is_own else Severity.WARNING,
                f"reached, but the answer is not what its target file expects: {verdict.detail}",
            )
        if verdict.state is State.INSUFFICIENT:
            return self._insufficient(verdict, row, expected)
        if not row.reached:
            return Outcome.SKIPPED, Severity.NONE, "not reached: it failed at a layer below"
        severity = _severity(row.finding, expected, self.baseline)
        if severity is Severity.NONE:
            return Outcome.EXPECTED, severity, _as_expected(row.finding, expected)
        assert row.finding is not None
        grade = f" ({row.finding.grade})" if row.finding.grade else ""
        return (
            Outcome.UNEXPECTED,
            severity,
            f"expected {_expected_words(expected)}, got {row.finding.state}: "
            f"{cause_of(row.finding)}{grade}",
        )

    def _insufficient(
        self, verdict: Verdict, row: LayerRow, expected: Expected
    ) -> tuple[Outcome, Severity, str]:
        why = verdict.detail or "the evidence carries no verdict"
        if State.INSUFFICIENT in expected.states and row.decides:
            return Outcome.EXPECTED, Severity.NONE, f"insufficient, as expected: {why}"
        if not row.decides or (verdict.endpoint, verdict.protocol) in self.answered:
            return Outcome.SKIPPED, Severity.NONE, f"no verdict: {why}"
        return Outcome.ERROR, Severity.INCONCLUSIVE, f"no verdict: {why}"

    def _limits(self, service: str, endpoint: str) -> Iterable[CheckResult]:
        for name, layer in THRESHOLDS.items():
            found = threshold_for(self.entries, service, endpoint, name)
            if found is not None:
                timing = merged(t for (of, _), t in self.measured.timings.items() if of == endpoint)
                yield self._limit(service, endpoint, layer, (name, *found), timing)

    def _limit(
        self,
        service: str,
        endpoint: str,
        layer: Layer,
        given: tuple[str, Entry, float],
        timing: Timing,
    ) -> CheckResult:
        name, entry, limit = given
        is_floor = name.endswith("_min")
        values = timing.goodput_kbps if is_floor else timing.seconds.get(layer, [])
        outcome, severity, message = Outcome.SKIPPED, Severity.NONE, f"{name}: not measured"
        if values:
            value = min(values) if is_floor else percentile(values, 0.95) * 1000
            outcome, severity = Outcome.EXPECTED, Severity.NONE
            message = f"{name} is {value:.0f}, the limit {limit:.0f} (n={len(values)})"
            if value < limit if is_floor else value > limit:
                outcome, severity = Outcome.UNEXPECTED, Severity.FAILURE
        return CheckResult(
            id=f"{endpoint}/limit/{name}",
            kind="threshold",
            outcome=outcome,
            severity=severity,
            service=service,
            endpoint=endpoint,
            host=self.hosts.get(endpoint, ""),
            layer=layer,
            expected=self.baseline.expected(entry),
            message=message,
        )

    def _entries(self) -> Iterable[CheckResult]:
        """Name the exceptions that have run out, and those that nothing needs any more."""
        for entry in self.expired:
            if self._is_measured(entry):
                yield self._entry(
                    entry,
                    Outcome.EXPIRED,
                    Severity.FAILURE,
                    f"this exception ran out on {entry.until}: {entry.reason or 'no reason given'}",
                )
        for entry in self.entries:
            states = self.covered.get(entry.id, [])
            if states and REACHED.issuperset(states):
                yield self._entry(
                    entry,
                    Outcome.XPASS,
                    Severity.FAILURE if self.baseline.strict else Severity.WARNING,
                    f"expected {' or '.join(entry.states)}, and all of it was reached: "
                    "the exception is not needed any more",
                )

    def _entry(
        self, entry: Entry, outcome: Outcome, severity: Severity, message: str
    ) -> CheckResult:
        owner = next((e for e in self.measured.endpoints if e.id == entry.subject), None)
        return CheckResult(
            id=f"entry:{entry.id}",
            kind="entry",
            outcome=outcome,
            severity=severity,
            service=owner.service if owner else entry.subject,
            endpoint=owner.id if owner else None,
            host=owner.host if owner else "",
            layer=entry.layer,
            expected=self.baseline.expected(entry),
            message=message,
        )

    def _is_measured(self, entry: Entry) -> bool:
        return any(
            entry.subject in {EVERYTHING, one.verdict.service, one.verdict.endpoint}
            for one in self.measured.settled
        )


def _state(row: LayerRow) -> State | None:
    """Return what a row shows; None for what was not reached."""
    if row.decides and row.finding is not None:
        return row.finding.state
    if not row.reached:
        return None
    return row.finding.state if row.finding else State.OK


def _severity(finding: Finding | None, expected: Expected, baseline: Baseline) -> Severity:
    """Say what a reached layer does to the check."""
    state = finding.state if finding else State.OK
    if state is State.OK or finding is None:
        return Severity.NONE
    if state in expected.states and _category_allowed(finding, expected):
        return Severity.NONE
    is_exception = State.OK not in expected.states
    if is_exception and state in REACHED:
        return Severity.NONE
    weak = finding.grade is not None and GRADES.index(finding.grade) > GRADES.index(
        baseline.min_grade
    )
    if state in baseline.fail_on and not weak:
        return Severity.FAILURE
    return Severity.NOTICE if state is State.RESTRICTED else Severity.WARNING


def _other_content(verdict: Verdict) -> bool:
    """Whether the service was reached, and does not answer as somebody is sure that it does.

    In the clear it may be anybody who answers so, and that is no verdict.
    """
    is_answer = verdict.state is State.OK or verdict.rule_id == "http.unexpected_page"
    return is_answer and Flag.UNEXPECTED_CONTENT in verdict.flags


def _category_allowed(finding: Finding, expected: Expected) -> bool:
    return not expected.categories or not {
        str(finding.category),
        f"{finding.category}/{finding.subtype}",
    }.isdisjoint(expected.categories)


def _as_expected(finding: Finding | None, expected: Expected) -> str:
    if finding is None or finding.state is State.OK:
        return "ok" if State.OK in expected.states else "reached, though the baseline expects less"
    if finding.state not in expected.states:
        return f"reached ({cause_of(finding)}), though the baseline expects less"
    return f"{finding.state}, as expected: {cause_of(finding)}"


def _evidence(finding: Finding | None, message: str) -> tuple[str, ...]:
    """Return the lines under a failure, without what its message says already."""
    if finding is None or finding.state is State.OK:
        return ()
    return tuple(line for line in evidence_lines(finding) if line not in message)


def _expected_words(expected: Expected) -> str:
    if not expected.categories:
        return expected.words
    return f"{expected.words} by {' or '.join(expected.categories)}"
