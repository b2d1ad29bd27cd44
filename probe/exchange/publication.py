"""A folder to publish: data package, read-me, citation, Zenodo's and Datasette's descriptions.

All numbers and dates in its words are taken from the files that it holds, so that they tell no more
than those. The same database gives the same folder byte for byte.
"""

import csv
import hashlib
import json
import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from probe.errors import UsageError
from probe.exchange.datapackage import write_package
from probe.exchange.privacy import Privacy
from probe.model.run import Run
from probe.store import Reader

LICENCES: Final = {
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "ODbL-1.0": "https://opendatacommons.org/licenses/odbl/1-0/",
}
KEYWORDS: Final = ("internet censorship", "reachability", "network measurement", "DNS", "TLS")
_HOME: Final = "Roadblock"
# Questions to the published tables, for Datasette; the first line says what is asked.
_QUESTIONS: Final = {
    "findings": (
        "What was found of each service, and how often",
        "SELECT s.service, r.country, s.state, s.category, count(*) AS runs\n"
        "FROM services AS s JOIN runs AS r ON r.id = s.run\n"
        "GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, runs DESC",
    ),
    "failures": (
        "How steps towards targets fail, with counts",
        "SELECT step, failure, operation, count(*) AS n, count(DISTINCT endpoint) AS endpoints\n"
        "FROM observations WHERE arm = 'target' AND failure <> ''\n"
        "GROUP BY 1, 2, 3 ORDER BY n DESC",
    ),
    "rules": (
        "Which rules spoke, and how loudly",
        "SELECT rule_id, state, category, grade, count(*) AS verdicts\n"
        "FROM verdicts GROUP BY 1, 2, 3, 4 ORDER BY verdicts DESC",
    ),
}


@dataclass(frozen=True, slots=True)
class Author:
    """Who publishes: a person with a given name, or anything else that has a name."""

    name: str
    """"Doe, Jane" for a person; "Measuring Club" for whatever is none."""
    affiliation: str = ""
    orcid: str = ""


@dataclass(frozen=True, slots=True)
class Publication:
    """What the person who publishes says of it."""

    title: str
    authors: tuple[Author, ...]
    licence: str
    version: str
    """Roadblock's."""


def parse_author(text: str) -> Author:
    """Read "Doe, Jane; University of X; 0000-0002-1825-0097"; all but the name may be left out."""
    name, *rest = (part.strip() for part in text.split(";"))
    orcid = ""
    if rest and re.fullmatch(r"[\dX-]{19}", rest[-1]):
        orcid = rest.pop()
        if not _is_orcid(orcid):
            raise UsageError(f"--author {text}: {orcid} is no ORCID: its last digit is wrong")
    if not name or len(rest) > 1:
        raise UsageError(
            f"--author {text}: write NAME; AFFILIATION; ORCID, as in "
            "'Doe, Jane; University of X; 0000-0002-1825-0097'"
        )
    return Author(name, rest[0] if rest else "", orcid)


def _is_orcid(text: str) -> bool:
    """Check the last digit: ISO 7064, MOD 11-2."""
    if not re.fullmatch(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]", text):
        return False
    plain = text.replace("-", "")
    total = 0
    for digit in plain[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return plain[-1] == ("X" if check == 10 else str(check))


def write_publication(
    reader: Reader,
    runs: Sequence[Run],
    folder: Path,
    publication: Publication,
    *,
    shown_asns: frozenset[int] = frozenset(),
    services: frozenset[str] = frozenset(),
) -> "Contents":
    """Write everything into a new folder; return what is in it."""
    newest = max(run.ended_at or run.started_at for run in runs)
    write_package(
        reader,
        runs,
        folder,
        # To the day: the minute of the last run is nobody's business.
        created_at=datetime(newest.year, newest.month, newest.day, tzinfo=UTC),
        privacy=Privacy.PUBLISH,
        shown_asns=shown_asns,
        services=services,
        licence=publication.licence,
    )
    contents = _contents(folder)
    files = {
        "README.md": _read_me(publication, contents),
        "CITATION.cff": _citation(publication, contents),
        ".zenodo.json": _json(_zenodo(publication, contents)),
        "datasette.json": _json(_datasette(publication, contents)),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    listed = sorted(folder.iterdir())
    sums = (f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in listed)
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    return contents


# --- what is in it --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Contents:
    """What the written files hold, read back from them."""

    first: date
    last: date
    rows: dict[str, int]
    worlds: tuple[str, ...]
    countries: tuple[str, ...]
    networks: tuple[str, ...]
    """Those that are named."""
    services: tuple[str, ...]
    states: dict[str, int]
    """Services' verdicts."""
    rulesets: tuple[str, ...]
    versions: tuple[str, ...]

    @property
    def period(self) -> str:
        """Return "2026-11-01 to 2026-11-30"."""
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"

    @property
    def is_lab(self) -> bool:
        """Whether any of it was made in the lab."""
        return any(world != "internet" for world in self.worlds)


def _contents(folder: Path) -> Contents:
    runs, services = list(_rows(folder, "runs")), list(_rows(folder, "services"))
    days = sorted(date.fromisoformat(run["started_at"][:10]) for run in runs)
    networks = {
        f"AS{family['asn']}"
        for run in runs
        for family in json.loads(run["vantage"] or "{}").get("families", ())
        if family["asn"] is not None
    }
    # The two that may be long are read row by row.
    rulesets = Counter(row["ruleset_version"] for row in _rows(folder, "verdicts"))
    return Contents(
        first=days[0],
        last=days[-1],
        rows={
            "runs": len(runs),
            "observations": sum(1 for _ in _rows(folder, "observations")),
            "verdicts": rulesets.total(),
            "services": len(services),
        },
        worlds=_all(runs, "world"),
        countries=_all(runs, "country"),
        networks=tuple(sorted(networks)),
        services=_all(services, "service"),
        states=dict(Counter(row["state"] for row in services).most_common()),
        rulesets=tuple(sorted(rulesets)),
        versions=_all(runs, "version"),
    )


def _rows(folder: Path, table: str) -> Iterator[dict[str, str]]:
    csv.field_size_limit(2**31 - 1)
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as opened:
        yield from csv.DictReader(opened)


def _all(rows: Sequence[dict[str, str]], column: str) -> tuple[str, ...]:
    return tuple(sorted({row[column] for row in rows if row[column]}))


# --- what is said of it ---------------------------------------------------------------------------


def _abstract(contents: Contents) -> str:
    where = ", ".join(contents.countries) or "an unknown country"
    made = (
        "Played in a laboratory with made-up servers and made-up censors: no measurement of any "
        "real network. "
        if contents.is_lab
        else ""
    )
    rows, services = contents.rows, ", ".join(contents.services) or "nothing"
    return (
        f"{made}{_runs(rows['runs'])} from {where}, {contents.period}, that looked whether "
        f"{services} could be reached over DNS, TCP, TLS, HTTP and QUIC: {rows['observations']} "
        f"observations, each one step of one attempt, and {rows['verdicts']} verdicts on "
        "endpoints, computed from them by rules that are named."
    )


_READ_ME: Final = """\
# {title}

{abstract}

By {authors}. Licence: [{licence}]({licence_url}).
Cite it as `CITATION.cff` says.

| file | rows | what |
|---|---|---|
{rows}

`datapackage.json` has the type and the meaning of every column, `SHA256SUMS` each file's hash.

## How to read it

- Facts are apart from meaning. An observation says what happened; a verdict says what it means, by
  which rule (`rule_id`) of which version ({rulesets}). A newer ruleset may judge otherwise.
- `insufficient` is not `ok`, and no row is not `ok`: it was not measured, or could not be told. Of
  the verdicts on services here: {states}.
- `grade` says how far the evidence carries: confirmed, strong, probable, suspected. There is no
  percentage.
- Empty means *not observed*, never zero. Times are UTC; each run's are shifted so that it begins at
  the full hour.
- Runs of one network are not independent of each other.
- That something was interfered with does not say who did it, or why.

## What was left out

Addresses of those who measured were never stored. For publication, these were removed as well: the
numbers and names of networks, but for those from which so many measure that naming one tells
nobody's name; minutes and seconds of each run's start; endpoints and services of their own; what
their machines look like; raw messages; and headers, redirects and answers that may tell of them.
{networks}

## To open it

    sqlite-utils insert data.db runs runs.csv --csv
    sqlite-utils insert data.db observations observations.csv --csv
    sqlite-utils insert data.db verdicts verdicts.csv --csv
    sqlite-utils insert data.db services services.csv --csv
    datasette data.db --metadata datasette.json

Made by Roadblock {versions} with `roadblock publish-kit`.
"""


def _read_me(publication: Publication, contents: Contents) -> str:
    rows = (f"| `{name}.csv` | {n} | {_TABLES[name]} |" for name, n in contents.rows.items())
    named = ", ".join(contents.networks)
    return _READ_ME.format(
        title=publication.title,
        abstract=textwrap.fill(_abstract(contents), 100),
        authors="; ".join(author.name for author in publication.authors),
        licence=publication.licence,
        licence_url=LICENCES[publication.licence],
        rows="\n".join(rows),
        rulesets=", ".join(contents.rulesets) or "none",
        states=", ".join(f"{state} {n}" for state, n in contents.states.items()) or "none",
        networks=f"Named networks: {named}." if named else "No network is named here.",
        versions=", ".join(contents.versions),
    )


_TABLES: Final = {
    "runs": "who measured when, from which country, with which versions",
    "observations": "facts: one step of one attempt",
    "verdicts": "conclusions on endpoints",
    "services": "conclusions on services",
}


def _citation(publication: Publication, contents: Contents) -> str:
    """Return CITATION.cff 1.2.0; JSON strings are YAML strings."""
    lines = [
        "cff-version: 1.2.0",
        f"message: {json.dumps('If you use these data, please cite them as below.')}",
        "type: dataset",
        f"title: {_quoted(publication.title)}",
        f"abstract: {_quoted(_abstract(contents))}",
        "authors:",
    ]
    for author in publication.authors:
        family, comma, given = author.name.partition(",")
        first = f"family-names: {_quoted(family.strip())}" if comma else f"name: {_quoted(family)}"
        lines.append(f"  - {first}")
        if comma:
            lines.append(f"    given-names: {_quoted(given.strip())}")
        if author.affiliation and comma:
            lines.append(f"    affiliation: {_quoted(author.affiliation)}")
        if author.orcid:
            lines.append(f"    orcid: {_quoted(f'https://orcid.org/{author.orcid}')}")
    lines += [
        f"version: {_quoted(_version(contents))}",
        f"date-released: {contents.last}",
        f"license: {publication.licence}",
        "keywords:",
        *(f"  - {_quoted(word)}" for word in KEYWORDS),
    ]
    return "\n".join(lines) + "\n"


def _zenodo(publication: Publication, contents: Contents) -> dict[str, Any]:
    return {
        "upload_type": "dataset",
        "title": publication.title,
        "description": f"<p>{_html(_abstract(contents))}</p>",
        "creators": [
            {"name": author.name}
            | ({"affiliation": author.affiliation} if author.affiliation else {})
            | ({"orcid": author.orcid} if author.orcid else {})
            for author in publication.authors
        ],
        "access_right": "open",
        "license": publication.licence.lower(),
        "keywords": list(KEYWORDS),
        "version": _version(contents),
        "language": "eng",
        "dates": [{"type": "Collected", "start": f"{contents.first}", "end": f"{contents.last}"}],
        "notes": (
            f"Made by {_HOME} {', '.join(contents.versions)}; rulesets "
            f"{', '.join(contents.rulesets) or 'none'}."
        ),
    }


def _datasette(publication: Publication, contents: Contents) -> dict[str, Any]:
    queries = {name: {"title": title, "sql": sql} for name, (title, sql) in _QUESTIONS.items()}
    tables = {
        name: {"description": f"{about[0].upper()}{about[1:]}."} for name, about in _TABLES.items()
    }
    return {
        "title": publication.title,
        "description": _abstract(contents),
        "license": publication.licence,
        "license_url": LICENCES[publication.licence],
        "source": f"{_HOME} {', '.join(contents.versions)}",
        "databases": {"data": {"tables": tables, "queries": queries}},
    }


def _version(contents: Contents) -> str:
    """Return the day up to which it reaches: a longer collection is a newer version."""
    return f"{contents.last:%Y.%m.%d}"


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
