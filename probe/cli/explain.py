"""`roadblock explain`: what a word means, or what a verdict rests on."""

import difflib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from probe.cli.options import database_option, json_option, language_option
from probe.cli.reading import chosen_run, reading, run_option, stored_findings, world_option
from probe.errors import UsageError
from probe.model.observation import Observation
from probe.model.verdict import Verdict
from probe.model.words import Category
from probe.report.escape import escape_json
from probe.report.evidence import evidence_blocks
from probe.report.findings import Findings
from probe.report.glossary import explanations
from probe.report.grid import show
from probe.report.language.wording import Wording
from probe.report.words import wording


@click.command()
@click.argument("term")
@run_option
@world_option
@database_option
@language_option
@json_option
def command(
    term: str,
    run_id: str | None,
    world: str | None,
    database: Path | None,
    language: str,
    as_json: bool,
) -> None:
    """Explain a word of the reports, or the evidence behind the verdicts on a service.

    TERM is a word (tls_sni_reset, suspected), a service (instagram) or an endpoint (instagram.web).
    """
    words = wording(language)
    glossary = explanations(words)
    # As tables print what was seen and is not claimed: `throttle?`.
    word = term.removesuffix("?")
    if word in glossary:
        _explain_word(word, words, as_json)
        return
    with reading(database) as reader:
        run = chosen_run(reader, run_id, world)
        found = stored_findings(reader, run)
        verdicts = _about(term, found)
        if not verdicts:
            raise UsageError(_unknown(term, [*glossary, *found.names], run.id))
        endpoints = tuple(dict.fromkeys(verdict.endpoint for verdict in verdicts))
        explained = [
            _Explained(
                endpoint,
                tuple(verdict for verdict in verdicts if verdict.endpoint == endpoint),
                tuple(reader.observations(run.id, endpoint)),
            )
            for endpoint in endpoints
        ]
    if as_json:
        whole = {"run": run.id, "endpoints": [each.as_json() for each in explained]}
        click.echo(escape_json(json.dumps(whole, ensure_ascii=False)))
        return
    for each in explained:
        show(evidence_blocks(each.verdicts, each.observations, words), sys.stdout)


@dataclass(frozen=True, slots=True)
class _Explained:
    """One endpoint with its verdicts and all that they could rest on."""

    endpoint: str
    verdicts: tuple[Verdict, ...]
    observations: tuple[Observation, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "endpoint": self.endpoint,
            "verdicts": [verdict.model_dump(mode="json") for verdict in self.verdicts],
            "observations": [each.model_dump(mode="json") for each in self.observations],
        }


def _unknown(term: str, known: list[str], run_id: str) -> str:
    """Say why there is nothing to explain: the word is wrong, or the run said nothing about it."""
    if term.lower() in known:
        return (
            f"run {run_id} has no verdict on {term}: it was not measured, or nothing could be said;"
            " `roadblock report` says why, and `roadblock report --list` shows other runs for --run"
        )
    near = difflib.get_close_matches(term, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{term!r} is no word of the reports, and run {run_id} has no verdict on it{hint}"


def _explain_word(term: str, words: Wording, as_json: bool) -> None:
    meanings = explanations(words)[term]
    if as_json:
        click.echo(json.dumps({"word": term, "meanings": meanings}, ensure_ascii=False))
        return
    for meaning in meanings:
        click.echo(f"{term} ({meaning.partition(':')[0]}):{meaning.partition(':')[2]}")
    if term in set(Category):
        for word, (meaning, *_) in explanations(words).items():
            if word.startswith(f"{term}/"):
                click.echo(f"  {word}:{meaning.partition(':')[2]}")
        step = words.next_steps[Category(term)]
        if step:
            click.echo(words.phrases["next"].format(step=step))


def _about(term: str, found: Findings) -> tuple[Verdict, ...]:
    wanted = term.lower()
    return tuple(
        verdict
        for verdict in found.verdicts
        if wanted
        in {
            verdict.endpoint.lower(),
            verdict.service.lower(),
            found.name(verdict.service).lower(),
        }
    )
