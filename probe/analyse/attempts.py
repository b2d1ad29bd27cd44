"""Several attempts become one verdict: k of n must fail, and every attempt is told."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from probe.model.check import Attempt
from probe.model.verdict import Verdict
from probe.model.words import State

Key = tuple[str, str, str]
"""Endpoint, protocol and family of a verdict."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What counts for one endpoint, protocol and family, and how it came about."""

    verdict: Verdict
    attempts: tuple[Attempt, ...]
    flaky: bool


def key_of(verdict: Verdict) -> Key:
    """Say which thing a verdict is about, the same in every attempt."""
    return (verdict.endpoint, verdict.protocol, verdict.family or "-")


def settle(
    attempts: Sequence[tuple[str, Sequence[Verdict]]],
    *,
    is_unexpected: Callable[[Verdict], bool],
    failures_needed: int,
    max_attempts: int,
) -> tuple[Settled, ...]:
    """Fold the verdicts of each attempt (run id, verdicts) into one per endpoint and protocol.

    A thing fails when `failures_needed` attempts at it failed, or all that were made when those are
    fewer. The last attempt on the deciding side lends its verdict. Order: as first seen.
    """
    seen: dict[Key, list[tuple[str, Verdict]]] = {}
    for run, verdicts in attempts:
        for verdict in verdicts:
            seen.setdefault(key_of(verdict), []).append((run, verdict))
    return tuple(
        _settled(key, history, is_unexpected, failures_needed, max_attempts)
        for key, history in seen.items()
    )


def _settled(
    key: Key,
    history: Sequence[tuple[str, Verdict]],
    is_unexpected: Callable[[Verdict], bool],
    failures_needed: int,
    max_attempts: int,
) -> Settled:
    # An attempt that concluded nothing neither fails nor passes: it decides only if all are so.
    told = [(run, v) for run, v in history if v.state is not State.INSUFFICIENT] or list(history)
    failed = [verdict for _, verdict in told if is_unexpected(verdict)]
    passed = [verdict for _, verdict in told if not is_unexpected(verdict)]
    fails = len(failed) >= min(failures_needed, len(told))
    verdict = failed[-1] if fails or not passed else passed[-1]
    group = hashlib.blake2b("/".join((history[0][0], *key)).encode(), digest_size=6).hexdigest()
    return Settled(
        verdict=verdict,
        attempts=tuple(
            Attempt(
                attempt=number,
                max_attempts=max_attempts,
                final_attempt=number == len(history),
                retry_group=group,
                run=run,
                state=one.state,
                category=one.category,
                subtype=one.subtype,
                layer=one.layer,
                grade=one.grade,
                unexpected=is_unexpected(one),
            )
            for number, (run, one) in enumerate(history, start=1)
        ),
        flaky=bool(failed) and bool(passed),
    )
