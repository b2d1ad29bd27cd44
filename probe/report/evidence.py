"""Shows the evidence behind verdicts: every step in time order, in one line each."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from probe.model.observation import (
    DnsObservation,
    HttpObservation,
    LocalObservation,
    Observation,
    PingObservation,
    QuicObservation,
    TcpObservation,
    TlsObservation,
    TraceObservation,
)
from probe.model.verdict import Rival, Verdict
from probe.report.grid import Block, Cell, Grid, Tone
from probe.report.language.wording import Wording
from probe.report.table import category, over
from probe.report.words import finding_sentence, location_sentences, rival_sentence

HEADINGS = ("", "After", "Took", "Arm", "Step", "What", "Result")


def evidence_blocks(
    verdicts: Sequence[Verdict], observations: Iterable[Observation], words: Wording
) -> list[Block]:
    """Return what the verdicts on one endpoint rest on: sentences, rules, rivals, every step."""
    blocks: list[Block] = []
    for verdict in verdicts:
        sentence = finding_sentence(verdict, words)
        blocks.append(f"{verdict.endpoint}, {over(verdict)}: {sentence}")
        blocks += (f"    {line}" for line in _facts(verdict, words))
    carrying = frozenset(id_ for verdict in verdicts for id_ in verdict.evidence)
    return [*blocks, "", steps_grid(observations, carrying=carrying), ""]


def steps_grid(observations: Iterable[Observation], *, carrying: frozenset[str]) -> Grid:
    """Return one row per step; `*` marks those that carry a verdict."""
    ordered = sorted(observations, key=lambda observation: observation.started_at)
    start = ordered[0].started_at if ordered else None
    rows = tuple(_row(observation, start, carrying) for observation in ordered)
    return Grid(HEADINGS, rows)


def what(observation: Observation) -> str:
    """Return what was asked of whom."""
    to = f" @ {observation.address}" if observation.address else ""
    match observation:
        case DnsObservation():
            how = f"{observation.resolver} ({observation.transport.value})"
            return f"{observation.query_type} {observation.name} by {how}"
        case TcpObservation():
            return f"port {observation.port}{to}"
        case TlsObservation():
            return f"{observation.server_name or 'no name'}{to}, hello {observation.hello}"
        case HttpObservation():
            return f"{observation.method} {observation.url}{to}"
        case QuicObservation():
            return f"{observation.server_name or 'no name'}{to}, version {observation.version}"
        case TraceObservation():
            return f"{observation.method} {observation.name or ''}{to}"
        case PingObservation():
            return f"PINGs, {observation.method} {observation.server_name or 'no name'}{to}"
        case LocalObservation():
            return "this machine"


def result(observation: Observation) -> str:
    """Return what came of it: the failure with its raw code, or what was received."""
    if isinstance(observation, PingObservation):
        told = f"{observation.pings_answered} of {observation.pings_sent} answered"
        return told if observation.ended == "complete" else f"{told}, then {observation.ended}"
    if observation.failure is not None:
        failure = observation.failure
        raw = f" ({failure.raw})" if failure.raw else ""
        return f"{failure.word.value}{raw} at {failure.operation.value}{_router(observation)}"
    match observation:
        case DnsObservation():
            return "; ".join(_answers(observation)) or "no answer"
        case TlsObservation():
            return f"{observation.version or 'done'}, {len(observation.chain)} certificates"
        case HttpObservation():
            title = f", {observation.title!r}" if observation.title else ""
            to = f" to {observation.location}" if observation.location else ""
            size = f"{observation.body_bytes} bytes {observation.ended}"
            return f"{observation.status}{to}, {size}{title}"
        case QuicObservation():
            if observation.server_versions:
                return f"speaks {', '.join(observation.server_versions)}"
            return "handshake done" if observation.handshake_done else "no handshake"
        case TraceObservation():
            return _walk(observation)
        case TcpObservation() | LocalObservation():
            return "ok"


def _router(observation: Observation) -> str:
    """Return which router's message ended a connection: type, code and sender."""
    if not isinstance(observation, TcpObservation) or observation.icmp is None:
        return ""
    kind, code, sender = observation.icmp
    return f"; ICMP {kind}/{code} from {sender or 'a router nearby'}"


def _walk(observation: TraceObservation) -> str:
    """Return each step's end once: `1-4 expired, 5 reset`."""
    ends: list[tuple[int, int, str]] = []
    for hop in observation.hops:
        if ends and ends[-1][2] == hop.outcome and hop.ttl >= ends[-1][0]:
            ends[-1] = (ends[-1][0], max(hop.ttl, ends[-1][1]), hop.outcome)
        else:
            ends.append((hop.ttl, hop.ttl, hop.outcome))
    told = [f"{a}-{b} {end}" if a < b else f"{a} {end}" for a, b, end in ends]
    return ", ".join(told) or "no connection"


def _facts(verdict: Verdict, words: Wording) -> Iterator[str]:
    grade = f", {verdict.grade.value}" if verdict.grade else ""
    yield f"{category(verdict)}{grade}, by rule {verdict.rule_id} ({verdict.ruleset_version})"
    if verdict.detail:
        yield verdict.detail
    if verdict.p_value is not None:
        counts = f"{verdict.n_target} attempts with the trigger, {verdict.n_control} without"
        yield f"p = {verdict.p_value:.1e} if the trigger made no difference ({counts})"
    yield from location_sentences(verdict, words)
    for also in verdict.also:
        yield f"also {category(also)}: {finding_sentence(also, words)}"
    for rival in verdict.rivals:
        yield _rival(rival, words)
    yield from (words.flags[flag] for flag in verdict.flags)
    yield from (f"not performed: {text}" for text in verdict.not_asked)


def _rival(rival: Rival, words: Wording) -> str:
    by = f", by {', '.join(rival.by)}" if rival.by else ""
    asks = f": {rival.experiment}" if rival.experiment else ""
    return f"{rival_sentence(rival, words)}{asks}{by}"


def _answers(observation: DnsObservation) -> Iterator[str]:
    for answer in observation.answers:
        if answer.malformed is not None:
            yield f"unreadable ({answer.malformed}) after {answer.after_s * 1000:.0f} ms"
            continue
        said = ", ".join((*answer.cnames, *answer.addresses, *answer.texts)) or "empty"
        code = f"rcode {answer.rcode}, " if answer.rcode else ""
        yield f"{code}{said} after {answer.after_s * 1000:.0f} ms"


def _row(
    observation: Observation, start: datetime | None, carrying: frozenset[str]
) -> tuple[Cell, ...]:
    after_s = (observation.started_at - start).total_seconds() if start else 0.0
    failed = observation.failure is not None
    where = f" ({observation.vantage})" if observation.vantage else ""
    return (
        Cell("*" if observation.id in carrying else ""),
        Cell(f"{after_s:.2f} s"),
        Cell(f"{observation.duration_s * 1000:.0f} ms"),
        Cell(observation.arm.value + where),
        Cell(observation.step.value),
        Cell(what(observation)),
        Cell(result(observation), Tone.BAD if failed else Tone.PLAIN),
    )
