"""What a text must contain for a pattern to match: looking for that first costs a tenth and less.

A page is searched for every known block page, and almost never is one. `re` walks through all of
it for each pattern; `in` does not.
"""

import re
from functools import lru_cache
from typing import Final

_TOKEN: Final = re.compile(
    r"""
    \\(?P<escaped>.)
  | (?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])
  | (?P<repeat>[*+?]|\{\d*,?\d*\})
  | (?P<open>\()
  | (?P<close>\))
  | (?P<bar>\|)
  | (?P<special>[.^$])
  | (?P<plain>.)
    """,
    re.DOTALL | re.VERBOSE,
)
_FLAGS: Final = re.compile(r"\(\?([a-zA-Z]+)\)")
# Case-insensitively these letters match others than their own two: the long s, the Kelvin sign, the
# Turkish i without and with a dot (re._casefix, Python 3.11). Beyond ASCII there are more such.
_TRICKY: Final = frozenset("iIsSkK")


@lru_cache(maxsize=8192)
def needed(pattern: str) -> tuple[str, bool]:
    """Return the longest text without which the pattern matches nowhere; whether in lower case.

    ("149-", True) for "(?i)(?:ограничен|закрыт).{0,150}149-ФЗ"; ("", False) if nothing is certain.
    """
    flags = _FLAGS.match(pattern)
    told = flags[1] if flags else ""
    if "x" in told:
        return "", False
    lowers = "i" in told
    runs, run, depth = [""], "", 0
    for token in _TOKEN.finditer(pattern, flags.end() if flags else 0):
        kind, text = token.lastgroup, token[token.lastgroup or 0]
        if kind == "bar" and depth == 0:
            return "", False
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
        is_plain = kind == "plain" or (kind == "escaped" and not text.isalnum())
        if is_plain and depth == 0 and not (lowers and _is_tricky(text)):
            run += text
            continue
        if kind == "repeat" and text != "+":
            # What is repeated may not be there at all.
            run = run[:-1]
        runs.append(run)
        run = ""
    longest = max((*runs, run), key=len)
    return (longest.lower() if lowers else longest), lowers


def _is_tricky(character: str) -> bool:
    return character in _TRICKY or not character.isascii()
