"""Makes text that came from the network safe to print: a censor must not drive the terminal."""

import re
import unicodedata

# Controls (ESC, CSI, NUL ...), format characters (bidirectional overrides, zero width, tags),
# surrogates, private use, unassigned, and the line and paragraph separators.
UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# JSON escapes C0 by itself; these are the rest, all of which can stand only inside strings.
JSON_UNSAFE = re.compile("[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def escape(text: str, *, limit: int = 500) -> str:
    r"""Replace what a terminal would obey by its code, and cut what is endless.

    "ok\x1b[2J" becomes "ok\\x1b[2J": printable, and still telling what came.
    """
    shown = "".join(map(_shown, text[:limit]))
    return shown if len(text) <= limit else f"{shown}…"


def escape_json(document: str) -> str:
    """Escape in JSON text what its own rules leave bare: DEL, C1 and format characters."""
    return JSON_UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", document)


def _shown(character: str) -> str:
    if unicodedata.category(character) not in UNSAFE:
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
