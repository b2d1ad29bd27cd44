"""TLS contexts: no trust store, no verification, one per kind of ClientHello.

The handshake always finishes, forged certificate or not; the judge verifies the chain afterwards.
"""

import functools
import importlib
import ssl
from typing import Final, cast

from probe.model.experiment import Hello

# utls's preset that has the same JA4 as Debian's Chromium 156 (own measurement, 2026-11).
_CHROME_PRESET: Final = "chrome:stable"


def unavailable(hello: Hello) -> str | None:
    """Say why this machine cannot send such a hello; None when it can.

    The extra is imported here, so that no handshake is timed while Python reads files.
    """
    match hello:
        case Hello.CHROME:
            try:
                importlib.import_module("utls")
            except ImportError:
                return "a browser's hello needs the extra: pip install 'roadblock[browser]'"
            return None
        case Hello.ECH:
            return "encrypted hellos are not built yet"
        case _:
            return None


@functools.lru_cache(maxsize=64)
def context(alpn: tuple[str, ...], hello: Hello) -> ssl.SSLContext:
    """Return the shared context for this ALPN list and kind of hello.

    ALPN lives on the context, so one context per list. It is an `ssl.SSLContext` or, for a
    browser's hello, utls's class of the same shape.
    """
    if hello is Hello.CHROME:
        return _chrome_context(alpn)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if hello is Hello.TLS12:
        made.maximum_version = ssl.TLSVersion.TLSv1_2
    elif hello is Hello.TLS13:
        made.minimum_version = ssl.TLSVersion.TLSv1_3
    if alpn:
        made.set_alpn_protocols(list(alpn))
    return made


def _chrome_context(alpn: tuple[str, ...]) -> ssl.SSLContext:
    import utls

    made = utls.SSLContext(utls.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = utls.CERT_NONE
    made.set_fingerprint(utls.profiles.get(_CHROME_PRESET))
    if alpn:
        made.set_alpn_protocols(list(alpn))
    # Not a subclass, the same shape: utls is made to stand in for ssl.
    return cast("ssl.SSLContext", made)
