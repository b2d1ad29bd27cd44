"""Find an address in bytes, however it is spelt.

A block page may carry the client's address as `203.0.113.7`, `203-0-113-7.dyn.isp.example`,
`cb007107`, `%32%30%33...`, base64, UTF-16 and so on. Each way of writing is one `Form`: a guard
that must occur, then a pattern, then a check that digits around the match do not make it
another number. Patterns begin with a literal where they can: that makes them fast on a 64 KB page.
"""

import base64
import functools
import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

PLACEHOLDER = "[client]"
"""Stands where an address of the client was."""

# Up to here one pattern over all forms beats looking for each guard (measured: 7 against 15 us on
# 500 bytes, even at 4 KB); a page holds some escape anyway, which would make us do both.
_SHORT_BYTES = 4096

Span = tuple[int, int]
Check = Callable[[bytes, int, int], Span | None]

_DIGITS = b"0123456789"
_HEX = b"0123456789abcdef"
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
# Between octets: the dot, what host names and FTP put in its place, and the dot's escapes.
_DOT = rb"(?:[.\-_,:]|%2e|%2d|%5f|\\+u002e|\\+x2e|&#0*46;|&#x0*2e;|&period;|\[\.\])"
_COLON = rb"(?::|-|_|%3a|\\+u003a|\\+x3a|&#0*58;|&#x0*3a;|&colon;)"
_COLON_RE = re.compile(_COLON)
# RFC 7871 section 11.1: what a resolver passes on of its client's address.
_IPV4_PREFIX = 24
# An IPv6 customer has at least a whole /64, and privacy addresses change within it (RFC 8981).
_IPV6_PREFIX = 64
# First groups below 0x1000 may be written with leading zeros; no unicast address in use has one.
_FOUR_DIGIT_GROUP = 0x1000


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write an address."""

    guard: bytes
    """Occurs wherever the pattern matches, and is much faster to look for."""
    pattern: re.Pattern[bytes]
    check: Check
    folded: bool = True
    """Whether letter case means nothing: searched in lower-case text."""
    hint: bytes = b""
    """A pattern that matches wherever `pattern` does, to be joined with the other forms'."""


class Forms:
    """All spellings of some addresses, ordered so that a text without any is passed quickly."""

    def __init__(self, forms: Iterable[Form]) -> None:
        folded: dict[bytes, list[Form]] = {}
        exact: dict[bytes, list[Form]] = {}
        for form in forms:
            place = (folded if form.folded else exact).setdefault(form.guard, [])
            same = (form.pattern.pattern, form.check)
            if all((other.pattern.pattern, other.check) != same for other in place):
                place.append(form)
        self._folded = tuple(folded.items())
        self._exact = tuple(exact.items())
        self._quick = _any_hint(folded)
        self._quick_exact = _any_hint(exact)

    def __bool__(self) -> bool:
        return bool(self._folded)

    def spans(self, data: bytes) -> Iterator[Span]:
        """Yield (start, end) of every spelling in the bytes, in no order, overlaps included."""
        text = data.lower()
        is_short = len(data) <= _SHORT_BYTES
        if not is_short or self._quick.search(text):
            for guard, forms in self._folded:
                if guard in text:
                    yield from _matches(forms, text)
        if not is_short or self._quick_exact.search(data):
            for guard, forms in self._exact:
                if guard in data:
                    yield from _matches(forms, data)


def _any_hint(by_guard: dict[bytes, list[Form]]) -> re.Pattern[bytes]:
    hints = {
        form.hint or re.escape(form.guard): None for forms in by_guard.values() for form in forms
    }
    return re.compile(b"|".join(hints) or rb"(?!)")


def _matches(forms: Iterable[Form], text: bytes) -> Iterator[Span]:
    for form in forms:
        for match in form.pattern.finditer(text):
            span = form.check(text, match.start(), match.end())
            if span is not None:
                yield span


def replace_spans(data: bytes, spans: Iterable[Span], placeholder: bytes) -> bytes:
    """Put the placeholder where the spans are; overlapping spans become one."""
    parts: list[bytes] = []
    done = 0
    for start, end in sorted(spans):
        if start >= done:
            parts += (data[done:start], placeholder)
        done = max(done, end)
    parts.append(data[done:])
    return b"".join(parts)


def forms_of(address: str) -> tuple[Form, ...]:
    """Return every form of the address; an IPv4-mapped or 6to4 one is its IPv4 address too."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv4Address):
        return _forms_v4(parsed)
    inner = parsed.ipv4_mapped or parsed.sixtofour
    if inner is not None:
        return (*_forms_v4(inner), *_forms_v6(parsed))
    return _forms_v6(parsed)


def packed_of(address: str) -> tuple[bytes, ...]:
    """Return how the address stands in a DNS message: 4 bytes, or an IPv6 customer's 8."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv4Address):
        return (parsed.packed,)
    inner = parsed.ipv4_mapped or parsed.sixtofour
    return (inner.packed, parsed.packed) if inner is not None else (parsed.packed[:8],)


# --- IPv4 -----------------------------------------------------------------------------------------


def _forms_v4(address: ipaddress.IPv4Address) -> tuple[Form, ...]:
    octets = tuple(address.packed)
    dotted = str(address).encode()
    number = int(address)
    return (
        _octets(octets),
        _octets(octets[::-1]),
        _subnet(octets),
        _octets_hex(octets),
        _octets_octal(octets),
        # 0.0.0.0/8 is nobody's address, and as a number it would be any small one.
        *(_literal(text, _decimal_edges) for text in (b"%d" % number, b"%o" % number) if octets[0]),
        _literal(address.packed.hex().encode()),
        _literal(address.packed[::-1].hex().encode()),
        _literal(address.packed.hex(":").encode(), _not_within(_HEX)),
        *_mapped_hex(address.packed),
        _literal(b"".join(b"%03d" % octet for octet in octets), _not_within(_DIGITS)),
        _literal(b"".join(b"%03d" % octet for octet in octets[::-1]), _not_within(_DIGITS)),
        *_escaped(dotted),
        *_base64(dotted),
        *_base64_token(address.packed),
        _literal(dotted.hex().encode(), _not_within(_HEX)),
        *_utf16(dotted),
        *_packed(address.packed),
    )


def _octet(value: int) -> bytes:
    """A pattern for one octet after the first: decimal, hexadecimal or octal, padded or not."""
    return rb"(?:0*%d|0x0*%x|0+%o)" % (value, value, value)


def _octets(octets: tuple[int, ...]) -> Form:
    # Only the first octet can be a guard: inet_aton also takes `203.0x0.0161.7`.
    first = b"%d" % octets[0]
    pattern = _DOT.join([first, *map(_octet, octets[1:])])
    return Form(first, re.compile(pattern), _decimal_edges, hint=pattern)


def _subnet(octets: tuple[int, ...]) -> Form:
    network = b".".join(b"%d" % octet for octet in octets[:3])
    pattern = re.escape(network) + rb"\.0(?:/|%%2f|\\/)%d" % _IPV4_PREFIX
    return Form(network, re.compile(pattern), _decimal_edges)


def _octets_hex(octets: tuple[int, ...]) -> Form:
    pattern = _DOT.join([rb"0x0*%x" % octets[0], *map(_octet, octets[1:])])
    return Form(b"0x", re.compile(pattern), _not_within(_HEX))


def _octets_octal(octets: tuple[int, ...]) -> Form:
    first = b"%o" % octets[0]
    pattern = _DOT.join([b"0" + first, *map(_octet, octets[1:])])
    return Form(b"0" + first, re.compile(pattern), _decimal_edges)


def _mapped_hex(packed: bytes) -> tuple[Form, ...]:
    """Write it as groups of an IPv6 address: ::ffff:cb00:7107, 2002:cb00:7107::."""
    high, low = packed[:2].hex().lstrip("0") or "0", packed[2:].hex().lstrip("0") or "0"
    plain = f"{high}:{low}".encode()
    padded = packed[:2].hex().encode() + b":" + packed[2:].hex().encode()
    # A lone `1:2` is not an address: short groups count only behind ::ffff: or 2002:.
    behind = re.compile(rb"(?:ffff|2002|ff9b:)(?::0)*:0*%b:0*%b" % (high.encode(), low.encode()))
    return (
        Form(plain, behind, _not_within(_HEX)),
        Form(padded, behind, _not_within(_HEX)),
        *(() if len(plain) < len(padded) else (_literal(plain, _not_within(_HEX)),)),
    )


# --- IPv6 -----------------------------------------------------------------------------------------


def _forms_v6(address: ipaddress.IPv6Address) -> tuple[Form, ...]:
    network = ipaddress.IPv6Network((address, _IPV6_PREFIX), strict=False)
    texts = (
        str(address).encode(),
        address.exploded.encode(),
        str(address).upper().encode(),
        address.exploded.upper().encode(),
    )
    prefix_hex = address.packed[:8].hex().encode()
    nibbles = b".".join(bytes([nibble]) for nibble in reversed(prefix_hex))
    return (
        *_groups(address, network),
        Form(prefix_hex, re.compile(prefix_hex + rb"[0-9a-f]{0,16}"), _as_found),
        Form(nibbles, re.compile(rb"(?:[0-9a-f]\.){0,16}" + re.escape(nibbles)), _as_found),
        _literal(b"%d" % int(address), _not_within(_DIGITS)),
        *(form for text in texts[:2] for form in (*_escaped(text), *_utf16(text))),
        *(_literal(text.hex().encode(), _not_within(_HEX)) for text in dict.fromkeys(texts)),
        *(form for text in dict.fromkeys(texts) for form in _base64(text)),
        *_base64(address.packed),
        *_packed(address.packed[:8]),
    )


def _groups(address: ipaddress.IPv6Address, network: ipaddress.IPv6Network) -> tuple[Form, ...]:
    """Match what parses to an address of the customer's network, or begins with its groups."""
    group = int.from_bytes(address.packed[:2])
    if group < _FOUR_DIGIT_GROUP:
        return (_literal(str(address).encode(), _not_within(_HEX + b":")),)
    first = b"%x" % group
    tail = rb"(?:%b{1,2}[0-9a-f]{1,4}){0,7}(?:%b{2})?" % (_COLON, _COLON)
    prefix = tuple(int.from_bytes(network.network_address.packed[i : i + 2]) for i in (0, 2, 4, 6))

    def check(text: bytes, start: int, end: int) -> Span | None:
        if start and text[start - 1] in _HEX:
            return None
        written = _COLON_RE.sub(b":", text[start:end])
        return (start, end) if _is_within(written.decode(), network, prefix) else None

    return (Form(first, re.compile(first + tail), check, hint=first + _COLON),)


def _is_within(text: str, network: ipaddress.IPv6Network, prefix: tuple[int, ...]) -> bool:
    groups = text.split(":")
    if "::" not in text:
        return len(groups) >= len(prefix) and (
            tuple(int(group, 16) for group in groups[: len(prefix)]) == prefix
        )
    # A port or other text may follow; the longest part that is an address decides.
    while groups:
        try:
            return ipaddress.ip_address(":".join(groups)) in network
        except ValueError:
            groups.pop()
    return False


# --- both -----------------------------------------------------------------------------------------


def _literal(text: bytes, check: Check | None = None, *, folded: bool = True) -> Form:
    return Form(text, re.compile(re.escape(text)), check or _as_found, folded=folded)


def _escaped(text: bytes) -> tuple[Form, ...]:
    """Every character escaped: for URLs, JSON and JavaScript, HTML."""
    either = [(code, code - 32) if code >= ord("a") else (code,) for code in text.lower()]

    def spelt(template: str) -> re.Pattern[bytes]:
        return re.compile(
            b"".join(
                b"(?:" + b"|".join((template % code).encode() for code in codes) + b")"
                for codes in either
            )
        )

    return (
        Form(b"%3", spelt("%%%02x"), _as_found),
        Form(b"\\u00", spelt(r"\\+u%04x"), _as_found),
        Form(b"\\x", spelt(r"\\+x%02x"), _as_found),
        Form(b"&#", spelt("&#0*%d;?"), _as_found),
        Form(b"&#x", spelt("&#x0*%x;?"), _as_found),
    )


def _base64(data: bytes) -> tuple[Form, ...]:
    """Encode at each of the three positions that the text may have in a longer base64 string."""
    forms: list[Form] = []
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + data)
        # Characters that also carry bits of what stands before or behind are left out.
        first = -(-offset * 8 // 6)
        last = (offset + len(data)) * 8 // 6
        core = encoded[first:last]
        forms.append(_literal(core, folded=False))
        if b"+" in core or b"/" in core:
            forms.append(_literal(core.replace(b"+", b"-").replace(b"/", b"_"), folded=False))
    return tuple(forms)


def _base64_token(packed: bytes) -> tuple[Form, ...]:
    """Encode the few bytes alone: within a longer string so few letters stand by chance."""
    edges = _not_within(_BASE64)
    plain = base64.b64encode(packed).rstrip(b"=")
    both = dict.fromkeys((plain, plain.replace(b"+", b"-").replace(b"/", b"_")))
    return tuple(_literal(text, edges, folded=False) for text in both)


def _utf16(text: bytes) -> tuple[Form, ...]:
    wide = text.lower().decode().encode("utf-16-le")
    # Big-endian text is the same bytes shifted by one zero.
    return (Form(b"\0", re.compile(re.escape(wide[:-1])), _as_found),)


def _packed(packed: bytes) -> tuple[Form, ...]:
    """The address as raw bytes, and as those bytes read as Latin-1 text.

    Not where all of them are printable: 77.97.105.110 is the word "Main".
    """
    if all(0x20 <= byte < 0x7F for byte in packed):
        return ()
    latin = packed.decode("latin-1").encode()
    return tuple(_literal(form, folded=False) for form in dict.fromkeys((packed, latin)))


def _as_found(text: bytes, start: int, end: int) -> Span | None:
    del text
    return start, end


@functools.lru_cache
def _not_within(alphabet: bytes) -> Check:
    """Make a check that refuses a match with more of the alphabet right before or after it."""

    def check(text: bytes, start: int, end: int) -> Span | None:
        before = start and text[start - 1] in alphabet
        after = end < len(text) and text[end] in alphabet
        return None if before or after else (start, end)

    return check


def _decimal_edges(text: bytes, start: int, end: int) -> Span | None:
    """Take leading zeros in; refuse when another digit makes it another number."""
    if end < len(text) and text[end] in _DIGITS:
        return None
    while start and text[start - 1] in b"0":
        start -= 1
    return None if start and text[start - 1] in _DIGITS else (start, end)
