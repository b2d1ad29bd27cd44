"""Load fingerprints: our own short list, and what a person imported besides."""

import hashlib
import tomllib
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from probe.errors import UsageError
from probe.model.knowledge import Fingerprint
from probe.model.patterns import is_bounded
from probe.reference.places import DATA

SHIPPED: Final = "fingerprints.toml"
FINGERPRINTS: Final = TypeAdapter(tuple[Fingerprint, ...])
"""Reads and writes the JSON form in which imported fingerprints are kept."""
# Who may speak first: those that are evidence of a censor, then the others, exclusions last: a list
# of false positives put first throws genuine block pages away (decisions/0006).
SCOPES: Final = ("nat", "isp", "prod", "inst", "vbw", "generic", "fp")
MATCHES: Final = frozenset({"contains", "prefix", "full", "regexp"})
PLACES: Final = frozenset({"body", "title", "location", "dns", "certificate", "ede", "whoami"})


def load_fingerprints(imported: Path | None = None) -> tuple[tuple[Fingerprint, ...], str]:
    """Return all fingerprints, national and provider's ones first, and the hash of them all.

    `imported` is a folder of *.json files as `roadblock fingerprints add` writes them. Of several
    with one id the first counts: ours, then by file name.
    """
    found: dict[str, Fingerprint] = {}
    for fingerprint in (*_shipped(), *_imported(imported)):
        found.setdefault(fingerprint.id, fingerprint)
    ordered = tuple(sorted(found.values(), key=lambda f: SCOPES.index(f.scope)))
    return ordered, hashlib.sha256(FINGERPRINTS.dump_json(ordered)).hexdigest()


def why_unusable(fingerprint: Fingerprint) -> str | None:
    """Return what is wrong with a fingerprint, or None."""
    if fingerprint.scope not in SCOPES:
        return f'scope "{fingerprint.scope}" is not known; use {", ".join(SCOPES)}'
    if fingerprint.match not in MATCHES:
        return f'match "{fingerprint.match}" is not known; use {", ".join(sorted(MATCHES))}'
    if fingerprint.where not in PLACES and not fingerprint.where.startswith("header."):
        return f'where "{fingerprint.where}" is not known; use {", ".join(sorted(PLACES))}'
    if not fingerprint.pattern:
        return "pattern is empty: it would match everything"
    if fingerprint.match == "regexp" and not is_bounded(fingerprint.pattern):
        return "pattern is not bounded: a page could be made that it never finishes"
    return None


def _shipped() -> tuple[Fingerprint, ...]:
    rows = tomllib.loads((DATA / SHIPPED).read_text(encoding="utf-8"))["fingerprint"]
    return FINGERPRINTS.validate_python(rows)


def _imported(folder: Path | None) -> tuple[Fingerprint, ...]:
    if folder is None or not folder.is_dir():
        return ()
    found: list[Fingerprint] = []
    for path in sorted(folder.glob("*.json")):
        try:
            rows = FINGERPRINTS.validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise UsageError(
                f"{path}: is no list of fingerprints ({type(error).__name__});"
                " remove it and run `roadblock fingerprints add` again"
            ) from error
        for row in rows:
            if fault := why_unusable(row):
                raise UsageError(f"{path}: {row.id}: {fault}; remove the row or the file")
        found.extend(rows)
    return tuple(found)
