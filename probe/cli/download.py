"""Fetches a published list that a person names: the one door beside wire/, for no measurement.

A measurement goes through `wire`, which never trusts the machine's proxies and roots; a download
on a person's behalf does, for without them it might not get out at all.
"""

import urllib.error
import urllib.request
from http.client import HTTPException, HTTPMessage
from typing import IO, Final

from probe.errors import UsageError

# The largest published list has 5 MB.
BYTES_MAX: Final = 32_000_000
TIMEOUT_S: Final = 60.0


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Follows no redirect out of TLS: whoever is on the way could write the list."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Refuse another scheme."""
        if not newurl.startswith("https://"):
            raise urllib.error.URLError(f"redirects to {newurl}, which is not encrypted")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(url: str) -> bytes:
    """Return what is at an https:// address, or say why not."""
    if not url.startswith("https://"):
        raise UsageError(f"{url}: lists are fetched over https:// only; name such an address")
    opener = urllib.request.build_opener(_HttpsOnly)
    request = urllib.request.Request(url, headers={"User-Agent": "roadblock"})  # noqa: S310 - https
    try:
        with opener.open(request, timeout=TIMEOUT_S) as response:
            content: bytes = response.read(BYTES_MAX + 1)
    except (OSError, HTTPException, ValueError) as error:
        why = getattr(error, "reason", None) or error
        raise UsageError(
            f"{url}: cannot be fetched ({why}); fetch it elsewhere and add the file"
        ) from error
    if len(content) > BYTES_MAX:
        raise UsageError(f"{url}: is larger than {BYTES_MAX // 1_000_000} MB; that is no list")
    return content
