"""The clients of a control vantage: a name and the hash of a key each; keys are never stored.

    # name  SHA-256 of the key
    anna    5f3c...

A key is 256 random bits, so its plain hash is enough: there is nothing to guess.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from probe.errors import UsageError

KEY_PREFIX: Final = "rb_"
"""Tells a key from other secrets where one was pasted by mistake."""
_KEY_BYTES: Final = 32
_NAME: Final = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_SHA256: Final = re.compile(r"^[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Who may ask: {name: SHA-256 of the key}."""

    hashes: Mapping[str, str]

    def name_of(self, key: str) -> str | None:
        """Return whose key it is; takes as long for one that is nobody's."""
        digest = _digest(key)
        found = None
        for name, known in self.hashes.items():
            if hmac.compare_digest(digest, known):
                found = name
        return found


def read_keys(path: Path) -> KeyRing:
    """Return the clients of a keys file, or complain of every line that is none."""
    hashes = _read(path)
    if not hashes:
        raise UsageError(f"{path}: has no key; make one with: roadblock control key NAME")
    return KeyRing(hashes)


def _read(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise UsageError(
            f"{path}: there is no such file; make a key with: roadblock control key NAME"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {type(error).__name__}") from error
    hashes: dict[str, str] = {}
    complaints = []
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or not _NAME.match(words[0]) or not _SHA256.match(words[1]):
            complaints.append(f"{path}:{number}: write NAME and the SHA-256 of a key")
        elif words[0] in hashes:
            complaints.append(f"{path}:{number}: {words[0]} stands there twice")
        else:
            hashes[words[0]] = words[1]
    if complaints:
        raise UsageError("\n".join(complaints))
    return hashes


def add_key(path: Path, name: str) -> str:
    """Make a key for a new client, add its hash to the file, and return it: nobody has it later."""
    if not _NAME.match(name):
        raise UsageError(f"{name!r} is no name for a client; use letters, digits, . _ -")
    if path.exists() and name in _read(path):
        raise UsageError(f"{path}: there is a key for {name}; delete its line to replace it")
    key = KEY_PREFIX + secrets.token_urlsafe(_KEY_BYTES)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{name} {_digest(key)}\n")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {os.strerror(error.errno or 0)}") from error
    return key


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
