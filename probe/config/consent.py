"""The consent to measure from here: its text, and the record that somebody agreed to it."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Literal

from probe.errors import ConsentError

Language = Literal["en", "ru"]
LANGUAGES: tuple[Language, ...] = ("en", "ru")
VERSION = 1
"""Goes up with any change of meaning; people are then asked again."""
FILE_NAME = "consent.json"


@dataclass(frozen=True, slots=True)
class Question:
    """A question by which a reader sees whether the text was understood."""

    text: str
    answer: bool
    explanation: str
    """Shown after a wrong answer."""


@dataclass(frozen=True, slots=True)
class Record:
    """That somebody agreed: to which text, when and how. Not who: no name is kept."""

    version: int
    sha256: str
    language: str
    agreed_at: str
    how: Literal["terminal", "command line"]


def consent_text(language: Language = "en") -> str:
    """Return the text that a person agrees to."""
    return (files("probe.config") / f"consent.{language}.txt").read_text(encoding="utf-8")


def consent_sha256(language: Language = "en") -> str:
    """Return the SHA-256 of the text, by which a consent names what it agrees to."""
    return hashlib.sha256(consent_text(language).encode()).hexdigest()


def language_of(sha256: str) -> Language:
    """Return the language of the text with this hash; complain when it is no current text."""
    for language in LANGUAGES:
        if sha256.strip().lower() == consent_sha256(language):
            return language
    raise ConsentError(
        f"--consent {sha256}: this is not the hash of the present text (version {VERSION}). "
        "Read it with: roadblock consent show\n"
        "and take its hash from: roadblock consent hash"
    )


def stored_consent(folder: Path) -> Record | None:
    """Return the stored record if it agrees to a present text, else None."""
    try:
        fields = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
        record = Record(**fields)
    except (OSError, ValueError, TypeError):
        # No record, or one that cannot be read: ask again.
        return None
    present = {consent_sha256(language) for language in LANGUAGES}
    return record if record.version == VERSION and record.sha256 in present else None


def make_record(
    language: Language, *, now: datetime, how: Literal["terminal", "command line"]
) -> Record:
    """Return the record of somebody's agreeing to the present text."""
    return Record(VERSION, consent_sha256(language), language, f"{now:%Y-%m-%dT%H:%MZ}", how)


def store_record(folder: Path, record: Record) -> None:
    """Keep a record in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{FILE_NAME}.new"
    temporary.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
    temporary.replace(folder / FILE_NAME)


def withdraw_consent(folder: Path) -> bool:
    """Delete the record; return whether there was one."""
    try:
        (folder / FILE_NAME).unlink()
    except FileNotFoundError:
        return False
    return True


QUESTIONS: dict[Language, tuple[Question, Question]] = {
    "en": (
        Question(
            "Roadblock hides from my provider which services this computer contacts. True?",
            answer=False,
            explanation="It does not. Whoever carries your traffic can see every name and address "
            "that is contacted, and may recognise Roadblock by the pattern.",
        ),
        Question(
            "What I measure stays on this computer unless I hand it on myself. True?",
            answer=True,
            explanation="It does stay here. Roadblock publishes and sends nothing of it by itself.",
        ),
    ),
    "ru": (
        Question(
            "Roadblock скрывает от провайдера, к каким сервисам обращается этот компьютер. Верно?",
            answer=False,
            explanation="Нет. Тот, через кого идёт ваш трафик, видит каждое имя и каждый адрес "
            "и может узнать Roadblock по характерной последовательности обращений.",
        ),
        Question(
            "Результаты остаются на этом компьютере, если я не передам их сам. Верно?",
            answer=True,
            explanation="Да, остаются. Roadblock сам ничего не публикует и никуда не отправляет.",
        ),
    ),
}
