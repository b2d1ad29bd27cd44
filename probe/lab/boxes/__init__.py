"""The censor boxes, by the row of docs/techniques.md that each one plays."""

import importlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from probe.lab.box import Box

_MODULES: Final = (
    "dns",
    "ip",
    "freeze",
    "tls",
    "tls_shape",
    "http",
    "quic",
    "throttle",
    "redirect",
)


def _concrete(kind: type[Box]) -> Iterator[type[Box]]:
    for child in kind.__subclasses__():
        if "id" in vars(child) and child.__module__.startswith(__name__):
            yield child
        yield from _concrete(child)


def _collect() -> Mapping[str, type[Box]]:
    for module in _MODULES:
        importlib.import_module(f"{__name__}.{module}")
    found: dict[str, type[Box]] = {}
    for kind in _concrete(Box):
        if found.setdefault(kind.id, kind) is not kind:
            raise ValueError(f"two boxes play {kind.id}: {found[kind.id]} and {kind}")
    return MappingProxyType(dict(sorted(found.items())))


BOXES: Final[Mapping[str, type[Box]]] = _collect()
"""{"S01": SniReset, ...}; each is made with keywords: BOXES["S01"](names=Names(("*.bbc.com",)))."""
