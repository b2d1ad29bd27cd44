"""Censors that a researcher keeps outside the project: a file of Python, named as FILE[:CLASS].

docs/guides/write-a-censor.md shows one. Whatever is wrong with such a file is said with the file,
the line and what to do; it is never an internal error of ours.
"""

import importlib.util
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from probe.errors import LabError, UsageError
from probe.lab.box import Box, BoxContext, Names, Verdict
from probe.lab.packet import Packet, Side
from probe.lab.techniques import TECHNIQUES, add_technique
from probe.lab.world import World
from probe.trial.blocking import add_kind
from probe.trial.placing import Kind, Placement, Spot

GUIDE: Final = "docs/guides/write-a-censor.md"
_LINK: Final = 2
"""Inside the access network, where a provider's boxes stand."""


@dataclass(kw_only=True, eq=False)
class Guarded(Box):
    """A foreign box, whose mistakes are told as its own."""

    source = "named on the command line"
    inner: Box
    file: Path = field(default_factory=Path)

    def __post_init__(self) -> None:
        self.place, self.pace = self.inner.place, self.inner.pace

    @property
    def id(self) -> str:  # type: ignore[override]  # each foreign box has its own
        """The inner box's."""
        return self.inner.id

    def on_packet(self, packet: Packet, toward: Side, out: BoxContext) -> Verdict:
        """Ask the inner box."""
        try:
            verdict = self.inner.on_packet(packet, toward, out)
        except Exception as error:
            raise LabError(f"censor {_where(self.file, error)}") from error
        if not isinstance(verdict, Verdict):
            raise LabError(
                f"censor {self.file}: on_packet returned {verdict!r}; return PASS, DROP,"
                " replace_with(packet) or delay_by(seconds)"
            )
        return verdict


@dataclass(frozen=True, slots=True)
class Censor:
    """A class of boxes from such a file."""

    file: Path
    box: type[Box]

    @property
    def id(self) -> str:
        """How it is called: a row of the techniques' catalogue, or a name of its own."""
        return self.box.id

    def make(self, **settings: object) -> Guarded:
        """Return a fresh box; settings that its class does not know are left out."""
        known = {f.name for f in fields(self.box) if f.init}
        chosen: dict[str, Any] = {k: v for k, v in settings.items() if k in known}
        try:
            return Guarded(inner=self.box(**chosen), file=self.file)
        except Exception as error:
            raise UsageError(
                f"censor {_where(self.file, error)}; {self.box.__name__}() must need no argument:"
                " give every field a default, under @dataclass(kw_only=True, eq=False)"
            ) from error


def load_censor(text: str) -> Censor:
    """Read FILE or FILE:CLASS, and let its boxes count; raises UsageError with file and line."""
    path, chosen = Path(text), ""
    head, colon, tail = text.rpartition(":")
    if colon and tail.isidentifier() and not path.exists():
        path, chosen = Path(head), tail
    if not path.is_file():
        raise UsageError(f"censor {path}: there is no such file")
    module = _import(path)
    found = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, Box)
        and value.__module__ == module.__name__
    }
    if not found:
        raise UsageError(f"censor {path}: defines no class under probe.lab.box.Box; see {GUIDE}")
    if chosen and chosen not in found:
        raise UsageError(f"censor {path}: defines no {chosen}; it has {', '.join(found)}")
    if not chosen and len(found) > 1:
        raise UsageError(
            f"censor {path}: defines {', '.join(found)}; name one, as in {path}:{min(found)}"
        )
    box = found[chosen] if chosen else next(iter(found.values()))
    return _enlisted(Censor(path, box))


def _import(path: Path) -> ModuleType:
    name = f"roadblock_censor_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"censor {path}: is no file of Python; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(f"censor {_where(path, error)}") from error
    return module


def _enlisted(censor: Censor) -> Censor:
    """Check what a class says of itself; make it a technique and a kind of this process."""
    box, name = censor.box, censor.box.__name__
    for attribute in ("id", "source"):
        if not isinstance(getattr(box, attribute, None), str):
            raise UsageError(
                f"censor {censor.file}: {name} has no {attribute}; write"
                f' {attribute} = "…" into the class, see {GUIDE}'
            )
    censor.make()
    words = (box.__doc__ or name).strip().splitlines()[0].rstrip(".")
    if box.id not in TECHNIQUES:
        means = getattr(box, "means", None)
        if not isinstance(means, str):
            raise UsageError(
                f"censor {censor.file}: {name} plays no row of the catalogue ({box.id!r}); say what"
                ' it makes true, as in means = "blocked/tls_sni_reset/injected"'
            )
        try:
            add_technique(box.id, means, words)
        except LabError as error:
            raise UsageError(f"censor {censor.file}: {name}.means: {error}") from error
    scheme = "http" if TECHNIQUES[box.id].layer.value == "http" else "https"
    add_kind(Kind(box.id, words, _placer(censor), scheme=scheme, options={"link": (1, 2, 3)}))
    return censor


def _placer(censor: Censor) -> Any:  # noqa: ANN401 (a Placer)
    def place(spot: Spot) -> Placement:
        box = censor.make(names=spot.names)
        has_names = isinstance(getattr(box.inner, "names", None), Names)
        if not has_names:
            box = censor.make(where=spot.at_target())
        return Placement(boxes={spot.link: (box,)})

    return place


def censored(world: World, censors: Sequence[Censor]) -> World:
    """Return the world with these boxes beside its own, with the names that their files give."""
    if not censors:
        return world
    boxes: Mapping[int, tuple[Box, ...]] = {
        **world.boxes,
        _LINK: (*world.boxes.get(_LINK, ()), *(censor.make() for censor in censors)),
    }
    return replace(world, boxes=boxes)


def _where(file: Path, error: BaseException) -> str:
    """Return `FILE:LINE: what went wrong`, with the last line of that file on the way there."""
    what = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError):
        return f"{file}:{error.lineno}: {error.msg}"
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).name == file.name
    ]
    return f"{file}:{lines[-1]}: {what}" if lines else f"{file}: {what}"
