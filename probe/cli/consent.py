"""`roadblock consent`: read the text, agree to it, look up or withdraw the agreement."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from probe.cli.options import WordyGroup
from probe.config.consent import (
    LANGUAGES,
    QUESTIONS,
    Language,
    Question,
    Record,
    consent_sha256,
    consent_text,
    language_of,
    make_record,
    store_record,
    stored_consent,
    withdraw_consent,
)
from probe.config.settings import checkout, data_folder
from probe.errors import ConsentError

language_option = click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="en",
    envvar="ROADBLOCK_LANGUAGE",
    show_default=True,
    help="Language of the text.",
)
consent_option = click.option(
    "--consent",
    metavar="SHA256",
    # Consent is an act of the person who starts the command: no image, unit or settings file may
    # carry it in a variable.
    allow_from_autoenv=False,
    help="Agree to the text with this hash (see `roadblock consent`), without being asked.",
)


@click.group(cls=WordyGroup)
def command() -> None:
    """Read, give or withdraw the consent to measure from here.

    Nothing is sent before somebody has agreed. The lab needs no consent.
    """


@command.command()
@language_option
def show(language: Language) -> None:
    """Print the text and its hash."""
    click.echo(consent_text(language))
    click.echo(f"SHA-256 of this text: {consent_sha256(language)}")


@command.command(name="hash")
@language_option
def print_hash(language: Language) -> None:
    """Print only the hash of the text, for --consent."""
    click.echo(consent_sha256(language))


@command.command()
def status() -> None:
    """Say whether somebody has agreed, when and how."""
    record = stored_consent(data_folder())
    if record is None:
        click.echo("Nobody has agreed to the present text.")
    else:
        click.echo(
            f"Agreed on {record.agreed_at} ({record.how}) to version {record.version}, "
            f"{record.language}, {record.sha256}."
        )


@command.command()
@language_option
@consent_option
def accept(language: Language, consent: str | None) -> None:
    """Agree: on a terminal after two questions, or by --consent."""
    record = agreed(consent, language=language, services=())
    if stored_consent(data_folder()) is None:
        raise ConsentError("Not stored, so it will be asked for again.")
    click.echo(f"Stored: consent to version {record.version} of {record.agreed_at}.", err=True)


@command.command()
def withdraw() -> None:
    """Delete the record. Measurements stay until you delete them."""
    had_one = withdraw_consent(data_folder())
    click.echo("Withdrawn." if had_one else "There was no consent to withdraw.")


def agreed(consent: str | None, *, language: Language, services: Sequence[str]) -> Record:
    """Return the record of a consent: given now by its hash, stored earlier, or asked for here."""
    if consent is not None:
        return _store(language_of(consent), "command line")
    stored = stored_consent(data_folder())
    if stored is not None:
        return stored
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConsentError(_how_to_agree(language))
    _ask(language, services)
    return _store(language, "terminal")


def _how_to_agree(language: Language) -> str:
    lines = [
        "Nobody has agreed yet to measure from here, so nothing was sent.",
        "Read the text:      roadblock consent show",
        f"Then agree to it:   roadblock run --consent {consent_sha256(language)}",
    ]
    if checkout() is not None:
        lines.append("In this checkout:   make run CONSENT=yes   shows the text and agrees to it")
    return "\n".join(lines)


def _store(language: Language, how: str) -> Record:
    record = make_record(
        language,
        now=datetime.now(UTC),
        how="terminal" if how == "terminal" else "command line",
    )
    try:
        store_record(data_folder(), record)
    except OSError as error:
        # A read-only container, or a user without a home: who has agreed has agreed.
        click.echo(
            f"The consent holds for this command alone: {data_folder()} cannot be written"
            f" ({error.strerror}).",
            err=True,
        )
    return record


def _ask(language: Language, services: Sequence[str]) -> None:
    """Show the text, ask both questions and for the consent; end the command without it."""
    click.echo(consent_text(language), err=True)
    if services:
        click.echo(f"This run would contact: {', '.join(services)}.\n", err=True)
    for question in QUESTIONS[language]:
        _ask_question(question)
    if not click.confirm("\nDo you agree to measure from here?", err=True):
        raise ConsentError("Not agreed; nothing was sent.")


def _ask_question(question: Question) -> None:
    """Ask until the answer is right; a wrong one is explained."""
    while click.confirm(question.text, default=None, err=True) is not question.answer:
        click.echo(f"  {question.explanation}", err=True)
