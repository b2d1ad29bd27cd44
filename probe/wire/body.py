"""A body as it is read: decoded with a cap, hashed, its charset and title found.

A bomb of a thousand to one costs what its cap costs: decoding stops there, counting goes on.
"""

import codecs
import hashlib
import html
import zlib
from typing import Final

_TITLE_SEARCH_BYTES: Final = 65_536
# As people write it: lower-casing a whole page to find any other mixture costs more than it finds.
_TITLE_TAGS: Final = (b"<TITLE", b"<Title")
_TITLE_BYTES: Final = 2048
_TITLE_CHARACTERS: Final = 200
# WHATWG HTML "prescan a byte stream to determine its encoding" looks at 1024 bytes.
_META_SEARCH_BYTES: Final = 1024
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# zlib: 16 + 15 reads gzip headers, 15 zlib's, -15 none (what some servers call "deflate").
_GZIP_BITS: Final = 31


class BodyReader:
    """Collect a body: at most `limit_bytes` decoded ones are kept, hashed and counted."""

    __slots__ = (
        "_decoder",
        "_hash",
        "_limit_bytes",
        "_parts",
        "encoding",
        "raw_bytes",
        "size_bytes",
    )

    def __init__(self, *, limit_bytes: int, content_encoding: str = "") -> None:
        self._limit_bytes = limit_bytes
        self._parts: list[bytes] = []
        self._hash = hashlib.sha256()
        self.raw_bytes = 0
        """Bytes of the body as sent, without framing."""
        self.size_bytes = 0
        """Decoded bytes kept."""
        self.encoding = content_encoding.strip().lower()
        self._decoder = _decoder(self.encoding)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body as sent."""
        self.raw_bytes += len(data)
        left = self._limit_bytes - self.size_bytes
        if left <= 0 or not data:
            return
        plain = data[:left] if self._decoder is None else self._decode(data, left)
        self._parts.append(plain)
        self._hash.update(plain)
        self.size_bytes += len(plain)

    def _decode(self, data: bytes, left: int) -> bytes:
        assert self._decoder is not None
        try:
            return self._decoder.decompress(data, left)
        except zlib.error:
            # Not what the header said: keep what came, as it came.
            self._decoder = None
            return data[:left]

    @property
    def content(self) -> bytes:
        """What was kept."""
        if len(self._parts) > 1:
            self._parts = [b"".join(self._parts)]
        return self._parts[0] if self._parts else b""

    @property
    def sha256(self) -> str:
        """Hash of what was kept, empty when nothing was."""
        return self._hash.hexdigest() if self.size_bytes else ""


def _decoder(encoding: str) -> "zlib._Decompress | _Deflate | None":
    match encoding:
        case "gzip" | "x-gzip":
            return zlib.decompressobj(_GZIP_BITS)
        case "deflate":
            return _Deflate()
        case _:
            return None


class _Deflate:
    """Reads "deflate" in both of its meanings: zlib's (RFC 9110) and raw, as some servers send."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj()
        self._tried = False

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Decode; the first bytes tell which meaning it is."""
        try:
            plain = self._inner.decompress(data, max_length)
        except zlib.error:
            if self._tried:
                raise
            self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
            plain = self._inner.decompress(data, max_length)
        self._tried = True
        return plain


def charset_of(content: bytes, content_type: str) -> str:
    """Find the charset: byte order mark, header, <meta>, valid UTF-8, else Windows-1251.

    The last guess is for the block pages of the region, many of which name no charset.
    """
    for mark, name in _BOMS:
        if content.startswith(mark):
            return name
    for declared in (_parameter(content_type.lower()), _meta_charset(content)):
        if declared and _is_known(declared):
            return declared
    try:
        # A character cut in two at our limit is not an error.
        codecs.getincrementaldecoder("utf-8")().decode(content)
    except UnicodeDecodeError:
        return "cp1251"
    return "utf-8"


def _parameter(content_type: str) -> str:
    _, found, rest = content_type.partition("charset=")
    return rest.split(";")[0].strip().strip("\"'") if found else ""


def _meta_charset(content: bytes) -> str:
    head = content[:_META_SEARCH_BYTES].decode("latin-1").lower()
    at = head.find("<meta")
    while at >= 0:
        end = head.find(">", at)
        tag = head[at : end if end > 0 else len(head)]
        _, found, rest = tag.partition("charset=")
        if found:
            return rest.lstrip("\"' ").split('"')[0].split("'")[0].split(";")[0].strip(" />")
        at = head.find("<meta", at + 5)
    return ""


def _is_known(charset: str) -> bool:
    try:
        info = codecs.lookup(charset)
    except (LookupError, ValueError):
        return False
    # Python's registry also holds rot13, base64 and the like.
    return bool(getattr(info, "_is_text_encoding", True))


def title_of(content: bytes, content_type: str) -> str | None:
    """Return the page's title, one line, at most 200 characters; None without one."""
    if b"\x00" in content[:_META_SEARCH_BYTES]:
        # UTF-16: the tags are not plain bytes.
        content = (
            content[:_TITLE_SEARCH_BYTES]
            .decode(charset_of(content, content_type), "replace")
            .encode()
        )
        content_type = "text/html; charset=utf-8"
    if b"<" not in content:
        return None
    start = content.find(b"<title")
    if start < 0:
        start = min((at for at in map(content.find, _TITLE_TAGS) if at >= 0), default=-1)
    if start < 0:
        return None
    piece = content[start : start + _TITLE_BYTES]
    text = piece.decode(charset_of(content, content_type), "replace")
    _, found, rest = text.partition(">")
    if not found:
        return None
    text = rest.split("</")[0]
    return " ".join(html.unescape(text).split())[:_TITLE_CHARACTERS] or None
