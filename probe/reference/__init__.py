"""What the judge may know: catalogue, fingerprints, geo data, trust roots, pacing; read once."""

from probe.reference.catalogue import load_catalogue
from probe.reference.fingerprints import load_fingerprints
from probe.reference.geo import open_geo
from probe.reference.knowledge import load_knowledge, without_local_roots
from probe.reference.roots import load_local_roots, load_roots, roots_sha256

__all__ = [
    "load_catalogue",
    "load_fingerprints",
    "load_knowledge",
    "load_local_roots",
    "load_roots",
    "open_geo",
    "roots_sha256",
    "without_local_roots",
]
