"""What became of a rule's rivals, and what to ask about those that still stand."""

from collections.abc import Sequence

from probe.classify.rival_row import Row
from probe.classify.rivals import BY_ID
from probe.classify.scene import Scene
from probe.model.experiment import Experiment
from probe.model.verdict import Rival
from probe.model.words import RivalStatus


def settle(ids: Sequence[str], scene: Scene) -> tuple[Rival, ...]:
    """Return what became of these rivals."""
    performed = scene.facts.evidence.performed - scene.facts.evidence.refused
    return tuple(_settle(BY_ID[id_], scene, performed) for id_ in ids)


def _settle(row: Row, scene: Scene, performed: frozenset[str]) -> Rival:
    if row.is_out(scene):
        status = RivalStatus.RULED_OUT
    elif any(experiment.id in performed for experiment in row.asks(scene)):
        status = RivalStatus.REMAINS
    else:
        status = RivalStatus.NOT_ASKED
    return Rival(id=row.id, status=status, experiment=row.experiment, by=_by(row, scene))


def _by(row: Row, scene: Scene) -> tuple[str, ...]:
    """Return the observations of the experiments that this rival asked for."""
    wanted = {experiment.id for experiment in row.asks(scene)}
    return tuple(o.id for o in scene.facts.evidence.observations if o.experiment in wanted)[:8]


def questions(ids: Sequence[str], scene: Scene, profile: int) -> list[Experiment]:
    """Return what to ask about these rivals at this profile, those ruled out left alone."""
    found: list[Experiment] = []
    for id_ in ids:
        row = BY_ID[id_]
        if row.profile <= profile and not row.is_out(scene):
            found.extend(e.model_copy(update={"rival": row.id}) for e in row.asks(scene))
    return found
