"""A rule is a row: what must hold, and what is then said. The first row that holds speaks.

Every table ends in a row that holds for everything, so each layer always has an answer. Ids are
permanent: a changed meaning takes a new id and a new RULES_VERSION.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from probe.model.verdict import Finding, Rival
from probe.model.words import Category, Flag, Grade, Layer, Locus, State, Trigger

RULES_VERSION = "2026.11.18"
"""Goes up with every change of a rule's meaning; stored with every verdict."""


class Look(Protocol):
    """What a layer's table judges: each layer has a dataclass of its own with at least these."""

    @property
    def evidence(self) -> tuple[str, ...]:
        """Ids of the observations that carry it."""

    @property
    def detail(self) -> str:
        """One line of plain facts."""

    @property
    def flags(self) -> tuple[Flag, ...]:
        """Things worth knowing beside the category."""

    @property
    def p_value(self) -> float | None:
        """Of the exact test over what was randomised."""

    @property
    def n_target(self) -> int:
        """Attempts with the trigger."""

    @property
    def n_control(self) -> int:
        """Attempts without it."""


L = TypeVar("L", bound=Look)


def ungraded(look: object) -> None:
    """For `ok` and `insufficient`: there is nothing to grade."""
    del look


def suspected(look: object) -> Grade:
    """For what one look can say at most."""
    del look
    return Grade.SUSPECTED


def probable(look: object) -> Grade:
    """For what proves itself, once."""
    del look
    return Grade.PROBABLE


# No slots: a subscripted call (`Rule[DnsLook](...)`) writes `__orig_class__`, which a frozen class
# refuses in a way that typing expects, and a slotted one does not.
@dataclass(frozen=True, kw_only=True)
class Rule(Generic[L]):
    """One row. `why` says why it holds, for `explain` and for whoever doubts it."""

    id: str
    when: Callable[[L], bool]
    state: State
    category: Category
    subtype: str | None = None
    layer: Layer | None = None
    trigger: Trigger | None = None
    locus: Locus | None = None
    grade: Callable[[L], Grade | None] = ungraded
    rivals: tuple[str, ...] = ()
    why: str


def unclear(
    id_: str, when: Callable[[L], bool], layer: Layer, rivals: tuple[str, ...], why: str
) -> Rule[L]:
    """Return a row that says that nothing follows from what was seen."""
    return Rule[L](
        id=id_,
        when=when,
        state=State.INSUFFICIENT,
        category=Category.INSUFFICIENT,
        layer=layer,
        rivals=rivals,
        why=why,
    )


def large_packets_lost(
    id_: str, when: Callable[[L], bool], why: str, *, rivals: tuple[str, ...] = ()
) -> Rule[L]:
    """Return the row for what this line's black hole for large packets explains (E07)."""
    return Rule[L](
        id=id_,
        when=when,
        state=State.INSUFFICIENT,
        category=Category.LOCAL_INTERFERENCE,
        subtype="mtu",
        layer=Layer.ENVIRONMENT,
        locus=Locus.LOCAL,
        rivals=rivals,
        why=why,
    )


def first(rules: Sequence[Rule[L]], look: L) -> Rule[L]:
    """Return the first row that holds; the last one always does."""
    for rule in rules:
        if rule.when(look):
            return rule
    raise AssertionError(f"table ends without a row for everything: {rules[-1].id}")


def say(rule: Rule[L], look: L, rivals: tuple[Rival, ...]) -> Finding:
    """Write down what the row says about this evidence."""
    return Finding(
        state=rule.state,
        category=rule.category,
        subtype=rule.subtype,
        layer=rule.layer,
        trigger=rule.trigger,
        locus=rule.locus,
        grade=rule.grade(look),
        rule_id=rule.id,
        rivals=rivals,
        flags=look.flags,
        evidence=look.evidence,
        p_value=look.p_value,
        p_family=P_FAMILY if look.p_value is not None else None,
        n_target=look.n_target,
        n_control=look.n_control,
        detail=look.detail,
    )


P_FAMILY = (
    "exact permutation test over the orders the scheduler could have drawn, in blocks per address; "
    "null: the name makes no difference"
)

RANK = (Grade.SUSPECTED, Grade.PROBABLE, Grade.STRONG, Grade.CONFIRMED)


def weaker(one: Grade, other: Grade) -> Grade:
    """Return the weaker of two grades: for caps."""
    return min(one, other, key=RANK.index)


def always(look: object) -> bool:
    """For the last row."""
    del look
    return True
