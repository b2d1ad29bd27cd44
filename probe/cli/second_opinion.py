"""What our judge says of a measurement that another program made, as one verdict per document."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from probe.classify import judge, page_marks
from probe.classify.chains import judge_chain
from probe.exchange.ooni import OoniMeasurement
from probe.model.evidence import Evidence
from probe.model.knowledge import Knowledge
from probe.model.observation import (
    HttpObservation,
    Observation,
    TcpObservation,
    TlsObservation,
)
from probe.model.verdict import Verdict
from probe.model.words import Category, Family, Grade, Layer, Protocol, State
from probe.report.language.wording import Wording
from probe.report.words import finding_sentence

# Best first, for the families of one host: what a person's client would meet.
_BEST_FIRST = (
    State.OK,
    State.RESTRICTED,
    State.IMPAIRED,
    State.REFUSED,
    State.DOWN,
    State.BLOCKED,
    State.INSUFFICIENT,
)
# A document has no gate for IPv6: silence there is as likely the probe's own line as a censor.
_LINE_LAYERS = frozenset({Layer.IP, Layer.TCP, None})


@dataclass(frozen=True, slots=True)
class Hop:
    """One host on the way of a page: what was seen there, and what we say of it."""

    evidence: Evidence
    verdicts: tuple[Verdict, ...]
    """One per protocol and family."""
    verdict: Verdict
    """The one that speaks for the hop."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """Our verdict beside OONI's."""

    measurement: OoniMeasurement
    hops: tuple[Hop, ...]
    deciding: Hop

    @property
    def verdict(self) -> Verdict:
        """The document's verdict: the deciding hop's."""
        return self.deciding.verdict


def opinion_on(measurement: OoniMeasurement, knowledge: Knowledge) -> Opinion:
    """Judge every hop of a document; the earliest that is not fine speaks for it.

    A hop of which nothing can be said is passed over where another one tells more.
    """
    knowledge = _trusting(measurement, knowledge)
    hops = tuple(_hop(e, knowledge) for e in (measurement.evidence, *measurement.later))
    return Opinion(measurement, hops, _deciding(hops))


def opinion_json(opinion: Opinion, words: Wording) -> dict[str, object]:
    """Return the line that `roadblock import ooni --json` prints."""
    measurement, verdict = opinion.measurement, opinion.verdict
    return {
        "input": measurement.input,
        "ooni_blocking": measurement.ooni_blocking,
        "ooni_accessible": measurement.ooni_accessible,
        "state": verdict.state.value,
        "category": verdict.category.value,
        "subtype": verdict.subtype,
        "grade": verdict.grade.value if verdict.grade else None,
        "rule_id": verdict.rule_id,
        "reason": reason(opinion, words),
        "problems": list(measurement.problems),
    }


def reason(opinion: Opinion, words: Wording) -> str:
    """Return in plain words why: at which hop, what was seen, and the bare facts."""
    verdict = opinion.verdict
    parts = [finding_sentence(verdict, words)]
    if opinion.deciding is not opinion.hops[0]:
        parts.insert(0, f"Behind a redirect to {opinion.deciding.evidence.endpoint.url}:")
    if verdict.detail:
        parts.append(f"({verdict.detail})")
    others = [
        v
        for v in opinion.deciding.verdicts
        if v is not verdict and v.protocol is not Protocol.QUIC and v.state != verdict.state
    ]
    parts += (f"Over {v.family or v.protocol.value}: {_named(v)}." for v in others)
    return " ".join(parts)


def _named(verdict: Verdict) -> str:
    if verdict.state in {State.OK, State.INSUFFICIENT}:
        return verdict.state.value
    return f"{verdict.state.value}, {verdict.category.value}"


def _hop(evidence: Evidence, knowledge: Knowledge) -> Hop:
    read = tuple(_read(o, knowledge) for o in evidence.observations)
    evidence = evidence.model_copy(update={"observations": read})
    verdicts = tuple(map(_of_one_look, judge(evidence, knowledge)))
    speaking = _speaking(verdicts)
    is_stopped = speaking.state in {State.INSUFFICIENT, State.BLOCKED}
    if is_stopped and speaking.layer in {Layer.TCP, Layer.TLS}:
        served = _where_served(evidence)
        if served is not None:
            # People's clients go on to the next address (RFC 8305): the page came.
            also = tuple(map(_of_one_look, judge(served, knowledge)))
            if speaking.state is State.BLOCKED:
                speaking = speaking.model_copy(update={"state": State.IMPAIRED})
                return Hop(evidence, (*also, speaking), speaking)
            if _speaking(also).state is not State.INSUFFICIENT:
                return Hop(served, (*also, speaking), _speaking(also))
    return Hop(evidence, verdicts, speaking)


def _of_one_look(verdict: Verdict) -> Verdict:
    """Return the verdict, its grade no higher than one look of another program's can bear."""
    if verdict.grade in {Grade.CONFIRMED, Grade.STRONG}:
        return verdict.model_copy(update={"grade": Grade.PROBABLE})
    return verdict


def _where_served(evidence: Evidence) -> Evidence | None:
    """Return what was seen at the addresses that gave the page over verified TLS; None: nowhere."""
    here = [o for o in evidence.observations if o.vantage is None]
    gave = {
        o.address for o in here if isinstance(o, HttpObservation) and o.over_tls and o.status
    } & {o.address for o in here if isinstance(o, TlsObservation) and o.verified}
    if not gave:
        return None
    kept = tuple(
        o
        for o in evidence.observations
        if o.vantage is not None
        or not isinstance(o, TcpObservation | TlsObservation)
        or o.address in gave
    )
    return evidence.model_copy(update={"observations": kept})


def _read(observation: Observation, knowledge: Knowledge) -> Observation:
    """Return a step with the page's marks, and with OONI's word for a chain that we cannot follow.

    OONI verified it when it measured: with roots of its time, and at the right time.
    """
    if isinstance(observation, HttpObservation) and observation.vantage is None:
        # Without its body a page that bears no mark is not looked through again for each rule.
        update = {"marks": page_marks(observation, knowledge), "body": b""}
        return observation.model_copy(update=update)
    if (
        isinstance(observation, TlsObservation)
        and observation.verified
        and observation.chain
        and not _is_known(observation, knowledge)
    ):
        return observation.model_copy(update={"chain": ()})
    return observation


def _deciding(hops: Sequence[Hop]) -> Hop:
    for hop in hops:
        if hop.verdict.state not in {State.OK, State.INSUFFICIENT}:
            return hop
    last = hops[-1]
    if last.verdict.state is State.OK and last.verdict.protocol is Protocol.HTTPS:
        # The page itself came from whoever has the certificate: what led there was good enough.
        return last
    return next((h for h in hops if h.verdict.state is State.INSUFFICIENT), last)


def _speaking(verdicts: Sequence[Verdict]) -> Verdict:
    """Return what a person's client would meet over all families; QUIC falls back to TCP."""
    main = [v for v in verdicts if v.protocol is not Protocol.QUIC] or list(verdicts)
    told = [v for v in main if v.state is not State.INSUFFICIENT] or main
    if any(v.family is not Family.IPV6 for v in told):
        told = [v for v in told if not _may_be_the_line(v)] or told
    best = min(told, key=lambda v: (_BEST_FIRST.index(v.state), v.family is Family.IPV6))
    worst = max(told, key=lambda v: (_BEST_FIRST.index(v.state), v.family is not Family.IPV6))
    if best.state is State.OK and worst.state is State.BLOCKED:
        # One family works: people get through, some of them late.
        return worst.model_copy(update={"state": State.IMPAIRED})
    return best


def _may_be_the_line(verdict: Verdict) -> bool:
    return (
        verdict.family is Family.IPV6
        and verdict.state in {State.BLOCKED, State.DOWN}
        and verdict.layer in _LINE_LAYERS
        and verdict.category is not Category.BLOCKPAGE
    )


def _trusting(measurement: OoniMeasurement, knowledge: Knowledge) -> Knowledge:
    """Return knowledge that trusts what OONI verified, where today's roots do not already.

    A new tuple of roots for every document would have all of them read anew: 2 ms each.
    """
    missing = set(measurement.roots) - set(knowledge.roots)
    needed = missing and {
        handshake.chain[-1]
        for handshake in _handshakes(measurement)
        if handshake.verified
        and handshake.chain
        and handshake.chain[-1] in missing
        and not _is_known(handshake, knowledge)
    }
    if not needed:
        return knowledge
    return replace(knowledge, roots=(*knowledge.roots, *sorted(needed)))


def _handshakes(measurement: OoniMeasurement) -> Iterator[TlsObservation]:
    for evidence in (measurement.evidence, *measurement.later):
        yield from (o for o in evidence.observations if isinstance(o, TlsObservation))


def _is_known(handshake: TlsObservation, knowledge: Knowledge) -> bool:
    """Whether today's roots vouch for the chain at its time."""
    return judge_chain(
        handshake.chain,
        handshake.server_name or "",
        at=handshake.started_at,
        roots=knowledge.roots,
        local_roots=knowledge.local_roots,
    ).verified
