"""Says in plain sentences what a verdict means, as loudly as its grade allows and no louder."""

from collections.abc import Iterator, Sequence

from probe.model.run import Run
from probe.model.verdict import Finding, Rival, ServiceVerdict, VantageVerdict, Verdict
from probe.model.words import Category, Grade, RivalStatus, State
from probe.report.language import WORDINGS
from probe.report.language.wording import Wording

PROVED = frozenset({Grade.STRONG, Grade.CONFIRMED})
_ADVISE_QUICK = frozenset(
    {
        *(Category.DNS_LIE, Category.DNS_INJECTION, Category.DNS_DROP, Category.TLS_SNI_RESET),
        *(Category.TLS_SNI_DROP, Category.HTTP_BLOCK, Category.HTTP_TAMPER, Category.INSUFFICIENT),
    }
)
"""Categories whose advice is the profile `quick`: of no use to who ran it."""
_SEEN_ELSEWHERE = frozenset(
    {
        *("site_down", "origin_geofence", "route_fault", "origin_certificate", "name_taken_down"),
        *("forged_for_address", "library_defect", "no_http3", "stale_roots", "dead_name"),
    }
)
"""Rivals that only another vantage point rules out."""


def wording(language: str) -> Wording:
    """Return a language's texts; English for one that is not there."""
    return WORDINGS.get(language, WORDINGS["en"])


def state_words(state: State, grade: Grade | None, words: Wording) -> str:
    """Return what follows the name and the colon."""
    if state is State.BLOCKED:
        return words.blocked[grade or Grade.SUSPECTED]
    return words.states[state]


def mechanism(category: Category, subtype: str | None, grade: Grade | None, words: Wording) -> str:
    """Return what was seen; what was done only where that is strong or confirmed."""
    row = words.mechanisms.get((category, subtype)) or words.mechanisms[(category, None)]
    return row.known if row.known and grade in PROVED else row.seen


def grade_sentence(grade: Grade | None, looks: int, words: Wording) -> str:
    """Return how sure that is; nothing where a grade makes no sense."""
    if grade is None:
        return ""
    if grade is Grade.SUSPECTED and looks > 1:
        return words.repeated.format(n=looks)
    return words.grades[grade]


def finding_sentence(finding: Finding, words: Wording) -> str:
    """Return the whole of what one finding says, without a name.

    "could not be reached. The connection was cut right after we named the site. One look, not yet
    confirmed."
    """
    parts = [
        state_words(finding.state, finding.grade, words),
        _cause(finding, finding.rule_id, words),
        grade_sentence(finding.grade, finding.n_target, words),
    ]
    return " ".join(part for part in parts if part)


def service_sentence(
    service: ServiceVerdict, verdicts: Sequence[Verdict], name: str, words: Wording
) -> str:
    """Return the line about a service; `verdicts` are those of its endpoints."""
    witness = witness_of(service, verdicts)
    parts = [
        state_words(service.state, service.grade, words),
        _cause(service, witness.rule_id if witness else "", words),
        grade_sentence(service.grade, witness.n_target if witness else 1, words),
        _extent(service, verdicts, words),
    ]
    sentence = " ".join(part for part in parts if part)
    return words.phrases["name_and_sentence"].format(name=name, sentence=sentence)


def witness_of(service: ServiceVerdict, verdicts: Sequence[Verdict]) -> Verdict | None:
    """Return the endpoint verdict that the service's verdict rests on."""
    of_witness = [verdict for verdict in verdicts if verdict.endpoint == service.witness]
    for verdict in of_witness:
        if (verdict.state, verdict.category) == (service.state, service.category):
            return verdict
    return of_witness[0] if of_witness else None


def rival_sentence(rival: Rival, words: Wording) -> str:
    """Return what else would look like this, and what became of that explanation."""
    text = words.rivals.get(rival.id) or rival.id.replace("_", " ")
    if rival.status is RivalStatus.RULED_OUT:
        return words.phrases["ruled_out"].format(rival=text)
    also = words.phrases["could_also_be"].format(rival=text)
    return f"{also} ({words.phrases[rival.status.value]})"


def location_sentences(verdict: Verdict, words: Wording) -> Iterator[str]:
    """Yield where on the path it sits, or why that is not known; nothing where nobody walked."""
    found = verdict.location
    if found is not None:
        network = ""
        if found.asn is not None:
            country = found.country or "?"
            network = words.phrases["located_network"].format(asn=found.asn, country=country)
        border = words.phrases[f"border_{found.border}"]
        yield words.phrases["located"].format(hop=found.hop, network=network, border=border)
    elif verdict.unlocated is not None:
        yield words.phrases[verdict.unlocated]


def next_step(finding: Finding, words: Wording, profile: str) -> str:
    """Return what the reader can do now, after a run of this profile; nothing where all is well."""
    if finding.state is State.OK:
        return ""
    if finding.grade in PROVED:
        return words.phrases["keep"]
    if profile == "look" or finding.category not in _ADVISE_QUICK:
        return words.next_steps[finding.category]
    if finding.state is not State.INSUFFICIENT and profile == "quick":
        return words.phrases["next_standard"]
    standing = {rival.id for rival in finding.rivals if rival.status is not RivalStatus.RULED_OUT}
    return words.phrases["next_elsewhere" if standing & _SEEN_ELSEWHERE else "next_later"]


def vantage_sentences(vantage: VantageVerdict, run: Run, words: Wording) -> tuple[str, ...]:
    """Return what the gates say of the place: one sentence, then one for each failed gate."""
    if vantage.is_unasked and run.status != "offline":
        return (words.phrases["unasked"],)
    lines = [words.vantage[vantage.state]]
    for gate in vantage.gates:
        if gate.outcome == "fail":
            said = words.gates.get(gate.gate, gate.gate)
            lines.append(f"{said}: {gate.detail}" if gate.detail else said)
    key = f"resolver_{run.vantage.resolver_kind}"
    if vantage.may_judge and key in words.phrases:
        lines.append(words.phrases[key])
    return tuple(lines)


def place(run: Run, words: Wording) -> str:
    """Return where the run was made: its label, country and network; never an address."""
    parts = [run.vantage.label, run.vantage.country or ""]
    for family in run.vantage.families:
        if family.asn is not None:
            parts.append(f"AS{family.asn} {family.as_name}".strip())
            break
    return ", ".join(part for part in parts if part) or words.phrases["unknown_place"]


def _cause(found: Finding | ServiceVerdict, rule_id: str, words: Wording) -> str:
    """Return the sentence about the mechanism; `works.` needs none unless a subtype says more."""
    if found.state is State.OK and found.category is Category.OK and found.subtype is None:
        return ""
    if found.category is Category.INSUFFICIENT and rule_id in words.unknowns:
        return words.unknowns[rule_id]
    return mechanism(found.category, found.subtype, found.grade, words)


def _extent(service: ServiceVerdict, verdicts: Sequence[Verdict], words: Wording) -> str:
    """Return how many of the service's endpoints are affected, where it is not all or none."""
    endpoints = {verdict.endpoint for verdict in verdicts}
    affected = {
        verdict.endpoint
        for verdict in verdicts
        if verdict.state not in {State.OK, State.INSUFFICIENT}
    }
    if service.state in {State.OK, State.INSUFFICIENT} or len(affected) in {0, len(endpoints)}:
        return ""
    return words.phrases["hosts_affected"].format(affected=len(affected), total=len(endpoints))
