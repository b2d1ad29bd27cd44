"""One verdict, layer by layer: which ones passed, which one failed, which were never reached."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from probe.model.verdict import Finding, Verdict
from probe.model.words import Layer, Protocol, State

LAYERS: Final = MappingProxyType(
    {
        Protocol.HTTPS: (Layer.DNS, Layer.TCP, Layer.TLS, Layer.HTTP),
        Protocol.HTTP: (Layer.DNS, Layer.TCP, Layer.HTTP),
        Protocol.TLS: (Layer.DNS, Layer.TCP, Layer.TLS),
        Protocol.TCP: (Layer.DNS, Layer.TCP),
        Protocol.QUIC: (Layer.QUIC,),
        Protocol.DNS: (Layer.DNS,),
    }
)
"""What each protocol passes through, in order. QUIC's names are asked for HTTPS already."""
STANDS_FOR: Final = MappingProxyType({Layer.IP: Layer.TCP, Layer.CONTENT: Layer.HTTP})
"""Layers that have no row of their own: where a failure of theirs shows."""
STOPS: Final = frozenset({State.BLOCKED, State.DOWN, State.REFUSED})
"""States after which the layers above were never reached."""


@dataclass(frozen=True, slots=True)
class LayerRow:
    """What one layer of one verdict says."""

    layer: Layer
    finding: Finding | None
    """What was found there; None: nothing wrong, or not reached."""
    reached: bool
    decides: bool
    """Whether the verdict as a whole stands in this row."""


def rows(verdict: Verdict) -> tuple[LayerRow, ...]:
    """Split a verdict into its layers, lowest first; exactly one of them decides."""
    layers = LAYERS[verdict.protocol]
    found = _findings(verdict, layers)
    deciding = _place(verdict, layers)
    top = layers.index(deciding) if verdict.state in STOPS else len(layers)
    return tuple(
        LayerRow(
            layer=layer,
            finding=verdict if layer is deciding else found.get(layer),
            reached=verdict.state is not State.INSUFFICIENT and (position <= top or layer in found),
            decides=layer is deciding,
        )
        for position, layer in enumerate(layers)
    )


def _findings(verdict: Verdict, layers: tuple[Layer, ...]) -> dict[Layer, Finding]:
    """What was seen at other layers besides: the first that names each one."""
    found: dict[Layer, Finding] = {}
    for finding in verdict.also:
        if finding.state not in {State.OK, State.INSUFFICIENT}:
            found.setdefault(_place(finding, layers), finding)
    return found


def _place(finding: Finding, layers: tuple[Layer, ...]) -> Layer:
    """Return the row a finding belongs to; the top one when its layer has none."""
    if finding.layer is None:
        return layers[-1]
    layer = STANDS_FOR.get(finding.layer, finding.layer)
    return layer if layer in layers else layers[-1]
