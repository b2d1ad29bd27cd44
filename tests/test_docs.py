"""The documents say what the program does: commands parse, words are defined, links lead."""

import contextlib
import re
import shlex
from pathlib import Path

import click
import pytest

from probe.cli.main import program
from probe.cli.verbs import VERBS
from probe.model.words import SUBTYPES, Arm, Category, Flag, Grade, Layer, State, VantageState

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("targets/*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
ONTOLOGY = (ROOT / "docs" / "ontology.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def commands_in(text: str) -> list[str]:
    """Return command lines: indented by four spaces, or in back quotes."""
    lines = r"^ {4}((?:make|\.venv/bin/roadblock|roadblock)\b[^#\n]*)"
    indented = re.findall(lines, text, re.MULTILINE)
    quoted = re.findall(r"`((?:make|roadblock)(?:\s[^`]*)?)`", text)
    return [" ".join(command.split()) for command in (*indented, *quoted)]


def make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):.*## ", text, re.MULTILINE))


def roadblock_lines() -> list[str]:
    found = {
        line.removeprefix(".venv/bin/")
        for document in DOCUMENTS
        for line in commands_in(document.read_text(encoding="utf-8"))
        if line.removeprefix(".venv/bin/").startswith("roadblock")
    }
    # Lines with words in capitals show a shape, not a command to type.
    return sorted(line for line in found if not re.search(r"\b[A-Z]{3,}\b|\.\.\.", line))


def test_the_readme_reaches_a_first_result_within_thirty_lines():
    assert "    make demo" in README.splitlines()[:30]


def test_every_make_command_in_the_documents_exists():
    for document in DOCUMENTS:
        for line in commands_in(document.read_text(encoding="utf-8")):
            if line.startswith("make "):
                assert line.split()[1] in make_targets(), f"{document.name}: {line}"


@pytest.mark.parametrize("line", roadblock_lines())
def test_every_roadblock_command_in_the_documents_parses(line):
    """Parsed, not run: what they do is the business of the verbs' own tests and of .ci/run."""
    arguments = shlex.split(line)[1:]
    command: click.Command = program
    context = click.Context(program, info_name="roadblock")
    while arguments and isinstance(command, click.Group) and not arguments[0].startswith("-"):
        child = command.get_command(context, arguments[0])
        assert child is not None, f"no verb {arguments[0]!r}"
        command, arguments = child, arguments[1:]

    # A group alone, or --help, ends by showing its help.
    endings = (click.exceptions.Exit, click.exceptions.NoArgsIsHelpError)
    with contextlib.suppress(*endings):
        command.make_context(line, arguments)


def test_every_verb_has_a_paragraph_and_no_paragraph_lacks_a_verb():
    assert re.findall(r"^### (.+)$", COMMANDS, re.MULTILINE) == [verb.name for verb in VERBS]


@pytest.mark.parametrize(
    "words", [State, Grade, Flag, VantageState, Arm], ids=lambda words: words.__name__
)
def test_the_ontology_defines_every_word_of_a_closed_list(words):
    for word in words:
        assert f"\n| `{word.value}` | " in ONTOLOGY, word


def test_the_ontology_names_every_layer():
    line = next(line for line in ONTOLOGY.splitlines() if line.startswith("`dns` `ip`"))

    assert re.findall(r"`(\w+)`", line) == [layer.value for layer in Layer]


@pytest.mark.parametrize("category", Category)
def test_the_ontology_lists_a_categorys_subtypes(category):
    subtypes = ", ".join(sorted(SUBTYPES[category]))

    assert f"\n| `{category.value}` | {subtypes} | ".replace("|  |", "| |") in ONTOLOGY


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_within_the_project_leads_somewhere(document):
    for target in re.findall(r"\]\((?!https?://|#)([^)]+)\)", document.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        found = (document.parent / path).resolve()
        assert found.exists(), f"{document.name}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {heading.lower().replace(" ", "-") for heading in headings}, target


def test_decisions_are_numbered_without_gaps():
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))
