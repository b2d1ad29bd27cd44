"""Judges stored evidence anew: the same judge, no network, a new set of verdicts beside the old."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from probe.classify import RULES_VERSION, judge, judge_service, judge_vantage
from probe.model.evidence import Evidence
from probe.model.knowledge import Knowledge
from probe.model.observation import Observation
from probe.model.run import Vantage
from probe.model.target import Catalogue
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict
from probe.run.vantage import placed


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What this version's rules say of a run."""

    vantage: VantageVerdict
    verdicts: tuple[Verdict, ...]
    services: tuple[ServiceVerdict, ...]


def rejudge_vantage(
    gates: Sequence[Observation], knowledge: Knowledge, where: Vantage
) -> VantageVerdict:
    """Judge the gates' stored observations anew, where the run was measured from."""
    return placed(judge_vantage(gates, knowledge), where)


def rejudge(
    evidence: Iterable[Evidence], vantage: VantageVerdict, knowledge: Knowledge
) -> Rejudged:
    """Judge each endpoint's stored evidence anew, then the services; stamped with our versions."""
    verdicts: list[Verdict] = []
    for each in evidence:
        verdicts += (_stamped(verdict, knowledge) for verdict in judge(each, knowledge))
    return Rejudged(vantage, tuple(verdicts), judge_services(verdicts, knowledge.catalogue))


def judge_services(verdicts: Sequence[Verdict], catalogue: Catalogue) -> tuple[ServiceVerdict, ...]:
    """Judge each service by the verdicts on its endpoints."""
    return tuple(
        judge_service(service, [v for v in verdicts if v.service == service.id])
        for service in catalogue.services
        if any(verdict.service == service.id for verdict in verdicts)
    )


def _stamped(verdict: Verdict, knowledge: Knowledge) -> Verdict:
    return verdict.model_copy(
        update={
            "ruleset_version": RULES_VERSION,
            "fingerprints_sha256": knowledge.fingerprints_sha256,
            "catalogue_sha256": knowledge.catalogue.sha256,
        }
    )
