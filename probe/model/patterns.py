"""Which regular expressions may be run over a stranger's page: those of bounded work per character.

Python's engine tries alternatives one after the other, so `(a+)+b` over a page made for it never
ends. A pattern is admitted when the ways in which it can be tried at one position are few; work
is then linear in the page. Rejected: another engine (google-re2), a compiled dependency for the 2 %
of published patterns that are more than plain text.
"""

import re
from collections.abc import Iterable, Sequence

# The parser's own tree: private modules since Python 3.11, the same in 3.13. A test of this module
# fails where they change.
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Final

WAYS_MAX: Final = 400
"""Ways to try a pattern at one position: 64 KB times this is some 0.2 s at worst."""
GAP_MAX: Final = 300
"""What an unbounded `.*` is cut to: pages have their telling words closer together."""
SINGLE: Final = frozenset({op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN, op.CATEGORY, op.RANGE})
REPEATS: Final = frozenset({op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT})


def is_bounded(pattern: str) -> bool:
    """Whether the pattern compiles and its work is linear in the text, by a conservative count."""
    try:
        tree = parser.parse(pattern)
        re.compile(pattern, re.DOTALL)
    except (re.error, OverflowError, RecursionError):
        return False
    return _ways(tree) <= WAYS_MAX


def bounded(pattern: str) -> str | None:
    """Return the pattern with its endless gaps cut to GAP_MAX, or None where that will not do.

    `blocked.*by order` becomes `blocked.{0,300}by order`; two such gaps are refused, for their work
    multiplies.
    """
    if is_bounded(pattern):
        return pattern
    cut = re.sub(r"(?<!\\)((?:\\\\)*)\.([*+])\??", _cut, pattern)
    return cut if is_bounded(cut) else None


def literal(pattern: str) -> str | None:
    """Return the one text that the pattern matches, or None where it is more than plain text."""
    try:
        tree = parser.parse(pattern)
    except (re.error, OverflowError, RecursionError):
        return None
    if tree.state.flags & re.IGNORECASE or any(kind is not op.LITERAL for kind, _ in tree):
        return None
    return "".join(chr(value) for _, value in tree)


def _cut(gap: re.Match[str]) -> str:
    least = 0 if gap[2] == "*" else 1
    return f"{gap[1]}.{{{least},{GAP_MAX}}}"


def _ways(tree: Iterable[tuple[Any, Any]]) -> float:
    """Count, from above, in how many ways the tree can be tried at one position."""
    ways: float = 1
    for kind, value in tree:
        if kind in SINGLE or kind is op.AT:
            continue
        if kind in REPEATS:
            least, most, inner = value
            ways *= _repeated(_ways(inner), least, most)
        elif kind is op.BRANCH:
            ways *= 1 if _is_exclusive(value[1]) else sum(_ways(branch) for branch in value[1])
        elif kind is op.SUBPATTERN:
            ways *= _ways(value[3])
        else:
            # Back references, look-around, conditions: refused.
            return float("inf")
        if ways > WAYS_MAX:
            return float("inf")
    return ways


def _is_exclusive(branches: Sequence[Iterable[tuple[Any, Any]]]) -> bool:
    """Whether at most one branch can match anywhere: plain texts, none beginning another."""
    texts: list[str] = []
    for branch in branches:
        if any(kind is not op.LITERAL for kind, _ in branch):
            return False
        texts.append("".join(chr(value) for _, value in branch).lower())
    return not any(a.startswith(b) for i, a in enumerate(texts) for b in texts[:i] + texts[i + 1 :])


def _repeated(inner: float, least: int, most: int) -> float:
    # An endless repeat has a huge number here.
    if most > WAYS_MAX + least:
        return float("inf")
    total: float = 0
    for times in range(least, most + 1):
        total += inner**times
        if total > WAYS_MAX:
            return float("inf")
    return total
