"""The lines of evidence under a failure: what was seen, how far it carries, what else could be."""

from collections.abc import Iterator
from typing import Final

from probe.model.verdict import Finding
from probe.model.words import RivalStatus

OBSERVATIONS_SHOWN: Final = 6


def cause_of(finding: Finding) -> str:
    """Return category and subtype, `tls_sni_reset/injected`."""
    return f"{finding.category}/{finding.subtype}" if finding.subtype else str(finding.category)


def evidence_lines(finding: Finding) -> tuple[str, ...]:
    """Say what a finding stands on, one fact per line."""
    return tuple(_lines(finding))


def _lines(finding: Finding) -> Iterator[str]:
    if finding.detail:
        yield finding.detail
    grade = f", {finding.grade}" if finding.grade else ""
    yield f"rule {finding.rule_id}{grade}"
    if finding.n_target or finding.n_control:
        attempts = "attempt" if finding.n_target == 1 else "attempts"
        yield f"{finding.n_target} {attempts} with the trigger, {finding.n_control} without it"
    if finding.p_value is not None:
        yield f"p = {finding.p_value:.2g} if the trigger made no difference"
    if finding.trigger is not None:
        yield f"trigger: {finding.trigger}"
    for status, words in (
        (RivalStatus.RULED_OUT, "ruled out"),
        (RivalStatus.REMAINS, "not ruled out"),
        (RivalStatus.NOT_ASKED, "not asked"),
    ):
        rivals = [rival.id for rival in finding.rivals if rival.status is status]
        if rivals:
            yield f"{words}: {', '.join(rivals)}"
    if finding.flags:
        yield f"flags: {', '.join(finding.flags)}"
    if finding.evidence:
        shown = finding.evidence[:OBSERVATIONS_SHOWN]
        more = len(finding.evidence) - len(shown)
        yield f"observations: {', '.join(shown)}" + (f" and {more} more" if more else "")
