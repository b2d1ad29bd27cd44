"""Everything the judge may know, read once."""

from dataclasses import replace
from pathlib import Path

from probe.model.knowledge import Knowledge
from probe.reference.catalogue import load_catalogue
from probe.reference.fingerprints import load_fingerprints
from probe.reference.geo import open_geo
from probe.reference.roots import load_local_roots, load_roots


def load_knowledge(
    targets: Path | None = None,
    ca_file: Path | None = None,
    geo_db: Path | None = None,
    fingerprints: Path | None = None,
) -> Knowledge:
    """Return what came with this Roadblock, with a person's own files where they name some.

    The geo data is opened at the first question. Local roots are this machine's; a lab's client
    takes `without_local_roots`.
    """
    roots = load_roots(ca_file)
    known, digest = load_fingerprints(fingerprints)
    return Knowledge(
        catalogue=load_catalogue(targets),
        roots=roots,
        local_roots=load_local_roots(roots),
        fingerprints=known,
        fingerprints_sha256=digest,
        geo=open_geo(geo_db),
    )


def without_local_roots(knowledge: Knowledge) -> Knowledge:
    """Return the same knowledge for a machine that adds no roots, as the lab's client does."""
    return replace(knowledge, local_roots=())
