"""What to ask next: for each rival that is still standing, the experiment that would rule it out.

`ask` is a function of the evidence alone and asks nothing twice, and only finitely many experiments
exist for given addresses; so the loop of performing, judging and asking ends.
"""

from collections.abc import Iterable, Sequence

from probe.classify import constants as k
from probe.classify import experiments, experiments_dns, experiments_pace, locate
from probe.classify.facts import derive
from probe.classify.judge import scenes, was_looked_at
from probe.classify.look_http import HttpLook
from probe.classify.look_quic import QuicLook
from probe.classify.look_tls import TlsLook
from probe.classify.rival_row import DEEP, LOOK, PROFILES, QUICK, STANDARD
from probe.classify.scene import Scene
from probe.classify.settle import questions
from probe.model.evidence import Evidence
from probe.model.experiment import Experiment
from probe.model.knowledge import Knowledge
from probe.model.verdict import Finding, Verdict
from probe.model.words import Category, Layer, Protocol, State, Trigger

_ACCUSING = frozenset({State.BLOCKED, State.IMPAIRED})
_SLOW = frozenset({"pace.slow_here", "pace.slow"})
_MIXED = frozenset({"tls.unclear", "tls.shape_matters", "tls.version_matters"})
"""What a box that misses some hellos makes of a few tries (techniques S20, T13)."""


def ask(
    evidence: Evidence, verdicts: Sequence[Verdict], knowledge: Knowledge, profile: str
) -> tuple[Experiment, ...]:
    """Return what to perform next, cheapest first; empty when nothing is left to ask.

    Profiles: `look` (the first controls), `quick` (isolate, a first block of repeats), `standard`
    (a second block for what stays fully discordant), `deep` (the same; its sessions are the run's).
    """
    level = PROFILES.get(profile, LOOK)
    if not evidence.vantage.may_judge:
        return ()
    facts = derive(evidence, knowledge)
    if not was_looked_at(evidence):
        return _new(experiments.screen(scenes(facts)[0]), evidence)
    by_unit = {(v.protocol, v.family): v for v in verdicts}
    found: list[Experiment] = []
    confirming: set[tuple[Protocol, Category]] = set()
    for scene in scenes(facts):
        verdict = by_unit.get((scene.protocol, scene.family))
        if verdict is None:
            continue
        found.extend(_about(verdict, scene, level))
        # Families that fail alike are strata of one test: the long block is spent on one of them.
        if level >= STANDARD and (scene.protocol, verdict.category) not in confirming:
            long = [e for f in (verdict, *verdict.also) for e in _confirm(f, scene, level)]
            if long:
                confirming.add((scene.protocol, verdict.category))
            found.extend(long)
    return _new(found, evidence)


def ask_where(
    evidence: Evidence, verdicts: Sequence[Verdict], knowledge: Knowledge
) -> tuple[Experiment, ...]:
    """Return the walks that would locate what is accused, one for each mechanism."""
    if not evidence.vantage.may_judge:
        return ()
    by_unit = {(v.protocol, v.family): v for v in verdicts}
    found: list[Experiment] = []
    walked: set[tuple[Protocol, Category]] = set()
    for scene in scenes(derive(evidence, knowledge)):
        verdict = by_unit.get((scene.protocol, scene.family))
        if verdict is None or (scene.protocol, verdict.category) in walked:
            continue
        if walks := locate.ask_where(scene, verdict):
            walked.add((scene.protocol, verdict.category))
            found.extend(walks)
    return _new(found, evidence)


def _about(verdict: Verdict, scene: Scene, level: int) -> Iterable[Experiment]:
    yield from questions([r.id for r in verdict.rivals], scene, level)
    for finding in verdict.also:
        # What another layer could not tell is worth a question only beyond the first look.
        if finding.state is not State.INSUFFICIENT or level >= QUICK:
            yield from questions([r.id for r in finding.rivals], scene, level)
    if level >= QUICK:
        yield from _isolate(verdict, scene)


def _isolate(verdict: Verdict, scene: Scene) -> Iterable[Experiment]:
    """What `quick` adds: repeats of lies, and a browser's hello where all is well."""
    accused = [f for f in (verdict, *verdict.also) if f.state in _ACCUSING]
    if any(f.layer is Layer.DNS for f in accused):
        yield from experiments_dns.same_question_again(scene)
        yield from experiments_dns.encrypted_resolvers(scene)
    is_core = scene.facts.endpoint.core and scene.protocol in {Protocol.HTTPS, Protocol.TLS}
    if verdict.state is State.OK and is_core:
        yield from experiments.browser_hello(scene)
    if scene.protocol in {Protocol.HTTPS, Protocol.TLS} and scene.pace.is_slow_to_answer:
        yield from experiments.neutral_at_same_address(scene)
        yield from experiments.name_at_neutral_host(scene)
        yield from experiments.first_block(scene)
    if scene.protocol is Protocol.HTTP and (scene.http.is_unexpected or scene.http.is_unlike_known):
        # Nobody vouches for a page in the clear: others' answers, and the name at another's host.
        yield from experiments.from_elsewhere(scene)
        if scene.http.is_unexpected:
            yield from experiments.name_at_neutral_host(scene)
    if scene.http.is_answered_too_soon and not scene.http.is_physical:
        # Sooner than the server could: jitter once, no chance again and again.
        yield from experiments.first_block(scene)
    if any(f.category is Category.BLOCKPAGE for f in accused) and scene.http.c2 == "dead":
        yield from experiments.first_block(scene)
    if any(f.rule_id in _SLOW for f in (verdict, *verdict.also)):
        yield from experiments_pace.repeat_downloads(scene)
    if any(f.rule_id == "pace.frozen" for f in (verdict, *verdict.also)):
        yield from experiments_pace.frozen(scene)


def _confirm(finding: Finding, scene: Scene, level: int) -> Iterable[Experiment]:
    """The second block: for what the first left fully discordant (techniques 0.1), or often so.

    A test that goes on after more outcomes is no less exact: what does not go on claims nothing.
    """
    if finding.category is Category.THROTTLE and finding.layer is Layer.CONTENT:
        at_responder = experiments_pace.paired_at_responder(scene)
        yield from at_responder or experiments_pace.paired_transfers(scene)
        return
    last = (k.FIRST_BLOCK_ROUNDS + 1, k.LAST_ROUND)
    if finding.rule_id in _MIXED and scene.tls.is_often:
        yield from experiments.rounds(scene, *last)
        return
    if finding.state not in _ACCUSING:
        return
    looks: dict[Layer, TlsLook | HttpLook | QuicLook] = {
        Layer.TLS: scene.tls,
        Layer.HTTP: scene.http,
        Layer.QUIC: scene.quic,
    }
    if finding.layer not in looks or finding.trigger is not Trigger.NAME:
        return
    look = looks[finding.layer]
    if finding.layer is Layer.TLS and scene.tls.residual:
        # A first block of three slots takes some ten minutes; a second one more than a run may.
        yield from experiments.spaced(scene)
        if level >= DEEP and scene.tls.is_injected:
            yield from experiments.rounds(scene, *last, wait_s=k.RESIDUAL_SLOT_S)
    elif look.is_discordant and look.p_value is not None:
        yield from experiments.rounds(scene, *last)


def _new(asked: Iterable[Experiment], evidence: Evidence) -> tuple[Experiment, ...]:
    """Drop what was performed, refused, or asked twice here."""
    found: dict[str, Experiment] = {}
    for experiment in asked:
        if experiment.id not in evidence.performed:
            found.setdefault(experiment.id, experiment)
    return tuple(found.values())
