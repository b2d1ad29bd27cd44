"""Sites that answer as the catalogue says a genuine server answers."""

import re
from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import urlsplit

from probe.lab.servers.site import REDIRECT_TO_HTTPS, Page, Site
from probe.model.target import Catalogue, Control, Endpoint, Expectation
from probe.model.words import Role

# Design, "Screen": at least 64 KB of body is read; a page gives half as much again and more.
_PAGE_BYTES = 102_400
_SHORT_BYTES = 2_048
_LONG_ROLES = frozenset({Role.WEB, Role.MEDIA, Role.CONTENT, Role.APP, Role.API})
_SHORT_PATHS = ("/robots.txt", "/favicon.ico", "/generate_204", "/success.txt", "/connecttest.txt")

_ALT_SVC = ("alt-svc", 'h3=":443"; ma=86400')


def sites(catalogue: Catalogue) -> dict[str, Site]:
    """Return a site for every host of the catalogue.

    {"www.instagram.com": Site(host="www.instagram.com", pages={"/": Page(status=200, ...)}), ...}
    """
    pages: defaultdict[str, dict[str, Page]] = defaultdict(dict)
    plain: set[str] = set()
    http3: set[str] = set()
    for endpoint in catalogue.endpoints:
        if endpoint.http3:
            http3.add(endpoint.host)
    for control in catalogue.controls:
        if "quic" in control.purpose:
            http3.add(control.host)
    for entry in entries(catalogue):
        url = urlsplit(entry.url)
        if url.scheme not in {"http", "https"}:
            pages[entry.host]["/"] = _page(entry, short=True)
            continue
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        page = _page(entry, short=path.startswith(_SHORT_PATHS) or not _is_long(entry))
        if url.scheme == "http":
            if page.status < 300 or isinstance(entry, Control):
                plain.add(entry.host)
                pages[entry.host].setdefault(path, page)
        else:
            pages[entry.host][path] = page
    for host in _neighbours(catalogue):
        pages[host].setdefault("/", _filled(f"<title>{host}</title>", _SHORT_BYTES))
    return {
        host: Site(
            host,
            pages={
                path: _with_alt_svc(page) if host in http3 else page for path, page in own.items()
            },
            plain=None if host in plain else REDIRECT_TO_HTTPS,
            http3=host in http3,
        )
        for host, own in pages.items()
    }


Entry = Endpoint | Control


def entries(catalogue: Catalogue) -> tuple[Entry, ...]:
    """Return everything that has a host and a URL."""
    return (*catalogue.endpoints, *catalogue.controls)


def _neighbours(catalogue: Catalogue) -> set[str]:
    names = {name for endpoint in catalogue.endpoints for name in endpoint.neutral_names}
    names.update(r.server_name for r in catalogue.resolvers if r.server_name is not None)
    return names


def _is_long(entry: Entry) -> bool:
    if isinstance(entry, Endpoint):
        return entry.role in _LONG_ROLES
    return "transfer" in entry.purpose or "portal" not in entry.purpose


def _page(entry: Entry, *, short: bool) -> Page:
    expect = entry.expect
    headers = list(_expected_headers(expect))
    status = expect.status[0] if expect.status else 200
    if expect.redirect_to is not None:
        status = next((s for s in expect.status if 300 <= s < 400), 302)
        headers.append(("location", expect.redirect_to))
    elif 300 <= status < 400:
        headers.append(("location", f"https://{entry.host}/lab"))
    if status in {204, 304}:
        return Page(status=status, headers=tuple(headers))
    sized = re.search(r"[?&]bytes=(\d+)", entry.url)
    if sized and not expect.body:
        return Page(status=status, headers=tuple(headers), padding_bytes=int(sized.group(1)))
    if not 200 <= status < 300 or short:
        size_bytes = _SHORT_BYTES if expect.body is None else 0
    else:
        size_bytes = _PAGE_BYTES
    marks = (expect.body or "", *expect.present_marks)
    if expect.body is not None and short:
        return Page(status=status, headers=tuple(headers), body=expect.body.encode())
    head = f"<!doctype html>\n<html><head><title>{entry.host}</title></head><body>\n"
    return _filled(head + "\n".join(marks), size_bytes, status=status, headers=headers)


def _expected_headers(expect: Expectation) -> Iterable[tuple[str, str]]:
    if expect.header is not None:
        yield expect.header, expect.header_value or "lab"


def _filled(
    text: str, size_bytes: int, *, status: int = 200, headers: Iterable[tuple[str, str]] = ()
) -> Page:
    body = (text + "\n").encode()
    return Page(
        status=status,
        headers=tuple(headers),
        body=body,
        padding_bytes=max(0, size_bytes - len(body)),
    )


def _with_alt_svc(page: Page) -> Page:
    return Page(
        status=page.status,
        headers=(*page.headers, _ALT_SVC),
        body=page.body,
        padding_bytes=page.padding_bytes,
    )
