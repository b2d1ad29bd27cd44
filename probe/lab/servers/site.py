"""What a web server is told to be: sites, pages and the ways in which they misbehave. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from probe.lab.pki import Certificate


class TlsManner(StrEnum):
    """What a server does once it has read a ClientHello with this name."""

    SERVE = "serve"
    ALERT = "alert"  # fatal unrecognized_name, as RFC 6066 section 3 allows
    RESET = "reset"
    CLOSE = "close"
    SILENCE = "silence"  # acknowledged by the kernel, never answered
    RUBBISH = "rubbish"  # bytes that are no TLS record
    RUBBISH_RECORD = "rubbish_record"  # a handshake record whose content is nonsense


class Manner(StrEnum):
    """How a page is sent."""

    WHOLE = "whole"
    TRUNCATED = "truncated"  # says more than it sends, then closes in good order
    RESET_MID_BODY = "reset_mid_body"
    ENDLESS_BODY = "endless_body"
    ENDLESS_HEADERS = "endless_headers"
    DRIP = "drip"  # one byte a second
    STALL = "stall"  # half of the body, then nothing, the connection stays
    SILENCE = "silence"  # reads the request, never answers
    RUBBISH = "rubbish"  # not HTTP
    CLOSE = "close"  # reads the request and closes


RAW_MANNERS = frozenset({Manner.ENDLESS_HEADERS, Manner.RUBBISH})
"""Sent as raw bytes: such a site speaks HTTP/1.1 only."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer to a GET."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    padding_bytes: int = 0
    """Followed by so much filler, made when it is sent: pages by the hundred cost nothing."""
    manner: Manner = Manner.WHOLE
    delay_s: float = 0.0
    technique: str = ""
    """Row of the techniques' catalogue that this page plays (G08, ...); empty: a genuine page."""

    @property
    def content(self) -> bytes:
        """The whole body."""
        return self.body + filler(self.padding_bytes) if self.padding_bytes else self.body


REDIRECT_TO_HTTPS = Page(status=301)
"""Stands for a redirect to https:// at the requested host and path."""

NOT_FOUND = Page(
    status=404,
    headers=(("content-type", "text/html"),),
    body=b"<html><head><title>404 Not Found</title></head><body>Not Found</body></html>",
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A page that a site sends instead of its own: every so often, or to those who ask a lot."""

    page: Page
    every: int = 0
    """Each so manieth request is refused; 0: by rate."""
    beyond: int = 0
    """More requests than these from one client within `per_s` are refused."""
    per_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Site:
    """One name as a server serves it."""

    host: str
    pages: Mapping[str, Page] = field(default_factory=lambda: MappingProxyType({}))
    """By path, with query; `fallback` answers all others."""
    fallback: Page = NOT_FOUND
    plain: Page | None = REDIRECT_TO_HTTPS
    """What port 80 answers; None: the same pages as over TLS."""
    tls: TlsManner = TlsManner.SERVE
    tls_delay_s: float = 0.0
    certificate: Certificate = Certificate.GENUINE
    alpn: tuple[str, ...] = ("h2", "http/1.1")
    http3: bool = False
    refusal: Refusal | None = None
    technique: str = ""
    """Row of the techniques' catalogue that the whole site plays (E10, G07, ...), if any."""

    def page(self, path: str, *, secure: bool) -> Page:
        """Return the answer to a GET of this path."""
        if not secure and self.plain is not None:
            return self.plain
        return self.pages.get(path, self.fallback)


@dataclass(frozen=True, slots=True)
class Edge:
    """A server at one or more addresses, and the names that it serves there."""

    sites: tuple[Site, ...]
    """The first one's certificate is shown to unknown names."""
    unknown_name: TlsManner = TlsManner.SERVE
    """What happens to names that it does not serve; `serve`: the default certificate."""
    admits_every: int = 1
    """Only every so manieth connection is served; the others are reset once accepted."""
    takes_every_name: bool = False
    """Answers every name with the first site's pages (a captive portal, a sinkhole)."""
    forges: Certificate | None = None
    """Shows a forgery of this kind for whatever name is asked."""

    def site(self, name: str | None) -> Site | None:
        """Return the site of this name, or None where the edge does not serve it."""
        wanted = (name or "").lower().rstrip(".")
        for site in self.sites:
            if site.host == wanted:
                return site
        return self.sites[0] if self.takes_every_name else None


def filler(size_bytes: int) -> bytes:
    """Return so many bytes of dull, repeatable text: enough to measure a pace by."""
    return _filler(-(-size_bytes // _FILLER_STEP) * _FILLER_STEP)[:size_bytes]


_FILLER_STEP = 1 << 18


@lru_cache(maxsize=4)
def _filler(size_bytes: int) -> bytes:
    # Knuth's multiplicative hash keeps the lines apart, so that compression does not swallow them.
    lines = (
        f"<!-- {number:08d} {number * 2654435761 % 2**32:08x} -->\n"
        for number in range(size_bytes // 27 + 1)
    )
    return "".join(lines).encode()[:size_bytes]
