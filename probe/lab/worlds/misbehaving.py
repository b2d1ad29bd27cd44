"""Pages and sites that refuse, challenge, stall or break, as real servers do (techniques 1.7)."""

import gzip
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from probe.lab.pki import Certificate
from probe.lab.servers.site import RAW_MANNERS, Manner, Page, Site, TlsManner

SiteChange = Callable[[Site], Site]
"""What a world makes of a genuine site."""

_HTML = ("content-type", "text/html; charset=utf-8")


def _html(title: str, text: str) -> bytes:
    head = f"<!doctype html><html><head><title>{title}</title></head>"
    return f"{head}<body>{text}</body></html>\n".encode()


# Marks from techniques G02 and G08 and from the operators' own error pages; wording is ours.
PAGES: Final[Mapping[str, Page]] = MappingProxyType(
    {
        "cloudflare-challenge": Page(
            403,
            (
                ("server", "cloudflare"),
                ("cf-ray", "8f0lab0000000000-FRA"),
                ("cf-mitigated", "challenge"),
                _HTML,
            ),
            _html("Just a moment...", '<script src="/cdn-cgi/challenge-platform/lab"></script>'),
            technique="G08",
        ),
        "akamai-denied": Page(
            403,
            (("server", "AkamaiGHost"), _HTML),
            _html("Access Denied", "<h1>Access Denied</h1>Reference #18.lab.1700000000.1"),
            technique="G08",
        ),
        "ddos-guard": Page(
            403,
            (("server", "ddos-guard"), ("set-cookie", "__ddg1_=lab; Path=/"), _HTML),
            _html("DDoS-Guard", '<script src="https://check.ddos-guard.net/check.js"></script>'),
            technique="G08",
        ),
        "cloudflare-1009": Page(
            403,
            (("server", "cloudflare"), ("cf-ray", "8f0lab0000000001-FRA"), _HTML),
            _html(
                "Access denied",
                "Error 1009: The owner of this website has banned the country or region your IP"
                " address is in from accessing this website.",
            ),
            technique="G02",
        ),
        "cloudfront-geo": Page(
            403,
            (("server", "CloudFront"), ("x-cache", "Error from cloudfront"), _HTML),
            _html(
                "ERROR: The request could not be satisfied",
                "The Amazon CloudFront distribution is configured to block access from your"
                " country.",
            ),
            technique="G02",
        ),
        # RFC 7725 section 4: the link names who demanded it.
        "legal": Page(
            451,
            (("link", '<https://regulator.example/>; rel="blocked-by"'), _HTML),
            _html("451 Unavailable For Legal Reasons", "Unavailable for legal reasons."),
            technique="G01",
        ),
        "rate-limit": Page(
            429,
            (("retry-after", "3600"), _HTML),
            _html("429 Too Many Requests", "Too many requests."),
            technique="G11",
        ),
        "unavailable": Page(
            503,
            (_HTML,),
            _html("503 Service Unavailable", "Back soon."),
            technique="server-error",
        ),
        "gzip-bomb": Page(200, (("content-encoding", "gzip"), _HTML)),
        "endless-headers": Page(manner=Manner.ENDLESS_HEADERS, technique="origin-http"),
        "endless-body": Page(headers=(_HTML,), manner=Manner.ENDLESS_BODY, padding_bytes=4096),
        "drip": Page(
            headers=(_HTML,), manner=Manner.DRIP, padding_bytes=4096, technique="origin-http"
        ),
        "truncated": Page(
            headers=(_HTML,),
            manner=Manner.TRUNCATED,
            padding_bytes=131_072,
            technique="origin-http",
        ),
        "closes-early": Page(
            headers=(_HTML,),
            manner=Manner.TRUNCATED,
            padding_bytes=40_960,
            technique="origin-http",
        ),
        "reset-mid-body": Page(
            headers=(_HTML,),
            manner=Manner.RESET_MID_BODY,
            padding_bytes=65_536,
            technique="origin-http",
        ),
        "stalled": Page(
            headers=(_HTML,), manner=Manner.STALL, padding_bytes=65_536, technique="origin-http"
        ),
        "silent": Page(manner=Manner.SILENCE, technique="origin-http"),
        "no-http": Page(manner=Manner.RUBBISH, technique="origin-http"),
    }
)


@lru_cache(maxsize=1)
def gzip_bomb() -> bytes:
    """Return 100 KB that unpack to 100 MB."""
    return gzip.compress(bytes(100_000_000), mtime=0)


def answering(page_id: str) -> SiteChange:
    """Return a change that makes every page of a site this one; port 80 goes on redirecting."""
    found = PAGES[page_id]

    def change(site: Site) -> Site:
        # The bomb takes a third of a second to make: only for whoever plays it.
        page = replace(found, body=gzip_bomb()) if page_id == "gzip-bomb" else found
        alpn = ("http/1.1",) if page.manner in RAW_MANNERS else site.alpn
        return replace(site, pages=MappingProxyType({}), fallback=page, alpn=alpn)

    return change


def login_wall(site: Site, technique: str = "G10") -> Site:
    """Return the site behind its own login page; G03 where that is one item's, not the site's."""
    to_login = (("location", f"https://{site.host}/accounts/login/"),)
    page = Page(302, to_login, technique=technique)
    login = Page(200, (_HTML,), _html("Log in", "<form>Log in</form>"))
    return replace(site, pages=MappingProxyType({"/accounts/login/": login}), fallback=page)


def consent_wall(site: Site) -> Site:
    """Return the site behind a consent page of its operator (techniques G10)."""
    domain = ".".join(site.host.split(".")[-2:])
    page = Page(302, (("location", f"https://consent.{domain}/m?continue=/"),), technique="G10")
    return replace(site, pages=MappingProxyType({}), fallback=page)


def refusing(manner: TlsManner, technique: str) -> SiteChange:
    """Return a change that refuses the site's own name (G07; a broken backend: `origin-tls`)."""
    return lambda site: replace(site, tls=manner, technique=technique)


def showing(certificate: Certificate) -> SiteChange:
    """Return a change of certificate."""
    return lambda site: replace(site, certificate=certificate, technique="origin-certificate")


def slow(delay_s: float) -> SiteChange:
    """Return a change that makes the handshake wait."""
    return lambda site: replace(site, tls_delay_s=delay_s)
